/* SPDX-License-Identifier: ISC */
/* A registration, and the only place that knows the order of its steps. */
#pragma once

#include "client/config/config.h"
#include "client/registration/observer.h"
#include "client/system/file-watch.h"
#include "common/must-check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

/* How to register. Nothing is owned. */
struct register_how {
	const char *state_directory;
	bool force;                               /* even if there is a key */
	int stop_fd;                              /* becomes readable when the process is to stop */
	const struct register_observer *observer; /* may be null */
	/* of the configuration; what it names is added; null: nobody waits for its change */
	struct file_watch *watch;
	/* since when the budget counts: CLOCK_MONOTONIC, microseconds; 0: from now on */
	uint64_t started_at;
	bool is_again; /* after REGISTER_AGAIN: no wait that was planned before counts */
};

/* The configuration has changed while a registration waited: read it, and call again. */
#define REGISTER_AGAIN (-ESTALE)

/*
 * Register this machine's agent unless it is registered already. Logs what happens and notifies
 * systemd. Returns the exit status; REGISTER_AGAIN; or -ECANCELED when it was to stop; a key on
 * disk is then as it was.
 */
int register_agent(const struct config *config, const struct register_how *how) must_check;

struct import; /* import-key.h */

/*
 * Store an imported key. Returns as register_agent() does; the same key as the one on disk
 * changes nothing.
 */
int register_import(const struct config *config, const char *state_directory,
		    const struct import *import, int stop_fd) must_check;
