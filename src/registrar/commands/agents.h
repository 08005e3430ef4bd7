/* SPDX-License-Identifier: ISC */
/* The command export: what manage_agents does, whether the service runs or not. */
#pragma once

#include "common/must-check.h"
#include "registrar/agents/roster.h"
#include "registrar/commands/options.h"

/* Print the key of the agent whose id is the operand, in base64. Returns an exit status. */
int agents_export(struct program *program) must_check;

/* The agent with the id. Null: `why` says that it is no id, or what has happened to the agent. */
const struct roster_entry *agents_find(const struct roster *roster, const char *id,
				       struct reason *why);
