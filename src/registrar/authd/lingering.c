/* SPDX-License-Identifier: ISC */
#include "registrar/authd/lingering.h"

#include "registrar/net/free-event.h"

#include <errno.h>
#include <sys/socket.h>

#define DISCARD_MAX 262144 /* bytes */

static void on_readable(evutil_socket_t fd, short what, void *argument)
{
	struct lingering *lingering = argument;
	char scratch[4096];
	ssize_t n;

	(void)what;
	while ((n = recv(fd, scratch, sizeof scratch, MSG_DONTWAIT)) > 0) {
		lingering->discarded += (size_t)n;
		if (lingering->discarded > DISCARD_MAX)
			break;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	lingering->ended(lingering->owner);
}

int lingering_begin(struct lingering *lingering, struct event_base *base, int fd,
		    void (*ended)(void *owner), void *owner)
{
	*lingering = (struct lingering){
		.event = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, lingering),
		.ended = ended,
		.owner = owner,
	};
	if (shutdown(fd, SHUT_WR) < 0)
		return -errno;
	return lingering->event && event_add(lingering->event, NULL) == 0 ? 0 : -ENOMEM;
}

void lingering_leave(struct lingering *lingering)
{
	free_event(&lingering->event);
}
