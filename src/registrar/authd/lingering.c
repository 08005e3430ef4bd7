/* SPDX-License-Identifier: ISC */
#include "registrar/authd/lingering.h"

#include <errno.h>
#include <sys/socket.h>

#define DISCARD_MAX 262144 /* bytes */

int lingering_begin(int fd)
{
	return shutdown(fd, SHUT_WR) < 0 ? -errno : 0;
}

bool lingering_read(int fd, size_t *discarded)
{
	char scratch[4096];
	ssize_t n;

	while ((n = recv(fd, scratch, sizeof scratch, MSG_DONTWAIT)) > 0) {
		*discarded += (size_t)n;
		if (*discarded > DISCARD_MAX)
			break;
	}
	return !(n < 0 && (errno == EAGAIN || errno == EINTR));
}

void lingering_refuse(int fd)
{
	const struct linger at_once = { .l_onoff = 1 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}
