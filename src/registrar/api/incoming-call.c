/* SPDX-License-Identifier: ISC */
#include "registrar/api/incoming-call.h"

#include "common/log.h"

#include <stdlib.h>
#include <string.h>

#define PROBLEM_TYPE "application/problem+json; charset=utf-8"

void incoming_call_free(struct incoming_call *call)
{
	*call->previous = call->next;
	if (call->next)
		call->next->previous = call->previous;
	api_path_clear(&call->input.path);
	api_query_clear(&call->input.query);
	registry_withdraw(&call->asking.request);
	registry_request_clear(&call->asking.request);
	if (call->result.body)
		evbuffer_free(call->result.body);
	if (call->work.state)
		call->work.free(call->work.state);
	long_answer_leave(&call->api->long_answers, &call->long_answer);
	json_decref(call->enroll.members);
	explicit_bzero(&call->input.body, sizeof call->input.body);
	explicit_bzero(call->tried_name, sizeof call->tried_name);
	explicit_bzero(call->input.token, sizeof call->input.token);
	free(call);
}

void incoming_call_answer_later(struct incoming_call *call)
{
	char *text = call->result.answer;

	log_error("Out of memory: %s got no answer by HTTPS", api_exchange_peer(call->exchange));
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
	api_exchange_answer_later(call->exchange);
	incoming_call_free(call);
}

void incoming_call_answer_text(struct incoming_call *call, char *text, const char *content_type)
{
	if (!text) {
		incoming_call_answer_later(call);
		return;
	}
	api_exchange_answer(call->exchange, 200, content_type, text);
	incoming_call_free(call);
}

static void answer_problem(struct incoming_call *call)
{
	const struct api_problem *problem = &call->result.problem;
	bool is_login = call->route && call->route->is_login;
	const char *challenge = is_login ? "Basic realm=\"agent-registrar\"" : "Bearer";

	if (call->route && call->route->answer_problem) {
		call->route->answer_problem(call);
		incoming_call_free(call);
		return;
	}
	if (problem->status == 401)
		api_exchange_add_header(call->exchange, "WWW-Authenticate", challenge);
	if (problem->status == 429)
		api_exchange_add_header(call->exchange, "Retry-After", "60");
	/* What the client has sent, and repeats in `detail`, can be a key. */
	log_debug("API: %s got %d (error %d)", api_exchange_peer(call->exchange), problem->status,
		  problem->code);
	if (problem->status == 307) {
		api_exchange_answer(call->exchange, problem->status, NULL, NULL);
		incoming_call_free(call);
		return;
	}
	api_exchange_answer(call->exchange, problem->status, PROBLEM_TYPE,
			    api_response_problem(problem, call->api->node, call->input.pretty));
	incoming_call_free(call);
}

static void answer_body(struct incoming_call *call)
{
	struct api_long_body body = {
		.bytes = call->result.body,
		.sent = long_answer_hand_over(&call->long_answer) ? long_answers_take_back : NULL,
		.owner = &call->api->long_answers,
	};

	call->result.body = NULL;
	api_exchange_answer_long(call->exchange, 200, API_JSON_TYPE, &body);
	incoming_call_free(call);
}

void incoming_call_answer(struct incoming_call *call)
{
	if (api_exchange_was_short(call->exchange))
		incoming_call_answer_later(call);
	else if (call->result.problem.status != 0)
		answer_problem(call);
	else if (call->result.body)
		answer_body(call);
	else
		incoming_call_answer_text(call, call->result.answer,
					  call->result.content_type ?: API_JSON_TYPE);
}
