/* SPDX-License-Identifier: ISC */
/*
 * The registry in another process, the keeper, at the other end of a socket.
 *
 * While there is no connection, requests wait until there is one again, as long as they may.
 * A request that was sent is never sent again: when the connection breaks, it has failed, though it
 * may have been carried out. So nothing is granted twice, and what was granted and not heard of is
 * an answer that was lost on its way.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/registry/front-report.h"
#include "registrar/registry/registry.h"

#include <event2/event.h>
#include <stdbool.h>

struct remote_registry_settings {
	struct event_base *base;
	/*
	 * Connect to the keeper. Returns a stream socket that does not block, or a negative errno:
	 * it is tried again soon.
	 */
	int (*connect)(void *owner);
	/*
	 * There is a connection, with a keeper that need not be the one from before: what it hands
	 * out as material can be another one. What is asked now goes first. Null: ignored.
	 */
	void (*connected)(void *owner);
	/*
	 * The keeper says so; when it is closing, `why` it will not come back, null: it may. To one
	 * that is closing nothing more is sent, and the connection ends as soon as nothing is under
	 * way: the rest waits for the next one. Null: ignored.
	 */
	void (*news)(void *owner, enum registry_news news, const char *why);
	/*
	 * There is no connection any more, and what was sent fails behind this. Returns whether to
	 * look for another one, as null does.
	 */
	bool (*lost)(void *owner);
	void *owner; /* of these four, which may ask the registry, but not free it */
	/*
	 * Microseconds from one packet to the next at least, so that requests that come fast share
	 * their way and a transaction; one that comes alone is not delayed.
	 */
	unsigned int gathering;
};

/*
 * Connects with the first round of the event loop. Null: out of memory. Free it with
 * registry_free().
 */
struct registry *remote_registry_new(const struct remote_registry_settings *settings) must_check;

/* Send the keeper a report, if there is one now. */
void remote_registry_report(struct registry *registry, const struct front_report *report);
