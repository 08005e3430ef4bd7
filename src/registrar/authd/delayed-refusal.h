/* SPDX-License-Identifier: ISC */
/* A refusal that its client gets a while later, because wrong passwords came from its source. */
#pragma once

#include "registrar/authd/answer.h"
#include "registrar/authd/connection.h"

#include <event2/event.h>
#include <stdint.h>

struct delayed_refusal;

/*
 * Answer the connection in `delay` microseconds. Then, or with delayed_refusal_send(), *owner,
 * which is what this returns, becomes null. Null: out of memory, so answer now.
 */
struct delayed_refusal *delayed_refusal_new(struct event_base *base, struct connection *connection,
					    const struct answer *answer, uint64_t delay,
					    struct delayed_refusal **owner);

/* Answer now. */
void delayed_refusal_send(struct delayed_refusal *refusal);

/* The connection is gone. Null is allowed. */
void delayed_refusal_free(struct delayed_refusal *refusal);
