/* SPDX-License-Identifier: ISC */
/* Bytes from the network, shown to people. */
#include "tests/unit/support.h"

#include "common/escape.h"

static void test_every_byte(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		char expected[8], shown[16];
		const char one = (char)byte;

		if (strchr("\n\r\t\\", byte) && byte)
			(void)snprintf(expected, sizeof expected, "\\%c",
				       byte == '\n'   ? 'n'
				       : byte == '\r' ? 'r'
				       : byte == '\t' ? 't'
						      : '\\');
		else if (byte >= 0x20 && byte < 0x7f)
			(void)snprintf(expected, sizeof expected, "%c", byte);
		else
			(void)snprintf(expected, sizeof expected, "\\x%02x", (unsigned)byte);
		assert_ptr_equal(escape_bytes(shown, sizeof shown, &one, 1), shown);
		assert_string_equal(shown, expected);
	}
}

static void test_rows(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *shown;
	} rows[] = {
		{ "", 8, "" },
		{ "plain", 8, "plain" },
		{ "1234567", 8, "1234567" },
		{ "12345678", 8, "1234..." },
		{ "\x1b[31mred", 32, "\\x1b[31mred" },
		{ "123\n56", 8, "123\\n56" },
		{ "1234\n6", 8, "1234\\n6" },
		{ "123456\n", 8, "1234..." },
		{ "\x80", 8, "\\x80" },
		{ "123\x80", 8, "123\\x80" },
		{ "1234\x80", 8, "1234..." },
		{ "\x80\x81", 8, "\\x80..." },
		{ "\n\n\n\n", 8, "\\n\\n..." },
		{ "a\n\n\n\n", 8, "a\\n..." },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char shown[32];

		check_row(rows[i].shown, strcmp(escape_string(shown, rows[i].size, rows[i].text),
						rows[i].shown) == 0);
	}
}

/* Is the text a row of whole escapes and plain characters? */
static bool is_whole(const char *text)
{
	while (*text) {
		size_t n = *text != '\\' ? 1 : text[1] == 'x' ? 4 : 2;

		if (strlen(text) < n || (n == 4 && (!strchr("0123456789abcdef", text[2]) ||
						    !strchr("0123456789abcdef", text[3]))))
			return false;
		text += n;
	}
	return true;
}

/*
 * Every size, over every kind of escape at every place: never split, never too long, and the cut is
 * shown.
 */
static void test_never_split(void **state)
{
	static const char source[] = "a\x01"
				     "b\n\\c\x7f\x80"
				     "dd\t\xff\xff\r";

	(void)state;
	for (size_t size = 8; size < 64; size++) {
		for (size_t from = 0; from < sizeof source; from++) {
			char *shown = malloc(size), whole[128];

			escape_bytes(shown, size, source + from, sizeof source - from);
			escape_bytes(whole, sizeof whole, source + from, sizeof source - from);
			assert_true(strlen(shown) < size);
			if (strlen(whole) < size) {
				assert_string_equal(shown, whole);
			} else {
				size_t kept = strlen(shown) - 3;

				assert_string_equal(shown + kept, "...");
				assert_memory_equal(shown, whole, kept);
				shown[kept] = '\0';
				assert_true(is_whole(shown));
			}
			free(shown);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_never_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
