/* SPDX-License-Identifier: ISC */
/*
 * Parse a command line by its tables (command-table.h).
 *
 *	PROGRAM [OPTION...] [COMMAND [ARGUMENT...]]
 *
 * Options and other words may stand in any order; "--" ends the options. Long names may be cut as
 * long as they stay unique, and take their argument as "--name=VALUE" or "--name VALUE"; letters
 * may be joined ("-dV"), and take theirs as "-pVALUE" or "-p VALUE".
 */
#pragma once

#include "common/command-table.h"
#include "common/must-check.h"

#include <stdbool.h>

/* What a command line held. Texts point into argv. */
struct parsed_line {
	const struct command *command; /* null: the program has none */
	char **arguments;              /* of the command, or all that were no options */
	int argument_count;
	bool is_default; /* no command was given: `command` is the default */
};

/*
 * Parse the arguments of main(), of which argv is put in order: options first. Options are stored
 * in `target` by their setters, in their order. Returns 0 to go on; 1, with `ret` as it was, when
 * an option with is_last (--help, --version) was all there was to do; or -EINVAL (a usage error has
 * been printed).
 */
int command_line_parse(struct parsed_line *ret, const struct command_line *line, void *target,
		       int count, char **arguments) must_check;
