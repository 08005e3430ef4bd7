/* SPDX-License-Identifier: ISC */
#include "clock.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static time_t passed;
static long passed_nsec, look_nsec;

static void advance(long nsec)
{
	passed_nsec += nsec;
	passed += passed_nsec / 1000000000;
	passed_nsec %= 1000000000;
}

/* In place of the C library's, for libevent too. */
int clock_gettime(clockid_t id, struct timespec *ret)
{
	int r = (int)syscall(SYS_clock_gettime, id, ret);

	if (r < 0 || id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)
		return r;
	advance(look_nsec);
	ret->tv_nsec += passed_nsec;
	ret->tv_sec += passed + ret->tv_nsec / 1000000000;
	ret->tv_nsec %= 1000000000;
	return r;
}

void fuzz_let_pass(unsigned int tenths)
{
	passed += (time_t)(tenths / 10);
	advance((long)(tenths % 10) * 100000000);
}

void fuzz_slow_down(unsigned int microseconds)
{
	look_nsec = (long)microseconds * 1000;
}
