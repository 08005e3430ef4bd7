/* SPDX-License-Identifier: ISC */
/* Logging in and out, and whose session a call belongs to: the registry knows. */
#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/log.h"
#include "registrar/api/incoming-call.h"

#include <stdlib.h>
#include <string.h>

#define LOGIN_PATH "/security/user/authenticate"

static bool refuse_login(struct incoming_call *call)
{
	return api_problem_set(&call->result.problem, 401, "Unauthorized", "Invalid credentials");
}

static void hand_out_token(struct incoming_call *call, const char *token)
{
	const char *raw = api_query_get(&call->input.query, "raw");

	if (!api_parameters_check(&call->input.query, call->route->parameters,
				  &call->result.problem))
		incoming_call_answer(call);
	else if (raw && api_boolean_parse(raw) == 1)
		incoming_call_answer_text(call, strdup(token), "text/plain; charset=utf-8");
	else
		incoming_call_answer_text(call,
					  api_response_data(json_pack("{s:s}", "token", token),
							    call->input.pretty),
					  API_JSON_TYPE);
}

/* What was sent as a name is not logged unless it is one: it can be a password. */
static void count_failure(struct incoming_call *call, bool is_user)
{
	struct api *api = call->api;
	const char *address = api_exchange_address(call->exchange);

	if (api_limits_failure(api->limits, address, call->tried_name, monotonic_usec()))
		log_warning("Too many failed logins to the API: %s is locked out as %s for %u "
			    "seconds",
			    address, is_user ? call->tried_name : "an unknown user",
			    api->settings.limits.block_time);
}

static void login_decided(struct incoming_call *call, struct registry_answer *answer)
{
	const struct login_answer *login = &answer->login;

	switch (login->fault) {
	case LOGIN_OK:
		hand_out_token(call, login->token);
		return;
	case LOGIN_WRONG:
		count_failure(call, login->is_user);
		(void)refuse_login(call);
		break;
	case LOGIN_TOO_MANY:
		(void)api_problem_code(&call->result.problem, API_TOO_MANY_REQUESTS, NULL);
		break;
	case LOGIN_INTERNAL:
		(void)api_problem_code(&call->result.problem, API_INTERNAL, NULL);
		break;
	}
	incoming_call_answer(call);
}

/* May this client try this name and password? False: there is a problem. */
static bool may_log_in(struct incoming_call *call, const struct api_credentials *credentials)
{
	if (credentials->scheme != API_SCHEME_BASIC)
		return refuse_login(call);
	(void)snprintf(call->tried_name, sizeof call->tried_name, "%s", credentials->name);
	return api_limits_may_log_in(call->api->limits, api_exchange_address(call->exchange),
				     call->tried_name, monotonic_usec()) ||
	       api_problem_code(&call->result.problem, API_BLOCKED, NULL);
}

void api_log_in(struct incoming_call *call)
{
	cleanup(api_credentials_wipe) struct api_credentials credentials = {
		.scheme = API_SCHEME_NONE
	};
	const struct peer *client = api_exchange_client(call->exchange);
	unsigned int failures = api_limits_failures(call->api->limits, client->address,
						    monotonic_usec());

	api_credentials_parse(&credentials, api_exchange_header(call->exchange, "Authorization"));
	api_exchange_wipe_header(call->exchange, "Authorization");
	if (may_log_in(call, &credentials))
		api_ask(call, REGISTRY_LOGIN,
			login_request_new(client, failures, credentials.name, credentials.password),
			login_decided);
	else
		incoming_call_answer(call);
}

/* ------------------------------------------------------------------ sessions */

/* Ask something that needs no more than who asks. */
static void ask_as_user(struct incoming_call *call, enum registry_type type,
			api_decided_callback *decided)
{
	struct registry_user *user = calloc(1, sizeof *user);

	if (user)
		api_name_user(call, user);
	api_ask(call, type, user, decided);
}

/* All tokens of this user, as Wazuh does, not only the one of this client. */
static void logged_out(struct incoming_call *call, struct registry_answer *answer)
{
	char message[REGISTRY_USER_MAX + 64];

	(void)snprintf(message, sizeof message, "User %s was successfully logged out",
		       answer->session.user);
	call->result.answer = api_response_message(message, call->input.pretty);
	incoming_call_answer(call);
}

static void log_out(struct incoming_call *call)
{
	ask_as_user(call, REGISTRY_LOGOUT, logged_out);
}

static void session_found(struct incoming_call *call, struct registry_answer *answer)
{
	memcpy(call->input.user, answer->session.user, sizeof call->input.user);
	api_go_on(call);
}

/* A token as it was sent; one that is longer than any is none. */
static bool read_token(struct incoming_call *call, const struct api_credentials *credentials)
{
	const char *detail = credentials->scheme == API_SCHEME_ALONE
				     ? "Invalid authorization header"
				     : "No authorization token provided";

	if (credentials->scheme != API_SCHEME_BEARER)
		return api_problem_set(&call->result.problem, 401, "Unauthorized", "%s", detail);
	if (strlen(credentials->token) >= sizeof call->input.token)
		return api_problem_set(&call->result.problem, 401, "Unauthorized", "Invalid token");
	memcpy(call->input.token, credentials->token, strlen(credentials->token) + 1);
	return true;
}

void api_take_token(struct incoming_call *call)
{
	cleanup(api_credentials_wipe) struct api_credentials credentials = {
		.scheme = API_SCHEME_NONE
	};

	api_credentials_parse(&credentials, api_exchange_header(call->exchange, "Authorization"));
	api_exchange_wipe_header(call->exchange, "Authorization");
	if (read_token(call, &credentials))
		ask_as_user(call, REGISTRY_SESSION, session_found);
	else
		incoming_call_answer(call);
}

/* ------------------------------------------------------------------ the list of calls */

static const struct api_parameter_rule login_parameters[] = {
	{ .name = "raw", .kind = API_PARAMETER_BOOLEAN, .schema = "{'type': 'boolean'}" },
	{ .name = NULL },
};

static const struct api_parameter_rule no_parameters[] = {
	{ .name = NULL },
};

const struct api_route api_login_routes[] = {
	{ .method = API_POST,
	  .pattern = LOGIN_PATH,
	  .is_login = true,
	  .parameters = login_parameters },
	{ .method = API_GET,
	  .pattern = LOGIN_PATH,
	  .is_login = true,
	  .parameters = login_parameters },
	{ .method = API_DELETE,
	  .pattern = LOGIN_PATH,
	  .ask = log_out,
	  .parameters = no_parameters },
	{ .pattern = NULL },
};
