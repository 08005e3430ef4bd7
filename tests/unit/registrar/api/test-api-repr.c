/* SPDX-License-Identifier: ISC */
/* Values as Python writes them. */
#include "tests/unit/support.h"

#include "registrar/api/repr.h"

static void test_texts(void **state)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{ "", "''" },
		{ "web 01", "'web 01'" },
		{ "it's", "\"it's\"" },
		{ "it's \"x\"", "'it\\'s \"x\"'" },
		{ "a\\b\n\r\t\x01\x7f", "'a\\\\b\\n\\r\\t\\x01\\x7f'" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "'\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"
							  "'" },
		{ "\xc2\xa0\xc2\xad", "'\\xa0\\xad'" },
		{ "a\xff\xc3", "'a\xef\xbf\xbd\xef\xbf\xbd'" },
	};
	char shown[64];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(api_repr_text(shown, sizeof shown, rows[i].text,
						  strlen(rows[i].text)),
				    rows[i].shown);
	/* What does not fit is cut between characters. */
	assert_string_equal(api_repr_text(shown, 8, "abcde\xc3\xa9", 7), "'abcde");
}

static void test_json(void **state)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{ "null", "None" },
		{ "[true, false, -5, 1.0, 0.25]", "[True, False, -5, 1.0, 0.25]" },
		{ "{\"b\": \"x\", \"a\": {}}", "{'b': 'x', 'a': {}}" },
		{ "[[[[[[[[[[1]]]]]]]]]]", "[[[[[[[[[...]]]]]]]]]" },
	};
	char shown[64];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		json_t *value = json_loads(rows[i].text, JSON_DECODE_ANY, NULL);

		assert_string_equal(api_repr_json(shown, sizeof shown, value), rows[i].shown);
		json_decref(value);
	}
}

static void test_utf8(void **state)
{
	char cut[] = "a\xe2\x82", whole[] = "a\xe2\x82\xac", broken[] = "a\xffz\xc3";

	(void)state;
	api_utf8_trim(cut);
	assert_string_equal(cut, "a");
	api_utf8_trim(whole);
	assert_string_equal(whole, "a\xe2\x82\xac");
	api_utf8_mend(broken);
	assert_string_equal(broken, "a?z?");
}

/* Four bytes around every border: what jansson takes is left alone, and it takes the rest then. */
static void test_utf8_like_jansson(void **state)
{
	static const unsigned char borders[] = { 0x01, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0,
						 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed,
						 0xef, 0xf0, 0xf4, 0xf5, 0xff };
	const size_t n = COUNT(borders);

	(void)state;
	for (size_t i = 0; i < n * n * n * n; i++) {
		char text[] = { (char)borders[i % n], (char)borders[i / n % n],
				(char)borders[i / n / n % n], (char)borders[i / n / n / n], '\0' };
		json_t *before = json_string(text), *after;
		char mended[sizeof text];

		memcpy(mended, text, sizeof text);
		api_utf8_mend(mended);
		after = json_string(mended);
		assert_non_null(after);
		assert_int_equal(before != NULL, strcmp(text, mended) == 0);
		json_decref(before);
		json_decref(after);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_utf8_like_jansson),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
