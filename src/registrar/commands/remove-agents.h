/* SPDX-License-Identifier: ISC */
/* The command remove. */
#pragma once

#include "common/must-check.h"
#include "registrar/commands/options.h"

/*
 * Remove the agents whose ids are the arguments, all lines of each id, or nothing at all; with
 * --purge, also what is left of agents that were removed before. Returns an exit status, see
 * agent-registrar(8).
 */
int remove_command(struct program *program) must_check;
