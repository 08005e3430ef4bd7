/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/deadline.h"
#include "common/directory.h"
#include "common/lock-holder.h"

#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process with an odd name that holds a lock on the directory until it is killed. */
static pid_t hold(const char *path)
{
	int ends[2];
	char word;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		int fd = directory_open(path, NULL);

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)prctl(PR_SET_NAME, "odd\tname");
		_exit(flock(fd, LOCK_EX) < 0 || write(ends[1], "1", 1) != 1 || pause());
	}
	assert_int_equal(read(ends[0], &word, 1), 1);
	close(ends[0]);
	close(ends[1]);
	return child;
}

static void test_holder_is_named(void **state)
{
	pid_t child = hold(*state);
	int fd = directory_open(*state, NULL);
	char text[LOCK_HOLDER_SIZE], expected[64];
	struct reason why = { "" };

	if (access("/proc/locks", R_OK) < 0)
		skip();
	assert_int_equal(lock_holder(fd), child);
	(void)snprintf(expected, sizeof expected, "process %d (odd\\tname)", (int)child);
	assert_string_equal(lock_holder_describe(text, fd), expected);
	assert_int_equal(lock_directory(fd, "/some/etc", 0, &why), -EAGAIN);
	assert_non_null(strstr(why.text, "/some/etc has been locked for 0 seconds by process "));
	assert_non_null(strstr(why.text, expected));
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(lock_directory(fd, *state, 10 * USEC_PER_SEC, &why), 0);
	close(fd);
}

/* Nobody holds it, or /proc/locks does not show who. */
static void test_unknown_holder(void **state)
{
	int fd = directory_open(*state, NULL);
	char text[LOCK_HOLDER_SIZE];

	assert_int_equal(lock_holder(fd), 0);
	assert_non_null(strstr(lock_holder_describe(text, fd), "lslocks"));
	assert_int_equal(lock_directory(-1, "/some/etc", 0, NULL), -EBADF);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_holder_is_named, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_unknown_holder, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests_name("lock-holder", tests, NULL, NULL);
}
