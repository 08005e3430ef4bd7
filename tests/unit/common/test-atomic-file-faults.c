/* SPDX-License-Identifier: ISC */
/* Faults while a file is replaced, and while a part of another is copied into it. */
#include "tests/unit/support.h"

#include "common/atomic-file.h"
#include "tests/unit/common/atomic-file-fixture.h"
#include "tests/unit/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

struct failure {
	const char *call;
	unsigned nth;
	int error;
	const char *backup;
};

static void test_stage_fails(void **state)
{
	static const struct failure failures[] = {
		{ "fchmod", 1, EPERM },     { "fchown", 1, EPERM },   { "fallocate", 1, ENOSPC },
		{ "fallocate", 1, EDQUOT }, { "unlinkat", 1, EROFS },
	};
	const char *path = path_in(*state, "file");

	write_text(path, "old");
	for (size_t i = 0; i < COUNT(failures); i++) {
		struct atomic_file file;
		struct reason why = { "" };

		fault_set(failures[i].call, failures[i].nth, failures[i].error);
		check_row(failures[i].call, atomic_file_stage(&file, path, 0640, getgid(), 100,
							      &why) == -failures[i].error);
		check_row(failures[i].call, strstr(why.text, path));
		check_row(failures[i].call,
			  count_entries(*state) == 1 && file.fd == -1 && file.directory == -1);
		assert_file(path, "old");
	}
}

/* Not every file system can reserve room; that is no reason to refuse. */
static void test_no_reservation(void **state)
{
	struct reason why;

	fault_set("fallocate", 1, EOPNOTSUPP);
	assert_int_equal(replace_file(path_in(*state, "file"), "new", NULL, &why), 0);
	fault_set("fallocate", 1, ENOSYS);
	assert_int_equal(replace_file(path_in(*state, "file"), "new", NULL, &why), 0);
}

/* Commit "new" to `path`, which has "old", while a call fails; as atomic_file_commit() does. */
static int commit_failing(const struct failure *failure, const char *path, const char *backup,
			  struct atomic_file *file, struct reason *why)
{
	write_text(path, "old");
	check_row(failure->call, atomic_file_stage(file, path, 0640, NOBODY, 100, why) == 0);
	fault_set(failure->call, failure->nth, failure->error);
	return atomic_file_commit(file, "new", 3, backup, why);
}

static void test_commit_fails(void **state)
{
	static const struct failure failures[] = {
		{ "write", 1, ENOSPC },   { "write", 1, EIO },
		{ "fsync", 1, EIO },      { "renameat", 1, EIO },
		{ "renameat", 1, EPERM }, { "renameat", 1, EIO, "file.old" },
	};
	const char *path = path_in(*state, "file"), *backup = path_in(*state, "file.old");

	for (size_t i = 0; i < COUNT(failures); i++) {
		struct atomic_file file;
		struct reason why = { "" };

		check_row(failures[i].call, commit_failing(&failures[i], path, failures[i].backup,
							   &file, &why) == -failures[i].error);
		check_row(failures[i].call, strstr(why.text, path));
		assert_file(path, "old");
		(void)unlink(backup);
		check_row(failures[i].call, count_entries(*state) == 1 && file.fd == -1);
	}
}

/* The new content is in place, and only the old one is lost. */
static void test_old_cannot_be_kept(void **state)
{
	static const struct failure failures[] = { { "linkat", 1, EMLINK },
						   { "unlinkat", 1, EISDIR } };
	const char *path = path_in(*state, "file");

	for (size_t i = 0; i < COUNT(failures); i++) {
		struct atomic_file file;
		struct reason why = { "" };

		check_row(failures[i].call,
			  commit_failing(&failures[i], path, "file.old", &file, &why) == 1);
		check_row(failures[i].call, strstr(why.text, "file.old"));
		assert_file(path, "new");
		check_row(failures[i].call, count_entries(*state) == 1 && file.fd == -1);
	}
}

static void test_write_goes_on(void **state)
{
	const char *path = path_in(*state, "file");
	struct reason why;

	fault_set("write", 1, FAULT_SHORT);
	fault_add("write", 2, EINTR);
	assert_int_equal(replace_file(path, "0123456789", NULL, &why), 0);
	assert_file(path, "0123456789");

	fault_set("write", 1, FAULT_SHORT);
	fault_add("write", 2, ENOSPC);
	assert_int_equal(replace_file(path, "abcdefghij", NULL, &why), -ENOSPC);
	assert_file(path, "0123456789");
	assert_int_equal(count_entries(*state), 1);
}

/* A part of another file, which takes several reads; or less than there was to be. */
static void test_copy(void **state)
{
	static const size_t lengths[] = { 0, 1, 65536, 65537, 200000 };
	const char *path = path_in(*state, "copy");
	char *content = malloc(200011), *copied;
	struct atomic_file file;
	struct reason why;
	int from;

	assert_non_null(content);
	for (size_t i = 0; i < 200010; i++)
		content[i] = (char)('a' + i % 23);
	content[200010] = '\0';
	write_text(path_in(*state, "from"), content);
	from = open(path_in(*state, "from"), O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < COUNT(lengths); i++) {
		size_t length;

		assert_int_equal(atomic_file_stage(&file, path, 0640, NOBODY, 0, &why), 0);
		assert_int_equal(atomic_file_write(&file, "<", 1, &why), 0);
		assert_int_equal(atomic_file_copy(&file, from, 10, lengths[i], &why), 0);
		assert_int_equal(atomic_file_commit(&file, ">", 1, NULL, &why), 0);
		copied = read_file(path, &length);
		assert_int_equal(length, lengths[i] + 2);
		assert_memory_equal(copied + 1, content + 10, lengths[i]);
		assert_true(copied[0] == '<' && copied[length - 1] == '>');
		free(copied);
	}
	assert_int_equal(atomic_file_stage(&file, path, 0640, NOBODY, 0, &why), 0);
	assert_int_equal(atomic_file_copy(&file, from, 11, 200000, &why), -EIO);
	assert_non_null(strstr(why.text, path));
	fault_set("write", 2, ENOSPC);
	assert_int_equal(atomic_file_copy(&file, from, 10, 200000, &why), -ENOSPC);
	atomic_file_discard(&file);
	close(from);
	free(content);
}

/* The new file is in place, but a power cut might take it: that is neither success nor failure. */
static void test_directory_not_flushed(void **state)
{
	const char *path = path_in(*state, "file");
	struct reason why = { "" };

	write_text(path, "old");
	fault_set("fsync", 2, EIO);
	assert_int_equal(replace_file(path, "new", NULL, &why), 1);
	assert_file(path, "new");
	assert_non_null(strstr(why.text, path));
	assert_int_equal(count_entries(*state), 1);
}

/* A limit of the kernel instead of a fault of ours: the write is cut in the middle. */
static void test_file_size_limit(void **state)
{
	const char *path = path_in(*state, "file");
	struct rlimit before, small;
	struct reason why = { "" };
	char text[101] = "";
	int r;

	memset(text, 'x', sizeof text - 1);
	write_text(path, "old");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){ 10, before.rlim_max };
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	r = replace_file(path, text, NULL, &why);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, SIG_DFL);

	assert_int_equal(r, -EFBIG);
	assert_file(path, "old");
	assert_int_equal(count_entries(*state), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stage_fails, setup_atomic_file,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_no_reservation, setup_atomic_file,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_old_cannot_be_kept, setup_atomic_file,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_commit_fails, setup_atomic_file,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_write_goes_on, setup_atomic_file,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_copy, setup_atomic_file, teardown_directory),
		cmocka_unit_test_setup_teardown(test_directory_not_flushed, setup_atomic_file,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_file_size_limit, setup_atomic_file,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
