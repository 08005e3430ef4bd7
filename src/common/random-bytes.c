/* SPDX-License-Identifier: ISC */
#include "common/random-bytes.h"

#include <errno.h>
#include <sys/random.h>

int random_bytes(void *ret, size_t size)
{
	unsigned char *at = ret;

	while (size > 0) {
		ssize_t n = getrandom(at, size, 0);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			at += n;
			size -= (size_t)n;
		}
	}
	return 0;
}
