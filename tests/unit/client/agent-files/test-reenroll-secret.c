/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "client/agent-files/reenroll-secret.h"

#include <errno.h>

#define SECRET "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void test_parses(void **state)
{
	static const char *const rows[] = { "001 " SECRET "\n", "001 " SECRET,
					    "001 " SECRET "\r\n" };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reenroll_secret secret;
		unsigned char bytes[REENROLL_SECRET_SIZE];
		char line[REENROLL_SECRET_LINE_SIZE];

		check_row(rows[i], reenroll_secret_parse(&secret, rows[i], strlen(rows[i])) == 0);
		assert_string_equal(secret.id, "001");
		assert_string_equal(secret.text, SECRET);
		assert_int_equal(reenroll_secret_format(line, &secret), strlen(rows[0]));
		assert_string_equal(line, rows[0]);
		reenroll_secret_decode(bytes, &secret);
		for (size_t j = 0; j < sizeof bytes; j++)
			assert_int_equal(bytes[j], j);
		reenroll_secret_wipe(&secret);
		assert_string_equal(secret.text, "");
	}
}

static void test_refuses(void **state)
{
	static const char *const rows[] = {
		"",
		"\n",
		"\r\n",
		" ",
		"001",
		"001 ",
		"001 \n",
		SECRET "\n",
		" " SECRET,
		"001  " SECRET,
		"001 " SECRET " ",
		"001 " SECRET " x\n",
		"001 " SECRET "ff\n",
		"001 " SECRET "\n\n",
		"001 " SECRET "\n002 " SECRET "\n",
		"x01 " SECRET "\n",
		"123456789 " SECRET "\n",
		"001\t" SECRET "\n",
		"001\n" SECRET " ",
		"001 000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F\n",
		"001 g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reenroll_secret secret = { .id = "kept" };

		check_row(rows[i],
			  reenroll_secret_parse(&secret, rows[i], strlen(rows[i])) == -EINVAL);
		assert_string_equal(secret.id, "kept");
	}
	assert_false(reenroll_secret_is_valid(
		"0\0000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 64));
}

static void test_longest_line(void **state)
{
	struct reenroll_secret secret = { .id = "12345678", .text = SECRET };
	char line[REENROLL_SECRET_LINE_SIZE];

	(void)state;
	assert_int_equal(reenroll_secret_format(line, &secret), REENROLL_SECRET_LINE_SIZE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parses),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_longest_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
