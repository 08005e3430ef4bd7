/* SPDX-License-Identifier: ISC */
/* The lines of import-file. */
#include "tests/unit/support.h"

#include "registrar/commands/import-line.h"

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
		cmocka_unit_test(test_import_lines),
		cmocka_unit_test(test_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
