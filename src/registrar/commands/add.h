/* SPDX-License-Identifier: ISC */
/* The commands add and import-file. */
#pragma once

#include "registrar/commands/options.h"

/* Register one agent and print it. Returns an exit status, see agent-registrar(8). */
int agents_add(const struct options *options);

/*
 * Register the agents of the file that is the operand ("-": standard input), all of them or none,
 * and print them. Those that are there already with the same address are passed over. Returns an
 * exit status.
 */
int agents_import(const struct options *options);
