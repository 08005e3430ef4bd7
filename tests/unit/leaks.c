/* SPDX-License-Identifier: ISC */
#include "tests/unit/shortage.h"
#include "tests/unit/support.h"

extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

unsigned int shortage_step(unsigned int usually)
{
	const char *choice = getenv("FAULTS");

	return choice && strcmp(choice, "all") == 0 ? 1 : usually;
}

void assert_no_leak(void)
{
	if (__lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check() != 0)
		fail_msg("memory was lost: see above");
}

void assert_no_leak_at_times(void)
{
	static unsigned int calls;

	if (++calls % 16 == 0)
		assert_no_leak();
}
