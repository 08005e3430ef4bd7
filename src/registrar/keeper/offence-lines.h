/* SPDX-License-Identifier: ISC */
/*
 * How many lines the log gets about fronts that are refused or cut off: a hostile one comes back.
 * What is left out is counted, and the count is logged later.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stdint.h>

/* Zero: there was nothing yet. */
struct offence_lines {
	uint64_t end; /* of the time in which they are counted, monotonic_usec() */
	unsigned int count, left_out;
};

/* May a line be logged? False: it has been counted. */
bool offence_lines_may(struct offence_lines *lines) must_check;

/* Log the count of those that were left out, if there are any. */
void offence_lines_tell(struct offence_lines *lines);
