/* SPDX-License-Identifier: ISC */
/* What becomes of a call of which it is known that the client may make it. */
#include "common/escape.h"
#include "registrar/api/incoming-call.h"

#include <string.h>
#include <strings.h>

/* ------------------------------------------------------------------ is it complete? */

/* How long the type is without its parameters. */
static size_t type_length(const char *type)
{
	return strcspn(type, "; \t");
}

bool api_type_is_json(const char *type)
{
	return type_length(type) == strlen(API_JSON_TYPE) &&
	       strncasecmp(type, API_JSON_TYPE, strlen(API_JSON_TYPE)) == 0;
}

static bool take_body(struct incoming_call *call)
{
	const char *type = api_exchange_header(call->exchange, "Content-Type"), *body;
	bool is_typed = type && type[0];
	size_t length;
	char shown[128];

	body = api_exchange_body(call->exchange, &length);
	if (length > API_BODY_MAX)
		return api_problem_set(&call->result.problem, 413, "Content size exceeded.",
				       "Maximum content size limit (%d) exceeded (%zu bytes read)",
				       API_BODY_MAX, length);
	if (!call->route->has_body)
		return true;
	if (is_typed && !api_type_is_json(type))
		return api_problem_set(&call->result.problem, 415, "Unsupported Media Type",
				       "Invalid Content-type (%s), expected ['application/json']",
				       escape_bytes(shown, sizeof shown, type, type_length(type)));
	return api_body_parse(&call->input.body, call->route->body, is_typed, body, length,
			      &call->result.problem);
}

static bool parameters_are_good(struct incoming_call *call)
{
	const struct api_route *route = call->route;

	return api_parameters_check(&call->input.query, route->parameters, &call->result.problem) &&
	       api_path_check(&call->input.path, route->pattern, route->path_parameters,
			      &call->result.problem);
}

/* ------------------------------------------------------------------ the steps */

void api_carry_out(struct incoming_call *call)
{
	const struct api_route *route = call->route;

	if (route->registering) {
		api_register(call);
	} else if (route->ask) {
		route->ask(call);
	} else {
		route->run_at_once(call);
		incoming_call_answer(call);
	}
}

void api_go_on(struct incoming_call *call)
{
	if (parameters_are_good(call) && take_body(call))
		api_carry_out(call);
	else
		incoming_call_answer(call);
}
