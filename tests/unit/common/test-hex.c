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

static void test_read(void **state)
{
	static const char *const others[] = { "0", "0g", "g0", "0A", "A0", "-1", "0x", " 1", "" };
	unsigned char bytes[3];

	(void)state;
	assert_true(hex_read(bytes, sizeof bytes, "00a9ff"));
	assert_memory_equal(bytes, "\x00\xa9\xff", sizeof bytes);
	assert_true(hex_read(bytes, 1, "7fxx"));
	assert_int_equal(bytes[0], 0x7f);
	for (size_t i = 0; i < COUNT(others); i++)
		check_row(others[i], !hex_read(bytes, 1, others[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
