/* SPDX-License-Identifier: ISC */
/* OpenSSL that has no memory where it is used first: that is told, or it works once there is. */
#include "tests/unit/support.h"

#include "common/library-memory.h"

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BEGUN, SHORT, NOT_USABLE, NOT_NOTED };

static unsigned int calls, first_to_fail = UINT_MAX;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return ++calls >= first_to_fail ? NULL : __real_malloc(size);
}

static bool can_digest(void)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int length;

	return EVP_Digest("a", 1, digest, &length, EVP_sha256(), NULL) == 1;
}

/* From the `first` call on, all fail. In a process of its own: what is set up is so for good. */
static int begin_without(unsigned int first)
{
	int r;

	first_to_fail = first;
	library_memory_watch_openssl();
	r = library_memory_begin_openssl();
	first_to_fail = UINT_MAX;
	if (r == -ENOMEM)
		return library_memory_was_short() ? SHORT : NOT_NOTED;
	return r == 0 && can_digest() ? BEGUN : NOT_USABLE;
}

static void test_each_call(void **state)
{
	unsigned int first = 1;
	int status;

	(void)state;
	do {
		pid_t pid = fork();

		if (pid == 0)
			_exit(begin_without(first));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_in_range(WEXITSTATUS(status), BEGUN, SHORT);
		first++;
	} while (WEXITSTATUS(status) == SHORT);
	assert_true(first > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_each_call) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
