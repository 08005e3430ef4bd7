/* SPDX-License-Identifier: ISC */
/*
 * What the manager's other files say about agents that come and go: when they were registered,
 * their groups, their message counters. A transaction collects it, and it is written after the
 * commit: client.keys is what counts, so a failure here is a warning.
 */
#pragma once

#include "common/must-check.h"
#include "common/text-index.h"
#include "registrar/enrollment/enrollment.h"

#include <stdbool.h>

/* An agent that is registered in this transaction. */
struct agent_record {
	struct agent_record *next; /* in the order in which they were registered */
	char id[AGENT_ID_MAX + 1];
	char name[AGENT_NAME_MAX + 1];
	char ip[AGENT_IP_MAX + 1];
	char *groups;  /* each once, with commas between them; null: none were requested */
	bool removed;  /* by a later step of the same transaction */
	bool is_again; /* it was one before, and stays in its groups unless others are requested */
};

/* Zero-initialise; records_clear() frees it. */
struct records {
	struct agent_record *first, *last;
	size_t count;
	struct text_index by_id; /* those that are not removed */
	char (*removed)[AGENT_ID_MAX + 1];
	size_t removed_count, removed_room;
	bool incomplete; /* out of memory: something could not be collected */
};

/*
 * An agent was accepted, and the agents that it replaces are removed. Nothing if it was refused.
 * The roster is that of the transaction, in which all that is staged.
 */
void records_add(struct records *records, const struct roster *roster,
		 const struct enrollment *enrollment);

/*
 * An agent was removed. What is kept of its id stays if another agent has the same id, in a file
 * that somebody else wrote.
 */
void records_remove(struct records *records, const struct roster *roster, const char *id);

/* The agent of this transaction that has the id, or null. */
const struct agent_record *records_find(const struct records *records, const char *id);

/* Has nothing been collected? */
bool records_are_empty(const struct records *records) must_check;

/*
 * Write everything to the files below `history->queue`; groups and times only where there is a
 * history (agent_history_exists()). Goes on after a failure. Returns 0, or the first failure as a
 * negative errno with `why` set.
 */
int records_write(const struct records *records, const struct agent_history *history,
		  struct reason *why) must_check;

/* Free what was collected and begin anew. Fit for cleanup(). */
void records_clear(struct records *records);
