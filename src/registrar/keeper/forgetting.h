/* SPDX-License-Identifier: ISC */
/*
 * What is to be done when very many agents have been removed from client.keys: they are logged, and
 * what the manager's other files have of them is removed, in turns (turns.h). Until that is done,
 * their ids are in a file of their own, queue/agents-removed, so that the next process goes on with
 * it if this one is ended in between. What belongs to an agent that has come meanwhile, with the id
 * of one of them, stays.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/agents/roster-rewrite.h"
#include "registrar/agents/stamps-cut.h"
#include "registrar/enrollment/transactions.h"
#include "registrar/net/turns.h"
#include "registrar/registry/removals.h"
#include "registrar/registry/user-session.h"

#include <stdbool.h>

/* What is pointed to outlives it. */
struct forgetting_settings {
	struct transactions *transactions;
	struct turns *turns;
	const struct agent_history *history;
	/* What was begun has ended, and another removal may begin. Nothing was removed, or all. */
	void (*idle)(void *owner);
	void *owner;
};

/* One at a time. */
struct forgetting;

/*
 * Goes on with what the process before has left, if there is something. Null: out of memory.
 */
struct forgetting *forgetting_new(const struct forgetting_settings *settings) must_check;

/* What is not done is left to the next process. Null is allowed. */
void forgetting_free(struct forgetting *forgetting);

/* Is there something to be done? */
bool forgetting_is_busy(const struct forgetting *forgetting) must_check;

/*
 * Copy, before they are removed, which agents that will be: those of the request that have a bit in
 * `removed` (removals.h); `client` is for the log. Returns 0, or a negative errno with `why` set.
 */
int forgetting_prepare(struct forgetting *forgetting, const struct removal_request *request,
		       const unsigned char *removed, const char *client,
		       struct reason *why) must_check;

/*
 * Write down their ids, until `end` (monotonic_usec()). Returns 1: they are on the disk; 0: there
 * are more; or a negative errno with `why` set.
 */
int forgetting_save(struct forgetting *forgetting, uint64_t end, struct reason *why) must_check;

/* They are not going to be removed. */
void forgetting_abandon(struct forgetting *forgetting);

/*
 * They were removed: begin. `rewrite` is freed on the way. `done` is called when all is done, or as
 * far as it can be, unless forgetting_leave() is.
 */
void forgetting_begin(struct forgetting *forgetting, struct roster_rewrite *rewrite,
		      void (*done)(void *owner), void *owner);

/* Nobody waits for the end any more. */
void forgetting_leave(struct forgetting *forgetting);
