/* SPDX-License-Identifier: ISC */
#include "registrar/registry/remote-requests.h"

#include "common/deadline.h"

#include <stdlib.h>

/* The keeper gives up in time by itself; this much later it counts as dead for a request. */
#define OVERDUE USEC_PER_SEC

/* ... for one that it may work at for as long, in turns, when it has the lock. */
#define OVERDUE_REMOVAL (600 * USEC_PER_SEC)

void remote_requests_begin(struct remote_requests *list)
{
	*list = (struct remote_requests){ .end = &list->first };
}

void remote_requests_add(struct remote_requests *list, struct remote_request *request)
{
	request->next = NULL;
	request->previous = list->end;
	*list->end = request;
	list->end = &request->next;
}

void remote_requests_remove(struct remote_requests *list, struct remote_request *request)
{
	*request->previous = request->next;
	if (request->next)
		request->next->previous = request->previous;
	else
		list->end = request->previous;
}

static bool is_over(const struct registry_request *request, uint64_t now, uint64_t more)
{
	return request->give_up_at != 0 && now >= request->give_up_at &&
	       now - request->give_up_at >= more;
}

struct remote_request *remote_requests_find_over(const struct remote_requests *list)
{
	uint64_t now = monotonic_usec();

	for (struct remote_request *at = list->first; at; at = at->next)
		if (is_over(at->request, now, 0))
			return at;
	return NULL;
}

struct remote_request *remote_requests_find_overdue(const struct remote_requests *list)
{
	uint64_t now = monotonic_usec();

	for (struct remote_request *at = list->first; at; at = at->next)
		if (is_over(at->request, now,
			    at->request->type == REGISTRY_REMOVE ? OVERDUE_REMOVAL : OVERDUE))
			return at;
	return NULL;
}

struct remote_request *remote_requests_find(const struct remote_requests *list, uint64_t number)
{
	for (struct remote_request *at = list->first; at; at = at->next)
		if (at->number == number)
			return at;
	return NULL;
}

void remote_request_fail(struct remote_request *remote, enum registry_outcome outcome)
{
	struct registry_request *request = remote->request;
	struct registry_answer answer;

	registry_answer_fail(&answer, request, outcome);
	free(remote);
	registry_answer(request, &answer);
	registry_answer_clear(&answer);
}
