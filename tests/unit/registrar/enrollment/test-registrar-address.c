/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "registrar/commands/import-line.h"
#include "registrar/enrollment/address.h"
#include "registrar/enrollment/agent-version.h"

#include <errno.h>

#define DB8 "2001:0DB8:0000:0000:0000:0000:0000:000"

static void test_addresses(void **state)
{
	static const struct {
		const char *text, *stored, *shown; /* null: is refused */
		enum dialect dialect;
	} rows[] = {
		/* as Wazuh 4.14.5 answered and stored */
		{ "any", "any", "any", DIALECT_WAZUH },
		{ "10.1.2.0/24", "10.1.2.0/24", "10.1.2.0/24", DIALECT_WAZUH },
		{ "10.9.0.0/255.255.0.0", "10.9.0.0/16", "10.9.0.0/255.255.0.0", DIALECT_WAZUH },
		{ "10.1.2.3/32", "10.1.2.3", "10.1.2.3/32", DIALECT_WAZUH },
		{ "0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0", DIALECT_WAZUH },
		{ "2001:db8::1", DB8 "1", DB8 "1", DIALECT_WAZUH },
		{ "2001:DB8:0:0::2/64", DB8 "2/64", DB8 "2/64", DIALECT_WAZUH },
		{ "!10.4.4.4", "10.4.4.4", "10.4.4.4", DIALECT_WAZUH },
		{ "300.1.1.1", NULL, NULL, DIALECT_WAZUH },
		/* where nothing was recorded */
		{ "!any", "any", "any", DIALECT_OSSEC },
		{ "!!any", NULL, NULL, DIALECT_OSSEC },
		{ "2001:db8::1/128", DB8 "1", DB8 "1/128", DIALECT_WAZUH },
		{ "10.9.0.0/255.0.255.0", "10.9.0.0/255.0.255.0", "10.9.0.0/255.0.255.0",
		  DIALECT_WAZUH },
		{ "::ffff:10.0.0.1/128", NULL, NULL, DIALECT_WAZUH },
		{ "::ffff:10.0.0.0/24", "10.0.0.0/24", "10.0.0.0/24", DIALECT_WAZUH },
		{ "2001:db8::1/0", DB8 "1/0", DB8 "1", DIALECT_WAZUH },
		{ "10.0.0.0/08", NULL, NULL, DIALECT_WAZUH },
		{ "::ffff:10.0.0.1", "10.0.0.1", "10.0.0.1", DIALECT_WAZUH },
		{ "::ffff:10.0.0.0/104", "10.0.0.0/8", "10.0.0.0/8", DIALECT_OSSEC },
		{ "::ffff:10.0.0.1/128", "10.0.0.1", "10.0.0.1", DIALECT_OSSEC },
		{ "!::FFFF:10.0.0.1/128", "10.0.0.1", "10.0.0.1", DIALECT_OSSEC },
		{ "::ffff:a00:1", "10.0.0.1", "10.0.0.1", DIALECT_OSSEC },
		{ "::ffff:a00:0/104", "10.0.0.0/8", "10.0.0.0/8", DIALECT_OSSEC },
		{ "::ffff:a00:0/64", "::ffff:a00:0/64", "::ffff:a00:0/64", DIALECT_OSSEC },
		{ "::ffff:10.0.0.0/95", NULL, NULL, DIALECT_OSSEC },
		{ "::ffff:10.0.0.0/0104", NULL, NULL, DIALECT_OSSEC },
		{ "::ffff:10.0.0.0/129", NULL, NULL, DIALECT_OSSEC },
		{ "10.0.0.0/104", NULL, NULL, DIALECT_OSSEC },
		{ "0::/0", "0::/0", "0::/0", DIALECT_OSSEC },
		{ "::/0", NULL, NULL, DIALECT_OSSEC },
		{ "::a00:1", "::a00:1", "::a00:1", DIALECT_OSSEC },
		{ "2001:0DB8::0001", "2001:db8::1", "2001:db8::1", DIALECT_OSSEC },
		{ "10.9.0.0/255.255.0.0", "10.9.0.0/16", "10.9.0.0/16", DIALECT_OSSEC },
		{ "10.9.0.0/0.0.0.0", "10.9.0.0/0", "10.9.0.0/0", DIALECT_OSSEC },
		{ "10.9.0.0/255.255.255.254", "10.9.0.0/31", "10.9.0.0/31", DIALECT_OSSEC },
		{ "10.9.0.0/008", NULL, NULL, DIALECT_OSSEC },
		{ "10.9.0.0/08", NULL, NULL, DIALECT_OSSEC },
		{ "10.9.0.0/0.255.255.255", NULL, NULL, DIALECT_OSSEC },
		{ "10.9.0.0/255.0.255.0", NULL, NULL, DIALECT_OSSEC },
		{ "10.9.0.0/", NULL, NULL, DIALECT_OSSEC },
		{ "10.9.0.0/33", NULL, NULL, DIALECT_OSSEC },
		{ "2001:db8::/129", NULL, NULL, DIALECT_OSSEC },
		{ "2001:db8::/255.0.0.0", NULL, NULL, DIALECT_OSSEC },
		{ "ANY", NULL, NULL, DIALECT_OSSEC },
		{ "anyway", NULL, NULL, DIALECT_OSSEC },
		{ "!", NULL, NULL, DIALECT_OSSEC },
		{ "", NULL, NULL, DIALECT_OSSEC },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct address address;
		int r = address_read(&address, rows[i].text, strlen(rows[i].text), rows[i].dialect);

		check_row(rows[i].text, (r == 0) == (rows[i].stored != NULL));
		check_row(rows[i].text, r == 0 || r == -EINVAL);
		if (r == 0) {
			check_row(rows[i].text, strcmp(address.stored, rows[i].stored) == 0);
			check_row(rows[i].text, strcmp(address.shown, rows[i].shown) == 0);
		}
	}
}

/* Every text that Wazuh takes is shown as Wazuh shows it, and stored so that agents read it. */
static void test_recorded_addresses(void **state)
{
	struct data_file data;

	(void)state;
	for (data_open(&data, "wazuh-addresses.tsv"); data_next(&data);) {
		const struct field *text = &data.fields[1];
		struct address address, again;
		int r = address_read(&address, text->text, text->length, DIALECT_WAZUH);

		check_row(text->text, (r == 0) == (data.fields[0].text[0] == '1'));
		if (r < 0)
			continue;
		check_row(text->text, strcmp(address.shown, data.fields[2].text) == 0);
		check_row(text->text, agent_ip_is_valid(address.stored, strlen(address.stored)));
		check_row(text->text, address_read(&again, address.stored, strlen(address.stored),
						   DIALECT_WAZUH) == 0 &&
					      strcmp(again.stored, address.stored) == 0);
	}
}

static void test_versions(void **state)
{
	static const struct {
		const char *agent, *manager;
		bool is_newer;
	} rows[] = {
		{ "v4.14.5", "v4.14.5", false }, { "v4.14.9", "v4.14.5", false },
		{ "v4.15.0", "v4.14.5", true },  { "v5.0.0", "v4.14.5", true },
		{ "v3.99", "v4.14", false },     { "Wazuh v4.15", "4.14", true },
		{ "junk", "v4.14.5", false },    { "", "v4.14.5", false },
		{ "4.14.5", "v4.14.5", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(rows[i].agent,
			  agent_version_is_newer(rows[i].agent, strlen(rows[i].agent),
						 rows[i].manager) == rows[i].is_newer);
}

static void test_leading_dots(void **state)
{
	(void)state;
	assert_true(manager_version_takes_leading_dot("v4.14.5"));
	assert_true(manager_version_takes_leading_dot("4.13.9"));
	assert_true(manager_version_takes_leading_dot("v3.99.99"));
	assert_false(manager_version_takes_leading_dot("v4.14.6"));
	assert_false(manager_version_takes_leading_dot("v4.14"));
	assert_false(manager_version_takes_leading_dot("v4.15.0"));
	assert_false(manager_version_takes_leading_dot("v5.0.0"));
}

static void test_import_lines(void **state)
{
	static const struct {
		const char *line, *ip, *name;
		enum import_line_kind kind;
	} rows[] = {
		{ "10.0.0.1,web", "10.0.0.1", "web", IMPORT_LINE_AGENT },
		{ " \tany , web\r", "any", "web", IMPORT_LINE_AGENT },
		{ "any,", "any", "", IMPORT_LINE_AGENT }, /* refused later, for its name */
		{ ",web", "", "web", IMPORT_LINE_AGENT }, /* refused later, for its address */
		{ "10.0.0.1 \t,\tweb", "10.0.0.1", "web", IMPORT_LINE_AGENT },
		/* as spreadsheets write them */
		{ "\"10.0.0.1\",\"web\"\r", "10.0.0.1", "web", IMPORT_LINE_AGENT },
		{ " \"Any\" , \" web \" ", "Any", "web", IMPORT_LINE_AGENT },
		{ "10.0.0.1;web", "10.0.0.1", "web", IMPORT_LINE_AGENT },
		{ "10.0.0.1\tweb", "10.0.0.1", "web", IMPORT_LINE_AGENT },
		{ "\"10.0.0.1\";\"web\";;\"\";", "10.0.0.1", "web", IMPORT_LINE_AGENT },
		{ "any,web,,", "any", "web", IMPORT_LINE_AGENT },
		{ "any,\"we\"\"b\"", "any", "we\"\"b", IMPORT_LINE_AGENT }, /* refused later */
		{ "any,we;b", "any", "we;b", IMPORT_LINE_AGENT },
		{ "2001:db8::1;web", "2001:db8::1", "web", IMPORT_LINE_AGENT },
		{ ",", NULL, NULL, IMPORT_LINE_NOTHING },
		{ "\"\",\"\",", NULL, NULL, IMPORT_LINE_NOTHING },
		{ ";;;", NULL, NULL, IMPORT_LINE_NOTHING },
		{ "any,\"web", NULL, NULL, IMPORT_LINE_BAD },
		{ "any,\"web\"more", NULL, NULL, IMPORT_LINE_BAD },
		{ "\"any,web\"", NULL, NULL, IMPORT_LINE_BAD },
		{ "any,web,,more", NULL, NULL, IMPORT_LINE_BAD },
		{ "any;web;more", NULL, NULL, IMPORT_LINE_BAD },
		{ "any,web,\"", NULL, NULL, IMPORT_LINE_BAD },
		{ "", NULL, NULL, IMPORT_LINE_NOTHING },
		{ " \t\r", NULL, NULL, IMPORT_LINE_NOTHING },
		{ "# any,web", NULL, NULL, IMPORT_LINE_NOTHING },
		{ "any web", NULL, NULL, IMPORT_LINE_BAD },
		{ "any,web,more", NULL, NULL, IMPORT_LINE_BAD },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct import_line line;

		check_row(rows[i].line, import_line_read(&line, rows[i].line,
							 strlen(rows[i].line)) == rows[i].kind);
		if (rows[i].kind != IMPORT_LINE_AGENT)
			continue;
		check_row(rows[i].line, line.ip_length == strlen(rows[i].ip) &&
						!memcmp(line.ip, rows[i].ip, line.ip_length));
		check_row(rows[i].line, line.name_length == strlen(rows[i].name) &&
						!memcmp(line.name, rows[i].name, line.name_length));
	}
}

static void test_headers(void **state)
{
	static const struct {
		const char *line;
		bool is_header;
	} rows[] = {
		{ "ip,name", true },
		{ "IP,Name", true },
		{ "\"IP Address\";\"Host Name\";", true },
		{ "ADDRESS\tAGENT", true },
		{ "any,name", false },
		{ "ip,web", false },
		{ "10.0.0.1,host", false },
		{ "name,ip", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct import_line line;

		check_row(rows[i].line,
			  import_line_read(&line, rows[i].line, strlen(rows[i].line)) ==
				  IMPORT_LINE_AGENT);
		check_row(rows[i].line, import_line_is_header(&line) == rows[i].is_header);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),    cmocka_unit_test(test_recorded_addresses),
		cmocka_unit_test(test_versions),     cmocka_unit_test(test_leading_dots),
		cmocka_unit_test(test_import_lines), cmocka_unit_test(test_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
