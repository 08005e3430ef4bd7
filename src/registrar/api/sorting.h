/* SPDX-License-Identifier: ISC */
/*
 * Sorting elements of any kind in pieces, so that a long list holds nobody up. Elements that are
 * equal keep their order.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As strcmp(), by `order`. */
typedef int api_sorting_compare(const void *a, const void *b, const void *order);

/* A merge of runs that are sorted, each of `width` elements at most, from `source` to `target`. */
struct api_sorting {
	char *elements; /* the caller's; sorted in the end */
	char *spare;    /* as many; owned */
	char *source, *target;
	size_t count, size, width;
	size_t left, right, put; /* in the two runs that are merged, and where they go */
	size_t begin;            /* of the two */
	api_sorting_compare *compare;
	const void *order;
};

/*
 * Begin to sort `count` elements of `size` bytes. Returns 0 or -ENOMEM. Release with
 * api_sorting_clear().
 */
int api_sorting_begin(struct api_sorting *sorting, void *elements, size_t count, size_t size,
		      api_sorting_compare *compare, const void *order) must_check;

/* Go on until `end` (monotonic_usec()). True: they are sorted. */
bool api_sorting_go_on(struct api_sorting *sorting, uint64_t end) must_check;

void api_sorting_clear(struct api_sorting *sorting);
