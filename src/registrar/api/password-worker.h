/* SPDX-License-Identifier: ISC */
/*
 * The thread that tries passwords. One try takes a tenth of a second of a processor and 32 MiB,
 * both on purpose; in the event loop it would hold up every agent that registers meanwhile. One
 * thread bounds memory and processor time whatever is asked; its queue is short, because who waits
 * in a long one has given up when the turn comes.
 *
 * The thread only ever sees a job; it knows neither libevent nor the log.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/api/password.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#define PASSWORD_WORKER_QUEUE 32

struct password_worker;

/* Called in the event loop: `fits` is what api_password_check() returned. */
typedef void password_worker_done(void *argument, int fits);

/* Start the thread. Returns null when that cannot be done. */
struct password_worker *password_worker_new(struct event_base *base) must_check;

/*
 * Try a password (copied, wiped after use), then call `done`. False: the queue is full, or there is
 * no memory; `done` is not called.
 */
bool password_worker_try(struct password_worker *worker, const struct api_password *password,
			 const char *text, password_worker_done *done, void *argument) must_check;

/*
 * Wait for the try that is under way, forget the others, and end the thread. No `done` is called
 * any more.
 */
void password_worker_free(struct password_worker *worker);
