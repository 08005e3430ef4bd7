/* SPDX-License-Identifier: ISC */
#include "registrar/registry/registry.h"

#include <stddef.h>

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
