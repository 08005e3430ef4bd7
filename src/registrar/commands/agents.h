/* SPDX-License-Identifier: ISC */
/*
 * The commands that administer client.keys: what manage_agents does, whether the service runs or
 * not.
 *
 * Each is one transaction of the roster: it happens as a whole, or not at all. What they print goes
 * to stdout; why they fail is one line in the log.
 */
#pragma once

#include "registrar/commands/options.h"

/* Wait so long for other programs, microseconds. */
#define ADMINISTRATION_PATIENCE (10 * USEC_PER_SEC)

/* Run the command that the options name. Returns an exit status, see agent-registrar(8). */
int administration_run(const struct options *options);
