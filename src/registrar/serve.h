/* SPDX-License-Identifier: ISC */
/* The command serve. */
#pragma once

#include "common/must-check.h"
#include "registrar/commands/options.h"

/* Open what the service needs, and run it. Returns an exit status, see agent-registrar(8). */
int serve_command(struct program *program) must_check;
