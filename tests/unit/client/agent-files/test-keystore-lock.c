/* SPDX-License-Identifier: ISC */
/* The lock on a key file's directory, and who holds it. */
#include "tests/unit/support.h"

#include "tests/unit/agent-directory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Instead of /proc/locks; null: the real one. */
static const char *locks;

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	if (!locks || strcmp(path, "/proc/locks") != 0)
		return __real_fopen(path, mode);
	return fmemopen((void *)(uintptr_t)locks, strlen(locks), mode);
}

static int waits;

static void count_wait(const char *directory, const char *holder)
{
	char own[64];

	(void)snprintf(own, sizeof own, "process %d (", (int)getpid());
	assert_non_null(strstr(directory, "/etc"));
	assert_true(strstr(holder, own) || strstr(holder, "lslocks"));
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
	assert_non_null(strstr(why.text, "/etc is still locked by "));
	assert_int_equal(second.lock, -1);
	keystore_close(&first);
	assert_int_equal(keystore_lock(&second, &past, never_waits, &why), 0);
	assert_true(fcntl(second.lock, F_GETFD) & FD_CLOEXEC); /* a child must not hold it */
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

/* ------------------------------------------------------------------ who holds it */

static char seen_holder[200];

static void note_holder(const char *directory, const char *holder)
{
	assert_non_null(strstr(directory, "/etc"));
	(void)snprintf(seen_holder, sizeof seen_holder, "%s", holder);
}

/* A process of that number may exist, and then has a name behind it. */
static bool names(const char *text, pid_t holder)
{
	char expected[64] = "a process that 'lslocks";

	if (holder > 0)
		(void)snprintf(expected, sizeof expected, "process %d", (int)holder);
	return strstr(text, expected);
}

/* The pattern with the device and inode of the file for each '@'. */
static void make_list(char *buffer, size_t size, const char *pattern, int fd)
{
	struct stat status;
	size_t used = 0;

	assert_int_equal(fstat(fd, &status), 0);
	for (; *pattern; pattern++) {
		if (*pattern != '@')
			buffer[used++] = *pattern;
		else
			used += (size_t)snprintf(buffer + used, size - used, "%02x:%02x:%ju",
						 major(status.st_dev), minor(status.st_dev),
						 (uintmax_t)status.st_ino);
		assert_true(used < size);
	}
	buffer[used] = '\0';
}

/* Whoever waits for the lock stands in the same list, with an arrow; other files, too. */
static void test_holder(void **state)
{
	static const struct {
		const char *label, *list;
		pid_t holder;
	} rows[] = {
		{ "one line", "1: FLOCK  ADVISORY  WRITE 4711 @ 0 EOF\n", 4711 },
		{ "no line", "\n", 0 },
		{ "another file", "1: FLOCK  ADVISORY  WRITE 4711 fe:00:1 0 EOF\n", 0 },
		{ "a longer inode", "1: FLOCK  ADVISORY  WRITE 4711 @7 0 EOF\n", 0 },
		{ "behind others",
		  "1: POSIX  ADVISORY  READ 4712 fe:00:1 0 EOF\n"
		  "2: FLOCK  ADVISORY  WRITE 4711 @ 0 EOF\n",
		  4711 },
		{ "behind one that waits",
		  "1: -> FLOCK  ADVISORY  WRITE 4712 @ 0 EOF\n"
		  "2: FLOCK  ADVISORY  WRITE 4711 @ 0 EOF\n",
		  4711 },
		{ "only one that waits", "1: -> FLOCK  ADVISORY  WRITE 4712 @ 0 EOF\n", 0 },
		{ "another form", "1: FLOCK  @ 0 EOF\n", 0 },
	};
	const struct deadline past = { .at = 1, .stop_fd = -1 };
	struct keystore first = open_store(state, NULL), second = open_store(state, NULL);
	struct reason why = { "" };

	assert_int_equal(keystore_lock(&first, &past, never_waits, &why), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		char list[256];

		make_list(list, sizeof list, rows[i].list, first.lock);
		locks = list;
		seen_holder[0] = '\0';
		check_row(rows[i].label,
			  keystore_lock(&second, &past, note_holder, &why) == -ETIMEDOUT);
		locks = NULL;
		check_row(rows[i].label, names(seen_holder, rows[i].holder));
		check_row(rows[i].label, strstr(why.text, "/etc is still locked by "));
		check_row(rows[i].label, names(why.text, rows[i].holder));
	}
	keystore_close(&first);
	keystore_close(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_AGENT(test_lock),
		ON_AGENT(test_lock_stops),
		ON_AGENT(test_lock_without_an_agent),
		ON_AGENT(test_holder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
