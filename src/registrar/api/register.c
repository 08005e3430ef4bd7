/* SPDX-License-Identifier: ISC */
/* The calls that register agents. */
#include "registrar/api/incoming-call.h"

#include <string.h>

static void decided(struct incoming_call *call, struct registry_answer *answer)
{
	call->route->registering->decided(call, &answer->decision);
	incoming_call_answer(call);
}

void api_register(struct incoming_call *call)
{
	struct agent_registration wanted = { .peer = *api_exchange_client(call->exchange) };

	memcpy(wanted.token, call->input.token, sizeof wanted.token);
	if (call->route->registering->describe(call, &wanted))
		api_ask(call, REGISTRY_REGISTER, agent_registration_copy(&wanted), decided);
	else
		incoming_call_answer(call);
	explicit_bzero(wanted.token, sizeof wanted.token);
}
