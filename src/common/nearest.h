/* SPDX-License-Identifier: ISC */
/* The nearest valid word to one that is not: "unknown command 'strat'; did you mean 'status'?" */
#pragma once

#include "common/must-check.h"

#include <stddef.h>

/*
 * The Levenshtein distance of two words, in bytes, where capital letters (of ASCII) count as small
 * ones. SIZE_MAX when one of them has 64 bytes or more: such words are like no other.
 */
size_t nearest_distance(const char *a, const char *b) must_check;

/*
 * A search over words that lie anywhere: start with the word, then offer one candidate at a time.
 */
struct nearest {
	const char *word;
	const char *found; /* the nearest candidate so far, not copied; null: none is like it */
	size_t distance;   /* of `found` */
};

#define NEAREST_TO(text) ((struct nearest){ .word = (text) })

/*
 * Take the candidate if it is nearer than those before it, and like the word at all: no more than
 * two bytes, or half of the longer one, differ, and not all of it.
 */
void nearest_offer(struct nearest *nearest, const char *candidate);

/* The nearest of `words` (ends with null); null: none is like `word`. */
const char *nearest_of(const char *word, const char *const *words) must_check;

/* "; did you mean 'FOUND'?" into `ret`, or an empty text. Returns `ret`. */
#define NEAREST_HINT_SIZE 96
const char *nearest_hint(char ret[static NEAREST_HINT_SIZE], const char *found);
