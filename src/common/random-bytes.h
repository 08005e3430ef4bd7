/* SPDX-License-Identifier: ISC */
/* Random numbers of the kernel, fit for keys. */
#pragma once

#include "common/must-check.h"

#include <stddef.h>

/* Fill with random bytes, as many as are asked for. Returns 0 or a negative errno. */
int random_bytes(void *ret, size_t size) must_check;
