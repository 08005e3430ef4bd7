/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "client/system/file-line.h"

#include <sys/stat.h>
#include <unistd.h>

#define SIZE 16

/* The outcome, with the line in `line` and a sentence in `why`. */
static char line[SIZE];
static struct reason why;

static int read_line(const char *path)
{
	(void)strcpy(line, "before");
	why = (struct reason){ 0 };
	return file_line_read(path, line, sizeof line, &why);
}

static void test_lines(void **state)
{
	static const struct {
		const char *content, *line; /* line null: none */
		enum outcome outcome;
	} rows[] = {
		{ "web-01\n", "web-01", OUTCOME_OK },
		{ "web-01", "web-01", OUTCOME_OK },
		{ "web-01\r\n", "web-01", OUTCOME_OK },
		{ "  web 01\t\nsecond\n", "web 01", OUTCOME_OK },
		{ "\xef\xbb\xbfweb-01\n", "web-01", OUTCOME_OK },
		{ "123456789012345\n", "123456789012345", OUTCOME_OK },
		{ "1234567890123456\n", NULL, OUTCOME_MISCONFIGURED },
		{ "", NULL, OUTCOME_NOT_READY },
		{ "\n", NULL, OUTCOME_NOT_READY },
		{ " \t\r\nsecond\n", NULL, OUTCOME_NOT_READY },
	};
	const char *path = path_in(*state, "name");

	for (size_t i = 0; i < COUNT(rows); i++) {
		write_text(path, rows[i].content);
		check_row(rows[i].content, read_line(path) == (int)rows[i].outcome);
		check_row(rows[i].content, strcmp(line, rows[i].line ?: "before") == 0);
		check_row(rows[i].content, rows[i].line ? !why.text[0] : !!strstr(why.text, path));
	}
}

/* However long the file is, little of it is read. */
static void test_long_files(void **state)
{
	const char *path = path_in(*state, "name");
	char *content = malloc(3 * FILE_LINE_MAX + 1);

	memset(content, 'n', 3 * FILE_LINE_MAX);
	content[3 * FILE_LINE_MAX] = '\0';
	write_text(path, content);
	assert_int_equal(read_line(path), OUTCOME_MISCONFIGURED);
	memcpy(content, "web-01\n", 7);
	write_text(path, content);
	assert_int_equal(read_line(path), OUTCOME_OK);
	assert_string_equal(line, "web-01");
	free(content);
}

static void test_nul_byte(void **state)
{
	const char *path = path_in(*state, "name");
	FILE *file = fopen(path, "we");

	assert_int_equal(fwrite("web\0-01\n", 1, 8, file), 8);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(read_line(path), OUTCOME_MISCONFIGURED);
	assert_non_null(strstr(why.text, "NUL byte"));
}

static void test_missing(void **state)
{
	const char *path = path_in(*state, "none/name");

	assert_int_equal(read_line(path), OUTCOME_NOT_READY);
	assert_non_null(strstr(why.text, path));
	assert_non_null(strstr(why.text, "agent-register-config.target"));
	assert_int_equal(read_line(path_in(*state, "none")), OUTCOME_NOT_READY);
}

/* Nothing that blocks, and nothing that is no file. */
static void test_other_things(void **state)
{
	const char *path = path_in(*state, "pipe");

	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(read_line(path), OUTCOME_MISCONFIGURED);
	assert_non_null(strstr(why.text, path));
	assert_int_equal(read_line(*state), OUTCOME_MISCONFIGURED);
}

/* Who can write there chooses whom this machine is registered as. */
static void test_others_files(void **state)
{
	const char *path = path_in(*state, "name"), *link = path_in(*state, "link");

	write_text(path, "web-01\n");
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(read_line(link), OUTCOME_OK);
	assert_int_equal(chmod(path, 0646), 0);
	assert_int_equal(read_line(path), OUTCOME_MISCONFIGURED);
	assert_non_null(strstr(why.text, "can be written by others than root"));
	assert_int_equal(chmod(path, 0644), 0);
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(path, 1, (gid_t)-1), 0);
	assert_int_equal(read_line(path), OUTCOME_MISCONFIGURED);
	assert_int_equal(chown(path, 0, 1), 0);
	assert_int_equal(chmod(path, 0664), 0);
	assert_int_equal(read_line(path), OUTCOME_MISCONFIGURED);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(read_line(path), OUTCOME_OK);
}

/* Of the kernel, which says that they are empty. */
static void test_file_of_the_kernel(void **state)
{
	(void)state;
	assert_int_equal(read_line("/proc/sys/kernel/ostype"), OUTCOME_OK);
	assert_string_equal(line, "Linux");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define IN_DIRECTORY(test) \
	cmocka_unit_test_setup_teardown(test, setup_directory, teardown_directory)
		IN_DIRECTORY(test_lines),
		IN_DIRECTORY(test_long_files),
		IN_DIRECTORY(test_nul_byte),
		IN_DIRECTORY(test_missing),
		IN_DIRECTORY(test_other_things),
		IN_DIRECTORY(test_others_files),
		IN_DIRECTORY(test_file_of_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
