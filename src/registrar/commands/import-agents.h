/* SPDX-License-Identifier: ISC */
/* The command import-file. */
#pragma once

#include "common/must-check.h"
#include "registrar/commands/options.h"

/*
 * Register the agents of the file that is the operand ("-": standard input), all of them or none,
 * and print them. Those that are there already with the same address are passed over. Returns an
 * exit status, see agent-registrar(8).
 */
int import_command(struct program *program) must_check;
