/* SPDX-License-Identifier: ISC */
/* The story of one registration, and the only place that knows the order of its steps. */
#pragma once

#include "register/config.h"

#include <stdbool.h>

/*
 * Register this machine's agent unless it is registered already (`force`: even then).
 * `stop_fd` becomes readable when the process is asked to stop. Logs what happens and tells systemd.
 * Returns the exit status, or -ECANCELED when it was asked to stop; a key on disk is then as it was.
 */
int register_agent(const struct config *config, const char *state_directory, bool force, int stop_fd);
