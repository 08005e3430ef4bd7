/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "client/agent-files/in-place.h"
#include "client/agent-files/keystore.h"
#include "tests/unit/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define OLD "007 web-01 any " KEY_A "\n"
#define NEW "1024 web-01.example.org any " KEY_B "\n"

static int setup(void **state)
{
	fault_clear();
	return setup_directory(state);
}

/* Open "keys" in the directory; not changing its group. */
static struct in_place_file open_keys(void **state)
{
	struct in_place_file file;
	struct reason why = { "" };
	int directory = open(*state, O_RDONLY | O_DIRECTORY);

	assert_int_equal(
		in_place_open(&file, directory, "keys", "the keys", 0640, (gid_t)-1, 300, &why), 0);
	close(directory);
	return file;
}

static int write_keys(void **state, const char *text, const char *backup, struct reason *why)
{
	struct in_place_file file = open_keys(state);
	int r = in_place_commit(&file, text, strlen(text), backup, why);

	in_place_close(&file);
	return r;
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	assert_int_equal(lstat(path, &status), 0);
	return status.st_mode & 07777;
}

/* Longer, shorter, from nothing: always exactly the new content, in the same file. */
static void test_written_over(void **state)
{
	static const char *const contents[] = { "", NEW, OLD, "\n", NEW };
	const char *path = path_in(*state, "keys");
	struct reason why = { "" };
	struct stat before, after;

	write_text(path, OLD);
	assert_int_equal(stat(path, &before), 0);
	for (size_t i = 1; i < COUNT(contents); i++) {
		write_text(path, contents[i - 1]);
		assert_int_equal(write_keys(state, contents[i], NULL, &why), 0);
		assert_file(path, contents[i]);
	}
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(after.st_ino, before.st_ino);
	assert_int_equal(count_entries(*state), 1);
}

/* The invalid first byte is on the disk before the rest changes, and the rest before the last. */
static void test_order(void **state)
{
	struct in_place_file file;
	struct reason why = { "" };

	write_text(path_in(*state, "keys"), OLD);
	file = open_keys(state);
	fault_clear();
	assert_int_equal(in_place_commit(&file, NEW, strlen(NEW), NULL, &why), 0);
	in_place_close(&file);
	assert_string_equal(fault_trace(), "write fsync write fsync write fsync");
}

static void test_backup(void **state)
{
	const char *backup = path_in(*state, "keys.old");
	struct reason why = { "" };

	write_text(path_in(*state, "keys"), OLD);
	assert_int_equal(write_keys(state, NEW, backup, &why), 0);
	assert_file(backup, OLD);
	assert_int_equal(mode_of(backup), 0640);
	assert_int_equal(unlink(backup), 0);
	assert_int_equal(mkdir(backup, 0700), 0);
	assert_int_equal(write_keys(state, OLD, backup, &why), 1);
	assert_non_null(strstr(why.text, "keys.old"));
	assert_file(path_in(*state, "keys"), OLD);
}

/*
 * Wherever writing ends, with or without writing the old content back: what is there is the old
 * key, or no key, and never a third one.
 */
static void test_interrupted(void **state)
{
	static const char *const calls[] = { "write", "fsync" };
	const char *path = path_in(*state, "keys");

	for (size_t i = 0; i < 3 * 2 * 2; i++) {
		struct agent_key key = { 0 };
		struct reason why = { "" };
		bool is_restored = i % 2;
		unsigned nth = (unsigned)(i / 4 + 1);
		struct in_place_file file;
		char *text;
		size_t length;
		int found;

		write_text(path, OLD);
		file = open_keys(state);
		fault_set(calls[i / 2 % 2], nth, EIO);
		if (!is_restored)
			fault_add("write", nth + 1, EIO);
		assert_true(in_place_commit(&file, NEW, strlen(NEW), NULL, &why) < 0);
		in_place_close(&file);
		fault_clear();
		assert_non_null(strstr(why.text, "the keys"));
		text = read_file(path, &length);
		found = keystore_judge(&key, text, length, path, &why);
		free(text);
		if (is_restored)
			assert_int_equal(found, KEYSTORE_KEY);
		if (found == KEYSTORE_KEY && strcmp(key.id, "007") == 0)
			assert_string_equal(key.key, KEY_A);
		else if (found == KEYSTORE_KEY)
			assert_string_equal(key.key, KEY_B);
		else
			assert_int_equal(found, KEYSTORE_TORN);
	}
}

/* What is prepared and not used leaves the file as it was. */
static void test_access(void **state)
{
	const char *path = path_in(*state, "keys");
	struct in_place_file file;
	struct reason why = { "" };

	write_text(path, OLD);
	assert_int_equal(chmod(path, 0604), 0);
	file = open_keys(state);
	assert_int_equal(mode_of(path), 0640);
	in_place_close(&file);
	assert_int_equal(mode_of(path), 0604);
	assert_file(path, OLD);
	assert_int_equal(write_keys(state, NEW, NULL, &why), 0);
	assert_int_equal(mode_of(path), 0640);
}

static void test_emptied(void **state)
{
	struct in_place_file file;
	struct reason why = { "" };

	write_text(path_in(*state, "keys"), OLD);
	file = open_keys(state);
	assert_int_equal(in_place_empty(&file, &why), 0);
	in_place_close(&file);
	assert_file(path_in(*state, "keys"), "");
}

static void test_refused(void **state)
{
	static const struct {
		const char *call;
		int error;
	} faults[] = { { "fchmod", EPERM }, { "fallocate", ENOSPC } };
	const char *path = path_in(*state, "keys");
	int directory = open(*state, O_RDONLY | O_DIRECTORY);
	struct in_place_file file;
	struct reason why = { "" };

	assert_int_equal(in_place_open(&file, directory, "keys", path, 0640, (gid_t)-1, 1, &why),
			 -ENOENT);
	write_text(path_in(*state, "real"), OLD);
	assert_int_equal(symlink("real", path), 0);
	assert_int_equal(in_place_open(&file, directory, "keys", path, 0640, (gid_t)-1, 1, &why),
			 -ELOOP);
	assert_int_equal(unlink(path), 0);
	write_text(path, OLD);
	assert_int_equal(chmod(path, 0600), 0);
	for (size_t i = 0; i < COUNT(faults); i++) {
		fault_set(faults[i].call, 1, faults[i].error);
		check_row(faults[i].call, in_place_open(&file, directory, "keys", path, 0640,
							(gid_t)-1, 1, &why) == -faults[i].error);
		check_row(faults[i].call, file.fd == -1);
		check_row(faults[i].call, mode_of(path) == 0600);
	}
	fault_clear();
	assert_int_equal(truncate(path, 2 * 1024 * 1024), 0);
	assert_int_equal(in_place_open(&file, directory, "keys", path, 0640, (gid_t)-1, 1, &why),
			 -EFBIG);
	close(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_written_over, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_order, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_backup, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_interrupted, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_access, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_emptied, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
