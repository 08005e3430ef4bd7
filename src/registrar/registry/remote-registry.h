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
#include "registrar/registry/registry.h"

#include <event2/event.h>

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
	 * The keeper says so. When it is closing, nothing more is sent to it: that waits for the
	 * next one. Null: ignored.
	 */
	void (*news)(void *owner, enum registry_news news);
	void *owner; /* of these three, which may ask the registry, but not free it */
};

/*
 * Connects with the first round of the event loop. Null: out of memory. Free it with
 * registry_free().
 */
struct registry *remote_registry_new(const struct remote_registry_settings *settings) must_check;
