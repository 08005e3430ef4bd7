/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/base64.h"

#include <errno.h>

static void test_forms(void **state)
{
	static const struct {
		enum base64_form form;
		const char *bytes, *text;
	} rows[] = {
		/* RFC 4648, section 10 */
		{ BASE64_PADDED, "", "" },
		{ BASE64_PADDED, "f", "Zg==" },
		{ BASE64_PADDED, "fo", "Zm8=" },
		{ BASE64_PADDED, "foo", "Zm9v" },
		{ BASE64_PADDED, "foob", "Zm9vYg==" },
		{ BASE64_UNPADDED, "fooba", "Zm9vYmE" },
		{ BASE64_URL, "\xfb\xff", "-_8" },
		{ BASE64_PADDED, "\xfb\xff", "+/8=" },
		{ BASE64_UNPADDED, "f", "Zg" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[32], bytes[32];
		size_t length = strlen(rows[i].bytes);

		check_row(rows[i].text, base64_encode(text, rows[i].form, rows[i].bytes, length) ==
						strlen(rows[i].text));
		check_row(rows[i].text, strcmp(text, rows[i].text) == 0);
		check_row(rows[i].text, base64_decode(bytes, sizeof bytes, rows[i].form, text,
						      strlen(text)) == (ssize_t)length);
		check_row(rows[i].text, memcmp(bytes, rows[i].bytes, length) == 0);
	}
}

static void test_refusals(void **state)
{
	static const struct {
		enum base64_form form;
		const char *text;
	} rows[] = {
		{ BASE64_PADDED, "Zg" },
		{ BASE64_PADDED, "Zg=" },
		{ BASE64_PADDED, "Z===" },
		{ BASE64_PADDED, "Zh==" },
		{ BASE64_PADDED, "Z g=" },
		{ BASE64_PADDED, "Zm9v-" },
		{ BASE64_UNPADDED, "Zg==" },
		{ BASE64_UNPADDED, "Z" },
		{ BASE64_URL, "+/8" },
		{ BASE64_PADDED, "====" },
		{ BASE64_UNPADDED, "Zm9vY\n" },
		{ BASE64_UNPADDED, "Zm9vA" },
		{ BASE64_URL, "A" },
	};
	char bytes[4];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(rows[i].text,
			  base64_decode(bytes, sizeof bytes, rows[i].form, rows[i].text,
					strlen(rows[i].text)) == -EINVAL);
	assert_int_equal(base64_decode(bytes, 4, BASE64_PADDED, "Zm9vYmE=", 8), -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
