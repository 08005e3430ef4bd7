/* SPDX-License-Identifier: ISC */
/* agent-registrar token: the enrollment tokens for agents of Wazuh 5. */
#pragma once

#include "common/must-check.h"
#include "registrar/commands/options.h"

/* What can be done with them, by the first argument; ends with null. */
extern const char *const token_actions[];

/* Returns the exit status. */
int token_command(struct program *program) must_check;
