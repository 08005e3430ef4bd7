/* SPDX-License-Identifier: ISC */
/*
 * The requests that are ready: decided together, written with one append and one flush, and then
 * answered.
 *
 * What becomes ready in one round of the loop is one batch, and nobody in it is answered before the
 * disk has it: a client that has its key can rely on it, and a herd of clients does not wait for a
 * flush each. While another program holds the lock of client.keys, the batch waits and grows.
 */
#pragma once

#include "registrar/agents/roster.h"
#include "registrar/authd/connection.h"
#include "registrar/enrollment/enrollment.h"

#include <event2/event.h>

struct batch;

/* Since the start. */
struct batch_counts {
	unsigned long registered, refused;
};

/*
 * `roster` and `policy` outlive the batch; `answered` is told when counts have changed. Returns
 * null when out of memory.
 */
struct batch *batch_new(struct event_base *base, struct roster *roster,
			const struct enrollment_policy *policy, void (*answered)(void *owner),
			void *owner);

/* Null is allowed. Connections that are still in it are the caller's, and get no answer. */
void batch_free(struct batch *batch);

/*
 * Take a connection with a complete request. What is no request, or has the wrong password, is
 * answered at once.
 */
void batch_take(struct batch *batch, struct connection *connection);

/* Forget a connection, which is about to end, if it is in the batch. */
void batch_drop(struct batch *batch, struct connection *connection);

struct batch_counts batch_counts(const struct batch *batch);
