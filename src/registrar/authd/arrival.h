/* SPDX-License-Identifier: ISC */
/*
 * The time before TLS: a client has connected, and costs next to nothing until it has sent
 * something. Then it is looked at at once, whoever it is; but whoever is to wait for others goes no
 * further before nothing else is to be done (turns.h). An event for each of a flood of clients that
 * wait would have the event loop ask for all of them in every round.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/net/turns.h"

#include <event2/event.h>

/* What a client begins with. */
enum arrival_kind {
	ARRIVAL_TLS,
	ARRIVAL_NOTHING, /* it has closed */
	ARRIVAL_OTHER,   /* clear-text.h */
};

struct arrival_owner {
	/*
	 * Once. `other` says what it is instead of TLS, with ARRIVAL_OTHER. With ARRIVAL_TLS, call
	 * arrival_go_on(), or leave the arrival.
	 */
	void (*arrived)(void *owner, enum arrival_kind kind, const char *other);
	void (*go_on)(void *owner); /* TLS may begin; nothing more is called */
	void *owner;
};

/* Part of its owner's memory; zero: it has been left. */
struct arrival {
	struct arrival_owner owner;
	struct event *event;
	struct turn turn;
};

/* Wait for the first bytes of a client. Leave it with arrival_leave(). Returns 0 or -ENOMEM. */
int arrival_begin(struct arrival *arrival, struct event_base *base, int fd,
		  const struct arrival_owner *owner) must_check;

/* `turns`: those that it has to wait for; null: none. Calls go_on(), perhaps at once. */
void arrival_go_on(struct arrival *arrival, struct turns *turns);

/* Nothing more is called. Allowed more than once. */
void arrival_leave(struct arrival *arrival);
