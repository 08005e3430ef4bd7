/* SPDX-License-Identifier: ISC */
/*
 * The commands list, export and remove: what manage_agents does, whether the service runs or not.
 */
#pragma once

#include "registrar/commands/options.h"

/* Print the agents, a line each or as JSON. Returns an exit status, see agent-registrar(8). */
int agents_list(struct program *program);

/* Print the key of the agent whose id is the operand, in base64. Returns an exit status. */
int agents_export(struct program *program);

/* Remove the agents whose ids are the operands: all of them or none. Returns an exit status. */
int agents_remove(struct program *program);
