/* SPDX-License-Identifier: ISC */
/* Storing and removing a key. */
#include "tests/unit/support.h"

#include "tests/unit/agent-directory.h"
#include "tests/unit/fault.h"

#include <errno.h>
#include <grp.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct agent_key new_key = {
	.id = "002", .name = "web-02", .ip = "any", .key = HEX64
};
#define NEW_LINE "002 web-02 any " HEX64 "\n"

/* The attributes that every file has (chattr(1) needs root, and not every file system has it). */
static int attributes;

int __wrap_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	if (fd < 0) { /* the directory, in tests that do not lock it */
		errno = EBADF;
		return -1;
	}
	assert_true(request == FS_IOC_GETFLAGS);
	*(int *)argument = attributes;
	return 0;
}

/* Who owns directories and files, if not who really does. */
#define REALLY ((uid_t)-1)
static uid_t directory_owner = REALLY, file_owner = REALLY;

static int with_owner(int r, struct stat *status)
{
	if (r == 0 && S_ISDIR(status->st_mode) && directory_owner != REALLY)
		status->st_uid = directory_owner;
	if (r == 0 && S_ISREG(status->st_mode) && file_owner != REALLY)
		status->st_uid = file_owner;
	return r;
}

int __real_fstat(int fd, struct stat *status);
int __wrap_fstat(int fd, struct stat *status);
int __wrap_fstat(int fd, struct stat *status)
{
	return with_owner(__real_fstat(fd, status), status);
}

int __real_lstat(const char *path, struct stat *status);
int __wrap_lstat(const char *path, struct stat *status);
int __wrap_lstat(const char *path, struct stat *status)
{
	return with_owner(__real_lstat(path, status), status);
}

static int setup(void **state)
{
	fault_clear();
	attributes = 0;
	return setup_agent(state);
}

/* Groups that are known to NSS only. */
static bool has_no_local_groups;

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	if (has_no_local_groups && strstr(path, "/group")) {
		errno = ENOENT;
		return NULL;
	}
	return __real_fopen(path, mode);
}

#define REMOTE_GROUP 4242

struct group *__real_getgrnam(const char *name);
struct group *__wrap_getgrnam(const char *name);
struct group *__wrap_getgrnam(const char *name)
{
	static struct group remote = { .gr_gid = REMOTE_GROUP };

	if (!has_no_local_groups)
		return __real_getgrnam(name);
	return strcmp(name, "ossec") == 0 ? &remote : NULL;
}

static const char *own_group(void)
{
	const struct group *group = getgrgid(getgid());

	assert_non_null(group);
	return group->gr_name;
}

static void test_commit(void **state)
{
	static const mode_t umasks[] = { 0, 022, 077, 0777 };
	const char *path = keys_of(state);
	struct reason why;

	for (size_t i = 0; i < COUNT(umasks); i++) {
		struct keystore store = open_store(state, own_group());
		struct agent_key key;
		struct stat status;
		mode_t before;

		write_text(path, RECORD "\n");
		before = umask(umasks[i]);
		assert_int_equal(keystore_stage(&store, &why), 0);
		assert_file(path, RECORD "\n");
		assert_int_equal(keystore_commit(&store, &new_key, NULL, &why), 0);
		umask(before);
		assert_file(path, NEW_LINE);
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_mode & 07777, 0640);
		assert_true(status.st_gid == getgid());
		assert_int_equal(keystore_read(&store, &key, &why), KEYSTORE_KEY);
		assert_string_equal(key.name, "web-02");
		keystore_close(&store);
		assert_int_equal(count_entries(path_in(*state, "etc")), 1);
	}
}

static void test_aside(void **state)
{
	struct keystore store = open_store(state, own_group());
	struct reason why;

	write_text(keys_of(state), "001 torn");
	assert_int_equal(keystore_stage(&store, &why), 0);
	assert_int_equal(keystore_commit(&store, &new_key, "torn", &why), 0);
	assert_file(keys_of(state), NEW_LINE);
	assert_file(path_in(*state, "etc/client.keys.torn"), "001 torn");
	keystore_close(&store);
}

static void test_other_keys_file(void **state)
{
	const char *path = path_in(*state, "other.keys");
	struct keystore store;
	struct reason why;

	assert_int_equal(keystore_open(&store, *state, path, own_group(), &why), 0);
	assert_int_equal(keystore_stage(&store, &why), 0);
	assert_int_equal(keystore_commit(&store, &new_key, "old", &why), 0);
	assert_file(path, NEW_LINE);
	assert_file(keys_of(state), NULL);
	keystore_close(&store);
}

static void test_close_discards(void **state)
{
	struct keystore store = open_store(state, own_group());
	struct reason why;

	write_text(keys_of(state), RECORD "\n");
	assert_int_equal(keystore_stage(&store, &why), 0);
	assert_int_equal(count_entries(path_in(*state, "etc")), 2);
	keystore_close(&store);
	keystore_close(&store);
	assert_int_equal(count_entries(path_in(*state, "etc")), 1);
	assert_file(keys_of(state), RECORD "\n");
}

/* NSS is asked only where the directory may belong to a group that it alone knows. */
static void test_remote_group(void **state)
{
	const struct deadline soon = deadline_in(USEC_PER_SEC, NULL);
	struct keystore store = open_store(state, NULL);
	struct reason why = { "" };
	gid_t unlocked = 0, locked = 0;

	has_no_local_groups = true;
	assert_int_equal(keystore_group(&store, &unlocked, &why), 0);
	if (store.lock < 0)
		assert_int_equal(keystore_lock(&store, &soon, never_waits, &why), 0);
	assert_int_equal(keystore_group(&store, &locked, &why), 0);
	has_no_local_groups = false;
	assert_int_equal(unlocked, REMOTE_GROUP);
	assert_int_equal(locked, (gid_t)-1);
	keystore_close(&store);
}

static void test_unknown_group(void **state)
{
	struct keystore store = open_store(state, "no-such-group-here");
	struct reason why = { "" };

	assert_int_equal(keystore_stage(&store, &why), -ENOENT);
	assert_non_null(strstr(why.text, "no-such-group-here"));
	assert_int_equal(count_entries(path_in(*state, "etc")), 0);
	keystore_close(&store);
}

static void test_marked_files(void **state)
{
	static const struct {
		int attribute;
		const char *word;
	} marks[] = { { FS_IMMUTABLE_FL, "chattr -i" }, { FS_APPEND_FL, "chattr -a" } };
	struct keystore store = open_store(state, own_group());
	struct reason why = { "" };

	write_text(keys_of(state), RECORD "\n");
	for (size_t i = 0; i < COUNT(marks); i++) {
		attributes = marks[i].attribute;
		check_row(marks[i].word, keystore_stage(&store, &why) == -EPERM &&
						 strstr(why.text, marks[i].word));
	}
	attributes = FS_NODUMP_FL;
	assert_int_equal(keystore_stage(&store, &why), 0);
	keystore_close(&store);
}

/* In such a directory, only the owner of a file or of the directory replaces it. */
static void test_sticky_directory(void **state)
{
	const uid_t ours = geteuid(), other = ours + 1;
	const struct {
		const char *label;
		mode_t mode;
		uid_t directory, file;
		bool has_file, is_refused;
	} rows[] = {
		{ "both are another's", 01770, other, other, true, true },
		{ "the directory is ours", 01770, ours, other, true, false },
		{ "the file is ours", 01770, other, ours, true, false },
		{ "there is no file", 01770, other, other, false, false },
		{ "not sticky", 0770, other, other, true, false },
	};
	const struct deadline at_once = { .at = 1, .stop_fd = -1 };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct keystore store = open_store(state, own_group());
		struct reason why = { "" };
		int r;

		(void)unlink(keys_of(state));
		if (rows[i].has_file)
			write_text(keys_of(state), RECORD "\n");
		assert_int_equal(chmod(path_in(*state, "etc"), rows[i].mode), 0);
		assert_int_equal(keystore_lock(&store, &at_once, never_waits, &why), 0);
		directory_owner = rows[i].directory;
		file_owner = rows[i].file;
		r = keystore_stage(&store, &why);
		directory_owner = file_owner = REALLY;
		check_row(rows[i].label, r == (rows[i].is_refused ? -EPERM : 0));
		check_row(rows[i].label, !rows[i].is_refused || strstr(why.text, "chmod -t "));
		keystore_close(&store);
	}
}

/* Whatever fails: the old key is there, byte for byte. */
static void test_failures_keep_the_old(void **state)
{
	static const struct {
		const char *call;
		int error;
		bool staging;
	} failures[] = {
		{ "fallocate", ENOSPC, true },   { "fchown", EPERM, true },
		{ "fchmod", EPERM, true },       { "write", ENOSPC, false },
		{ "write", FAULT_SHORT, false }, { "fsync", EIO, false },
		{ "renameat", EIO, false },
	};

	write_text(keys_of(state), RECORD "\n");
	for (size_t i = 0; i < COUNT(failures); i++) {
		struct keystore store = open_store(state, own_group());
		struct reason why = { "" };
		int r;

		if (failures[i].staging)
			fault_set(failures[i].call, 1, failures[i].error);
		r = keystore_stage(&store, &why);
		if (!failures[i].staging) {
			check_row(failures[i].call, r == 0);
			fault_set(failures[i].call, 1, failures[i].error);
			if (failures[i].error == FAULT_SHORT)
				fault_add("write", 2, ENOSPC);
			r = keystore_commit(&store, &new_key, NULL, &why);
		}
		check_row(failures[i].call, r < 0 && why.text[0]);
		keystore_close(&store);
		fault_clear();
		assert_file(keys_of(state), RECORD "\n");
		check_row(failures[i].call, count_entries(path_in(*state, "etc")) == 1);
	}
}

/* ------------------------------------------------------------------ links, and removing */

/* A link is followed for reading, as the agent does, and for nothing else. */
static void test_links(void **state)
{
	struct keystore store = open_store(state, NULL);
	const char *path = keys_of(state), *real = path_in(*state, "etc/real");
	struct agent_key key;
	struct reason why = { "" };
	char *target;

	assert_null(keystore_link_target(&store));
	assert_int_equal(symlink("real", path), 0);
	assert_int_equal(keystore_read(&store, &key, &why), KEYSTORE_MISSING);
	write_text(real, RECORD "\n");
	assert_int_equal(keystore_read(&store, &key, &why), KEYSTORE_KEY);
	assert_string_equal(key.id, "001");
	target = keystore_link_target(&store);
	assert_string_equal(target, real);
	free(target);

	assert_int_equal(keystore_stage(&store, &why), -ELOOP);
	assert_non_null(strstr(why.text, real));
	assert_non_null(strstr(why.text, "keys_file"));
	assert_int_equal(keystore_check_removable(&store, &why), -ELOOP);
	assert_int_equal(keystore_remove(&store, &why), -ELOOP);
	assert_file(real, RECORD "\n");

	assert_int_equal(unlink(real), 0);
	assert_int_equal(mkfifo(real, 0600), 0);
	assert_int_equal(keystore_read(&store, &key, &why), -EINVAL);
	keystore_close(&store);
}

/* The key and all that was kept of others; nothing else, and again without harm. */
static void test_remove(void **state)
{
	static const char *const names[] = { "client.keys", ".client.keys.new", "client.keys.old",
					     "client.keys.torn", "client.keys.clone" };
	struct deadline at_once = { 0, -1 };
	struct keystore store = open_store(state, NULL);
	struct reason why = { "" };

	write_text(path_in(*state, "etc/client.keys.mine"), "");
	for (size_t i = 0; i < COUNT(names); i++) {
		char name[64];

		(void)snprintf(name, sizeof name, "etc/%s", names[i]);
		write_text(path_in(*state, name), RECORD "\n");
	}
	assert_int_equal(keystore_lock(&store, &at_once, never_waits, &why), 0);
	assert_int_equal(keystore_check_removable(&store, &why), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(keystore_remove(&store, &why), 0);
		assert_int_equal(count_entries(path_in(*state, "etc")), 1);
	}
	keystore_close(&store);
}

#define WITH_AGENT(test) cmocka_unit_test_setup_teardown(test, setup, teardown_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_AGENT(test_commit),
		WITH_AGENT(test_aside),
		WITH_AGENT(test_other_keys_file),
		WITH_AGENT(test_close_discards),
		WITH_AGENT(test_remote_group),
		WITH_AGENT(test_unknown_group),
		WITH_AGENT(test_marked_files),
		WITH_AGENT(test_sticky_directory),
		WITH_AGENT(test_failures_keep_the_old),
		WITH_AGENT(test_links),
		WITH_AGENT(test_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
