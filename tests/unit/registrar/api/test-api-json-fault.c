/* SPDX-License-Identifier: ISC */
/* What is wrong with a text that is no JSON, in the words of Python 3.10. */
#include "tests/unit/support.h"

#include "registrar/api/json-fault.h"

static void test_faults(void **state)
{
	static const struct {
		const char *text, *fault; /* null: there is none */
	} rows[] = {
		{ "{}", NULL },
		{ " [1, -0.5e+3, \"\\u00e9\\n\", true, null, NaN, -Infinity] \n", NULL },
		{ "{\"a\": {\"b\": []}}", NULL },
		{ "", "Expecting value: line 1 column 1 (char 0)" },
		{ "x", "Expecting value: line 1 column 1 (char 0)" },
		{ "-", "Expecting value: line 1 column 1 (char 0)" },
		{ "[", "Expecting value: line 1 column 2 (char 1)" },
		{ "[1,", "Expecting value: line 1 column 4 (char 3)" },
		{ "[1, ]", "Expecting value: line 1 column 5 (char 4)" },
		{ "[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)" },
		{ "[01]", "Expecting ',' delimiter: line 1 column 3 (char 2)" },
		{ "{",
		  "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)" },
		{ "{\"a\":1,}",
		  "Expecting property name enclosed in double quotes: line 1 column 8 (char 7)" },
		{ "{'a': 1}",
		  "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)" },
		{ "{\"a\" 1}", "Expecting ':' delimiter: line 1 column 6 (char 5)" },
		{ "{\"a\": }", "Expecting value: line 1 column 7 (char 6)" },
		{ "{\"a\": 1 \"b\"}", "Expecting ',' delimiter: line 1 column 9 (char 8)" },
		{ "{\"name\": \"x", "Unterminated string starting at: line 1 column 10 (char 9)" },
		{ "\"\\", "Unterminated string starting at: line 1 column 1 (char 0)" },
		{ "\"\\x\"", "Invalid \\escape: line 1 column 2 (char 1)" },
		{ "\"\\u00g0\"", "Invalid \\uXXXX escape: line 1 column 3 (char 2)" },
		{ "\"\\u00", "Invalid \\uXXXX escape: line 1 column 3 (char 2)" },
		{ "\"a\tb\"", "Invalid control character at: line 1 column 3 (char 2)" },
		{ "{\n\"\xc3\xa9\": x}", "Expecting value: line 2 column 6 (char 7)" },
		{ "{} {}", "Extra data: line 1 column 4 (char 3)" },
		{ "1.", "Extra data: line 1 column 2 (char 1)" },
		{ "\xef\xbb\xbf{}",
		  "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t length = strlen(rows[i].text);
		/* On the heap, so that a byte too many is noticed. */
		char *text = memcpy(malloc(length + 1), rows[i].text, length);
		char fault[128] = "";

		check_row(rows[i].text, api_json_fault_find(fault, sizeof fault, text, length) ==
						(rows[i].fault ? API_JSON_BROKEN : API_JSON_OK));
		assert_string_equal(fault, rows[i].fault ?: "");
		free(text);
	}
}

static void test_depth(void **state)
{
	char text[2 * API_JSON_DEPTH_MAX + 3], fault[128];

	(void)state;
	memset(text, '[', sizeof text);
	assert_int_equal(api_json_fault_find(fault, sizeof fault, text, sizeof text),
			 API_JSON_TOO_DEEP);
	memset(text + API_JSON_DEPTH_MAX, ']', API_JSON_DEPTH_MAX);
	assert_int_equal(api_json_fault_find(fault, sizeof fault, text, 2 * API_JSON_DEPTH_MAX),
			 API_JSON_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
