/* SPDX-License-Identifier: ISC */
/* Durations as a person writes them: numbers with units, added up ("1min 30s"). Pure. */
#pragma once

#include "common/must-check.h"

#include <stdint.h>

#define DURATION_TEXT_SIZE 128

/*
 * Microseconds; a number without a unit is one of seconds. Returns 0, or -EINVAL for anything else
 * and for more than 10 years, so that no sum can overflow.
 */
int duration_parse(uint64_t *ret, const char *text) must_check;

/* As duration_parse() takes it: the largest unit first, and none that there is nothing of. */
const char *duration_text(uint64_t usec, char buffer[static DURATION_TEXT_SIZE]);
