/* SPDX-License-Identifier: ISC */
/* What a program says of its command line: what is wrong with it, its help, its version. */
#pragma once

#include "common/command-table.h"
#include "common/must-check.h"
#include "common/negative-errno.h"

/* From here on, everything below is about this line, which must stay. A process has one. */
void usage_begin(const struct command_line *line);

/* Print "PROGRAM: WHAT" and where help is to be had on stderr. Returns -EINVAL. */
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define usage_error(...) negative_errno(usage_error(__VA_ARGS__))

/*
 * Say on stderr what cannot be found out, or done, through no fault of the command line. Returns
 * `error`, which is negative.
 */
int usage_fail(int error, const char *what) must_check;

/* Say on stderr that there is no memory for the command line. Returns -ENOMEM. */
int usage_no_memory(void) must_check;

/*
 * Is the value one of `choices` (ends with null)? Returns 0, or -EINVAL: a usage error, which calls
 * the value `what`, names the choices and the nearest one.
 */
int usage_check_choice(const char *what, const char *const *choices, const char *value) must_check;

/* Print the help on standard output, in at most 80 columns. */
void usage_print_help(void);

/* Print "PROGRAM VERSION" on standard output. */
void usage_print_version(void);
