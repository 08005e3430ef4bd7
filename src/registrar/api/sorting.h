/* SPDX-License-Identifier: ISC */
/* Sorting agents in pieces, so that a long list holds nobody up. Agents that are equal keep their
 * order. */
#pragma once

#include "common/must-check.h"
#include "registrar/api/fields.h"

#include <stdint.h>

/* A merge of runs that are sorted, each of `width` agents at most, from `agents` to `target`. */
struct api_sorting {
	struct api_agent *agents; /* the caller's; sorted in the end */
	struct api_agent *spare;  /* as many; owned */
	struct api_agent *source, *target;
	size_t count, width;
	size_t left, right, put; /* in the two runs that are merged, and where they go */
	size_t begin;            /* of the two */
	/* as strcmp() */
	int (*compare)(const struct api_agent *a, const struct api_agent *b, const void *order);
	const void *order;
};

/* Begin to sort. Returns 0 or -ENOMEM. Release with api_sorting_clear(). */
int api_sorting_begin(struct api_sorting *sorting, struct api_agent *agents, size_t count,
		      int (*compare)(const struct api_agent *a, const struct api_agent *b,
				     const void *order),
		      const void *order) must_check;

/* Go on until `end` (monotonic_usec()). True: they are sorted. */
bool api_sorting_go_on(struct api_sorting *sorting, uint64_t end) must_check;

void api_sorting_clear(struct api_sorting *sorting);
