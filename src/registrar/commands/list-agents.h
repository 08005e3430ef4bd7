/* SPDX-License-Identifier: ISC */
/* The command list: who is registered. */
#pragma once

#include "common/must-check.h"
#include "registrar/commands/options.h"

/* What list can be asked for; the words of Wazuh. */
enum list_status { LIST_ACTIVE, LIST_DISCONNECTED, LIST_NEVER_CONNECTED };

/*
 * Print the agents that the options name: a line each, or as JSON; on a terminal in columns with a
 * header. Returns an exit status, see agent-registrar(8).
 */
int list_command(struct program *program) must_check;
