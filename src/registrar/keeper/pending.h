/* SPDX-License-Identifier: ISC */
/*
 * A request to the registry of the file client.keys that waits for its transaction, and what is
 * done with each kind of them. Only the parts of that registry include it.
 */
#pragma once

#include "registrar/agents/stamps.h"
#include "registrar/keeper/file-registry.h"
#include "registrar/net/turns.h"

#include <stdbool.h>

struct group_listing;
struct long_removal;
struct pending;

struct file_registry {
	struct registry registry; /* first */
	struct file_registry_settings settings;
	struct turns *turns;         /* for listings, so that registrations do not wait for them */
	struct agent_stamps *stamps; /* for listings */
	struct forgetting *forgetting;                /* agents that were removed */
	struct pending *removal;                      /* the one that is at work; null: none */
	struct pending *next_removal, **last_removal; /* that wait until it is done */
	void (*answer)(struct pending *pending);      /* what was asked for is done */
};

struct pending {
	struct transaction_entry entry; /* while it waits for a transaction */
	uint64_t patience;              /* microseconds, for each of them; 0: without end */
	struct turn turn;               /* while it waits for its turn to do so */
	struct roster *roster;          /* during `decide`, for its steps */
	struct registry_request *request;
	struct file_registry *file;
	const struct pending_kind *kind;
	bool is_unfinished; /* set by `decide`: it is called again, in another transaction */
	/* set by `decide`, where nothing could be decided: not REGISTRY_DECIDED */
	enum registry_outcome outcome;
	struct long_removal *long_removal; /* null: it is short, or has not begun */
	struct pending *next, **previous;  /* among the removals that wait */
	union {                            /* what has come out, by the type of the request */
		struct enrollment enrollment;
		struct key_answer key;
		struct join_answer join;
		struct removal_answer removal;
		struct secret_answer secret;
		struct {
			struct token_make_answer token_make;
			size_t tokens_removed; /* to make room for it */
		};
		struct tokens_page tokens;
		struct token_end_answer token_end;
		struct agents_page agents;
		struct group_listing *groups; /* null: it has failed */
	};
};

/* What becomes of a request of one type. */
struct pending_kind {
	bool is_removal; /* one after the other */
	bool is_long; /* each of its transactions waits for a turn, and takes no longer than one */
	bool changes_roster; /* false: it has succeeded even if nothing can be stored */
	/* Within the transaction: stage changes, collect the records of them. */
	void (*decide)(struct pending *pending, struct roster *roster, struct records *records);
	/*
	 * What `decide` has staged is on the disk. True: something else is to be done before the
	 * answer, which `answer` of the registry makes then. Null: no.
	 */
	bool (*stored)(struct pending *pending);
	/*
	 * This machine is at fault, `why` says how: nothing was decided, or what was (`decided`)
	 * could not be stored.
	 */
	void (*fail)(struct pending *pending, bool decided, const struct reason *why);
	/* Write what has come out into `ret`, which is zero but for outcome and type; log it. */
	void (*conclude)(struct pending *pending, struct registry_answer *ret);
	/* Wipe what is kept; null: there is nothing. */
	void (*wipe)(struct pending *pending);
};

/* For a user's request that has failed: log it, unless the client causes too much of that. */
void pending_log_failure(const struct pending *pending, const struct registry_user *user,
			 const char *why);

extern const struct pending_kind pending_registration; /* registering.c */
extern const struct pending_kind pending_key;          /* user-requests.c */
extern const struct pending_kind pending_join;         /* user-requests.c */
extern const struct pending_kind pending_removal;      /* removing.c */
extern const struct pending_kind pending_agents;       /* agent-listing.c */
extern const struct pending_kind pending_groups;       /* group-listing.c */
extern const struct pending_kind pending_secret;       /* issuing.c */
extern const struct pending_kind pending_token_make;   /* token-requests.c */
extern const struct pending_kind pending_tokens;       /* token-requests.c */
extern const struct pending_kind pending_token_end;    /* token-requests.c */
