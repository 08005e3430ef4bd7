/* SPDX-License-Identifier: ISC */
/* Keys as people carry them: what is taken, what is refused, and that no sentence shows a key. */
#include "tests/unit/support.h"

#include "common/exported-key.h"

#include <errno.h>

#define HEX "48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db"
#define LETTERS "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ0"
#define LINE "001 web-01 any " HEX
#define OTHER "002 web-02 10.0.0.0/24 " HEX
/* base64 of LINE (79 bytes: padded) in one and in parts, and of OTHER (87 bytes: not padded) */
#define A1 "MDAxIHdlYi0wMSBhbnkgNDhhOTk4NzMxNDkzNThlNDhiMTMyNzNjNGFkMDdjNDRl"
#define A2 "ZDQwMmJjYjcxZmM5NDg2OWYzZTc2YjJmMjc2MzdkYg=="
#define A A1 A2
#define B                                                                                          \
	"MDAyIHdlYi0wMiAxMC4wLjAuMC8yNCA0OGE5OTg3MzE0OTM1OGU0OGIxMzI3M2M0YWQwN2M0NGVkNDAyYmNiNzFm" \
	"Yzk0ODY5ZjNlNzZiMmYyNzYzN2Ri"
/* "001 x any HEX": a name of one character */
#define SHORT_NAME                                                                                 \
	"MDAxIHggYW55IDQ4YTk5ODczMTQ5MzU4ZTQ4YjEzMjczYzRhZDA3YzQ0ZWQ0MDJiY2I3MWZjOTQ4NjlmM2U3NmIy" \
	"ZjI3NjM3ZGI="
/* base64 that has a slash, of another name */
#define SLASH1 "MDAxIHc"
#define SLASH2                                                                                     \
	"YiBhbnkgNDhhOTk4NzMxNDkzNThlNDhiMTMyNzNjNGFkMDdjNDRlZDQwMmJjYjcxZmM5NDg2OWYzZTc2YjJmMjc2" \
	"MzdkYg=="

static const struct {
	const char *text;
	const char *expected; /* the line that it is, or a part of what is wrong with it */
	bool good;
} rows[] = {
	{ A, LINE, true },
	{ A "\n", LINE, true },
	{ B, OTHER, true },
	{ "  \t" A " \t\r\n\r\n", LINE, true },
	{ "\n\n" A, LINE, true },
	{ "\xef\xbb\xbf" A "\r\n", LINE, true },
	{ A1 "\n" A2 "\n", LINE, true },
	{ "  " A1 "\r\n\t" A2 "\r\n", LINE, true },
	{ "MDAx\nIHdl\nYi0w\nMSBhbnkgNDhhOTk4NzMxNDkzNThlNDhiMTMyNzNjNGFkMDdjNDRl\nZDQwMmJjYjcxZmM5"
	  "NDg2OWYzZTc2YjJmMjc2MzdkY\ng=\n=",
	  LINE, true },
	{ LINE, LINE, true },
	{ LINE "\n", LINE, true },
	{ "  " LINE "  \r\n", LINE, true },
	{ "\xef\xbb\xbf" LINE, LINE, true },
	{ "# of the manager\n\n" LINE "\n", LINE, true },
	{ "007 !gone any " HEX "\n008 #*#*#*#*#*\n" LINE "\n", LINE, true },
	{ LINE "\n" LINE "\n" A "\n", LINE, true },
	{ "003 web_3 2001:db8::/32 " LETTERS "\n", "003 web_3 2001:db8::/32 " LETTERS, true },
	{ "004 .%x 10.0.0.1 " HEX "\n", "004 .%x 10.0.0.1 " HEX, true },
	{ SHORT_NAME, "001 x any " HEX, true },
	{ "\nAgent key information for '001' is: \n" A
	  "\n\n** Press ENTER to return to the main menu.\n",
	  LINE, true },
	{ "****************************************\n* Wazuh v4.14.5 Agent manager.         *\n"
	  "****************************************\nAgent key information for '001' is:\n" A "\n",
	  LINE, true },
	/* base64 of LINE with its newline: somebody encoded the file */
	{ "MDAxIHdlYi0wMSBhbnkgNDhhOTk4NzMxNDkzNThlNDhiMTMyNzNjNGFkMDdjNDRlZDQwMmJjYjcxZmM5NDg2OWYz"
	  "ZTc2YjJmMjc2MzdkYgo=",
	  LINE, true },

	/* as jq and shells print it */
	{ "\"" A "\"\n", LINE, true },
	{ "'" A "'\r\n", LINE, true },
	{ "\"" LINE "\"", LINE, true },
	/* what Wazuh's API and manage_agents -j answer */
	{ "{\"data\": {\"id\": \"001\", \"key\": \"" A "\"}, \"error\": 0}", LINE, true },
	{ "\xef\xbb\xbf\n {\"data\":{\"affected_items\":[{\"id\":\"001\",\r\n\t\"key\"\n:\n\"" A
	  "\"\n}],\"failed_items\":[]},\"message\":\"for \\\"001\\\"\",\"error\":0}\n",
	  LINE, true },
	{ "{\"error\":0,\"data\":\"" A "\"}", LINE, true },
	{ "{\"data\":{\"key\":\"" SLASH1 "\\/" SLASH2 "\"}}", "001 w?b any " HEX, true },

	{ "{\"data\":{\"key\":\"" A1 "\"}}", "truncated", false },
	{ "{\"data\":{\"key\":\"" A, "contains no key", false },
	{ "{\"data\":{\"key\":null},\"x\":\"" A "\"}", "contains no key", false },
	{ "{\"data\":{\"key\":\"\"}}", "contains no key", false },
	{ "{\"data\":{\"key\":\"null\"}}", "does not decode", false },
	{ "{\"title\":\"Not Found\",\"detail\":\"Agent does not exist\",\"error\":1701}",
	  "contains no key", false },
	{ "{\"a\":{\"key\":\"" A "\"},\"b\":{\"key\":\"" B "\"}}", "several agents", false },
	{ "{", "contains no key", false },
	{ "{\"key\\", "contains no key", false },
	{ "\"" A, "contains no key", false },
	/* of an agent that was removed */
	{ "007 !gone any " HEX "\n", "removed on the manager (ID 007)", false },
	{ "MDA3ICFnb25lIGFueSA0OGE5OTg3MzE0OTM1OGU0OGIxMzI3M2M0YWQwN2M0NGVkNDAyYmNiNzFmYzk0ODY5ZjNl"
	  "NzZiMmYyNzYzN2Ri",
	  "removed on the manager (ID 007)", false },
	{ "MTAyNCAjKiMqIyojKiMqIyojKiMqIyojKiM=", "removed on the manager (ID 1024)", false },
	{ "{\"data\":{\"key\":\"MTAyNCAjKiMqIyojKiMqIyojKiMqIyojKiM=\"}}",
	  "removed on the manager (ID 1024)", false },
	{ "", "is empty", false },
	{ "\n \t\r\n", "contains no key", false },
	{ "\xef\xbb\xbf", "contains no key", false },
	{ "\xff\xfeM", "UTF-16", false },
	{ "Invalid ID '005' given. ID is not present.\n", "contains no key", false },
	{ "001", "does not decode", false },
	{ HEX, "does not decode", false },
	{ A1 "\n", "truncated", false }, /* which decodes to a record with a shorter key */
	{ "001 web-01 any 48a9", "truncated", false },
	{ "001 web-01 any 48a9  ", "truncated", false },
	{ "001 web-01 any 48a9\n", "truncated", false },
	{ "001 web-01 any null\n", "the key is not 64 to 128 letters and digits", false },
	{ "001 web-01 any -", "the key is not 64 to 128 letters and digits", false },
	{ "MDAxIHdlYi0wMSBhbnkgbnVsbA==", "the key is not 64 to 128 letters and", false },
	{ "001 web-01 any 5f0c0c1e-7a1e-4f0e-9d6b-1a2b3c4d5e6f\n", "the key is not 64", false },
	{ LINE "\n001 web-01 any 48a9", "truncated", false },
	{ LINE "\nwhat\n", "does not decode", false },
	{ A1 "ZD", "does not decode", false },
	{ A1 "\n\n" A2, "truncated", false },
	{ A2 "\n" A1, "does not decode", false },
	{ "=" A, "contains no key", false },
	{ A "=", "does not decode", false },
	{ A1 "=" A2, "contains no key", false },
	{ A "\n" B "\n", "the keys of several agents (001 web-01, 002 web-02, ...)", false },
	{ B "\n" A "\n", "the keys of several agents (002 web-02, 001 web-01, ...)", false },
	{ B "\n\nand then\n" A "\n", "several agents", false },
	{ LINE "\n" OTHER "\n", "the keys of several agents (001 web-01, 002 web-02, ...)", false },
	{ LINE "\n" B, "several agents", false },
	{ "001 web-01 any", "four fields separated by single spaces", false },
	{ LINE " more", "four fields separated by single spaces", false },
	{ "001  web-01 any " HEX, "four fields separated by single spaces", false },
	{ "001\tweb-01\tany\t" HEX, "four fields separated by single spaces", false },
	{ "123456789 web-01 any " HEX, "the id is not", false },
	{ "001 w\xc3\xb6"
	  "b any " HEX,
	  "the name is not", false },
	{ "001 web/01 any " HEX, "contains an invalid key: the name is not", false },
	{ "001 web-01 any.where " HEX, "the address is neither", false },
	{ "001 web-01 any " HEX "\xe2\x80\xa6", "the key is not", false },
	{ LINE "\n002 web-02 any", "four fields separated by single spaces", false },
};

static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct agent_key key;
		struct reason why = { "" };
		char line[AGENT_LINE_SIZE + 1] = "";
		int r = exported_key_parse(&key, rows[i].text, strlen(rows[i].text), &why);

		if (r == 0)
			line[agent_key_format(line, &key) - 1] = '\0';
		if (rows[i].good ? r != 0 || strncmp(line, rows[i].expected,
						     strlen(rows[i].expected)) != 0
				 : r != -EINVAL || !strstr(why.text, rows[i].expected))
			fail_msg("'%s': %d, '%s', '%s'", rows[i].text, r, line, why.text);
		check_row(rows[i].text, !strstr(why.text, "48a998") && !strstr(why.text, "NDhh"));
	}
}

/* The first line of a broken export looks like a key by itself, so the whole is looked at first. */
static void test_broken_at_every_place(void **state)
{
	static const char whole[] = A;

	(void)state;
	for (size_t i = 1; i < strlen(whole); i++) {
		struct agent_key key;
		struct reason why = { "" };
		char text[256], line[AGENT_LINE_SIZE + 1];
		int length = snprintf(text, sizeof text, "%.*s\r\n%s\r\n", (int)i, whole,
				      whole + i);

		if (exported_key_parse(&key, text, (size_t)length, &why) < 0)
			fail_msg("broken at %zu: %s", i, why.text);
		(void)agent_key_format(line, &key);
		assert_string_equal(line, LINE "\n");
	}
}

static void test_sizes_and_nul(void **state)
{
	static char text[EXPORTED_KEY_MAX + 1];
	struct agent_key key = { "unchanged" };
	struct reason why = { "" };

	(void)state;
	memset(text, '\n', sizeof text);
	memcpy(text, LINE, strlen(LINE));
	assert_int_equal(exported_key_parse(&key, text, sizeof text, &why), -EINVAL);
	assert_non_null(strstr(why.text, "too long"));
	assert_string_equal(key.id, "unchanged");
	assert_int_equal(exported_key_parse(&key, text, sizeof text - 1, &why), 0);
	assert_string_equal(key.name, "web-01");
	text[sizeof text - 2] = '\0';
	assert_int_equal(exported_key_parse(&key, text, sizeof text - 1, &why), -EINVAL);
	assert_non_null(strstr(why.text, "NUL"));
	memset(text, 'M', sizeof text); /* the most that can be decoded */
	assert_int_equal(exported_key_parse(&key, text, sizeof text - 1, &why), -EINVAL);
	assert_non_null(strstr(why.text, "does not decode"));
}

static void test_format(void **state)
{
	char text[EXPORTED_KEY_SIZE];
	struct agent_key key;

	(void)state;
	assert_int_equal(agent_key_parse(&key, LINE, strlen(LINE)), AGENT_KEY_OK);
	assert_int_equal(exported_key_format(text, &key), strlen(A));
	assert_string_equal(text, A);
	assert_int_equal(agent_key_parse(&key, OTHER, strlen(OTHER)), AGENT_KEY_OK);
	(void)exported_key_format(text, &key);
	assert_string_equal(text, B);
	/* the longest */
	memset(key.id, '9', AGENT_ID_MAX);
	memset(key.name, 'n', AGENT_NAME_MAX);
	memset(key.ip, 'i', AGENT_IP_MAX);
	memset(key.key, 'k', AGENT_KEY_MAX);
	assert_true(exported_key_format(text, &key) < EXPORTED_KEY_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_broken_at_every_place),
		cmocka_unit_test(test_sizes_and_nul),
		cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
