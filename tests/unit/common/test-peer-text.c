/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/peer-text.h"

#define ECHO "(not shown: it echoes our credentials)"
#define KEY "(not shown: it contains what may be a key)"
#define HEX "0123456789abcdef"

static const struct {
	const char *text;
	const char *secrets[PEER_TEXT_SECRETS];
	const char *shown;
} rows[] = {
	{ "Invalid name\n", { NULL, NULL }, "Invalid name\\n" },
	{ "", { "secret", NULL }, "" },
	/* secrets, whole and in part */
	{ "you said TopSecret!", { "TopSecret", NULL }, ECHO },
	{ "you said TopSecre!", { "TopSecret", NULL }, ECHO },
	{ "you said opSecret!", { "TopSecret", NULL }, ECHO },
	{ "you said TopSecr", { "TopSecret", NULL }, ECHO },
	{ "you said TopSec", { "TopSecret", NULL }, "you said TopSec" },
	{ "you said TopSecret!", { NULL, "TopSecret" }, ECHO },
	{ "you said topsecret!", { "TopSecret", NULL }, "you said topsecret!" },
	{ "abcdefghijkl", { "..............abcdefghijkl............", NULL }, ECHO },
	{ "abcdefghijk", { "..............abcdefghijkl............", NULL }, "abcdefghijk" },
	{ "xy", { "xy", NULL }, ECHO },
	{ "x", { "xy", NULL }, "x" },
	{ "a word", { "w", NULL }, ECHO },
	{ "Invalid password", { "MyPassword123", NULL }, "Invalid password" },
	{ "anything", { "", "" }, "anything" },
	/* keys */
	{ "key: " HEX HEX HEX HEX, { NULL, NULL }, KEY },
	{ "cut: " HEX HEX "012345678", { NULL, NULL }, KEY },
	{ "SHA-1: " HEX HEX "01234567", { NULL, NULL }, "SHA-1: " HEX HEX "01234567" },
	{ "Duplicate agent name: " HEX HEX, { NULL, NULL }, "Duplicate agent name: " HEX HEX },
	{ HEX HEX " " HEX HEX, { NULL, NULL }, HEX HEX " " HEX HEX },
	{ "wxyz" HEX HEX HEX HEX, { NULL, NULL }, KEY },
	{ "ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ0ghijklmnopqrstuvwxyz012", { NULL, NULL }, KEY },
	{ "ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ0ghijklmnopqrstuvwxyz01",
	  { NULL, NULL },
	  "ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ0ghijklmnopqrstuvwxyz01" },
	{ "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy",
	  { NULL, NULL },
	  "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy" },
};

static void test_rows(void **state)
{
	char buffer[256];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(peer_text_show(buffer, sizeof buffer, rows[i].text,
						   strlen(rows[i].text), rows[i].secrets),
				    rows[i].shown);
}

/* A NUL does not end the search. */
static void test_nul(void **state)
{
	static const char *const secrets[PEER_TEXT_SECRETS] = { "TopSecret", NULL };
	char buffer[256];

	(void)state;
	assert_string_equal(peer_text_show(buffer, sizeof buffer, "a\0TopSecret", 11, secrets),
			    ECHO);
	assert_string_equal(peer_text_show(buffer, sizeof buffer, "a\0b", 3, secrets), "a\\x00b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
