/* SPDX-License-Identifier: ISC */
/* Reading what an administrator hands over: from files, and from pipes that fill slowly. */
#include "tests/unit/support.h"

#include "client/agent-files/import-file.h"
#include "common/exported-key.h"
#include "tests/unit/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define HEX64 "48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db"
#define LINE "001 web-01 any " HEX64 "\n"

static const struct deadline never = { .at = USEC_INFINITY, .stop_fd = -1 };

static int setup(void **state)
{
	fault_clear();
	return setup_directory(state);
}

/* What becomes standard input, until teardown(). */
static int saved_input = -1;

static void use_as_input(int fd)
{
	saved_input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
}

static int teardown(void **state)
{
	if (saved_input >= 0) {
		(void)dup2(saved_input, STDIN_FILENO);
		close(saved_input);
	}
	saved_input = -1;
	return teardown_directory(state);
}

/* ------------------------------------------------------------------ files */

static void test_files(void **state)
{
	static const struct {
		const char *label, *text;
		int result;
		const char *said;
	} rows[] = {
		{ "a key", LINE, 0, "" },
		{ "nothing", "", -EINVAL, " is empty" },
		{ "no key", "what\n", -EINVAL, " contains no complete key" },
	};
	const char *path = path_in(*state, "key");

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct agent_key key = { .id = "before" };
		struct reason why = { "" };

		write_text(path, rows[i].text);
		check_row(rows[i].label,
			  import_file_read(&key, path, &never, &why) == rows[i].result);
		check_row(rows[i].label, strcmp(key.id, rows[i].result ? "before" : "001") == 0);
		check_row(rows[i].label, strstr(why.text, rows[i].said));
		check_row(rows[i].label,
			  !why.text[0] || strncmp(why.text, path, strlen(path)) == 0);
	}
}

static void test_unreadable(void **state)
{
	struct agent_key key;
	struct reason why = { "" };

	assert_int_equal(import_file_read(&key, path_in(*state, "no\nkey"), &never, &why), -ENOENT);
	assert_non_null(strstr(why.text, "Cannot read the key from "));
	assert_non_null(strstr(why.text, "no\\nkey"));
	assert_int_equal(import_file_read(&key, *state, &never, &why), -EISDIR);
}

/* No more is read than is needed to know that it is too much. */
static void test_size(void **state)
{
	const char *path = path_in(*state, "key");
	struct agent_key key;
	struct reason why = { "" };

	write_text(path, LINE);
	assert_int_equal(truncate(path, (off_t)1 << 40), 0);
	assert_int_equal(import_file_read(&key, path, &never, &why), -EINVAL);
	assert_non_null(strstr(why.text, "too long for a key"));
}

/* ------------------------------------------------------------------ pipes */

/*
 * A pipe may be empty again when its turn comes, if somebody else reads from it, too; and what was
 * written at once need not arrive at once.
 */
static void test_reading_goes_on(void **state)
{
	static const struct {
		const char *label;
		int error, result;
	} rows[] = {
		{ "interrupted", EINTR, 0 },
		{ "empty after all", EAGAIN, 0 },
		{ "in parts", FAULT_SHORT, 0 },
		{ "broken", EIO, -EIO },
	};
	const char *path = path_in(*state, "key");

	write_text(path, LINE);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct agent_key key = { .id = "before" };
		struct reason why = { "" };

		fault_set("read", 1, rows[i].error);
		check_row(rows[i].label,
			  import_file_read(&key, path, &never, &why) == rows[i].result);
		check_row(rows[i].label, strcmp(key.id, rows[i].result ? "before" : "001") == 0);
		check_row(rows[i].label, rows[i].result == 0 || strstr(why.text, path));
	}
}

static void test_standard_input(void **state)
{
	struct agent_key key;
	struct reason why = { "" };
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], LINE, strlen(LINE)), strlen(LINE));
	close(ends[1]);
	use_as_input(ends[0]);
	close(ends[0]);
	assert_int_equal(import_file_read(&key, NULL, &never, &why), 0);
	assert_string_equal(key.id, "001");
	assert_int_equal(import_file_read(&key, NULL, &never, &why), -EINVAL);
	assert_string_equal(why.text, "Standard input is empty");
	assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0); /* it stays open */
}

/* Whoever shall write to the pipe does not. */
static void test_waiting(void **state)
{
	struct deadline past = { .at = 1, .stop_fd = -1 }, stopped = never;
	struct agent_key key = { .id = "before" };
	struct reason why = { "" };
	int ends[2], stop[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC) | pipe2(stop, O_CLOEXEC), 0);
	use_as_input(ends[0]);
	stopped.stop_fd = stop[0];
	close(stop[1]);
	assert_int_equal(import_file_read(&key, NULL, &stopped, &why), -ECANCELED);
	assert_string_equal(why.text, "");
	assert_int_equal(import_file_read(&key, NULL, &past, &why), -ETIMEDOUT);
	assert_non_null(strstr(why.text, "Cannot read the key from standard input"));
	assert_string_equal(key.id, "before");
	close(stop[0]);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unreadable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_size, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reading_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_standard_input, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waiting, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
