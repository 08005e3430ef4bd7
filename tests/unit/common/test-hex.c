/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/hex.h"

static void test_print(void **state)
{
	char text[10] = "xxxxxxxxx";

	(void)state;
	hex_print(text, "\x00\x7f\xa0\xff", 4);
	assert_string_equal(text, "007fa0ff");
	assert_int_equal(text[9], '\0');
	hex_print(text, "", 0);
	assert_string_equal(text, "");
}

static void test_value(void **state)
{
	static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";

	(void)state;
	for (int c = 0; c < 256; c++) {
		const char *at = c ? strchr(lower, c) : NULL;
		int expected = at ? (int)(at - lower) : -1;

		if (!at && c && (at = strchr(upper, c)))
			expected = (int)(at - upper);
		assert_int_equal(hex_value((char)c), expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
