/* SPDX-License-Identifier: ISC */
/*
 * A request to the registry of the file client.keys that waits for its transaction, and what is
 * done with each kind of them. Only the parts of that registry include it.
 */
#pragma once

#include "registrar/keeper/file-registry.h"

#include <stdbool.h>

struct file_registry {
	struct registry registry; /* first */
	struct file_registry_settings settings;
};

struct pending {
	struct transaction_entry entry;
	struct registry_request *request;
	const struct file_registry *file;
	const struct pending_kind *kind;
	union { /* what has come out, by the type of the request */
		struct enrollment enrollment;
		struct key_answer key;
		struct join_answer join;
	};
};

/* What becomes of a request of one type. */
struct pending_kind {
	/* Within the transaction: stage changes, collect the records of them. */
	void (*decide)(struct pending *pending, struct roster *roster, struct records *records);
	/*
	 * This machine is at fault, `why` says how: nothing was decided, or what was (`decided`)
	 * could not be stored.
	 */
	void (*fail)(struct pending *pending, bool decided, const struct reason *why);
	/* Write what has come out into `ret`, which is zero but for outcome and type; log it. */
	void (*conclude)(const struct pending *pending, struct registry_answer *ret);
	/* Wipe what is kept; null: there is nothing. */
	void (*wipe)(struct pending *pending);
};

extern const struct pending_kind pending_registration; /* registering.c */
extern const struct pending_kind pending_key;          /* user-requests.c */
extern const struct pending_kind pending_join;         /* user-requests.c */
