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
	/* ... and written otherwise */
	{ "you said topsecret!", { "TopSecret", NULL }, ECHO },
	{ "you said tOPsECRET!", { "TopSecret", NULL }, ECHO },
	{ "one=TopS two=ecret", { "TopSecret", NULL }, ECHO },
	{ "one=TopS two=ec", { "TopSecret", NULL }, "one=TopS two=ec" },
	{ "terceSpoT", { "TopSecret", NULL }, ECHO },
	{ "%54op%53ecret", { "TopSecret", NULL }, ECHO },
	{ "T%6FpSe%63ret", { "TopSecret", NULL }, ECHO },
	{ "100% of T%6", { "TopSecret", NULL }, "100% of T%6" },
	{ "546f70536563726574", { "TopSecret", NULL }, ECHO },
	{ "546F7053656372", { "TopSecret", NULL }, ECHO },
	{ "546F70536563", { "TopSecret", NULL }, "546F70536563" },
	{ "VG9wU2VjcmV0", { "TopSecret", NULL }, ECHO },                 /* TopSecret */
	{ "dXNlcjpUb3BTZWNyZXQ=", { "TopSecret", NULL }, ECHO },         /* user:TopSecret */
	{ "YWRtaW46VG9wU2VjcmV0", { "TopSecret", NULL }, ECHO },         /* admin:TopSecret */
	{ "cm9vdDE6VG9wU2VjcmV0IQ", { "TopSecret", NULL }, ECHO },       /* root1:TopSecret! */
	{ "T1NTRUMgUEFTUzogVG9wU2VjcmV0", { "TopSecret", NULL }, ECHO }, /* OSSEC PASS: ... */
	{ "fn5-Pz8_fn5-", { "~~~???~~~", NULL }, ECHO }, /* in the letters for URLs */
	{ "Invalid request", { "TopSecret", NULL }, "Invalid request" },
	{ "abcdefghijkl", { "..............abcdefghijkl............", NULL }, ECHO },
	{ "abcdefghijk", { "..............abcdefghijkl............", NULL }, "abcdefghijk" },
	{ "xy", { "xy", NULL }, ECHO },
	{ "x", { "xy", NULL }, "x" },
	{ "a word", { "w", NULL }, ECHO },
	{ "Invalid password", { "MyPassword123", NULL }, "Invalid password" },
	{ "anything", { "", "" }, "anything" },
	{ "\\u0054opSecret", { "TopSecret", NULL }, ECHO },
	{ "\\x54\\x6f\\x70\\x53\\x65\\x63\\x72\\x65\\x74", { "TopSecret", NULL }, ECHO },
	{ "\\124\\157\\160\\123\\145cret", { "TopSecret", NULL }, ECHO },
	{ "&#84;&#111;&#x0070;&#X53;ecret", { "TopSecret", NULL }, ECHO },
	{ "\\u1054\\x5", { "TopSecret", NULL }, "\\\\u1054\\\\x5" },
	{ "&#9999; &#; &#x; \\8 \\99", { "TopSecret", NULL }, "&#9999; &#; &#x; \\\\8 \\\\99" },
	/* keys */
	{ "\\u0030123456789abcde%66" HEX HEX "&#48;123456789abcdef", { NULL, NULL }, KEY },
	{ "key: " HEX HEX HEX HEX, { NULL, NULL }, KEY },
	{ "cut: " HEX HEX "012345678", { NULL, NULL }, KEY },
	{ "SHA-1: " HEX HEX "01234567", { NULL, NULL }, "SHA-1: " HEX HEX "01234567" },
	{ "Duplicate agent name: " HEX HEX, { NULL, NULL }, "Duplicate agent name: " HEX HEX },
	{ HEX HEX " " HEX HEX, { NULL, NULL }, KEY },
	{ "a: " HEX ", b: " HEX ", c: " HEX ", d: " HEX, { NULL, NULL }, KEY },
	{ HEX HEX " " HEX " " HEX "x", { NULL, NULL }, KEY },
	{ HEX HEX " 012345678901234", { NULL, NULL }, HEX HEX " 012345678901234" },
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
