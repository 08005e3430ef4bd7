/* SPDX-License-Identifier: ISC */
/* Calls on their way to the registry and back. */
#include "common/log.h"
#include "registrar/api/incoming-call.h"

#include <errno.h>
#include <string.h>

static void deny(struct incoming_call *call)
{
	if (call->route->deny)
		call->route->deny(call);
	else
		(void)api_problem_set(&call->result.problem, 401, "Unauthorized", "Invalid token");
}

static void on_answered(void *owner, struct registry_answer *answer)
{
	struct incoming_call *call = owner;

	registry_request_clear(&call->asking.request);
	switch (answer->outcome) {
	case REGISTRY_DECIDED:
		call->asking.decided(call, answer);
		return;
	case REGISTRY_BUSY:
		(void)api_problem_code(&call->result.problem, API_TIMEOUT, NULL);
		break;
	case REGISTRY_NO_MEMORY:
		incoming_call_answer_later(call);
		return;
	case REGISTRY_FAILED:
		(void)api_problem_code(&call->result.problem, API_INTERNAL, NULL);
		break;
	case REGISTRY_DENIED:
		deny(call);
		break;
	}
	incoming_call_answer(call);
}

/* A login waits for as long as others wait before it. */
static uint64_t give_up_at(enum registry_type type)
{
	return type == REGISTRY_LOGIN ? 0 : monotonic_usec() + API_LOCK_PATIENCE;
}

void api_ask(struct incoming_call *call, enum registry_type type, void *content,
	     api_decided_callback *decided)
{
	struct call_asking *asking = &call->asking;
	int r = -ENOMEM;

	asking->decided = decided;
	asking->request = (struct registry_request){
		.type = type,
		.content = content,
		.give_up_at = give_up_at(type),
		.answered = on_answered,
		.owner = call,
	};
	if (content)
		r = registry_submit(call->api->registry, &asking->request);
	if (r == 0)
		return;
	if (r == -ENOMEM) {
		incoming_call_answer_later(call);
		return;
	}
	log_error("A request was dropped: %s", strerror(-r));
	(void)api_problem_code(&call->result.problem, API_INTERNAL, NULL);
	incoming_call_answer(call);
}

void api_name_user(const struct incoming_call *call, struct registry_user *ret)
{
	ret->client = *api_exchange_client(call->exchange);
	memcpy(ret->token, call->input.token, sizeof ret->token);
}
