/* SPDX-License-Identifier: ISC */
/* A key that was exported at the manager and is stored here, instead of requesting one. */
#pragma once

#include "common/agent-key.h"
#include "common/must-check.h"

#include <stdbool.h>

struct registration;

/* A key that was exported at the manager. Nothing is owned. */
struct import {
	const struct agent_key *key;
	const char *from; /* where it comes from, for messages */
	bool force;       /* over another key without a question */
	/*
	 * May the key `old` in the key file `path` be replaced? Returns 0, the exit status if not,
	 * or -ECANCELED.
	 */
	int (*confirm)(const struct agent_key *old, const char *path, void *user);
	void *user;
};

/*
 * Take the key in the configured key_file, and stage. Returns CONTINUE with a new key; the exit
 * status (0: it is stored already); or -ECANCELED.
 */
int import_key_from_file(struct registration *run) must_check;

/* The same with a key that was given by hand. */
int import_key_given(struct registration *run, const struct import *import) must_check;
