/* SPDX-License-Identifier: ISC */
#include "registrar/registry/registry.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

void registry_request_clear(struct registry_request *request)
{
	void *content = (void *)request->content;

	if (request->type == REGISTRY_REGISTER)
		agent_registration_free(content);
	else
		free(content); /* what users ask for holds no secret */
	request->content = NULL;
}

void registry_answer_clear(struct registry_answer *answer)
{
	explicit_bzero(answer, sizeof *answer);
}

void registry_answer_fail(struct registry_answer *ret, const struct registry_request *request,
			  enum registry_outcome outcome)
{
	*ret = (struct registry_answer){ .outcome = outcome, .type = request->type };
	switch (request->type) {
	case REGISTRY_REGISTER:
		agent_registration_fail(&ret->decision, request->registration);
		break;
	case REGISTRY_KEY:
		ret->key.fault = KEY_INTERNAL;
		break;
	case REGISTRY_JOIN:
		ret->join.fault = JOIN_INTERNAL;
		break;
	case REGISTRY_TYPES:
		break;
	}
}

int registry_submit(struct registry *registry, struct registry_request *request)
{
	int r = registry->operations->submit(registry, request);

	if (r == 0)
		request->registry = registry;
	return r;
}

void registry_withdraw(struct registry_request *request)
{
	struct registry *registry = request->registry;

	if (!registry)
		return;
	request->registry = NULL;
	registry->operations->withdraw(registry, request);
}

void registry_answer(struct registry_request *request, const struct registry_answer *answer)
{
	request->registry = NULL;
	request->pending = NULL;
	request->answered(request->owner, answer);
}

void registry_free(struct registry *registry)
{
	if (registry)
		registry->operations->free(registry);
}
