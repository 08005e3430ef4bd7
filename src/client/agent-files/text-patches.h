/* SPDX-License-Identifier: ISC */
/*
 * Changes of a text, as a list of ranges and what stands there instead: every byte outside of them
 * stays as it was. Pure.
 */
#pragma once

#include "common/must-check.h"

#include <stddef.h>

struct text_patch {
	size_t begin, end; /* bytes of the old text that go; equal: nothing does */
	char *text;        /* what comes instead; owned */
	size_t order;      /* of those at the same place: that in which they were added */
};

struct text_patches {
	struct text_patch *items;
	size_t count, allocated;
};

/*
 * Add a change; `text` (may be null, for want of memory) is owned by the list, or freed. Returns 0
 * or -ENOMEM.
 */
int text_patches_add(struct text_patches *patches, size_t begin, size_t end, char *text) must_check;

/*
 * The text with all changes, terminated, to be freed. Sorts the list. Returns 0; -EINVAL when
 * changes overlap or reach beyond the text; or -ENOMEM.
 */
int text_patches_apply(struct text_patches *patches, const char *text, size_t length, char **ret,
		       size_t *ret_length) must_check;

/* Suitable for cleanup(). */
void text_patches_clear(struct text_patches *patches);
