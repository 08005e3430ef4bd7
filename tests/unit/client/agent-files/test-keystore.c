/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "client/agent-files/keystore.h"
#include "tests/unit/fault.h"

#include <errno.h>
#include <grp.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEX64 "48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db"
#define RECORD "001 web-01 any " HEX64

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

/* *state is the agent's directory, with etc and queue/rids. */
static int setup(void **state)
{
	fault_clear();
	attributes = 0;
	if (setup_directory(state) < 0)
		return -1;
	return mkdir(path_in(*state, "etc"), 0770) < 0 ||
	       mkdir(path_in(*state, "queue"), 0770) < 0 ||
	       mkdir(path_in(*state, "queue/rids"), 0770) < 0;
}

static const char *keys_of(void **state)
{
	return path_in(*state, "etc/client.keys");
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

static struct keystore open_store(void **state, const char *group)
{
	struct keystore store;
	struct reason why;

	assert_int_equal(keystore_open(&store, *state, NULL, group, &why), 0);
	return store;
}

static void never_waits(pid_t holder)
{
	(void)holder;
	fail_msg("nobody holds the lock");
}

/* ------------------------------------------------------------------ reading */

static const struct {
	const char *label, *bytes;
	size_t length;
	enum keystore_state state;
	const char *id; /* of the key */
} files[] = {
#define FILE_ROW(label, bytes, state, id)                             \
	{                                                             \
		label, bytes, sizeof(bytes) - 1, KEYSTORE_##state, id \
	}
	FILE_ROW("empty", "", MISSING, NULL),
	FILE_ROW("one newline", "\n", MISSING, NULL),
	FILE_ROW("blank lines", "\n\n\r\n \n", MISSING, NULL),
	FILE_ROW("a comment", "# " RECORD "\n", MISSING, NULL),
	FILE_ROW("a comment without its end", "# " RECORD, MISSING, NULL),
	FILE_ROW("a line that begins with a blank", " " RECORD "\n", MISSING, NULL),
	FILE_ROW("removed, Wazuh", "001 !web-01 any " HEX64 "\n", MISSING, NULL),
	FILE_ROW("removed, OSSEC", "001 #*#*#*#*#*#*#*#*#*#*#\n", MISSING, NULL),
	FILE_ROW("a record", RECORD "\n", KEY, "001"),
	FILE_ROW("a record without its end", RECORD, KEY, "001"),
	FILE_ROW("comment, removed, record", "# x\n\n001 !a any b\n003 ab 10.0.0.1 " HEX64 "\n",
		 KEY, "003"),
	FILE_ROW("several records: the first", RECORD "\n002 web-02 any " HEX64 "\n", KEY, "001"),
	FILE_ROW("a record, then rubbish", RECORD "\n\0\0\0", KEY, "001"),
	FILE_ROW("an unusual key", "001 web-01 any abcd\n", KEY, "001"),
	FILE_ROW("any printable key", "001 web-01 any Qx/9+=$%&!~\n", KEY, "001"),
	FILE_ROW("a key of one character", "001 web-01 any x\n", KEY, "001"),
	FILE_ROW("any printable name", "001 .w:1% any " HEX64 "\n", KEY, "001"),
	FILE_ROW("an address that ends the agent", "001 web-01 10.0.0.0/08 " HEX64 "\n", TORN,
		 NULL),
	FILE_ROW("an unusual key without its end", "001 web-01 any abcd", TORN, NULL),
	FILE_ROW("cut in the key", "001 web-01 any 48a998", TORN, NULL),
	FILE_ROW("cut in the name", "001 we", TORN, NULL),
	FILE_ROW("cut after the id", "001 ", TORN, NULL),
	FILE_ROW("zeros", "\0\0\0\0\0\0\0\0", TORN, NULL),
	FILE_ROW("CRLF", RECORD "\r\n", TORN, NULL),
	FILE_ROW("a trailing blank", RECORD " \n", TORN, NULL),
	FILE_ROW("two blanks", "001  web-01 any " HEX64 "\n", TORN, NULL),
	FILE_ROW("a bad id", "abc web-01 any " HEX64 "\n", TORN, NULL),
	FILE_ROW("a bad ip", "001 web-01 999.9.9.9 " HEX64 "\n", TORN, NULL),
	FILE_ROW("bad first, good second", "001 web-01 foo " HEX64 "\n" RECORD "\n", TORN, NULL),
	FILE_ROW("NUL in the key", "001 web-01 any ab\0d\n", TORN, NULL),
	FILE_ROW("byte order mark", "\xef\xbb\xbf" RECORD "\n", TORN, NULL),
	FILE_ROW("base64, as the API shows it", "MDAxIHdlYi0wMSBhbnkgYWJjZA==\n", TORN, NULL),
};

static void test_read(void **state)
{
	struct keystore store = open_store(state, NULL);
	struct agent_key key;
	struct reason why;

	assert_int_equal(keystore_read(&store, &key, &why), KEYSTORE_MISSING);
	for (size_t i = 0; i < COUNT(files); i++) {
		char *exact = malloc(files[i].length ? files[i].length : 1);

		why.text[0] = '\0';
		memset(&key, 'b', sizeof key);
		write_file(keys_of(state), files[i].bytes, files[i].length);
		check_row(files[i].label, keystore_read(&store, &key, &why) == (int)files[i].state);
		check_row(files[i].label, files[i].state == KEYSTORE_KEY
						  ? strcmp(key.id, files[i].id) == 0
						  : key.id[0] == 'b');
		check_row(files[i].label, (files[i].state == KEYSTORE_TORN) ==
						  (strstr(why.text, keys_of(state)) != NULL));
		check_row(files[i].label, !strstr(why.text, "48a998"));

		memcpy(exact, files[i].bytes, files[i].length);
		check_row(files[i].label, keystore_judge(&key, exact, files[i].length, "x", &why) ==
						  (int)files[i].state);
		free(exact);
	}
	keystore_close(&store);
}

static void test_read_what_is_no_file(void **state)
{
	struct keystore store = open_store(state, NULL);
	const char *path = keys_of(state);
	struct agent_key key;
	struct reason why = { "" };

	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(keystore_read(&store, &key, &why), -EINVAL);
	assert_non_null(strstr(why.text, "not a regular file"));
	assert_int_equal(keystore_stage(&store, &why), -EINVAL);
	assert_int_equal(unlink(path), 0);

	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(keystore_read(&store, &key, &why), -EINVAL);
	assert_int_equal(keystore_stage(&store, &why), -EINVAL);
	assert_int_equal(count_entries(path_in(*state, "etc")), 1);
	keystore_close(&store);
}

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

static void test_read_too_large(void **state)
{
	struct keystore store = open_store(state, NULL);
	struct agent_key key;
	struct reason why;

	write_text(keys_of(state), RECORD "\n");
	assert_int_equal(truncate(keys_of(state), 64 * 1024 * 1024 + 1), 0);
	assert_int_equal(keystore_read(&store, &key, &why), -EFBIG);
	keystore_close(&store);
}

/* ------------------------------------------------------------------ locking */

static int waits;

static void count_wait(pid_t holder)
{
	assert_true(holder == 0 || holder == getpid());
	waits++;
}

static void test_lock(void **state)
{
	const struct deadline past = { .at = 1, .stop_fd = -1 };
	struct keystore first = open_store(state, NULL), second = open_store(state, NULL);
	struct reason why = { "" };

	waits = 0;
	assert_int_equal(keystore_lock(&first, &past, never_waits, &why), 0);
	assert_int_equal(keystore_lock(&second, &past, count_wait, &why), -ETIMEDOUT);
	assert_int_equal(waits, 1);
	assert_non_null(strstr(why.text, "Another agent-register"));
	assert_int_equal(second.lock, -1);
	keystore_close(&first);
	assert_int_equal(keystore_lock(&second, &past, never_waits, &why), 0);
	keystore_close(&second);
	assert_int_equal(count_entries(path_in(*state, "etc")), 0);
}

static void test_lock_stops(void **state)
{
	int pipe_fds[2];
	struct keystore first = open_store(state, NULL), second = open_store(state, NULL);
	struct deadline stopped = { .at = USEC_INFINITY };
	struct reason why;

	assert_int_equal(pipe(pipe_fds), 0);
	stopped.stop_fd = pipe_fds[0];
	close(pipe_fds[1]);
	waits = 0;
	assert_int_equal(keystore_lock(&first, &stopped, never_waits, &why), 0);
	assert_int_equal(keystore_lock(&second, &stopped, count_wait, &why), -ECANCELED);
	assert_int_equal(waits, 1);
	keystore_close(&first);
	keystore_close(&second);
	close(pipe_fds[0]);
}

static void test_lock_without_an_agent(void **state)
{
	const struct deadline past = { .at = 1, .stop_fd = -1 };
	struct keystore store;
	struct reason why = { "" };

	assert_int_equal(keystore_open(&store, path_in(*state, "none"), NULL, NULL, &why), 0);
	assert_int_equal(keystore_lock(&store, &past, never_waits, &why), -ENOENT);
	assert_non_null(strstr(why.text, "install the agent"));
	keystore_close(&store);
}

/* ------------------------------------------------------------------ storing */

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_read, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_read_what_is_no_file, setup,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_links, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_remove, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_read_too_large, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_lock, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_lock_stops, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_lock_without_an_agent, setup,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_commit, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_aside, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_other_keys_file, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_close_discards, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_remote_group, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_unknown_group, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_marked_files, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_failures_keep_the_old, setup,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
