/* SPDX-License-Identifier: ISC */
/* Reading a file: what inih would do silently, and what people's editors do to it. */
#include "tests/unit/support.h"

#include "client/config/config.h"

#include <errno.h>

#define X10 "xxxxxxxxxx"
#define X50 X10 X10 X10 X10 X10
#define X180 X50 X50 X50 X10 X10 X10

static int read_bytes(struct config *config, const char *bytes, size_t length, struct reason *why)
{
	FILE *file = fmemopen((void *)(uintptr_t)bytes, length, "r");
	int r;

	assert_non_null(file);
	why->text[0] = '\0';
	assert_int_equal(config_init(config), 0);
	r = config_read(config, file, "FILE", why);
	(void)fclose(file);
	return r;
}

/* ------------------------------------------------------------------ what is taken */

static const struct {
	const char *label, *bytes, *ciphers, *address; /* null: unset */
} good[] = {
	{ "plain", "[tls]\nciphers = A\n[manager]\naddress = m\n", "A", "m" },
	{ "no blanks", "[tls]\nciphers=A\n", "A" },
	{ "many blanks", "[tls]\nciphers \t =  \tA  \t\n", "A" },
	{ "blanks inside", "[tls]\nciphers = A  B\n", "A  B" },
	{ "no newline at the end", "[tls]\nciphers = A", "A" },
	{ "CRLF", "[tls]\r\nciphers = A\r\n[manager]\r\naddress = m\r\n", "A", "m" },
	{ "CRLF, no line end at the end", "[tls]\r\nciphers = A\r", "A" },
	{ "byte order mark", "\xef\xbb\xbf[tls]\nciphers = A\n", "A" },
	{ "byte order mark and indentation", "\xef\xbb\xbf  [tls]\n ciphers = A\n", "A" },
	{ "only a byte order mark", "\xef\xbb\xbf", NULL },
	{ "empty lines", "\n\n[tls]\n\n\nciphers = A\n\n", "A" },
	{ "comments", "# a\n; b\n[tls]\n#ciphers = X\n;ciphers = Y\n# [manager]\nciphers = A\n",
	  "A" },
	{ "comment behind a value", "[tls]\nciphers = A ; not B\n", "A" },
	{ "semicolon in a value", "[tls]\nciphers = A;B\n", "A;B" },
	{ "hash in a value", "[tls]\nciphers = A # B\n", "A # B" },
	{ "equals sign in a value", "[tls]\nciphers = A=B\n", "A=B" },
	{ "colon in a value", "[manager]\naddress = [::1]:99\n", NULL, "[::1]:99" },
	{ "indented key", "[tls]\n\tciphers = A\n", "A" },
	{ "indented second key is no continuation", "[tls]\nciphers = A\n   min_version = 1.3\n",
	  "A" },
	{ "indented section", "  [tls]\n  ciphers = A\n  [manager]\n  address = m\n", "A", "m" },
	{ "the last one counts", "[tls]\nciphers = A\nciphers = B\n", "B" },
	{ "an empty value resets", "[tls]\nciphers = A\nciphers =\n", NULL },
	{ "an empty value before a comment resets", "[tls]\nciphers = A\nciphers = ; B\n", NULL },
	{ "an empty value resets a list", "[manager]\naddress = m\naddress =\naddress = n\n", NULL,
	  "n" },
	{ "a section twice", "[tls]\nciphers = A\n[manager]\naddress = m\n[tls]\nciphers = B\n",
	  "B", "m" },
	{ "199 bytes", "[tls]\nciphers = 123456789" X180 "\n", "123456789" X180 },
	{ "199 bytes, CRLF", "[tls]\nciphers = 123456789" X180 "\r\n", "123456789" X180 },
	{ "199 bytes behind an indentation", "[tls]\n    ciphers = 123456789" X180 "\n",
	  "123456789" X180 },
	{ "section without keys", "[tls]\n", NULL },
	{ "comment behind a section", "[tls] ; comment\nciphers = A\n", "A" },
	{ "another comment behind a section", "[tls]\t# comment\nciphers = A\n", "A" },
	{ "blanks behind a section", "[tls] \t\nciphers = A\n", "A" },
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct config config;
		struct reason why;

		if (read_bytes(&config, good[i].bytes, strlen(good[i].bytes), &why) < 0)
			fail_msg("row '%s': %s", good[i].label, why.text);
		check_row(good[i].label,
			  good[i].ciphers ? config.tls.ciphers &&
						    strcmp(config.tls.ciphers, good[i].ciphers) == 0
					  : !config.tls.ciphers);
		check_row(good[i].label, config.manager.address.count == (good[i].address ? 1 : 0));
		if (good[i].address)
			check_row(good[i].label,
				  strcmp(config.manager.address.items[0], good[i].address) == 0);
		config_clear(&config);
	}
}

static void test_indented_key_is_taken(void **state)
{
	static const char text[] = "[tls]\nciphers = A\n   min_version = 1.3\n   verify = no\n";
	struct config config;
	struct reason why;

	(void)state;
	assert_int_equal(read_bytes(&config, text, strlen(text), &why), 0);
	assert_string_equal(config.tls.min_version, "1.3");
	assert_false(config.tls.verify);
	config_clear(&config);
}

static void test_lists(void **state)
{
	static const char text[] = "[manager]\naddress = a\naddress = b:2\n"
				   "address = [::1]\n[agent]\ngroups = x,y\ngroups = z\n";
	struct config config;
	struct reason why;

	(void)state;
	assert_int_equal(read_bytes(&config, text, strlen(text), &why), 0);
	assert_int_equal(config.manager.address.count, 3);
	assert_string_equal(config.manager.address.items[0], "a");
	assert_string_equal(config.manager.address.items[1], "b:2");
	assert_string_equal(config.manager.address.items[2], "[::1]");
	assert_int_equal(config.agent.groups.count, 3);
	assert_string_equal(config.agent.groups.items[2], "z");
	config_clear(&config);
}

/* ------------------------------------------------------------------ what is refused */

static const struct {
	const char *label, *bytes;
	size_t length;
	const char *said;
} bad[] = {
#define BAD(label, bytes, said)                       \
	{                                             \
		label, bytes, sizeof(bytes) - 1, said \
	}
	BAD("unknown key", "[tls]\nverfy = no\n",
	    "FILE:2: unknown key 'verfy' in [tls]; did you mean verify?"),
	BAD("key of another section", "[manager]\nca_file = /x\n",
	    "FILE:2: unknown key 'ca_file' in [manager]; did you mean ca_file in [tls]?"),
	BAD("unknown section", "[tsl]\nverify = no\n",
	    "FILE:1: unknown section [tsl]; did you mean [tls]?"),
	BAD("unknown section without keys", "[tls]\nverify = yes\n[manger]\n",
	    "FILE:3: unknown section [manger]; did you mean [manager]?"),
	BAD("unknown section behind a byte order mark", "\xef\xbb\xbf[tsl]\n",
	    "FILE:1: unknown section [tsl]; did you mean [tls]?"),
	BAD("section in capitals", "[TLS]\n", "FILE:1: unknown section [TLS]; did you mean [tls]?"),
	BAD("section like no other", "[frobnicate]\n", "FILE:1: unknown section [frobnicate]"),
	BAD("empty section", "[]\n", "FILE:1: unknown section []"),
	BAD("escape code in a section", "[\x1b[31m]\n", "unknown section [\\x1b[31m"),
	BAD("key before any section", "verify = no\n",
	    "FILE:1: key 'verify' appears before any section; did you mean verify in [tls]?"),
	BAD("bad value", "[tls]\n\n# x\nverify = nope\n",
	    "FILE:4: 'nope' is not a valid value for verify in [tls]: "
	    "expected yes or no; did you mean no?"),
	BAD("key behind a section", "[tls] verify = no\n",
	    "FILE:1: unexpected text after ]; put it on a line of its own"),
	BAD("key right behind a section", "[tls]verify = no\n", "FILE:1: unexpected text after ]"),
	BAD("section behind a section", "[tls][manager]\n", "FILE:1: unexpected text after ]"),
	BAD("no equals sign", "[tls]\nverify no\n", "FILE:2: "),
	BAD("section not closed", "[tls\nverify = no\n", "FILE:1: "),
	BAD("200 bytes", "[tls]\nciphers = 1234567890" X180 "\n",
	    "FILE:2: the line is longer than 199 bytes"),
	BAD("201 bytes", "[tls]\nciphers = 12345678901" X180 "\n",
	    "FILE:2: the line is longer than 199 bytes"),
	BAD("200 bytes without a line end", "[tls]\nciphers = 1234567890" X180,
	    "FILE:2: the line is longer"),
	BAD("a long comment", "# 123456789" X180 X10 X10 "\n", "FILE:1: the line is longer"),
	BAD("much too long", "[tls]\nciphers = " X180 X180 X180 X180 X180 X180 "\n",
	    "FILE:2: the line is longer"),
	BAD("NUL in a value", "[tls]\nciphers = A\0B\n", "FILE:2: the line contains a NUL byte"),
	BAD("NUL in a comment", "[tls]\n# \0\n", "FILE:2: the line contains a NUL byte"),
	BAD("NUL at the end of a line", "[tls]\nciphers = A\0\n",
	    "FILE:2: the line contains a NUL byte"),
	BAD("UTF-16", "\xff\xfe[\0t\0l\0s\0]\0\n\0", "FILE:1: the line contains a NUL byte"),
	BAD("all faults are named", "[tls]\nverfy = no\nciphres = A\n[manger]\naddress = a\n",
	    "FILE:2: unknown key 'verfy' in [tls]; did you mean verify?; "
	    "FILE:3: unknown key 'ciphres' in [tls]; did you mean ciphers?; "
	    "FILE:4: unknown section [manger]; did you mean [manager]?"),
	BAD("faults of all kinds", "[tls]\nciphers = A\0B\nverify = nope\nx\n",
	    "FILE:2: the line contains a NUL byte; "
	    "FILE:3: 'nope' is not a valid value for verify in [tls]: "
	    "expected yes or no; did you mean no?; FILE:4: expected [SECTION]"),
	BAD("escape code in a value", "[manager]\naddress = \x1b[31m\n",
	    "'\\x1b[31m' is not a valid value for address"),
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct config config;
		struct reason why;

		check_row(bad[i].label,
			  read_bytes(&config, bad[i].bytes, bad[i].length, &why) == -EINVAL);
		if (!strstr(why.text, bad[i].said))
			fail_msg("row '%s': %s", bad[i].label, why.text);
		check_row(bad[i].label, !strstr(bad[i].said, "did you mean") ==
						!strstr(why.text, "did you mean"));
		check_row(bad[i].label, !strchr(why.text, '\x1b'));
		config_clear(&config);
	}
}

/* What is right beside a fault is taken, for those who show how things are. */
static void test_the_rest_beside_a_fault(void **state)
{
	static const char text[] = "[tls]\nciphers = A\nverfy = yes\nmin_version = 1.3\n[tsl]\n"
				   "ciphers = B\n[agent]\nname = x\n";
	struct config config;
	struct reason why;

	(void)state;
	assert_int_equal(read_bytes(&config, text, strlen(text), &why), -EINVAL);
	assert_true(config.tls.verify);
	assert_string_equal(config.tls.min_version, "1.3");
	assert_string_equal(config.tls.ciphers, "A");
	assert_string_equal(config.agent.name, "x");
	config_clear(&config);
}

/* ------------------------------------------------------------------ files */

static void test_files(void **state)
{
	const char *path = path_in(*state, "agent.conf");
	struct config config;
	struct reason why = { "" };

	assert_int_equal(config_init(&config), 0);
	assert_int_equal(config_read_file(&config, path, &why), -ENOENT);
	assert_non_null(strstr(why.text, path));
	write_text(path, "[tls]\nverify = no\n");
	assert_int_equal(config_read_file(&config, path, &why), 0);
	assert_false(config.tls.verify);
	write_text(path, "");
	assert_int_equal(config_read_file(&config, path, &why), 0);
	assert_int_equal(config_read_file(&config, *state, &why), -EISDIR);
	assert_non_null(strstr(why.text, *state));
	config_clear(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_indented_key_is_taken),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_the_rest_beside_a_fault),
		cmocka_unit_test_setup_teardown(test_files, setup_directory, teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
