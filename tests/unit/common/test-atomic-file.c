/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/atomic-file.h"
#include "tests/unit/common/atomic-file-fixture.h"
#include "tests/unit/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static mode_t mode_of(const char *path)
{
	struct stat status;

	assert_int_equal(lstat(path, &status), 0);
	return status.st_mode & 07777;
}

static void test_new_and_replaced(void **state)
{
	const char *path = path_in(*state, "file");
	struct reason why = { "" };

	assert_int_equal(replace_file(path, "old\n", NULL, &why), 0);
	assert_file(path, "old\n");
	assert_int_equal(replace_file(path, "new", NULL, &why), 0);
	assert_file(path, "new");
	assert_int_equal(count_entries(*state), 1);
	assert_string_equal(why.text, "");
}

/* The data is on the disk before the name is, and the name before success is reported. */
static void test_order(void **state)
{
	struct reason why;
	struct atomic_file file;

	assert_int_equal(atomic_file_stage(&file, path_in(*state, "file"), 0600, NOBODY, 10, &why),
			 0);
	fault_clear();
	assert_int_equal(atomic_file_commit(&file, "text", 4, NULL, &why), 0);
	assert_string_equal(fault_trace(), "write fsync renameat fsync");
}

static void test_mode_whatever_the_umask(void **state)
{
	static const mode_t umasks[] = { 0, 022, 077, 0777 }, modes[] = { 0640, 0600, 0644 };
	const char *path = path_in(*state, "file");
	struct reason why;

	for (size_t i = 0; i < COUNT(umasks) * COUNT(modes); i++) {
		mode_t before = umask(umasks[i % COUNT(umasks)]), mode = modes[i / COUNT(umasks)];
		struct atomic_file file;

		assert_int_equal(atomic_file_stage(&file, path, mode, getgid(), 0, &why), 0);
		assert_int_equal(mode_of(path_in(*state, ".file.new")), mode);
		assert_int_equal(atomic_file_commit(&file, "x", 1, NULL, &why), 0);
		assert_int_equal(mode_of(path), mode);
		umask(before);
	}
}

static void test_discard(void **state)
{
	const char *path = path_in(*state, "file");
	struct atomic_file file, never = ATOMIC_FILE_NULL;
	struct reason why;

	write_text(path, "old");
	assert_int_equal(atomic_file_stage(&file, path, 0640, NOBODY, 100, &why), 0);
	assert_int_equal(count_entries(*state), 2);
	atomic_file_discard(&file);
	assert_int_equal(count_entries(*state), 1);
	assert_file(path, "old");
	atomic_file_discard(&file);
	atomic_file_discard(&never);
	assert_int_equal(file.directory, -1);
	assert_int_equal(file.fd, -1);
}

static void test_descriptors_are_not_inherited(void **state)
{
	struct atomic_file file;
	struct reason why;

	assert_int_equal(atomic_file_stage(&file, path_in(*state, "file"), 0640, NOBODY, 0, &why),
			 0);
	assert_true(fcntl(file.fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(file.directory, F_GETFD) & FD_CLOEXEC);
	atomic_file_discard(&file);
}

/* Before it has its group, nobody else may open it. */
static void test_private_until_it_has_its_mode(void **state)
{
	mode_t before = umask(0);
	struct atomic_file file;
	struct reason why;

	fault_set("fchmod", 1, EIO);
	fault_add("unlinkat", 2, EIO); /* so that it is still there afterwards */
	assert_int_equal(atomic_file_stage(&file, path_in(*state, "file"), 0666, NOBODY, 0, &why),
			 -EIO);
	umask(before);
	assert_int_equal(mode_of(path_in(*state, ".file.new")), 0600);
}

/* What somebody puts in the staged file's place in the last moment is not written to. */
static void test_staged_file_is_a_new_one(void **state)
{
	const char *staged = path_in(*state, ".file.new");
	struct atomic_file file;
	struct reason why;

	write_text(staged, "another one's");
	fault_set("unlinkat", 1, ENOENT); /* it was not there yet */
	assert_int_equal(atomic_file_stage(&file, path_in(*state, "file"), 0640, NOBODY, 0, &why),
			 -EEXIST);
	assert_file(staged, "another one's");
}

/* The reserved space is given back. */
static void test_no_more_space_than_needed(void **state)
{
	const char *path = path_in(*state, "file");
	struct atomic_file file;
	struct stat status;
	struct reason why;

	assert_int_equal(atomic_file_stage(&file, path, 0640, NOBODY, 1024 * 1024, &why), 0);
	assert_int_equal(atomic_file_commit(&file, "text", 4, NULL, &why), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_true(status.st_blocks * 512 < 1024 * 1024);
}

/* ------------------------------------------------------------------ SELinux */

static const char label[] = "system_u:object_r:etc_t:s0";
static int labelled = -1; /* the file that was given the label */

ssize_t __wrap_fgetxattr(int fd, const char *name, void *value, size_t size);
ssize_t __wrap_fgetxattr(int fd, const char *name, void *value, size_t size)
{
	assert_true(fd >= 0 && size >= sizeof label);
	assert_string_equal(name, "security.selinux");
	memcpy(value, label, sizeof label);
	return sizeof label;
}

int __wrap_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags);
int __wrap_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
	assert_string_equal(name, "security.selinux");
	assert_int_equal(size, sizeof label);
	assert_memory_equal(value, label, size);
	assert_int_equal(flags, 0);
	labelled = fd;
	return 0;
}

/* A service in its domain must be able to read the new file as it did the old one. */
static void test_label_is_kept(void **state)
{
	const char *path = path_in(*state, "file");
	struct atomic_file file;
	struct reason why;

	labelled = -1;
	assert_int_equal(replace_file(path, "first", NULL, &why), 0);
	assert_int_equal(labelled, -1); /* there was none to copy */
	assert_int_equal(atomic_file_stage(&file, path, 0640, NOBODY, 0, &why), 0);
	assert_int_equal(labelled, file.fd);
	atomic_file_discard(&file);
}

/* What a crashed run left behind is in nobody's way. */
static void test_leftovers(void **state)
{
	const char *path = path_in(*state, "file"), *staged = path_in(*state, ".file.new");
	const char *elsewhere = path_in(*state, "elsewhere");
	struct reason why;

	write_text(staged, "half of a ke");
	assert_int_equal(replace_file(path, "new", NULL, &why), 0);
	assert_file(path, "new");
	assert_file(staged, NULL);

	write_text(elsewhere, "safe");
	assert_int_equal(symlink("elsewhere", staged), 0);
	assert_int_equal(replace_file(path, "newer", NULL, &why), 0);
	assert_file(path, "newer");
	assert_file(elsewhere, "safe");

	assert_int_equal(mkdir(staged, 0700), 0);
	assert_true(replace_file(path, "newest", NULL, &why) < 0);
	assert_non_null(strstr(why.text, ".file.new"));
	assert_file(path, "newer");
}

/* Only what can be one is taken for a staged file, and removed. */
static void test_clean(void **state)
{
	const char *path = path_in(*state, "file"), *staged = path_in(*state, ".file.new");
	struct stat status;

	assert_false(atomic_file_has_leftover(path));
	atomic_file_clean(path);
	write_text(staged, "half");
	assert_true(atomic_file_has_leftover(path));
	atomic_file_clean(path);
	assert_file(staged, NULL);

	assert_int_equal(symlink("/nowhere", staged), 0);
	assert_false(atomic_file_has_leftover(path));
	atomic_file_clean(path);
	assert_int_equal(lstat(staged, &status), 0);
	assert_int_equal(unlink(staged), 0);
	assert_false(atomic_file_has_leftover(path_in(*state, "nowhere/file")));
}

/* Its owner may be that of the file already. */
static void test_clean_by_owner(void **state)
{
	const char *path = path_in(*state, "file"), *staged = path_in(*state, ".file.new");

	if (geteuid() != 0)
		skip();
	write_text(path, "old");
	write_text(staged, "half");
	assert_int_equal(chown(staged, 64999, (gid_t)-1), 0);
	assert_false(atomic_file_has_leftover(path));
	atomic_file_clean(path);
	assert_file(staged, "half");
	assert_int_equal(chown(path, 64999, (gid_t)-1), 0);
	atomic_file_clean(path);
	assert_file(staged, NULL);
}

static void test_aside(void **state)
{
	const char *path = path_in(*state, "file"), *backup = path_in(*state, "file.old");
	struct reason why;

	assert_int_equal(replace_file(path, "1", "file.old", &why), 0);
	assert_file(backup, NULL);
	assert_int_equal(replace_file(path, "2", "file.old", &why), 0);
	assert_file(backup, "1");
	assert_int_equal(replace_file(path, "3", "file.old", &why), 0);
	assert_file(backup, "2");
	assert_file(path, "3");
	assert_int_equal(count_entries(*state), 2);
}

static void test_aside_without_hard_links(void **state)
{
	static const int errors[] = { EPERM, EOPNOTSUPP };
	const char *path = path_in(*state, "file"), *backup = path_in(*state, "file.old");
	struct reason why;

	for (size_t i = 0; i < COUNT(errors); i++) {
		write_text(path, "old");
		fault_set("linkat", 1, errors[i]);
		assert_int_equal(replace_file(path, "new", "file.old", &why), 0);
		assert_file(path, "new");
		assert_file(backup, "old");

		/* and the last step fails: the old file is back in its place */
		write_text(path, "old");
		fault_set("linkat", 1, errors[i]);
		fault_add("renameat", 2, EIO);
		assert_int_equal(replace_file(path, "new", "file.old", &why), -EIO);
		assert_file(path, "old");
		(void)unlink(backup);
	}
}

/* What is no regular file is neither followed nor replaced: nobody knows what it is there for. */
static void test_only_regular_files_are_replaced(void **state)
{
	const char *path = path_in(*state, "file"), *target = path_in(*state, "target");
	struct reason why = { "" };
	struct stat status;

	write_text(target, "safe");
	assert_int_equal(symlink("target", path), 0);
	assert_int_equal(replace_file(path, "new", NULL, &why), -ELOOP);
	assert_non_null(strstr(why.text, "is a symbolic link"));
	assert_int_equal(lstat(path, &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(replace_file(path, "new", NULL, &why), -EINVAL);
	assert_non_null(strstr(why.text, "a named pipe"));
	assert_file(target, "safe");
	assert_int_equal(count_entries(*state), 2);
}

static void test_relative_path(void **state)
{
	char *before = getcwd(NULL, 0);
	struct reason why;
	int r;

	assert_int_equal(chdir(*state), 0);
	r = replace_file("file", "new", NULL, &why);
	assert_int_equal(chdir(before), 0);
	free(before);
	assert_int_equal(r, 0);
	assert_file(path_in(*state, "file"), "new");
}

static void test_no_directory(void **state)
{
	struct atomic_file file;
	struct reason why = { "" };

	assert_int_equal(atomic_file_stage(&file, path_in(*state, "no/file"), 0600, NOBODY, 0,
					   &why),
			 -ENOENT);
	assert_non_null(strstr(why.text, "no/file"));
	assert_int_equal(file.fd, -1);
	assert_int_equal(file.directory, -1);
	write_text(path_in(*state, "no"), "");
	assert_int_equal(atomic_file_stage(&file, path_in(*state, "no/file"), 0600, NOBODY, 0,
					   &why),
			 -ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_new_and_replaced, setup_atomic_file,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_order, setup_atomic_file, teardown_directory),
		cmocka_unit_test_setup_teardown(test_mode_whatever_the_umask, setup_atomic_file,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_discard, setup_atomic_file,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_descriptors_are_not_inherited,
						setup_atomic_file, teardown_directory),
		cmocka_unit_test_setup_teardown(test_private_until_it_has_its_mode,
						setup_atomic_file, teardown_directory),
		cmocka_unit_test_setup_teardown(test_staged_file_is_a_new_one, setup_atomic_file,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_no_more_space_than_needed, setup_atomic_file,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_label_is_kept, setup_atomic_file,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_leftovers, setup_atomic_file,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_clean, setup_atomic_file, teardown_directory),
		cmocka_unit_test_setup_teardown(test_clean_by_owner, setup_atomic_file,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_aside, setup_atomic_file, teardown_directory),
		cmocka_unit_test_setup_teardown(test_aside_without_hard_links, setup_atomic_file,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_only_regular_files_are_replaced,
						setup_atomic_file, teardown_directory),
		cmocka_unit_test_setup_teardown(test_relative_path, setup_atomic_file,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_no_directory, setup_atomic_file,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
