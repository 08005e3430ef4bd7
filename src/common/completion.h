/* SPDX-License-Identifier: ISC */
/* Shell completion, made from the tables of the command line. */
#pragma once

#include "common/command-table.h"

/* The shells there is completion for; ends with null. */
extern const char *const completion_shells[];

/*
 * Print a script for `shell` (one of completion_shells) that completes the commands, options,
 * choices and files of `line`, for the shell to evaluate. Needs nothing but the shell itself.
 */
void completion_print(const struct command_line *line, const char *shell);
