/* SPDX-License-Identifier: ISC */
/* Texts that list words with commas between them: "web,db". An empty text lists none. Pure. */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>

/* Is `word` one of them? */
bool comma_list_has(const char *list, const char *word) must_check;

/* How many there are, empty ones included. */
size_t comma_list_count(const char *list) must_check;
