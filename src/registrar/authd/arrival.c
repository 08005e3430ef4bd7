/* SPDX-License-Identifier: ISC */
#include "registrar/authd/arrival.h"

#include "registrar/authd/clear-text.h"

#include <errno.h>
#include <sys/socket.h>

enum arrival_kind arrival_look(int fd, const char **ret_other)
{
	char bytes[8];
	ssize_t n = recv(fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return ARRIVAL_NOT_YET;
	if (n <= 0)
		return ARRIVAL_NOTHING;
	*ret_other = clear_text_describe(bytes, (size_t)n);
	return *ret_other ? ARRIVAL_OTHER : ARRIVAL_TLS;
}
