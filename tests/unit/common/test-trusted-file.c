/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/cleanup.h"
#include "common/directory.h"
#include "common/trusted-file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define NOBODY 65534
#define MANAGER 64001 /* a user and a group; of nothing else here */

/* ------------------------------------------------------------------ attacks */

/* What a member of the manager's group may put in place of etc/file; `secret` is root's. */
static void make_link(const char *file, const char *secret)
{
	assert_int_equal(symlink(secret, file), 0);
}

static void make_dangling_link(const char *file, const char *secret)
{
	(void)secret;
	assert_int_equal(symlink("nowhere", file), 0);
}

static void make_second_name(const char *file, const char *secret)
{
	assert_int_equal(link(secret, file), 0);
}

static void make_pipe(const char *file, const char *secret)
{
	(void)secret;
	assert_int_equal(mkfifo(file, 0666), 0);
}

static void make_directory(const char *file, const char *secret)
{
	(void)secret;
	assert_int_equal(mkdir(file, 0700), 0);
}

static void make_socket(const char *file, const char *secret)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)secret;
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", file);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	close(fd);
}

static void make_strangers_file(const char *file, const char *secret)
{
	(void)secret;
	write_text(file, "planted");
	assert_int_equal(chown(file, NOBODY, NOBODY), 0);
}

static void make_large_file(const char *file, const char *secret)
{
	(void)secret;
	write_text(file, "");
	assert_int_equal(truncate(file, 101), 0);
}

static const struct {
	const char *label;
	void (*make)(const char *file, const char *secret);
	int error;
	const char *words;
} attacks[] = {
	{ "a link", make_link, -ELOOP, "is a symbolic link" },
	{ "a link to nowhere", make_dangling_link, -ELOOP, "is a symbolic link" },
	{ "a second name", make_second_name, -EPERM, "has 2 names (hard links)" },
	{ "a pipe", make_pipe, -EINVAL, "is not a regular file, but a named pipe; remove it" },
	{ "a directory", make_directory, -EINVAL, "is not a regular file, but a directory" },
	{ "a socket", make_socket, -EINVAL, "is not a regular file, but a socket" },
	{ "somebody's file", make_strangers_file, -EPERM, "belongs to user 65534" },
	{ "a large file", make_large_file, -EFBIG, "is larger than 100 bytes" },
};

static const int ways[] = { O_RDONLY, O_RDWR | O_APPEND, O_WRONLY | O_CREAT };

/* A directory as a manager has it: root's, and its group may write there. */
static const char *make_etc(const char *directory)
{
	const char *etc = path_in(directory, "etc");

	assert_int_equal(mkdir(etc, 0), 0);
	assert_int_equal(chown(etc, 0, MANAGER), 0);
	assert_int_equal(chmod(etc, 0770), 0);
	return etc;
}

static void check_attack(size_t i, int flags, const char *path, const char *secret)
{
	const struct trusted_file wanted = {
		.path = path, .role = "password file", .flags = flags, .mode = 0600, .max = 100
	};
	char expected[400];
	struct reason why = { "" };

	attacks[i].make(path, secret);
	check_row(attacks[i].label, trusted_file_open(&wanted, NULL, &why) == attacks[i].error);
	(void)snprintf(expected, sizeof expected, "The password file %s %s", path,
		       attacks[i].words);
	check_row(why.text, strstr(why.text, expected) != NULL);
	assert_file(secret, "root:secret");
	if (remove(path) < 0)
		fail_msg("%s: %s", attacks[i].label, strerror(errno));
}

static void test_attacks(void **state)
{
	const char *secret = path_in(*state, "secret");
	char path[300];

	if (geteuid() != 0)
		skip();
	(void)snprintf(path, sizeof path, "%s/file", make_etc(*state));
	write_text(secret, "root:secret");
	for (size_t i = 0; i < COUNT(attacks); i++)
		for (size_t k = 0; k < COUNT(ways); k++)
			check_attack(i, ways[k], path, secret);
	assert_int_equal(access(path_in(*state, "etc/nowhere"), F_OK), -1);
}

/* ------------------------------------------------------------------ whose files are opened */

static void test_owners(void **state)
{
	static const struct {
		const char *label;
		uid_t directory_owner;
		gid_t directory_group;
		mode_t directory_mode;
		uid_t owner;
		gid_t group;
		bool opened;
	} rows[] = {
		{ "root's", 0, MANAGER, 0770, 0, MANAGER, true },
		{ "the manager's", 0, MANAGER, 0770, MANAGER, MANAGER, true },
		{ "of the directory's owner", MANAGER, MANAGER, 0700, MANAGER, 0, true },
		{ "somebody's", 0, MANAGER, 0770, NOBODY, NOBODY, false },
		{ "... where only root may write", 0, MANAGER, 0750, NOBODY, NOBODY, true },
		{ "... where everybody may write", 0, 0, 01777, NOBODY, 0, false },
		{ "of root's group, in root's directory", 0, 0, 0777, NOBODY, 0, false },
	};
	const char *etc = path_in(*state, "etc"), *path = path_in(*state, "etc/file");
	const struct trusted_file wanted = { .path = path, .flags = O_RDONLY, .max = 100 };

	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdir(etc, 0700), 0);
	write_text(path, "text");
	for (size_t i = 0; i < COUNT(rows); i++) {
		int fd;

		assert_int_equal(chown(etc, rows[i].directory_owner, rows[i].directory_group), 0);
		assert_int_equal(chmod(etc, rows[i].directory_mode), 0);
		assert_int_equal(chown(path, rows[i].owner, rows[i].group), 0);
		fd = trusted_file_open(&wanted, NULL, NULL);
		check_row(rows[i].label, rows[i].opened ? fd >= 0 : fd == -EPERM);
		if (fd >= 0)
			close(fd);
	}
}

/* A second name is harmless where only root can have made it, and of the manager's own files. */
static void test_second_names(void **state)
{
	const char *etc = path_in(*state, "etc"), *path = path_in(*state, "etc/file");
	const struct trusted_file wanted = { .path = path, .flags = O_RDONLY, .max = 100 };
	int fd;

	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdir(etc, 0755), 0);
	write_text(path, "text");
	assert_int_equal(link(path, path_in(*state, "other")), 0);
	fd = trusted_file_open(&wanted, NULL, NULL);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(chown(etc, 0, MANAGER), 0);
	assert_int_equal(chmod(etc, 0770), 0);
	assert_int_equal(trusted_file_open(&wanted, NULL, NULL), -EPERM);
	assert_int_equal(chown(path, MANAGER, MANAGER), 0);
	fd = trusted_file_open(&wanted, NULL, NULL);
	assert_true(fd >= 0);
	close(fd);
}

/* ------------------------------------------------------------------ links */

/* As certbot and Kubernetes make them; and the same made by others. */
static void test_links_of_root(void **state)
{
	const char *place = path_in(*state, "live"), *path = path_in(*state, "live/cert.pem");
	struct trusted_file wanted = { .path = path, .flags = O_RDONLY, .max = 100 };
	cleanup_free char *text = NULL;
	struct reason why = { "" };
	size_t length;

	assert_int_equal(mkdir(place, 0700), 0);
	assert_int_equal(mkdir(path_in(*state, "archive"), 0700), 0);
	write_text(path_in(*state, "archive/cert1.pem"), "certificate");
	assert_int_equal(symlink("../archive", path_in(*state, "live/..data")), 0);
	assert_int_equal(symlink("..data/cert1.pem", path), 0);
	assert_int_equal(trusted_file_open(&wanted, NULL, &why), -ELOOP);
	wanted.may_be_link = true;
	assert_int_equal(trusted_file_read(&wanted, &text, &length, NULL, &why), 0);
	assert_string_equal(text, "certificate");
	assert_int_equal(length, strlen("certificate"));
	if (geteuid() != 0)
		skip();
	assert_int_equal(lchown(path, NOBODY, NOBODY), 0);
	assert_int_equal(trusted_file_open(&wanted, NULL, &why), -ELOOP);
	assert_non_null(strstr(why.text, "leads through the symbolic link cert.pem"));
}

/* The directory of a file is swapped for a link: groups in etc/shared, agent-groups in queue. */
static void test_linked_directory(void **state)
{
	static const char *const name = "file";
	const char *path = path_in(*state, "etc/shared/file");
	const struct trusted_file wanted = { .path = path, .flags = O_RDONLY, .max = 100 };
	struct reason why = { "" };
	struct stat status;

	if (geteuid() != 0)
		skip();
	(void)make_etc(*state);
	assert_int_equal(mkdir(path_in(*state, "root"), 0700), 0);
	write_text(path_in(*state, "root/file"), "root's");
	assert_int_equal(symlink("../root", path_in(*state, "etc/shared")), 0);
	assert_int_equal(trusted_file_open(&wanted, NULL, &why), -ELOOP);
	assert_non_null(strstr(why.text, "symbolic link shared"));
	assert_int_equal(trusted_file_status(path, &status), -ELOOP);
	assert_int_equal(trusted_file_remove(path, &why), -ELOOP);
	assert_int_equal(trusted_file_remove_all(path_in(*state, "etc/shared"), &name, 1, &why),
			 -ELOOP);
	assert_int_equal(trusted_file_rename(path, "other", &why), -ELOOP);
	assert_false(directory_exists(path_in(*state, "etc/shared")));
	assert_null(directory_list(path_in(*state, "etc/shared"), &why));
	assert_file(path_in(*state, "root/file"), "root's");
	/* the same by root */
	assert_int_equal(chmod(path_in(*state, "etc"), 0750), 0);
	assert_int_equal(trusted_file_status(path, &status), 0);
	assert_true(directory_exists(path_in(*state, "etc/shared")));
}

/* ------------------------------------------------------------------ entries */

static void test_entries(void **state)
{
	const char *path = path_in(*state, "file"), *target = path_in(*state, "target");
	const struct trusted_file wanted = {
		.path = path, .flags = O_WRONLY | O_CREAT, .mode = 0600, .max = 100
	};
	struct reason why = { "" };
	struct stat status;
	int fd;

	assert_int_equal(trusted_file_status(path, &status), -ENOENT);
	assert_int_equal(trusted_file_remove(path, &why), 0);
	assert_int_equal(trusted_file_remove(path_in(*state, "missing/file"), &why), 0);
	assert_int_equal(trusted_file_rename(path, "other", &why), -ENOENT);
	fd = trusted_file_open(&wanted, &status, &why);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(trusted_file_rename(path, "target", &why), 0);
	assert_file(target, "");
	assert_int_equal(symlink("target", path), 0);
	assert_int_equal(trusted_file_status(path, &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	assert_int_equal(trusted_file_remove(path, &why), 0);
	assert_file(path, NULL);
	assert_file(target, "");
}

/* Many entries of a directory, of which some are not there, and one cannot be removed. */
static void test_remove_all(void **state)
{
	static const char *const names[] = { "1", "2", "3", "4" };
	struct reason why = { "" };
	char path[PATH_MAX];

	assert_int_equal(trusted_file_remove_all(path_in(*state, "missing"), names, 4, &why), 0);
	(void)snprintf(path, sizeof path, "%s", path_in(*state, "many"));
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(mkdir(path_in(*state, "many/1"), 0700), 0);
	write_text(path_in(*state, "many/3"), "");
	write_text(path_in(*state, "many/4"), "");
	write_text(path_in(*state, "many/5"), "");
	assert_int_equal(trusted_file_remove_all(path, names, COUNT(names), &why), -EISDIR);
	assert_non_null(strstr(why.text, "many/1"));
	assert_file(path_in(*state, "many/3"), NULL);
	assert_file(path_in(*state, "many/4"), NULL);
	assert_file(path_in(*state, "many/5"), "");
}

static void test_missing(void **state)
{
	struct trusted_file wanted = { .path = path_in(*state, "file"), .flags = O_RDONLY };
	struct reason why = { "" };

	assert_int_equal(trusted_file_open(&wanted, NULL, &why), -ENOENT);
	assert_non_null(strstr(why.text, "Cannot read /"));
	wanted.role = "users file";
	wanted.flags = O_RDWR;
	assert_int_equal(trusted_file_open(&wanted, NULL, &why), -ENOENT);
	assert_non_null(strstr(why.text, "Cannot open the users file /"));
	assert_non_null(strstr(why.text, "for writing: No such file"));
	write_text(path_in(*state, "plain"), "");
	wanted.path = "/";
	assert_int_equal(trusted_file_open(&wanted, NULL, &why), -EINVAL);
	assert_non_null(strstr(why.text, "is not a regular file, but a directory"));
	wanted.path = path_in(*state, "plain/file");
	assert_int_equal(trusted_file_open(&wanted, NULL, &why), -ENOTDIR);
}

/* ------------------------------------------------------------------ both ways to open */

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
	assert_int_equal(directory_open_without_links("/", O_RDONLY, 0), -ENOSYS);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup_directory, teardown_directory)
#define ALL_TESTS                                                                                 \
	TEST(test_attacks), TEST(test_owners), TEST(test_second_names), TEST(test_links_of_root), \
		TEST(test_linked_directory), TEST(test_entries), TEST(test_remove_all),           \
		TEST(test_missing)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ALL_TESTS,
		cmocka_unit_test(forbid_openat2),
		ALL_TESTS,
	};

	return cmocka_run_group_tests_name("trusted-file", tests, NULL, NULL);
}
