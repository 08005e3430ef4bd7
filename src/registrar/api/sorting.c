/* SPDX-License-Identifier: ISC */
#include "registrar/api/sorting.h"

#include "common/deadline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STEPS 64 /* between two looks at the clock */

static size_t at_most(size_t value, size_t most)
{
	return value < most ? value : most;
}

static void begin_runs(struct api_sorting *sorting, size_t begin)
{
	sorting->begin = sorting->left = sorting->put = begin;
	sorting->right = at_most(begin + sorting->width, sorting->count);
}

int api_sorting_begin(struct api_sorting *sorting, void *elements, size_t count, size_t size,
		      api_sorting_compare *compare, const void *order)
{
	char *spare = calloc(count + 1, size);

	if (!spare)
		return -ENOMEM;
	*sorting = (struct api_sorting){
		.elements = elements,
		.spare = spare,
		.source = elements,
		.target = spare,
		.count = count,
		.size = size,
		.width = 1,
		.compare = compare,
		.order = order,
	};
	begin_runs(sorting, 0);
	return 0;
}

static const char *source_at(const struct api_sorting *sorting, size_t n)
{
	return sorting->source + n * sorting->size;
}

/* Put the next element of the two runs to its place. False: there is none any more. */
static bool put_next(struct api_sorting *sorting)
{
	size_t middle = at_most(sorting->begin + sorting->width, sorting->count);
	size_t end = at_most(sorting->begin + 2 * sorting->width, sorting->count);
	bool takes_left;

	if (sorting->put == end)
		return false;
	takes_left = sorting->right == end ||
		     (sorting->left < middle &&
		      sorting->compare(source_at(sorting, sorting->left),
				       source_at(sorting, sorting->right), sorting->order) <= 0);
	memcpy(sorting->target + sorting->put++ * sorting->size,
	       source_at(sorting, takes_left ? sorting->left++ : sorting->right++), sorting->size);
	return true;
}

static void next_runs(struct api_sorting *sorting)
{
	char *source = sorting->source;

	if (sorting->put < sorting->count) {
		begin_runs(sorting, sorting->put);
		return;
	}
	sorting->source = sorting->target;
	sorting->target = source;
	sorting->width *= 2;
	begin_runs(sorting, 0);
}

bool api_sorting_go_on(struct api_sorting *sorting, uint64_t end)
{
	for (size_t n = 1; sorting->width < sorting->count; n++) {
		if (!put_next(sorting))
			next_runs(sorting);
		if (n % STEPS == 0 && monotonic_usec() >= end)
			return false;
	}
	if (sorting->source != sorting->elements)
		memcpy(sorting->elements, sorting->source, sorting->count * sorting->size);
	sorting->source = sorting->elements;
	return true;
}

void api_sorting_clear(struct api_sorting *sorting)
{
	free(sorting->spare);
	*sorting = (struct api_sorting){ .count = 0 };
}
