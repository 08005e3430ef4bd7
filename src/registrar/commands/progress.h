/* SPDX-License-Identifier: ISC */
/*
 * How far a command has got, for a person who waits: one line on standard error, where that is a
 * terminal that can take a line back (TERM is not "dumb"). It is shown only by what takes
 * noticeable time, makes room for lines of the log, and is gone in the end, also after Ctrl-C. A
 * process has one.
 */
#pragma once

#include <stddef.h>

/* From here on, progress_show() shows. Before, it does nothing. */
void progress_begin(void);

/* Show "WHAT: DONE %", of `all`; without a number, and at once, where `all` is 0. */
void progress_show(const char *what, size_t done, size_t all);

/* Take the line away. Nothing is shown any more. */
void progress_end(void);
