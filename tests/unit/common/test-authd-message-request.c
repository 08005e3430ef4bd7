/* SPDX-License-Identifier: ISC */
/* The request, as the client writes it and as the registrar reads it. */
#include "tests/unit/support.h"

#include "common/authd-message.h"

#include <errno.h>

static char buffer[AUTHD_REQUEST_MAX];

/* ------------------------------------------------------------------ writing */

static void test_format(void **state)
{
	static const struct {
		struct authd_request request;
		const char *line; /* null: -EINVAL */
	} rows[] = {
		{ { .name = "vm" }, "OSSEC A:'vm'\n" },
		{ { .name = "vm", .password = "pw d" }, "OSSEC PASS: pw d OSSEC A:'vm'\n" },
		{ { .name = "vm", .password = "it's\ta \"pass\"" },
		  "OSSEC PASS: it's\ta \"pass\" OSSEC A:'vm'\n" },
		{ { .name = "vm", .groups = "" }, "OSSEC A:'vm'\n" },
		{ { .name = "vm", .version = "v4.7.0" }, "OSSEC A:'vm' V:'v4.7.0'\n" },
		{ { .key_hash = "ab",
		    .ip = "src",
		    .groups = "a,b",
		    .version = "v1",
		    .name = "vm",
		    .password = "p" },
		  "OSSEC PASS: p OSSEC A:'vm' V:'v1' G:'a,b' IP:'src' K:'ab'\n" },
		{ { .name = "%s%n" }, "OSSEC A:'%s%n'\n" },
		{ { .name = NULL }, NULL },
		{ { .name = "it's" }, NULL },
		{ { .name = "a\nb" }, NULL },
		{ { .name = "vm", .password = "p\nOSSEC A:'root'" }, NULL },
		{ { .name = "vm", .version = "v'1" }, NULL },
		{ { .name = "vm", .version = "v\n1" }, NULL },
		{ { .name = "vm", .groups = "a' IP:'any" }, NULL },
		{ { .name = "vm", .groups = "a\n" }, NULL },
		{ { .name = "vm", .ip = "any'" }, NULL },
		{ { .name = "vm", .ip = "any\n" }, NULL },
		{ { .name = "vm", .key_hash = "'" }, NULL },
		{ { .name = "vm", .key_hash = "\n" }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		ssize_t length = authd_request_format(buffer, sizeof buffer, &rows[i].request);

		if (!rows[i].line && length != -EINVAL)
			fail_msg("row %zu is not refused: %zd", i, length);
		if (!rows[i].line)
			continue;
		check_row(rows[i].line, length == (ssize_t)strlen(rows[i].line));
		assert_memory_equal(buffer, rows[i].line, length);
	}
}

static void test_format_sizes(void **state)
{
	const struct authd_request request = { .name = "vm",
					       .password = "p",
					       .version = "v1",
					       .groups = "a",
					       .ip = "any",
					       .key_hash = "ab" };
	static const char line[] = "OSSEC PASS: p OSSEC A:'vm' V:'v1' G:'a' IP:'any' K:'ab'\n";
	char *exact;

	(void)state;
	/* On the heap, so that a byte too many is noticed. */
	for (size_t size = 1; size < sizeof line; size++) {
		exact = malloc(size);
		if (authd_request_format(exact, size, &request) != -EMSGSIZE)
			fail_msg("a buffer of %zu bytes is taken for large enough", size);
		free(exact);
	}
	exact = malloc(sizeof line);
	assert_int_equal(authd_request_format(exact, sizeof line, &request), sizeof line - 1);
	assert_string_equal(exact, line);
	free(exact);
}

static void test_format_too_many_groups(void **state)
{
	char groups[AUTHD_REQUEST_MAX + 1];
	const struct authd_request request = { .name = "vm", .groups = groups };

	(void)state;
	memset(groups, 'g', sizeof groups);
	groups[AUTHD_REQUEST_MAX] = '\0';
	assert_int_equal(authd_request_format(buffer, sizeof buffer, &request), -EMSGSIZE);
	groups[AUTHD_REQUEST_MAX - 100] = '\0';
	assert_true(authd_request_format(buffer, sizeof buffer, &request) >
		    AUTHD_REQUEST_MAX - 100);
}

/* ------------------------------------------------------------------ reading */

static bool field_is(struct authd_field field, const char *text)
{
	if (!text || !field.text)
		return !text && !field.text;
	return field.length == strlen(text) && memcmp(field.text, text, field.length) == 0;
}

/* What a real agent-auth 4.14.5 sent: we write the same bytes, and read them back. */
static void test_recorded_agents(void **state)
{
	struct data_file data;

	(void)state;
	for (data_open(&data, "agent-requests.txt"); data_next(&data);) {
		const struct field *f = data.fields;
		const char *label = f[0].text;
		const struct authd_request request = { .password = f[2].text,
						       .name = f[3].text,
						       .version = f[4].text,
						       .groups = f[5].text,
						       .ip = f[6].text,
						       .key_hash = f[7].text };
		struct authd_request_fields fields;

		check_row(label, authd_request_format(buffer, sizeof buffer, &request) ==
					 (ssize_t)f[1].length);
		assert_memory_equal(buffer, f[1].text, f[1].length);
		check_row(label, authd_request_parse(&fields, f[1].text, f[1].length - 1,
						     f[2].text) == AUTHD_REQUEST_OK);
		check_row(label,
			  field_is(fields.name, f[3].text) && field_is(fields.version, f[4].text));
		check_row(label,
			  field_is(fields.groups, f[5].text) && field_is(fields.ip, f[6].text));
		check_row(label, field_is(fields.key_hash, f[7].text));
	}
	assert_true(data.number >= 20);
}

static enum authd_request_fault fault_of(const char *word)
{
	static const char *const words[] = {
		[AUTHD_REQUEST_OK] = "ok",
		[AUTHD_REQUEST_PASSWORD] = "password",
		[AUTHD_REQUEST_MALFORMED] = "malformed",
		[AUTHD_REQUEST_OPEN_VERSION] = "version",
		[AUTHD_REQUEST_OPEN_GROUPS] = "groups",
		[AUTHD_REQUEST_OPEN_IP] = "ip",
		[AUTHD_REQUEST_OPEN_KEY_HASH] = "hash",
	};

	for (unsigned i = 0; i < COUNT(words); i++)
		if (strcmp(words[i], word) == 0)
			return i;
	fail_msg("unknown word '%s'", word);
	return AUTHD_REQUEST_OK;
}

/* What a real wazuh-authd 4.14.5 made of every request that was recorded. */
static void test_recorded_managers(void **state)
{
	struct data_file data;

	(void)state;
	for (data_open(&data, "manager-requests.txt"); data_next(&data);) {
		const struct field *f = data.fields;
		struct authd_request_fields fields = { .name.text = "before" };
		enum authd_request_fault fault = authd_request_parse(&fields, f[1].text,
								     f[1].length, f[2].text);

		check_row(f[0].text, fault == fault_of(f[3].text));
		if (!authd_request_has_fields(fault))
			check_row(f[0].text, strcmp(fields.name.text, "before") == 0);
		if (f[4].text)
			check_row(f[0].text, field_is(fields.name, f[4].text));
	}
	assert_true(data.number >= 150);
}

static void test_parse_fields(void **state)
{
	static const struct {
		const char *line, *name, *version, *groups, *ip, *key_hash, *rest;
	} rows[] = {
		{ "OSSEC A:'ab'", "ab" },
		{ "OSSEC A:''", "" },
		{ "OSSEC A:'it's'", "it", .rest = "s'" },
		{ "OSSEC A:'ab' V:'' G:'' IP:'' K:''", "ab", "", "", "", "" },
		{ "OSSEC A:'ab' G:'g' K:'k'", "ab", NULL, "g", NULL, "k" },
		{ "OSSEC A:'ab' G:'g' V:'v'", "ab", NULL, "g", .rest = " V:'v'" },
		{ "OSSEC A:'ab' X:'y' G:'g'", "ab", .rest = " X:'y' G:'g'" },
		{ "OSSEC A:'ab'  G:'g'", "ab", .rest = "  G:'g'" },
		{ "OSSEC A:'ab'G:'g'", "ab", .rest = "G:'g'" },
		{ "OSSEC A:'ab' G:'g' G:'h'", "ab", NULL, "g", .rest = " G:'h'" },
		{ "OSSEC A:'ab' IP:'any' g:'g'", "ab", NULL, NULL, "any", .rest = " g:'g'" },
		{ "OSSEC A:'ab' K:'k'x", "ab", .key_hash = "k", .rest = "x" },
		{ "OSSEC A:'ab' \r", "ab" },
		{ "OSSEC A:'ab' V:'Wazuh v4.14.5'", "ab", "Wazuh v4.14.5" },
		/* No opening quote: empty text, if the closing one is where that has it. */
		{ "OSSEC A:'ab' V:x' G:'g'", "ab", "", "g" },
		{ "OSSEC A:'ab' G:x' IP:'any'", "ab", NULL, "", "any" },
		{ "OSSEC A:'ab' IP: ' K:-'", "ab", NULL, NULL, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct authd_request_fields fields;

		check_row(rows[i].line,
			  authd_request_parse(&fields, rows[i].line, strlen(rows[i].line), NULL) ==
				  AUTHD_REQUEST_OK);
		check_row(rows[i].line, field_is(fields.name, rows[i].name));
		check_row(rows[i].line, field_is(fields.version, rows[i].version));
		check_row(rows[i].line, field_is(fields.groups, rows[i].groups));
		check_row(rows[i].line, field_is(fields.ip, rows[i].ip));
		check_row(rows[i].line, field_is(fields.key_hash, rows[i].key_hash));
		check_row(rows[i].line, field_is(fields.rest, rows[i].rest));
	}
}

/* What is no field with text between quotes, and what was read before it. */
static void test_open_fields(void **state)
{
	static const struct {
		const char *line;
		enum authd_request_fault fault;
		const char *version, *groups, *ip;
	} rows[] = {
		{ "OSSEC A:'ab' V:", AUTHD_REQUEST_OPEN_VERSION },
		{ "OSSEC A:'ab' V:'", AUTHD_REQUEST_OPEN_VERSION },
		{ "OSSEC A:'ab' V:v", AUTHD_REQUEST_OPEN_VERSION },
		{ "OSSEC A:'ab' V:v1", AUTHD_REQUEST_OPEN_VERSION },
		{ "OSSEC A:'ab' V:v1'", AUTHD_REQUEST_OPEN_VERSION },
		{ "OSSEC A:'ab' V: 'v1'", AUTHD_REQUEST_OK, "" },
		{ "OSSEC A:'ab' V:\"v1\"", AUTHD_REQUEST_OPEN_VERSION },
		{ "OSSEC A:'ab' V:v1 G:'g'", AUTHD_REQUEST_OPEN_VERSION },
		{ "OSSEC A:'ab' G:", AUTHD_REQUEST_OPEN_GROUPS },
		{ "OSSEC A:'ab' G:g1", AUTHD_REQUEST_OPEN_GROUPS },
		{ "OSSEC A:'ab' G:g1'", AUTHD_REQUEST_OPEN_GROUPS },
		{ "OSSEC A:'ab' G:g1,g2' IP:'any'", AUTHD_REQUEST_OPEN_GROUPS },
		{ "OSSEC A:'ab' V:'v1' G:'g", AUTHD_REQUEST_OPEN_GROUPS, "v1" },
		{ "OSSEC A:'ab' IP:10.0.0.1'", AUTHD_REQUEST_OPEN_IP },
		{ "OSSEC A:'ab' IP:any", AUTHD_REQUEST_OPEN_IP },
		{ "OSSEC A:'ab' IP:'any ", AUTHD_REQUEST_OPEN_IP },
		{ "OSSEC A:'ab' IP:'an y'", AUTHD_REQUEST_OPEN_IP },
		{ "OSSEC A:'ab' G:'g' IP:src K:'k'", AUTHD_REQUEST_OPEN_IP, NULL, "g" },
		{ "OSSEC A:'ab' K:abc", AUTHD_REQUEST_OPEN_KEY_HASH },
		{ "OSSEC A:'ab' V:'v1' G:'g' IP:'any' K:abc'", AUTHD_REQUEST_OPEN_KEY_HASH, "v1",
		  "g", "any" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t length = strlen(rows[i].line);
		/* On the heap, so that a byte too many is noticed. */
		char *line = memcpy(malloc(length), rows[i].line, length);
		struct authd_request_fields fields;

		check_row(rows[i].line,
			  authd_request_parse(&fields, line, length, NULL) == rows[i].fault);
		check_row(rows[i].line, field_is(fields.name, "ab"));
		check_row(rows[i].line, field_is(fields.version, rows[i].version));
		check_row(rows[i].line, field_is(fields.groups, rows[i].groups));
		check_row(rows[i].line, field_is(fields.ip, rows[i].ip));
		check_row(rows[i].line, !fields.key_hash.text);
		free(line);
	}
}

/* The longest texts that Wazuh 4.14.7 takes, and one byte more. */
static void test_parse_limits(void **state)
{
	static const struct {
		const char *prefix;
		size_t most;
		enum authd_request_fault fault;
	} rows[] = {
		{ "OSSEC A:'ab' V:'", 2048, AUTHD_REQUEST_OPEN_VERSION },
		{ "OSSEC A:'ab' G:'", 65536, AUTHD_REQUEST_OPEN_GROUPS },
		{ "OSSEC A:'ab' IP:'", 46, AUTHD_REQUEST_OPEN_IP },
		{ "OSSEC A:'ab' K:'", 40, AUTHD_REQUEST_OPEN_KEY_HASH },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t extra = 0; extra < 2; extra++) {
			size_t n = strlen(rows[i].prefix), length = n + rows[i].most + extra + 1;
			char *line = malloc(length);
			struct authd_request_fields fields;

			memcpy(line, rows[i].prefix, n);
			memset(line + n, 'x', length - n);
			line[length - 1] = '\'';
			check_row(rows[i].prefix,
				  authd_request_parse(&fields, line, length, NULL) ==
					  (extra ? rows[i].fault : AUTHD_REQUEST_OK));
			check_row(rows[i].prefix, authd_request_parse(&fields, line, length - 1,
								      NULL) == rows[i].fault);
			free(line);
		}
	}
}

static void test_parse_password(void **state)
{
	static const struct {
		const char *line, *password;
		enum authd_request_fault fault;
	} rows[] = {
		{ "OSSEC PASS: p OSSEC A:'ab'", "p", AUTHD_REQUEST_OK },
		{ "OSSEC PASS: a b' OSSEC A:'ab'", "a b'", AUTHD_REQUEST_OK },
		{ "OSSEC PASS: p OSSEC A:'ab'", NULL, AUTHD_REQUEST_MALFORMED },
		{ "OSSEC A:'ab'", "p", AUTHD_REQUEST_PASSWORD },
		{ "OSSEC PASS: ", "p", AUTHD_REQUEST_PASSWORD },
		{ "OSSEC PASS: P OSSEC A:'ab'", "p", AUTHD_REQUEST_PASSWORD },
		{ "OSSEC PASS: pp OSSEC A:'ab'", "p", AUTHD_REQUEST_PASSWORD },
		{ "OSSEC PASS: p OSSEC A:'ab'", "pp", AUTHD_REQUEST_PASSWORD },
		{ "OSSEC PASS:  p OSSEC A:'ab'", "p", AUTHD_REQUEST_PASSWORD },
		{ "OSSEC PASS: p  OSSEC A:'ab'", "p", AUTHD_REQUEST_MALFORMED },
		{ "OSSEC PASS: p", "p", AUTHD_REQUEST_PASSWORD },
		{ "OSSEC PASS: p ", "p", AUTHD_REQUEST_MALFORMED },
		{ "OSSEC PASS: p OSSEC B:'ab'", "p", AUTHD_REQUEST_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct authd_request_fields fields;

		check_row(rows[i].line,
			  authd_request_parse(&fields, rows[i].line, strlen(rows[i].line),
					      rows[i].password) == rows[i].fault);
	}
}

/* Every beginning of a request, in memory that ends there. */
static void test_parse_cut(void **state)
{
	static const char line[] = "OSSEC PASS: p OSSEC A:'ab' V:'v1' G:'g' IP:'any' K:'k'";

	(void)state;
	for (size_t length = 0; length < sizeof line; length++) {
		char *part = malloc(length ? length : 1);
		struct authd_request_fields fields;
		bool whole = length >= strlen("OSSEC PASS: p OSSEC A:'ab'");

		memcpy(part, line, length);
		if ((authd_request_parse(&fields, part, length, "p") == AUTHD_REQUEST_OK) && !whole)
			fail_msg("%zu bytes are taken for a whole request", length);
		free(part);
	}
}

/* The managers read no further than a NUL. */
static void test_parse_nul(void **state)
{
	static const char in_name[] = "OSSEC A:'a\0b'", in_groups[] = "OSSEC A:'ab' G:'g\0h'",
			  behind[] = "OSSEC A:'ab'\0 G:'g'";
	struct authd_request_fields fields;

	(void)state;
	assert_int_equal(authd_request_parse(&fields, in_name, sizeof in_name - 1, NULL),
			 AUTHD_REQUEST_MALFORMED);
	assert_int_equal(authd_request_parse(&fields, in_groups, sizeof in_groups - 1, NULL),
			 AUTHD_REQUEST_OPEN_GROUPS);
	assert_int_equal(authd_request_parse(&fields, behind, sizeof behind - 1, NULL),
			 AUTHD_REQUEST_OK);
	assert_null(fields.groups.text);
	assert_int_equal(fields.rest.length, strlen(" G:'g'") + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_format_sizes),
		cmocka_unit_test(test_format_too_many_groups),
		cmocka_unit_test(test_recorded_agents),
		cmocka_unit_test(test_recorded_managers),
		cmocka_unit_test(test_parse_fields),
		cmocka_unit_test(test_open_fields),
		cmocka_unit_test(test_parse_limits),
		cmocka_unit_test(test_parse_password),
		cmocka_unit_test(test_parse_cut),
		cmocka_unit_test(test_parse_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
