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

#define AGENT_ROW_GROUPS_SIZE 32768 /* the names of an agent's groups, with the terminator */

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

/* ------------------------------------------------------------------ groups */

#define GROUP_SUM_SIZE 129   /* 64 bytes in hexadecimal, and the terminator */
#define GROUP_HASH_SIZE 16   /* of the name of a hash, with the terminator */
#define GROUPS_PAGE_MAX 100u /* groups in a page; so many fit, whatever their names */

struct groups_request {
	struct registry_user user;
	char hash[GROUP_HASH_SIZE];     /* of their files: "md5", "sha3_256": the names of Wazuh */
	char after[GROUP_NAME_MAX + 1]; /* those behind this one; empty: from the beginning */
};

struct group_row {
	struct group_row *next;
	char name[GROUP_NAME_MAX + 1];
	uint32_t count;                  /* of agents */
	char merged_sum[GROUP_SUM_SIZE]; /* of merged.mg; empty: there is none */
	char config_sum[GROUP_SUM_SIZE]; /* of agent.conf */
};

/* In the order of their names (group_compare()). Rows can be taken out of it. */
struct groups_page {
	enum listing_fault fault;
	struct group_row *rows; /* each from malloc() */
	bool has_more;          /* there is a page behind the last of these */
};

/* Capitals and small letters beside each other. As strcmp(). */
int group_compare(const char *a, const char *b) must_check;

/* Free the rows. */
void groups_page_clear(struct groups_page *page);
