/* SPDX-License-Identifier: ISC */
/* The story of one registration, and the only place that knows the order of its steps. */
#pragma once

#include "client/config/config.h"
#include "client/methods/method.h"

#include <stdbool.h>

/*
 * Hears of each step of an attempt as it begins: the manager as text, and the name that it is asked
 * for.
 */
typedef void register_listener(enum attempt_step step, const char *manager, const char *name);

/*
 * Register this machine's agent unless it is registered already (`force`: even then). `stop_fd`
 * becomes readable when the process is asked to stop; `listener` may be null. Logs what happens and
 * tells systemd. Returns the exit status, or -ECANCELED when it was asked to stop; a key on disk is
 * then as it was.
 */
int register_agent(const struct config *config, const char *state_directory, bool force,
		   int stop_fd, register_listener *listener);

struct agent_key;

/* A key that somebody brought from the manager. Nothing is owned. */
struct import {
	const struct agent_key *key;
	const char *from; /* where it comes from, for messages */
	bool force;       /* over another key without asking, and on a manager */
	/*
	 * May the key `old` in the key file `path` be replaced? Returns 0, the exit status if not,
	 * or -ECANCELED.
	 */
	int (*confirm)(const struct agent_key *old, const char *path, void *user);
	void *user;
};

/*
 * Store a key that was brought. Returns as register_agent() does; the same key as the one on disk
 * changes nothing.
 */
int register_import(const struct config *config, const char *state_directory,
		    const struct import *import, int stop_fd);
