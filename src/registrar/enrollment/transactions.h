/* SPDX-License-Identifier: ISC */
/*
 * The queue of those who wait for a transaction of the roster: clients of authd and calls of the
 * API alike. What becomes ready in one round of the event loop shares one lock, one commit and one
 * flush to the disk, and answers are sent after that: a client that has its key can rely on it, and
 * many clients do not wait for a flush each. While another program holds the lock of client.keys,
 * the queue waits and grows.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/agents/enroll-tokens.h"
#include "registrar/agents/history.h"
#include "registrar/agents/roster.h"
#include "registrar/agents/secrets.h"
#include "registrar/enrollment/records.h"

#include <event2/event.h>
#include <stdint.h>

struct transactions;

/*
 * What happens to an entry: `decide`, and then `done` or `failed`; or `failed` or `gave_up` alone.
 * From the last of these on the entry is its owner's again, and may be freed there.
 */
struct transaction_callbacks {
	/* Within the transaction: stage changes, and collect the records of them. */
	void (*decide)(void *owner, struct roster *roster, struct records *records);
	/* What was staged is on the disk. */
	void (*done)(void *owner);
	/*
	 * This machine is at fault, `why` says how: the transaction could not begin (`decided` is
	 * false), or what was staged could not be stored.
	 */
	void (*failed)(void *owner, bool decided, const struct reason *why);
	/* client.keys was still locked at `give_up_at`; null where that is 0. */
	void (*gave_up)(void *owner);
};

/* Part of its owner's memory. Set the first three; the rest is the queue's. */
struct transaction_entry {
	const struct transaction_callbacks *callbacks;
	void *owner;
	uint64_t give_up_at;           /* monotonic_usec(); 0: wait as long as it takes */
	struct transaction_list *list; /* null: it is in none */
	struct transaction_entry *next, **previous;
};

struct transactions_settings {
	struct roster *roster;
	const struct agent_history *history;
	struct agent_secrets *secrets; /* null: there are none */
	struct enroll_tokens *tokens;  /* whose uses are counted; null: there are none */
	/*
	 * Asked before each transaction: 0, or a negative errno with `why` set for all who wait.
	 * Null: there is nothing to ask.
	 */
	int (*may_begin)(void *owner, struct reason *why);
	void *owner;
};

/* What the settings point to outlives the queue. Returns null when out of memory. */
struct transactions *transactions_new(struct event_base *base,
				      const struct transactions_settings *settings) must_check;

/* Null is allowed. Entries that still wait are their owners', and hear nothing. */
void transactions_free(struct transactions *transactions);

/* Put an entry into the queue, for the end of this round of the event loop. */
void transactions_add(struct transactions *transactions, struct transaction_entry *entry);

/* Take an entry out of the queue if it is there: it hears nothing more. */
void transactions_remove(struct transaction_entry *entry);
