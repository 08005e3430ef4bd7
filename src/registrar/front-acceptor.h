/* SPDX-License-Identifier: ISC */
/* Letting fronts in that are services of their own. */
#pragma once

#include "common/must-check.h"
#include "registrar/keeper/keeper-server.h"
#include "registrar/net/listener.h"

#include <event2/event.h>
#include <sys/types.h>

/* Zero: it has not begun. */
struct front_acceptor {
	struct keeper_server *server;
	uid_t front_user; /* of the front's service; (uid_t)-1: there is none */
	struct event *events[LISTENERS_MAX];
	struct event *resume; /* when there may be descriptors again */
};

/*
 * Begin to accept fronts for the server, which outlives the acceptor, where it stays; who may be
 * none is turned away, which is logged. Without descriptors for them it pauses. Returns 0 or a
 * negative errno; end it in any case.
 */
int front_acceptor_begin(struct front_acceptor *acceptor, struct event_base *base,
			 const struct listeners *listeners,
			 struct keeper_server *server) must_check;

/* Accept no more; those who come wait for the next keeper, if the listeners stay open. */
void front_acceptor_end(struct front_acceptor *acceptor);
