/* SPDX-License-Identifier: ISC */
/* What a key file holds, of whatever content and kind. */
#include "tests/unit/support.h"

#include "tests/unit/agent-directory.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *label, *bytes;
	size_t length;
	enum keystore_state state;
	const char *id; /* of the key */
} files[] = {
#define FILE_ROW(label, bytes, state, id)                             \
	{                                                             \
		label, bytes, sizeof(bytes) - 1, KEYSTORE_##state, id \
	}
	FILE_ROW("empty", "", MISSING, NULL),
	FILE_ROW("one newline", "\n", MISSING, NULL),
	FILE_ROW("blank lines", "\n\n\r\n \n", MISSING, NULL),
	FILE_ROW("a comment", "# " RECORD "\n", MISSING, NULL),
	FILE_ROW("a comment without its end", "# " RECORD, MISSING, NULL),
	FILE_ROW("a line that begins with a blank", " " RECORD "\n", MISSING, NULL),
	FILE_ROW("removed, Wazuh", "001 !web-01 any " HEX64 "\n", MISSING, NULL),
	FILE_ROW("removed, OSSEC", "001 #*#*#*#*#*#*#*#*#*#*#\n", MISSING, NULL),
	FILE_ROW("a record", RECORD "\n", KEY, "001"),
	FILE_ROW("a record without its end", RECORD, KEY, "001"),
	FILE_ROW("comment, removed, record", "# x\n\n001 !a any b\n003 ab 10.0.0.1 " HEX64 "\n",
		 KEY, "003"),
	FILE_ROW("several records: the first", RECORD "\n002 web-02 any " HEX64 "\n", KEY, "001"),
	FILE_ROW("a record, then rubbish", RECORD "\n\0\0\0", KEY, "001"),
	FILE_ROW("an unusual key", "001 web-01 any abcd\n", KEY, "001"),
	FILE_ROW("any printable key", "001 web-01 any Qx/9+=$%&!~\n", KEY, "001"),
	FILE_ROW("a key of one character", "001 web-01 any x\n", KEY, "001"),
	FILE_ROW("any printable name", "001 .w:1% any " HEX64 "\n", KEY, "001"),
	FILE_ROW("an address that ends the agent", "001 web-01 10.0.0.0/08 " HEX64 "\n", TORN,
		 NULL),
	FILE_ROW("an unusual key without its end", "001 web-01 any abcd", TORN, NULL),
	FILE_ROW("cut in the key", "001 web-01 any 48a998", TORN, NULL),
	FILE_ROW("cut in the name", "001 we", TORN, NULL),
	FILE_ROW("cut after the id", "001 ", TORN, NULL),
	FILE_ROW("zeros", "\0\0\0\0\0\0\0\0", TORN, NULL),
	FILE_ROW("CRLF", RECORD "\r\n", TORN, NULL),
	FILE_ROW("a trailing blank", RECORD " \n", TORN, NULL),
	FILE_ROW("two blanks", "001  web-01 any " HEX64 "\n", TORN, NULL),
	FILE_ROW("a bad id", "abc web-01 any " HEX64 "\n", TORN, NULL),
	FILE_ROW("a bad ip", "001 web-01 999.9.9.9 " HEX64 "\n", TORN, NULL),
	FILE_ROW("bad first, good second", "001 web-01 foo " HEX64 "\n" RECORD "\n", TORN, NULL),
	FILE_ROW("NUL in the key", "001 web-01 any ab\0d\n", TORN, NULL),
	FILE_ROW("byte order mark", "\xef\xbb\xbf" RECORD "\n", TORN, NULL),
	FILE_ROW("base64, as the API shows it", "MDAxIHdlYi0wMSBhbnkgYWJjZA==\n", TORN, NULL),
};

static void test_read(void **state)
{
	struct keystore store = open_store(state, NULL);
	struct agent_key key;
	struct reason why;

	assert_int_equal(keystore_read(&store, &key, &why), KEYSTORE_MISSING);
	for (size_t i = 0; i < COUNT(files); i++) {
		char *exact = malloc(files[i].length ? files[i].length : 1);

		why.text[0] = '\0';
		memset(&key, 'b', sizeof key);
		write_file(keys_of(state), files[i].bytes, files[i].length);
		check_row(files[i].label, keystore_read(&store, &key, &why) == (int)files[i].state);
		check_row(files[i].label, files[i].state == KEYSTORE_KEY
						  ? strcmp(key.id, files[i].id) == 0
						  : key.id[0] == 'b');
		check_row(files[i].label, (files[i].state == KEYSTORE_TORN) ==
						  (strstr(why.text, keys_of(state)) != NULL));
		check_row(files[i].label, !strstr(why.text, "48a998"));

		memcpy(exact, files[i].bytes, files[i].length);
		check_row(files[i].label, keystore_judge(&key, exact, files[i].length, "x", &why) ==
						  (int)files[i].state);
		free(exact);
	}
	keystore_close(&store);
}

static void test_read_what_is_no_file(void **state)
{
	struct keystore store = open_store(state, NULL);
	const char *path = keys_of(state);
	struct agent_key key;
	struct reason why = { "" };

	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(keystore_read(&store, &key, &why), -EINVAL);
	assert_non_null(strstr(why.text, "not a regular file"));
	assert_int_equal(keystore_stage(&store, &why), -EINVAL);
	assert_int_equal(unlink(path), 0);

	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(keystore_read(&store, &key, &why), -EINVAL);
	assert_int_equal(keystore_stage(&store, &why), -EINVAL);
	assert_int_equal(count_entries(path_in(*state, "etc")), 1);
	keystore_close(&store);
}

static void test_read_too_large(void **state)
{
	struct keystore store = open_store(state, NULL);
	struct agent_key key;
	struct reason why;

	write_text(keys_of(state), RECORD "\n");
	assert_int_equal(truncate(keys_of(state), 64 * 1024 * 1024 + 1), 0);
	assert_int_equal(keystore_read(&store, &key, &why), -EFBIG);
	keystore_close(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_AGENT(test_read),
		ON_AGENT(test_read_what_is_no_file),
		ON_AGENT(test_read_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
