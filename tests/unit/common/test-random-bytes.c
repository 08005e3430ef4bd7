/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/random-bytes.h"

#include <errno.h>
#include <sys/random.h>

/* What the next calls of getrandom() return: this, or a negative errno. */
static int returns[4];
static size_t next;

ssize_t __wrap_getrandom(void *ret, size_t size, unsigned int flags);
ssize_t __wrap_getrandom(void *ret, size_t size, unsigned int flags)
{
	int n = returns[next++];

	assert_int_equal(flags, 0);
	if (n < 0) {
		errno = -n;
		return -1;
	}
	assert_in_range(n, 0, size);
	memset(ret, 'a' + (int)next, (size_t)n);
	return n;
}

static void answer_with(int first, int second, int third)
{
	returns[0] = first;
	returns[1] = second;
	returns[2] = third;
	next = 0;
}

static void test_all_of_them(void **state)
{
	char bytes[9] = "";

	(void)state;
	answer_with(3, -EINTR, 5);
	assert_int_equal(random_bytes(bytes, 8), 0);
	assert_string_equal(bytes, "bbbddddd");
	assert_int_equal(random_bytes(bytes, 0), 0);
	assert_int_equal(next, 3);
}

static void test_failure(void **state)
{
	char bytes[8];

	(void)state;
	answer_with(3, -ENOSYS, 0);
	assert_int_equal(random_bytes(bytes, sizeof bytes), -ENOSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_of_them),
		cmocka_unit_test(test_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
