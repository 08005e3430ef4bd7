/* SPDX-License-Identifier: ISC */
/* What configure has found the compiler able to do is done in what it compiles. */
#include "tests/unit/support.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Have the compiler believe that somebody else reads and writes this memory. */
static void *seen_elsewhere(void *memory)
{
	__asm__ volatile("" : "+r"(memory) : : "memory");
	return memory;
}

/* ------------------------------------------------------------------ sizes of objects */

/* A build with sanitizers is not: they find such mistakes themselves. */
#if defined FORTIFY_LEVEL && FORTIFY_LEVEL >= 3 && defined __OPTIMIZE__ && _FORTIFY_SOURCE >= 3
#define IS_FORTIFIED
#endif

#ifdef IS_FORTIFIED

/* Write more bytes than there is room for. The compiler knows neither number. */
static void overflow(void)
{
	size_t numbers[] = { 16, 17 }, *room = seen_elsewhere(numbers);
	char *memory = malloc(room[0]);

	memset(memory, 'x', room[1]);
	free(seen_elsewhere(memory));
}

static void test_fortify(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

		(void)dup2(nowhere, STDERR_FILENO);
		(void)setenv("LIBC_FATAL_STDERR_", "1", 1);
		overflow();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
#endif

/* ------------------------------------------------------------------ variables */

static __attribute__((noinline)) void leave_something(void)
{
	unsigned char bytes[512];

	memset(bytes, 0xff, sizeof bytes);
	(void)seen_elsewhere(bytes);
}

static __attribute__((noinline)) unsigned sum_of_what_is_there(void)
{
	unsigned char bytes[512], *seen = seen_elsewhere(bytes);
	unsigned sum = 0;

	for (size_t i = 0; i < sizeof bytes; i++)
		sum += seen[i];
	return sum;
}

static void test_variables_are_zero(void **state)
{
	(void)state;
#ifndef HAS_ZERO_INIT
	skip();
#endif
	leave_something();
	assert_int_equal(sum_of_what_is_there(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef IS_FORTIFIED
		cmocka_unit_test(test_fortify),
#endif
		cmocka_unit_test(test_variables_are_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
