/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/unescape.h"

static const struct {
	const char *text, *result;
} rows[] = {
	{ "", "" },
	{ "plain", "plain" },
	/* bytes */
	{ "%41%7a%7A", "Azz" },
	{ "\\x41\\x7A", "Az" },
	{ "\\101\\172", "Az" },
	{ "%e9\\xe9\\351", "\xe9\xe9\xe9" },
	/* characters */
	{ "\\u0041%u0041&#65;&#x41;&#X41;&#065", "AAAAAA" },
	{ "\\u00e9%u00E9&#233;&#xe9;", "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9" },
	{ "\\u20ac&#8364;", "\xe2\x82\xac\xe2\x82\xac" },
	{ "&#x1f600;&#128512;", "\xf0\x9f\x98\x80\xf0\x9f\x98\x80" },
	/* signs */
	{ "\\\"\\'\\\\\\/\\n\\r\\t\\b\\f", "\"'\\/\n\r\t\b\f" },
	{ "&amp;&lt;&gt;&quot;&apos;&nbsp;", "&<>\"' " },
	/* once */
	{ "\\\\x41", "\\x41" },
	{ "%2541", "%41" },
	{ "&amp;lt;", "&lt;" },
	/* none */
	{ "%4", "%4" },
	{ "%4g", "%4g" },
	{ "100%", "100%" },
	{ "\\", "\\" },
	{ "\\x4", "\\x4" },
	{ "\\u004", "\\u004" },
	{ "\\400 \\8 \\12", "\\400 \\8 \\12" },
	{ "&#; &#x; &#1114112; & &am", "&#; &#x; &#1114112; & &am" },
};

static void test_rows(void **state)
{
	char buffer[128];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t length = strlen(rows[i].text);

		length = unescape(buffer, rows[i].text, length);
		check_row(rows[i].text, length == strlen(rows[i].result) &&
						memcmp(buffer, rows[i].result, length) == 0);
	}
}

static void test_in_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t length = strlen(rows[i].text);
		char buffer[128];

		memcpy(buffer, rows[i].text, length);
		length = unescape(buffer, buffer, length);
		check_row(rows[i].text, length == strlen(rows[i].result) &&
						memcmp(buffer, rows[i].result, length) == 0);
	}
}

/* A NUL is a byte as others are, and nothing behind the end is read. */
static void test_length(void **state)
{
	char buffer[8];

	(void)state;
	assert_int_equal(unescape(buffer, "a\0%41", 5), 3);
	assert_memory_equal(buffer, "a\0A", 3);
	assert_int_equal(unescape(buffer, "%41", 2), 2);
	assert_memory_equal(buffer, "%4", 2);
	assert_int_equal(unescape(buffer, "&lt;", 3), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_in_place),
		cmocka_unit_test(test_length),
	};

	return cmocka_run_group_tests_name("unescape", tests, NULL, NULL);
}
