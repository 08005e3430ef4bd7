/* SPDX-License-Identifier: ISC */
/* The calls that register agents, on their way to the registry and back. */
#include "common/log.h"
#include "registrar/api/incoming-call.h"

#include <string.h>

_Static_assert(API_USER_NAME_MAX == REGISTRATION_USER_MAX, "names of users fit");

static void on_answered(void *owner, const struct registry_answer *answer)
{
	struct incoming_call *call = owner;

	switch (answer->outcome) {
	case REGISTRY_DECIDED:
		call->route->registering->decided(call, &answer->decision);
		break;
	case REGISTRY_BUSY:
		(void)api_problem_code(&call->result.problem, API_TIMEOUT, NULL);
		break;
	case REGISTRY_FAILED:
		(void)api_problem_code(&call->result.problem, API_INTERNAL, NULL);
		break;
	}
	incoming_call_answer(call);
}

static bool ask(struct incoming_call *call, const struct agent_registration *wanted)
{
	struct call_registration *registration = &call->registration;

	registration->registration = agent_registration_copy(wanted);
	registration->asked = (struct registry_request){
		.type = REGISTRY_REGISTER,
		.registration = registration->registration,
		.give_up_at = monotonic_usec() + API_LOCK_PATIENCE,
		.answered = on_answered,
		.owner = call,
	};
	return registration->registration &&
	       registry_submit(call->api->registry, &registration->asked) == 0;
}

void api_register(struct incoming_call *call)
{
	struct agent_registration wanted = { .peer = *api_exchange_client(call->exchange) };

	memcpy(wanted.user, call->input.user, sizeof wanted.user);
	if (!call->route->registering->describe(call, &wanted)) {
		incoming_call_answer(call);
		return;
	}
	if (ask(call, &wanted))
		return;
	log_error("Out of memory: a request was dropped");
	(void)api_problem_code(&call->result.problem, API_INTERNAL, NULL);
	incoming_call_answer(call);
}
