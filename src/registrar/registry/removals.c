/* SPDX-License-Identifier: ISC */
#include "registrar/registry/removals.h"

#include <stdlib.h>

struct removal_request *removal_new(size_t count)
{
	struct removal_request *request;

	if (count > REMOVAL_MAX)
		return NULL;
	request = malloc(sizeof *request + count * sizeof request->agents[0]);
	if (request)
		*request = (struct removal_request){ .count = 0 };
	return request;
}

bool removal_has(const struct removal_answer *answer, size_t n)
{
	return n < answer->count && answer->removed[n / 8] & 1u << n % 8;
}
