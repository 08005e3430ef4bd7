/* SPDX-License-Identifier: ISC */
/*
 * The open connections by the source that they come from (client-network.h), so that those who have
 * the most give way when there is no room. Every operation takes the same time, however many
 * connections there are.
 *
 * Pure but for its memory: time is what the caller says (monotonic_usec()).
 */
#pragma once

#include "common/must-check.h"
#include "registrar/net/client-network.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source;
struct sources;
struct source_member;

struct source_links {
	struct source_member *next, *previous;
};

/*
 * A connection's part of it, inside of the connection. Zero before sources_add() and after
 * sources_remove().
 */
struct source_member {
	struct source *source;
	struct source_links of_source, of_all; /* among the idle ones, the longest idle first */
	uint64_t idle_since;                   /* 0: it is not idle */
	bool is_at_rest;                       /* idle, and for the owner to say */
};

/* Returns null when out of memory or without random numbers. */
struct sources *sources_new(void);

/* All members have been removed before. Null is allowed. */
void sources_free(struct sources *sources);

/*
 * Add a connection, idle from `now` on. `network` null: it is a source of its own, whatever its
 * address. Returns 0 or -ENOMEM.
 */
int sources_add(struct sources *sources, struct source_member *member,
		const struct client_network *network, uint64_t now) must_check;

/*
 * From now on the connection is idle, so that it may be closed for another one; also if it was
 * before. `now` 0: it is not. Without effect on one that was not added.
 */
void sources_set_idle(struct sources *sources, struct source_member *member, uint64_t now);

/* Remove a connection; without effect on one that was not added. */
void sources_remove(struct sources *sources, struct source_member *member);

/* The open connections of the source of `network`. */
size_t sources_count(const struct sources *sources, const struct client_network *network);

/* May this idle connection be closed? */
typedef bool source_chooser(void *owner, const struct source_member *member);

/*
 * Choose one of the connections of `network` that have been idle for the longest time. Null: none
 * may be closed.
 */
struct source_member *sources_choose_of(const struct sources *sources,
					const struct client_network *network,
					source_chooser *may_close, void *owner);

/*
 * Choose one that has been idle for the longest time of the source with the most idle ones, or else
 * of all sources with at least half as many. Null: none of them may be closed.
 */
struct source_member *sources_choose(const struct sources *sources, source_chooser *may_close,
				     void *owner);

/* The network that a member was added with; false: it is a source of its own. */
bool sources_network_of(const struct source_member *member, struct client_network *ret) must_check;
