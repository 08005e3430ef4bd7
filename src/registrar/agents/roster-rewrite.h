/* SPDX-License-Identifier: ISC */
/*
 * Removing very many agents from client.keys: the file without them, and the index of that, are
 * made beside the old ones, in pieces that take no longer than they may, each within a transaction
 * of its own. Agents that are registered meanwhile are taken along. The transaction of the last
 * piece puts both in place of the old ones, at once.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/agents/roster.h"

#include <stdint.h>

struct roster_rewrite;

/* Null: out of memory. */
struct roster_rewrite *roster_rewrite_new(enum roster_tombstone tombstone) must_check;

/*
 * Within a transaction, before anything else is done in it: is what was marked and copied still
 * right? Not at first, and not any more if client.keys was changed other than by appending.
 */
bool roster_rewrite_is_right(const struct roster_rewrite *rewrite,
			     const struct roster *roster) must_check;

/* Begin, or begin anew: nothing is marked, nothing is copied. */
void roster_rewrite_begin(struct roster_rewrite *rewrite, struct roster *roster);

/*
 * Mark an agent, as roster_find_agent() finds it, to be left out. False: there is none that is not
 * marked yet.
 */
bool roster_rewrite_mark(const struct roster_rewrite *rewrite, struct roster *roster,
			 const char *id, const char *name) must_check;

/*
 * Go on copying, until `end` (monotonic_usec()). Returns 1: it is complete, and the roster has, in
 * this transaction and after its commit, what is left; 0: there is more to do, in another
 * transaction; or a negative errno with `why` set.
 */
int roster_rewrite_go_on(struct roster_rewrite *rewrite, struct roster *roster, uint64_t end,
			 struct reason *why) must_check;

/* Free what is large, until `end`. True: that is done. */
bool roster_rewrite_clear_some(struct roster_rewrite *rewrite, uint64_t end) must_check;

/* Null is allowed. */
void roster_rewrite_free(struct roster_rewrite *rewrite);
