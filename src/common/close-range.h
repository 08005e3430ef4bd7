/* SPDX-License-Identifier: ISC */
#pragma once

#include "common/must-check.h"

#include <limits.h>

/*
 * Close all descriptors from `first` up to `last` (INT_MAX: all there are), `last` included.
 * Nothing happens if `last` is lower. Returns 0 or a negative errno.
 */
int close_descriptors(int first, int last) must_check;
