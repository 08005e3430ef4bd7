/* SPDX-License-Identifier: ISC */
/*
 * Agents and groups as the registry lists them, in pages: a page says where the next one begins,
 * and is small enough to be made, sent and read in one round of an event loop. Whoever wants all
 * asks until there is no next page. Between two pages agents can come and go.
 */
#pragma once

#include "common/agent-key.h"
#include "common/must-check.h"
#include "registrar/registry/user-requests.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LISTING_PAGE_SIZE ((size_t)64 * 1024) /* bytes; a page has one row more than fits */

/* ------------------------------------------------------------------ agents */

#define AGENTS_IDS_MAX 256 /* that can be asked for by their ids */

/* What is wanted of each agent beside its line in client.keys: each costs a look at a file. */
enum agents_wanted {
	AGENTS_SEEN = 1,   /* when it was last seen */
	AGENTS_ADDED = 2,  /* when it was registered */
	AGENTS_GROUPS = 4, /* its groups */
	AGENTS_EVERYTHING = 7,
};

struct agents_request {
	struct registry_user user;
	unsigned int wanted; /* of enum agents_wanted */
	uint64_t from;       /* 0, or where the page before says that this one begins */
	/* The agents with these ids, as they are written, in this order; none: all, by id. */
	size_t count;
	char ids[AGENTS_IDS_MAX][AGENT_ID_MAX + 1];
};

enum agent_seen {
	AGENT_SEEN_UNKNOWN, /* or it was not asked */
	AGENT_SEEN_NEVER,
	AGENT_SEEN_AT,
};

/* An agent. The texts are in the same memory. */
struct agent_row {
	struct agent_row *next;
	const char *id, *name, *ip; /* as in client.keys */
	const char *groups;         /* with commas between them, empty: none; null: not known */
	enum agent_seen seen;
	int64_t seen_at; /* AGENT_SEEN_AT: seconds since 1970 */
	bool is_added_known;
	int64_t added_at;
};

/* Null: out of memory. Free it with free(). */
struct agent_row *agent_row_copy(const struct agent_row *row) must_check;

/* How many bytes of a page a row takes, or less. */
size_t agent_row_size(const struct agent_row *row);

enum listing_fault {
	LISTING_OK,
	LISTING_INTERNAL, /* the manager's machine */
};

/* Rows can be taken out of it. */
struct agents_page {
	enum listing_fault fault;
	struct agent_row *rows; /* may be none, even if there is a next page */
	uint64_t next;          /* 0: this is the last page */
};

/* Free the rows. */
void agents_page_clear(struct agents_page *page);
