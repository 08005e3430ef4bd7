/* SPDX-License-Identifier: ISC */
/* Files that somebody has named who is not trusted, in a directory in which he may write. */
#include "tests/unit/support.h"

#include "common/cleanup.h"
#include "common/directory.h"
#include "common/trusted-file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define NOBODY 65534
#define AGENT 64001 /* a user and a group; of nothing else here */

/* DIRECTORY/home is the agent's, with etc for its group; DIRECTORY/secret and lock are root's. */
static void make_home(const char *directory)
{
	const char *etc = path_in(directory, "home/etc");

	assert_int_equal(mkdir(path_in(directory, "home"), 0755), 0);
	assert_int_equal(mkdir(etc, 0755), 0);
	assert_int_equal(mkdir(path_in(directory, "home/ours"), 0755), 0);
	write_text(path_in(directory, "home/etc/file"), "the agent's");
	write_text(path_in(directory, "home/ours/file"), "root's");
	assert_int_equal(mkdir(path_in(directory, "elsewhere"), 0755), 0);
	write_text(path_in(directory, "elsewhere/secret"), "secret");
	assert_int_equal(symlink("file", path_in(directory, "home/ours/link")), 0);
	assert_int_equal(symlink("../etc/file", path_in(directory, "home/ours/up")), 0);
	assert_int_equal(symlink(path_in(directory, "elsewhere"), path_in(directory, "home/out")),
			 0);
	assert_int_equal(symlink("../elsewhere/secret", path_in(directory, "home/ours/aside")), 0);
	assert_int_equal(symlink(path_in(directory, "elsewhere/secret"),
				 path_in(directory, "home/etc/link")),
			 0);
	assert_int_equal(symlink("file", path_in(directory, "home/etc/own")), 0);
	assert_int_equal(mkfifo(path_in(directory, "home/etc/pipe"), 0666), 0);
	if (geteuid() != 0)
		return;
	assert_int_equal(lchown(path_in(directory, "home/etc/link"), AGENT, AGENT), 0);
	assert_int_equal(lchown(path_in(directory, "home/etc/own"), AGENT, AGENT), 0);
	assert_int_equal(chown(etc, 0, AGENT), 0);
	assert_int_equal(chmod(etc, 0770), 0);
}

static int open_file(const char *directory, const char *name, bool stays_home, struct reason *why)
{
	char path[PATH_MAX], home[PATH_MAX];
	const struct trusted_file wanted = {
		.path = path,
		.role = "password file",
		.flags = O_RDONLY,
		.max = 100,
		.may_be_link = true,
		.home = home,
		.stays_home = stays_home,
	};

	(void)snprintf(home, sizeof home, "%s/home", directory);
	(void)snprintf(path, sizeof path, "%s%s", name[0] == '/' ? "" : directory, name);
	if (name[0] != '/')
		(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	why->text[0] = '\0';
	return trusted_file_open(&wanted, NULL, why);
}

static void check_open(const char *directory, const char *name, int error, const char *words)
{
	struct reason why;

	for (int stays_home = 0; stays_home < 2; stays_home++) {
		int fd = open_file(directory, name, stays_home, &why);

		if (error == 0 ? fd < 0 : fd != error)
			fail_msg("%s: %d, %s", name, fd, why.text);
		if (error != 0 && !strstr(why.text, words))
			fail_msg("%s: %s", name, why.text);
		if (fd >= 0)
			close(fd);
	}
}

static void test_below_home(void **state)
{
	static const struct {
		const char *name;
		int error;
		const char *words;
	} rows[] = {
		{ "home/etc/file", 0, NULL },
		{ "home//etc///file", 0, NULL },
		{ "home/ours/file", 0, NULL },
		/* a link of root's that stays */
		{ "home/ours/link", 0, NULL },
		{ "home/ours/up", -EXDEV, "leads out of" },
		{ "home/ours/aside", -EXDEV, "leads out of" },
		{ "home/out/secret", -EXDEV, "leads out of" },
		{ "home/../elsewhere/secret", -EXDEV, "leads out of" },
		{ "home/etc/../etc/file", -EXDEV, "leads out of" },
		{ "home/etc/..", -EXDEV, "leads out of" },
		{ "home/etc/pipe", -EINVAL, "is not a regular file, but a named pipe" },
		{ "home/etc", -EINVAL, "is not a regular file, but a directory" },
		{ "home/etc/missing", -ENOENT, "Cannot read the password file" },
		{ "home/missing/file", -ENOENT, "Cannot read the password file" },
		{ "home/etc/file/x", -ENOTDIR, "Cannot read the password file" },
	};

	make_home(*state);
	for (size_t i = 0; i < COUNT(rows); i++)
		check_open(*state, rows[i].name, rows[i].error, rows[i].words);
}

static void test_links_of_the_group(void **state)
{
	if (geteuid() != 0)
		skip();
	make_home(*state);
	check_open(*state, "home/etc/link", -ELOOP, "a user other than root may have made it");
	check_open(*state, "home/etc/own", -ELOOP, "a user other than root may have made it");
	/* the directory of a file becomes a link */
	assert_int_equal(rename(path_in(*state, "home/out"), path_in(*state, "home/etc/ssl")), 0);
	check_open(*state, "home/etc/ssl/secret", -ELOOP, "may have made it");
	/* a second name of root's file */
	assert_int_equal(
		link(path_in(*state, "elsewhere/secret"), path_in(*state, "home/etc/second")), 0);
	check_open(*state, "home/etc/second", -EPERM, "has 2 names (hard links)");
}

static void test_elsewhere(void **state)
{
	struct reason why;
	int fd;

	make_home(*state);
	fd = open_file(*state, "elsewhere/secret", false, &why);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(open_file(*state, "elsewhere/secret", true, &why), -EXDEV);
	assert_non_null(strstr(why.text, "is not below"));
	/* a name that only begins as the home's does */
	assert_int_equal(mkdir(path_in(*state, "home2"), 0755), 0);
	write_text(path_in(*state, "home2/file"), "");
	assert_int_equal(open_file(*state, "home2/file", true, &why), -EXDEV);
	assert_int_equal(open_file(*state, "home", true, &why), -EXDEV);
	assert_int_equal(open_file(*state, "home/", true, &why), -EXDEV);
	assert_int_equal(open_file(*state, "/dev/null", false, &why), -EINVAL);
	assert_non_null(strstr(why.text, "a device"));
}

static void test_whose_file_elsewhere(void **state)
{
	static const struct {
		const char *label;
		uid_t owner;
		gid_t group;
		mode_t mode;
		mode_t directory_mode;
		gid_t directory_group;
		bool opened;
	} rows[] = {
		{ "root's", 0, 0, 0644, 0755, 0, true },
		{ "root's secret", 0, 0, 0600, 0700, 0, true },
		{ "for the group to read", 0, AGENT, 0640, 0750, AGENT, true },
		{ "for the group to write", 0, AGENT, 0660, 0755, 0, false },
		{ "for everybody to write", 0, 0, 0666, 0755, 0, false },
		{ "somebody's", NOBODY, 0, 0644, 0755, 0, false },
		{ "where the group may write", 0, 0, 0644, 0775, AGENT, false },
		{ "where everybody may write", 0, 0, 0644, 01777, 0, false },
	};
	const char *directory = path_in(*state, "elsewhere");
	const char *path = path_in(*state, "elsewhere/secret");

	if (geteuid() != 0)
		skip();
	make_home(*state);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reason why;
		int fd;

		assert_int_equal(chown(directory, 0, rows[i].directory_group), 0);
		assert_int_equal(chmod(directory, rows[i].directory_mode), 0);
		assert_int_equal(chown(path, rows[i].owner, rows[i].group), 0);
		assert_int_equal(chmod(path, rows[i].mode), 0);
		fd = open_file(*state, "elsewhere/secret", false, &why);
		check_row(rows[i].label, rows[i].opened ? fd >= 0 : fd == -EPERM);
		check_row(rows[i].label,
			  rows[i].opened || strstr(why.text, "make it and its directory root's"));
		if (fd >= 0)
			close(fd);
	}
}

/* A home that is behind a link of root's. */
static void test_linked_home(void **state)
{
	make_home(*state);
	assert_int_equal(rename(path_in(*state, "home"), path_in(*state, "opt")), 0);
	assert_int_equal(symlink("opt", path_in(*state, "home")), 0);
	check_open(*state, "home/etc/file", 0, NULL);
	check_open(*state, "home/../elsewhere/secret", -EXDEV, "leads out of");
}

static void test_names_below(void **state)
{
	(void)state;
	assert_true(directory_has("/a", "/a/b"));
	assert_true(directory_has("/a/", "/a/b"));
	assert_true(directory_has("/a", "/a//b/../../c"));
	assert_true(directory_has("/", "/b"));
	assert_false(directory_has("/a", "/a"));
	assert_false(directory_has("/a", "/a/"));
	assert_false(directory_has("/a", "/ab"));
	assert_false(directory_has("/a", "a/b"));
	assert_false(directory_has("/a", ""));
}

/* From now on openat2(2) fails as before Linux 5.6. */
static void forbid_openat2(void **state)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = COUNT(code), .filter = code };

	(void)state;
	assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	assert_int_equal(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup_directory, teardown_directory)
#define ALL_TESTS                                                                   \
	TEST(test_below_home), TEST(test_links_of_the_group), TEST(test_elsewhere), \
		TEST(test_whose_file_elsewhere), TEST(test_linked_home)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_below),
		ALL_TESTS,
		cmocka_unit_test(forbid_openat2),
		ALL_TESTS,
	};

	return cmocka_run_group_tests_name("trusted-home", tests, NULL, NULL);
}
