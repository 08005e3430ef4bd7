/* SPDX-License-Identifier: ISC */
/* A registration, and the only place that knows the order of its steps. */
#pragma once

#include "client/config/config.h"
#include "client/registration/observer.h"
#include "common/must-check.h"

#include <stdbool.h>

/*
 * Register this machine's agent unless it is registered already (`force`: even then). `stop_fd`
 * becomes readable when the process is to stop; `observer` may be null. Logs what happens and
 * notifies systemd. Returns the exit status, or -ECANCELED when it was to stop; a key on disk
 * is then as it was.
 */
int register_agent(const struct config *config, const char *state_directory, bool force,
		   int stop_fd, const struct register_observer *observer) must_check;

struct import; /* import-key.h */

/*
 * Store an imported key. Returns as register_agent() does; the same key as the one on disk
 * changes nothing.
 */
int register_import(const struct config *config, const char *state_directory,
		    const struct import *import, int stop_fd) must_check;
