/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/close-range.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST 60 /* of the descriptors that are tried */

/* As on a kernel before 5.9. */
static void take_system_call(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = COUNT(filter), .filter = filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ||
	    syscall(SYS_close_range, FIRST, FIRST, 0) == 0)
		_exit(2);
}

static bool are_open(int first, int last)
{
	for (int fd = first; fd <= last; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			return false;
	return true;
}

static bool closes_what_it_should(void)
{
	for (int fd = FIRST; fd < FIRST + 8; fd++)
		if (dup2(STDERR_FILENO, fd) < 0)
			return false;
	return close_descriptors(FIRST + 3, FIRST + 2) == 0 && are_open(FIRST, FIRST + 7) &&
	       close_descriptors(FIRST + 1, FIRST + 2) == 0 && are_open(FIRST, FIRST) &&
	       !are_open(FIRST + 1, FIRST + 1) && !are_open(FIRST + 2, FIRST + 2) &&
	       are_open(FIRST + 3, FIRST + 7) && close_descriptors(FIRST + 5, INT_MAX) == 0 &&
	       are_open(FIRST + 3, FIRST + 4) && !are_open(FIRST + 5, FIRST + 5) &&
	       !are_open(FIRST + 7, FIRST + 7);
}

/* In a process of its own, which loses what it has inherited. */
static void check(void (*prepare)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		if (prepare)
			prepare();
		_exit(closes_what_it_should() ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_by_the_kernel(void **state)
{
	(void)state;
	check(NULL);
}

static void test_one_by_one(void **state)
{
	(void)state;
	check(take_system_call);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_the_kernel),
		cmocka_unit_test(test_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
