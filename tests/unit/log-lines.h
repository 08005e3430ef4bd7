/* SPDX-License-Identifier: ISC */
/* The lines that code under test logs. */
#pragma once

#include <stddef.h>

/* Collect what is logged from now on, of every level, instead of printing it. Forgets the rest. */
void log_lines_collect(void);

/* Print again. */
void log_lines_stop(void);

/* How many lines of this level have `part` in them. */
size_t log_lines_count(int level, const char *part);
