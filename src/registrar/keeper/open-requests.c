/* SPDX-License-Identifier: ISC */
#include "registrar/keeper/open-requests.h"

#include <stdlib.h>

/* How much it counts against the memory for requests. */
static size_t weight_of(const struct open_request *request)
{
	return registry_type_limit(request->asked.type) == SIZE_MAX ? request->bytes : 0;
}

void open_requests_init(struct open_requests *all)
{
	*all = (struct open_requests){ .end = &all->first };
}

void open_requests_add(struct open_requests *all, struct open_request *request)
{
	request->all = all;
	request->next = NULL;
	request->previous = all->end;
	*all->end = request;
	all->end = &request->next;
	all->count++;
	all->of_type[request->asked.type]++;
	all->bytes += weight_of(request);
}

struct open_request *open_requests_find(const struct open_requests *all, uint64_t number)
{
	for (struct open_request *at = all->first; at; at = at->next)
		if (at->number == number)
			return at;
	return NULL;
}

bool open_requests_are_too_many(const struct open_requests *all)
{
	for (int type = 0; type < REGISTRY_TYPES; type++)
		if (all->of_type[type] > registry_type_limit((enum registry_type)type))
			return true;
	return false;
}

void open_request_free(struct open_request *request)
{
	struct open_requests *all = request->all;

	*request->previous = request->next;
	if (request->next)
		request->next->previous = request->previous;
	else
		all->end = request->previous;
	all->count--;
	all->of_type[request->asked.type]--;
	all->bytes -= weight_of(request);
	registry_withdraw(&request->asked);
	registry_request_clear(&request->asked);
	free(request);
}

void open_requests_clear(struct open_requests *all)
{
	while (all->first)
		open_request_free(all->first);
}
