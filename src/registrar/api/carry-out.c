/* SPDX-License-Identifier: ISC */
/* What becomes of a call of which it is known that the client may make it. */
#include "common/deadline.h"
#include "common/escape.h"
#include "common/log.h"
#include "registrar/api/incoming-call.h"
#include "registrar/enrollment/log.h"

#include <string.h>
#include <strings.h>

/* ------------------------------------------------------------------ transactions */

/* For whom a call is, for the log. */
static const char *describe_client(const struct incoming_call *call, char *buffer, size_t size)
{
	(void)snprintf(buffer, size, "%s (user %s of the API)", api_exchange_peer(call->exchange),
		       call->input.user);
	return buffer;
}

static void decide(void *owner, struct roster *roster, struct records *records)
{
	struct incoming_call *call = owner;
	const struct call_changes *changes = &call->changes;

	call->route->run(call);
	for (size_t i = 0; i < changes->removed_count; i++)
		records_remove(records, roster, changes->removed[i].id);
}

static bool may_log(const struct incoming_call *call, enum peer_event event)
{
	return peer_log_may(call->settings->peers->log, api_exchange_address(call->exchange),
			    event);
}

/* It is on the disk, or there was nothing to store. */
static void finish(void *owner)
{
	struct incoming_call *call = owner;
	const struct call_changes *changes = &call->changes;
	char client[AGENT_REGISTRATION_CLIENT_SIZE];

	describe_client(call, client, sizeof client);
	for (size_t i = 0; i < changes->removed_count; i++)
		enrollment_log_removed(changes->removed[i].id, changes->removed[i].name, client);
	incoming_call_answer(call);
}

static void log_failure(struct incoming_call *call, const struct reason *why)
{
	char client[AGENT_REGISTRATION_CLIENT_SIZE];

	if (may_log(call, PEER_FAILED))
		log_error("%s (client %s)", why->text,
			  describe_client(call, client, sizeof client));
}

/* Nothing of what the call wanted has happened, because of this machine. */
static void fail(void *owner, bool decided, const struct reason *why)
{
	struct incoming_call *call = owner;
	struct call_result *result = &call->result;

	if (decided && call->changes.on_failure == API_CODE_NONE) {
		finish(call);
		return;
	}
	log_failure(call, why);
	if (result->answer)
		explicit_bzero(result->answer, strlen(result->answer));
	free(result->answer);
	result->answer = NULL;
	(void)api_problem_code(&result->problem, call->changes.on_failure ?: API_INTERNAL, NULL);
	incoming_call_answer(call);
}

static void give_up(void *owner)
{
	struct incoming_call *call = owner;

	if (may_log(call, PEER_FAILED))
		log_error("client.keys stayed locked (client %s)",
			  api_exchange_peer(call->exchange));
	(void)api_problem_code(&call->result.problem, API_TIMEOUT, NULL);
	incoming_call_answer(call);
}

static void wait_for_transaction(struct incoming_call *call)
{
	static const struct transaction_callbacks callbacks = {
		.decide = decide,
		.done = finish,
		.failed = fail,
		.gave_up = give_up,
	};

	call->entry = (struct transaction_entry){
		.callbacks = &callbacks,
		.owner = call,
		.give_up_at = monotonic_usec() + API_LOCK_PATIENCE,
	};
	transactions_add(call->api->transactions, &call->entry);
}

/* ------------------------------------------------------------------ is it complete? */

/* The type that the header names, without its parameters. */
static size_t type_length(const char *type)
{
	return strcspn(type, "; \t");
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
	if (is_typed && (type_length(type) != strlen(API_JSON_TYPE) ||
			 strncasecmp(type, API_JSON_TYPE, type_length(type)) != 0))
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
	} else if (route->run) {
		wait_for_transaction(call);
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
