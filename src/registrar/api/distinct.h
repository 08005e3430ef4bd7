/* SPDX-License-Identifier: ISC */
/* The parameter `distinct`: what has been there before, as it is printed, is not shown again. */
#pragma once

#include "common/must-check.h"
#include "common/text-index.h"

#include <jansson.h>
#include <stddef.h>

/* Zero at first; release with api_distinct_clear(). */
struct api_distinct {
	struct text_index index;
	char **texts;
	size_t count, room;
};

/*
 * Is the item, of which these fields (with commas between them; null: all there are) were selected,
 * new? Returns 1: it is; 0: no, or it lacks one of the fields, and is passed over; -ENOMEM.
 */
int api_distinct_add(struct api_distinct *distinct, const json_t *item,
		     const char *select) must_check;

/* The same for an item whatever fields it has. */
int api_distinct_note(struct api_distinct *distinct, const json_t *item) must_check;

/* Fit for cleanup(). */
void api_distinct_clear(struct api_distinct *distinct);
