/* SPDX-License-Identifier: ISC */
/*
 * Accepting connections with a limit: at the limit another one gives way, or it pauses until a
 * connection ends; without descriptors it pauses for a moment. After some connections other events
 * get their turn.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/net/listener.h"

#include <event2/event.h>
#include <event2/listener.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct acceptor;

#define ACCEPTOR_LISTENERS_MAX ((size_t)2 * LISTENERS_MAX)

/* Texts outlive the acceptor. */
struct acceptor_settings {
	struct event_base *base;
	unsigned int max_connections; /* further ones wait in the kernel, if none gives way */
	const char *target;           /* for the log, behind "connections": "" or " by HTTPS" */
	const char *limit_option;     /* that sets the limit, for the log; null: none does */
	/* Close a connection, now or soon, for one more. False: none may be closed. Null: never. */
	bool (*make_room)(void *owner);
	void *owner; /* of make_room */
};

/* Returns null when out of memory. */
struct acceptor *acceptor_new(const struct acceptor_settings *settings) must_check;

/*
 * An accepted connection: a non-blocking descriptor, which is the callee's from now on. The callee
 * calls acceptor_opened() if it keeps it.
 */
typedef void acceptor_callback(void *owner, int fd, const struct sockaddr_storage *peer);

/* Accept from these listeners, which stay the caller's. Returns 0 or -ENOMEM. */
int acceptor_listen(struct acceptor *acceptor, const struct listeners *listeners,
		    acceptor_callback *accepted, void *owner) must_check;

/*
 * Control a listener that evhttp owns, at most ACCEPTOR_LISTENERS_MAX of them. It outlives
 * the acceptor, or acceptor_stop() is called before it goes. Returns 0; or -ENOMEM: it does not
 * listen.
 */
int acceptor_adopt(struct acceptor *acceptor, struct evconnlistener *listener) must_check;

/*
 * Count a connection that has begun, before it can be asked to give way. At the limit another one
 * is asked to, or accepting pauses.
 */
void acceptor_opened(struct acceptor *acceptor);

/* Count a connection that was closed as soon as it had been accepted. */
void acceptor_turned_away(struct acceptor *acceptor);

/* Count a connection that has ended; accepting resumes if it paused at the limit. */
void acceptor_closed(struct acceptor *acceptor);

/* How many connections are open. */
size_t acceptor_count(const struct acceptor *acceptor);

/* Accept no more, for good. */
void acceptor_stop(struct acceptor *acceptor);

/* Null is allowed. */
void acceptor_free(struct acceptor *acceptor);
