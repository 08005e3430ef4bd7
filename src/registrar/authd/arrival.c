/* SPDX-License-Identifier: ISC */
#include "registrar/authd/arrival.h"

#include "registrar/authd/clear-text.h"
#include "registrar/net/free-event.h"

#include <errno.h>
#include <sys/socket.h>

static void on_first_bytes(evutil_socket_t fd, short what, void *argument)
{
	struct arrival *arrival = argument;
	const struct arrival_owner owner = arrival->owner;
	char bytes[8];
	ssize_t n = recv(fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
	const char *other = clear_text_describe(bytes, n > 0 ? (size_t)n : 0);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	free_event(&arrival->event);
	if (n <= 0)
		owner.arrived(owner.owner, ARRIVAL_NOTHING, NULL);
	else
		owner.arrived(owner.owner, other ? ARRIVAL_OTHER : ARRIVAL_TLS, other);
}

static void on_turn(void *argument)
{
	const struct arrival *arrival = argument;

	arrival->owner.go_on(arrival->owner.owner);
}

int arrival_begin(struct arrival *arrival, struct event_base *base, int fd,
		  const struct arrival_owner *owner)
{
	*arrival = (struct arrival){
		.owner = *owner,
		.event = event_new(base, fd, EV_READ | EV_PERSIST, on_first_bytes, arrival),
		.turn = { .run = on_turn, .owner = arrival },
	};
	return arrival->event && event_add(arrival->event, NULL) == 0 ? 0 : -ENOMEM;
}

void arrival_go_on(struct arrival *arrival, struct turns *turns)
{
	if (turns)
		turn_wait(turns, &arrival->turn);
	else
		arrival->owner.go_on(arrival->owner.owner);
}

void arrival_leave(struct arrival *arrival)
{
	free_event(&arrival->event);
	turn_cancel(&arrival->turn);
}
