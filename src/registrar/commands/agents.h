/* SPDX-License-Identifier: ISC */
/*
 * The commands list and export: what manage_agents does, whether the service runs or not.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/agents/roster.h"
#include "registrar/commands/options.h"

/* Print the agents, a line each or as JSON. Returns an exit status, see agent-registrar(8). */
int agents_list(struct program *program) must_check;

/* Print the key of the agent whose id is the operand, in base64. Returns an exit status. */
int agents_export(struct program *program) must_check;

/* The agent with the id. Null: `why` says that it is no id, or what has happened to the agent. */
const struct roster_entry *agents_find(const struct roster *roster, const char *id,
				       struct reason *why);
