/* SPDX-License-Identifier: ISC */
#include "registrar/registry/removals.h"

#include <stdlib.h>
#include <string.h>

size_t removal_size(const char *id, const char *name)
{
	return strlen(id) + 1 + strlen(name) + 1;
}

struct removal_request *removal_new(size_t room)
{
	struct removal_request *request = malloc(sizeof *request + room);

	if (request)
		*request = (struct removal_request){ .room = room };
	return request;
}

void removal_add(struct removal_request *request, const char *id, const char *name)
{
	char *end = request->texts + request->length;

	(void)stpcpy(stpcpy(end, id) + 1, name);
	request->length += removal_size(id, name);
	request->count++;
}

bool removal_next(const struct removal_request *request, const char **at, struct removal_agent *ret)
{
	const char *id = *at ?: request->texts;

	if (id == request->texts + request->length)
		return false;
	ret->id = id;
	ret->name = id + strlen(id) + 1;
	*at = ret->name + strlen(ret->name) + 1;
	return true;
}

bool removal_has(const struct removal_answer *answer, size_t n)
{
	return n < answer->count && answer->removed[n / 8] & 1u << n % 8;
}
