/* SPDX-License-Identifier: ISC */
/*
 * The end of a connection whose answer is written. Closing a socket that still has unread bytes (a
 * second request, say) would reset the connection and could take the answer away from a client that
 * has not read it yet. So only our direction is closed, and what comes is read, for nothing, until
 * the client closes too, or has sent too much.
 */
#pragma once

#include "common/must-check.h"

#include <event2/event.h>
#include <stddef.h>

/* Part of its owner's memory; zero: it has been left. */
struct lingering {
	struct event *event;
	size_t discarded; /* bytes */
	void (*ended)(void *owner);
	void *owner;
};

/*
 * Close our direction of the socket, and wait; `ended` is called at the end, once. Leave it with
 * lingering_leave(). Returns 0, or a negative errno: nothing is waited for.
 */
int lingering_begin(struct lingering *lingering, struct event_base *base, int fd,
		    void (*ended)(void *owner), void *owner) must_check;

/* Wait no more. Allowed more than once. */
void lingering_leave(struct lingering *lingering);
