/* SPDX-License-Identifier: ISC */
/* How the state is written: into which file, with which mode, and in how many writes. */
#include "tests/unit/support.h"

#include "client/registration/state.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNIT 1024 /* the size of the file is a multiple of it */
#define MAX_SIZE (64 * 1024)

static const struct state small = { .registration = { .agent_id = "001", .agent_name = "web-01" } };

/* The writes of the code under test, which can be cut short (see the wraps in local.mk). */
static struct {
	unsigned count;
	bool is_short;
} writes;

ssize_t __real_pwrite(int fd, const void *data, size_t size, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t offset)
{
	writes.count++;
	return __real_pwrite(fd, data, writes.is_short ? size / 2 : size, offset);
}

/* *state is the state directory. The umask takes nothing away, so the modes are the code's own. */
static int setup(void **state)
{
	(void)umask(0);
	writes.count = 0;
	writes.is_short = false;
	return setup_directory(state);
}

static int teardown(void **state)
{
	(void)umask(022);
	return teardown_directory(state);
}

static void save(const struct state *state, const char *directory)
{
	struct reason why = { "" };

	assert_int_equal(state_save(state, directory, &why), 0);
	assert_string_equal(why.text, "");
}

static struct stat status_of(const char *path)
{
	struct stat status;

	assert_int_equal(lstat(path, &status), 0);
	return status;
}

/* More than one UNIT. */
static struct state large(void)
{
	struct state state = small;

	memset(state.attempts.last.error, 'e', sizeof state.attempts.last.error - 1);
	return state;
}

static void assert_small(const char *directory)
{
	struct state loaded;

	assert_int_equal(state_load(&loaded, directory, NULL), 0);
	assert_string_equal(loaded.registration.agent_name, "web-01");
	assert_string_equal(loaded.attempts.last.error, "");
}

/* Behind the lines there are only empty ones. */
static void assert_padded(const char *file)
{
	char *text = read_file(file, NULL), *rest;

	assert_non_null(text);
	rest = strstr(text, "\n\n");
	assert_non_null(rest);
	assert_int_equal(strspn(rest, "\n"), strlen(rest));
	free(text);
}

/* ------------------------------------------------------------------ whose it is */

/* Everybody may look into the directory; the file is root's, also one that was not. */
static void test_modes(void **state)
{
	const char *directory = path_in(*state, "new"), *file = path_in(directory, "state");

	save(&small, directory);
	assert_int_equal(status_of(directory).st_mode & 07777, 0755);
	assert_int_equal(status_of(file).st_mode & 07777, 0600);
	assert_int_equal(chmod(file, 0666), 0);
	save(&small, directory);
	assert_int_equal(status_of(file).st_mode & 07777, 0600);
}

/* A directory that is there keeps the mode that its owner gave it. */
static void test_directory_that_is_there(void **state)
{
	assert_int_equal(chmod(*state, 0700), 0);
	save(&small, *state);
	assert_int_equal(status_of(*state).st_mode & 07777, 0700);
}

/* What a link leads to is not ours to overwrite, nor to make. */
static void test_links(void **state)
{
	const char *file = path_in(*state, "state"), *other = path_in(*state, "other");
	struct reason why = { "" };

	assert_int_equal(symlink(other, file), 0);
	assert_int_equal(state_save(&small, *state, &why), -ELOOP);
	assert_non_null(strstr(why.text, file));
	assert_file(other, NULL);
	write_text(other, "theirs");
	assert_int_equal(chmod(other, 0644), 0);
	assert_int_equal(state_save(&small, *state, &why), -ELOOP);
	assert_file(other, "theirs");
	assert_int_equal(status_of(other).st_mode & 07777, 0644);
}

/* ------------------------------------------------------------------ how it is written */

/*
 * A process that is killed leaves the old content or the new one: there is one write, and what is
 * longer than that is overwritten by it as well.
 */
static void test_one_write(void **state)
{
	const struct state before = large();
	const char *file = path_in(*state, "state");
	off_t size;

	save(&before, *state);
	size = status_of(file).st_size;
	assert_true(size == 2 * UNIT);
	writes.count = 0;
	save(&small, *state);
	assert_int_equal(writes.count, 1);
	assert_true(status_of(file).st_size == size);
	assert_padded(file);
	assert_small(*state);
	save(&before, *state);
	assert_true(status_of(file).st_size == size);
}

/* The file does not keep the size of whatever lay there. */
static void test_too_large(void **state)
{
	static const struct {
		const char *label;
		size_t before;
		off_t after;
	} rows[] = {
		{ "none", 0, UNIT },
		{ "one byte", 1, UNIT },
		{ "a unit and more", UNIT + 1, UNIT + 1 },
		{ "the largest", MAX_SIZE - 1, MAX_SIZE - 1 },
		{ "too large", MAX_SIZE, UNIT },
		{ "much too large", 3 * MAX_SIZE, UNIT },
	};
	const char *file = path_in(*state, "state");

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *rubbish = malloc(rows[i].before + 1);

		memset(rubbish, 'x', rows[i].before);
		write_file(file, rubbish, rows[i].before);
		free(rubbish);
		save(&small, *state);
		check_row(rows[i].label, status_of(file).st_size == rows[i].after);
		assert_small(*state);
	}
}

/* A disk may be full without an error: then the rest of the text is not there. */
static void test_short_write(void **state)
{
	struct reason why = { "" };

	writes.is_short = true;
	assert_int_equal(state_save(&small, *state, &why), -ENOSPC);
	assert_non_null(strstr(why.text, path_in(*state, "state")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_modes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_directory_that_is_there, setup, teardown),
		cmocka_unit_test_setup_teardown(test_links, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_write, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_large, setup, teardown),
		cmocka_unit_test_setup_teardown(test_short_write, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
