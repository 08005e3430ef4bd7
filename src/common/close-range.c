/* SPDX-License-Identifier: ISC */
#include "common/close-range.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Without close_range(2), which kernels before 5.9 do not have. */
static int close_one_by_one(int first, int last)
{
	long limit = sysconf(_SC_OPEN_MAX);

	if (limit < 0)
		return -errno;
	for (int fd = first; fd <= last && fd < limit; fd++)
		close(fd);
	return 0;
}

int close_descriptors(int first, int last)
{
	if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
		return 0;
	return close_one_by_one(first, last);
}
