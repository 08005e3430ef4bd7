/* SPDX-License-Identifier: ISC */
/*
 * A hash index from a text to records that carry it: open addressing, several records may carry the
 * same text. It owns neither: a text must live, unchanged, as long as its record is in the index.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>

struct text_index_slot {
	const char *text; /* null: never used */
	size_t length;
	void *record; /* null: removed */
};

struct text_index {
	struct text_index_slot *slots;
	size_t size; /* a power of two, or 0 */
	size_t used; /* slots that are not free for a search to stop at, removed ones included */
};

/* Add `record` under `text` of `length` bytes. Returns 0 or -ENOMEM. */
int text_index_add(struct text_index *index, const char *text, size_t length,
		   void *record) must_check;

/* A record under this text, or null. Which one, when there are several, is not specified. */
void *text_index_find(const struct text_index *index, const char *text, size_t length) must_check;

/* Remove this record from under this text, if it is there. */
void text_index_remove(struct text_index *index, const char *text, size_t length,
		       const void *record);

/* Free the index and leave it empty. */
void text_index_clear(struct text_index *index);
