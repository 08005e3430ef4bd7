/* SPDX-License-Identifier: ISC */
/*
 * The thread that tries passwords. One try takes a tenth of a second of a processor and 32 MiB,
 * both on purpose; in the event loop it would hold up every agent that registers meanwhile. One
 * thread bounds memory and processor time whatever is asked; its queue is short, because who waits
 * in a long one has given up when the turn comes.
 *
 * The queue is fair to sources (net/client-network.h): each failed login of a source lately puts a
 * try back by half a minute, and each try of its that waits already by a second. So an
 * administrator is served next while others guess, and nobody waits for ever.
 *
 * The thread only ever sees a job; it knows neither libevent nor the log.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/keeper/password.h"
#include "registrar/net/client-network.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#define PASSWORD_WORKER_QUEUE 128
#define PASSWORD_WORKER_EACH 32 /* of one source */

struct password_worker;

/*
 * Called in the event loop: `fits` is what api_password_check() returned, or -EBUSY if the try had
 * to make room for others.
 */
typedef void password_worker_done(void *argument, int fits);

/* Start the thread. Returns 0 or a negative errno. */
int password_worker_new(struct password_worker **ret, struct event_base *base) must_check;

/* Who wants a password to be tried. */
struct password_source {
	struct client_network network;
	unsigned int failures; /* logins of it that failed lately */
};

/*
 * Try a password (copied, wiped after use), then call `done`. When the queue is full, the last in
 * it makes room, or this one. False: this one does, or the source has too many in it, or there is
 * no memory; `done` is not called.
 */
bool password_worker_try(struct password_worker *worker, const struct password_source *source,
			 const struct api_password *password, const char *text,
			 password_worker_done *done, void *argument) must_check;

/*
 * Wait for the try that is under way, forget the others, and end the thread. No `done` is called
 * any more.
 */
void password_worker_free(struct password_worker *worker);
