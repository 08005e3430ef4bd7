/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/secret.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *bytes;
	size_t length;
	const char *text;  /* null: refused ... */
	const char *fault; /* ... with this in the reason */
} rows[] = {
#define GOOD(bytes, text)                            \
	{                                            \
		bytes, sizeof(bytes) - 1, text, NULL \
	}
#define BAD(bytes, fault)                             \
	{                                             \
		bytes, sizeof(bytes) - 1, NULL, fault \
	}
	GOOD("s3cret\n", "s3cret"),
	GOOD("s3cret", "s3cret"),
	GOOD("x\n", "x"),
	GOOD(" it's a \"pass\"  \n", " it's a \"pass\"  "),
	GOOD("\xc3\xa9\n", "\xc3\xa9"),
	GOOD("a\rb\n", "a\rb"),
	GOOD("\xef\xbb\xbfs3cret\n", "s3cret"),
	GOOD("\xef\xbb\xbf\xef\xbb\xbfs3cret", "\xef\xbb\xbfs3cret"), /* once */
	GOOD("\xef\xbbs3cret", "\xef\xbbs3cret"),
	BAD("\xef\xbb\xbf", "empty"),
	BAD("\xef\xbb\xbf\n", "empty"),
	BAD("\xef\xbb\xbfs3cret\r\n", "carriage return"),
	BAD("\xff\xfes\0003\0", "UTF-16"),
	BAD("\xfe\xff\000s", "UTF-16"),
	BAD("", "empty"),
	BAD("\n", "empty"),
	BAD("s3cret\n\n", "more than one line"),
	BAD("s3cret\nsecond\n", "more than one line"),
	BAD("\ns3cret\n", "more than one line"),
	BAD("s3cret\r\n", "carriage return"),
	BAD("\r\n", "carriage return"),
	BAD("s3cret\0\n", "NUL"),
	BAD("\0", "NUL"),
};

static void test_lines(void **state)
{
	const char *path = path_in(*state, "password");

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct secret secret = { 0 };
		struct reason why = { "" };
		int r;

		write_file(path, rows[i].bytes, rows[i].length);
		r = secret_read(&secret, "password", path, &why);
		if (rows[i].text) {
			check_row(rows[i].bytes, r == 0 && strcmp(secret.text, rows[i].text) == 0);
			check_row(rows[i].bytes, secret.length == strlen(rows[i].text));
		} else {
			check_row(rows[i].bytes, r == -EINVAL && !secret.text);
			check_row(rows[i].bytes,
				  strstr(why.text, rows[i].fault) && strstr(why.text, path));
			check_row(rows[i].bytes, !strstr(why.text, "s3cret"));
		}
		secret_wipe(&secret);
		assert_null(secret.text);
	}
}

static void test_first_line(void **state)
{
	const char *path = path_in(*state, "password");
	struct secret secret = { 0 };
	struct reason why = { "" };

	write_text(path, "s3cret\nsecond\n");
	assert_int_equal(secret_read_first_line(&secret, "password", path, &why), 0);
	assert_string_equal(secret.text, "s3cret");
	secret_wipe(&secret);
	write_text(path, "s3cret");
	assert_int_equal(secret_read_first_line(&secret, "password", path, &why), 0);
	assert_string_equal(secret.text, "s3cret");
	secret_wipe(&secret);
	write_text(path, "\xef\xbb\xbfs3cret\nsecond\n");
	assert_int_equal(secret_read_first_line(&secret, "password", path, &why), 0);
	assert_string_equal(secret.text, "s3cret");
	secret_wipe(&secret);
	write_text(path, "\nsecond\n");
	assert_int_equal(secret_read_first_line(&secret, "password", path, &why), -EINVAL);
	write_text(path, "s3cret\r\nsecond\n");
	assert_int_equal(secret_read_first_line(&secret, "password", path, &why), -EINVAL);
}

/* An enrollment token may be longer than any password. */
static void test_long(void **state)
{
	const char *path = path_in(*state, "token");
	char text[5001];

	memset(text, 't', 5000);
	for (size_t length = 4999; length <= 5001; length++) {
		struct secret secret = { 0 };
		struct reason why = { "" };
		int r;

		text[5000] = length == 5001 ? 't' : '\n';
		write_file(path, text, length > 5000 ? 5001 : length);
		r = secret_read_long(&secret, "token", path, 5000, &why);
		assert_int_equal(r, length > 5000 ? -EINVAL : 0);
		assert_int_equal(secret.length, length > 5000 ? 0 : length);
		assert_true(length <= 5000 || strstr(why.text, "longer than 5000 bytes"));
		secret_wipe(&secret);
	}
}

/* What managers read of their own file: 4094 bytes. */
static void test_limit(void **state)
{
	static const struct {
		size_t length;
		bool newline, good;
	} sizes[] = {
		{ 4094, false, true }, { 4094, true, true },   { 4095, false, false },
		{ 4095, true, false }, { 4096, false, false }, { 100000, false, false },
	};
	const char *path = path_in(*state, "password");

	for (size_t i = 0; i < COUNT(sizes); i++) {
		char *bytes = malloc(sizes[i].length + 1);
		struct secret secret = { 0 };
		struct reason why = { "" };
		int r;

		memset(bytes, 'p', sizes[i].length);
		bytes[sizes[i].length] = '\n';
		write_file(path, bytes, sizes[i].length + sizes[i].newline);
		free(bytes);
		r = secret_read(&secret, "password", path, &why);
		if (r != (sizes[i].good ? 0 : -EINVAL))
			fail_msg("%zu bytes, newline %d: %d", sizes[i].length, sizes[i].newline, r);
		if (sizes[i].good)
			assert_int_equal(secret.length, sizes[i].length);
		else
			assert_non_null(strstr(why.text, "4094"));
		secret_wipe(&secret);
	}
}

/* A second line is noticed behind the longest first one, too. */
static void test_limit_with_mark(void **state)
{
	const char *path = path_in(*state, "password");
	struct secret secret = { 0 };
	struct reason why;
	char text[3 + SECRET_MAX + sizeof "\nx"];

	memset(text, 'p', sizeof text);
	memcpy(text, "\xef\xbb\xbf", 3);
	text[3 + SECRET_MAX] = '\n';
	write_file(path, text, 3 + SECRET_MAX + 1);
	assert_int_equal(secret_read(&secret, "password", path, &why), 0);
	assert_int_equal(secret.length, SECRET_MAX);
	secret_wipe(&secret);
	write_file(path, text, 3 + SECRET_MAX + 2);
	assert_int_equal(secret_read(&secret, "password", path, &why), -EINVAL);
}

static void test_unreadable(void **state)
{
	struct secret secret = { 0 };
	struct reason why;

	assert_int_equal(secret_read(&secret, "token", path_in(*state, "missing"), &why), -ENOENT);
	assert_non_null(strstr(why.text, "token"));
	assert_non_null(strstr(why.text, "missing"));
	assert_int_equal(secret_read(&secret, "token", *state, &why), -EINVAL);
	assert_non_null(strstr(why.text, "not a regular file"));
	/* A pipe that nobody writes to must not be waited for. */
	assert_int_equal(mkfifo(path_in(*state, "pipe"), 0600), 0);
	assert_int_equal(secret_read(&secret, "token", path_in(*state, "pipe"), &why), -EINVAL);
	assert_null(secret.text);
}

static void test_exposed(void **state)
{
	const char *path = path_in(*state, "password");
	static const struct {
		mode_t mode;
		bool exposed;
	} modes[] = { { 0600, false }, { 0640, false }, { 0660, false },
		      { 0644, true },  { 0604, true },  { 0602, false } };

	write_text(path, "x\n");
	for (size_t i = 0; i < COUNT(modes); i++) {
		assert_int_equal(chmod(path, modes[i].mode), 0);
		if (!!secret_file_is_exposed(path) != modes[i].exposed)
			fail_msg("mode %o is judged wrongly", (unsigned)modes[i].mode);
	}
	assert_false(secret_file_is_exposed(path_in(*state, "missing")));
}

/* A secret is replaced by a copy of another one, or by none. */
static void test_set(void **state)
{
	struct secret secret = { NULL, 0 };
	char text[] = "password";

	(void)state;
	assert_int_equal(secret_set(&secret, text), 0);
	assert_ptr_not_equal(secret.text, text);
	assert_string_equal(secret.text, "password");
	assert_int_equal(secret.length, 8);
	assert_int_equal(secret_set(&secret, "another"), 0);
	assert_string_equal(secret.text, "another");
	assert_int_equal(secret.length, 7);
	assert_int_equal(secret_set(&secret, NULL), 0);
	assert_null(secret.text);
	assert_int_equal(secret.length, 0);
}

static void test_wipe_nothing(void **state)
{
	struct secret secret = { 0 };

	(void)state;
	secret_wipe(&secret);
	assert_null(secret.text);
	assert_int_equal(secret.length, 0);
}

/* In a child: the process of the tests may dump core. */
static void test_protected_process(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		struct rlimit limit;
		bool was_dumpable = prctl(PR_SET_DUMPABLE, 1) == 0;

		secret_protect_process();
		_exit(was_dumpable && prctl(PR_GET_DUMPABLE) == 0 &&
				      getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 &&
				      limit.rlim_max == 0
			      ? 0
			      : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lines, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_first_line, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_long, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_limit, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_limit_with_mark, setup_directory,
						teardown_directory),
		cmocka_unit_test(test_protected_process),
		cmocka_unit_test_setup_teardown(test_unreadable, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_exposed, setup_directory, teardown_directory),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_wipe_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
