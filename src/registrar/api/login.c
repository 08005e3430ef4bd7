/* SPDX-License-Identifier: ISC */
#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/log.h"
#include "registrar/api/incoming-call.h"

#include <string.h>
#include <time.h>

#define LOGIN_PATH "/security/user/authenticate"

/* Read the users again if need be. False: that cannot be done, which is logged once. */
static bool refresh_users(struct api *api)
{
	struct reason why;
	int r = api_users_refresh(&api->users, &why);

	if (r < 0 && !api->users_are_bad)
		log_error("%s; until that is fixed, the API cannot be used", why.text);
	else if (r > 0 && api_users_are_exposed(&api->users))
		log_warning("The users file %s is world-readable; run: chmod 0600 %s",
			    api->settings.users_file, api->settings.users_file);
	api->users_are_bad = r < 0;
	return r >= 0;
}

static bool refuse_login(struct incoming_call *call)
{
	return api_problem_set(&call->result.problem, 401, "Unauthorized", "Invalid credentials");
}

static void hand_out_token(struct incoming_call *call, const struct api_user *user)
{
	char token[API_TOKEN_SIZE];
	const char *raw = api_query_get(&call->input.query, "raw");

	if (!api_parameters_check(&call->input.query, call->route->parameters,
				  &call->result.problem)) {
		incoming_call_answer(call);
		return;
	}
	if (api_token_make(token, &call->api->key, user, time(NULL)) < 0) {
		(void)api_problem_code(&call->result.problem, API_INTERNAL, NULL);
		incoming_call_answer(call);
		return;
	}
	log_info("User %s of the API logged in from %s", user->name,
		 api_exchange_peer(call->exchange));
	if (raw && api_boolean_parse(raw) == 1)
		incoming_call_answer_text(call, strdup(token), "text/plain; charset=utf-8");
	else
		incoming_call_answer_text(call,
					  api_response_data(json_pack("{s:s}", "token", token),
							    call->input.pretty),
					  API_JSON_TYPE);
	explicit_bzero(token, sizeof token);
}

/* What was sent as a name is not logged unless it is one: it can be a password. */
static void count_failure(struct incoming_call *call, const struct api_user *user)
{
	struct api *api = call->api;
	const char *address = api_exchange_address(call->exchange);

	if (peer_log_may(api->settings.peers->log, address, PEER_WRONG_PASSWORD))
		log_notice("Refused a login to the API from %s: wrong user or password",
			   api_exchange_peer(call->exchange));
	if (api_limits_failure(api->limits, address, call->tried_name, monotonic_usec()))
		log_warning("Too many failed logins to the API: %s is locked out as %s for %u "
			    "seconds",
			    address, user ? user->name : "an unknown user",
			    api->settings.limits.block_time);
}

static void on_tried(void *argument, int fits)
{
	struct incoming_call *call = argument;
	struct api *api = call->api;
	const struct api_user *user;

	/*
	 * A user that was removed or got another password meanwhile is refused with the old one.
	 */
	user = refresh_users(api) ? api_users_find(&api->users, call->input.user) : NULL;
	if (fits > 0 && user && api_password_is_same(&user->password, &call->tried)) {
		hand_out_token(call, user);
		return;
	}
	if (fits == -EBUSY) {
		(void)api_problem_code(&call->result.problem, API_TOO_MANY_REQUESTS, NULL);
	} else if (fits < 0) {
		log_error("A password cannot be checked: %s (client %s)", strerror(-fits),
			  api_exchange_peer(call->exchange));
		(void)api_problem_code(&call->result.problem, API_INTERNAL, NULL);
	} else {
		count_failure(call, user);
		(void)refuse_login(call);
	}
	incoming_call_answer(call);
}

bool api_log_in(struct incoming_call *call)
{
	cleanup(api_credentials_wipe) struct api_credentials credentials = {
		.scheme = API_SCHEME_NONE
	};
	struct api *api = call->api;
	const char *address = api_exchange_address(call->exchange);
	const uint64_t now = monotonic_usec();
	const struct password_source source = {
		.network = client_network_of(address),
		.failures = api_limits_failures(api->limits, address, now),
	};
	const struct api_user *user;

	api_credentials_parse(&credentials, api_exchange_header(call->exchange, "Authorization"));
	api_exchange_wipe_header(call->exchange, "Authorization");
	if (credentials.scheme != API_SCHEME_BASIC)
		return refuse_login(call);
	(void)snprintf(call->tried_name, sizeof call->tried_name, "%s", credentials.name);
	if (!api_limits_may_log_in(api->limits, address, call->tried_name, now))
		return api_problem_code(&call->result.problem, API_BLOCKED, NULL);
	if (!refresh_users(api))
		return api_problem_code(&call->result.problem, API_INTERNAL, NULL);
	user = api_users_find(&api->users, credentials.name);
	/* Both, so that a name that exists takes as long as one that does not. */
	api_password_decoy(&call->tried,
			   api->users.count > 0 ? &api->users.users[0].password : NULL);
	if (user)
		call->tried = user->password;
	(void)snprintf(call->input.user, sizeof call->input.user, "%s", user ? user->name : "");
	if (!password_worker_try(api->worker, &source, &call->tried, credentials.password, on_tried,
				 call))
		return api_problem_code(&call->result.problem, API_TOO_MANY_REQUESTS, NULL);
	return true;
}

/* All tokens of this user, as Wazuh does, not only the one of this client. */
static void log_out(struct incoming_call *call)
{
	char message[API_USER_NAME_MAX + 64];

	api_users_end_tokens(&call->api->users, call->input.user);
	log_info("User %s of the API logged out from %s", call->input.user,
		 api_exchange_peer(call->exchange));
	(void)snprintf(message, sizeof message, "User %s was successfully logged out",
		       call->input.user);
	call->result.answer = api_response_message(message, call->input.pretty);
}

bool api_take_token(struct incoming_call *call)
{
	cleanup(api_credentials_wipe) struct api_credentials credentials = {
		.scheme = API_SCHEME_NONE
	};
	struct api *api = call->api;
	const struct api_user *user = NULL;

	api_credentials_parse(&credentials, api_exchange_header(call->exchange, "Authorization"));
	api_exchange_wipe_header(call->exchange, "Authorization");
	if (credentials.scheme == API_SCHEME_ALONE)
		return api_problem_set(&call->result.problem, 401, "Unauthorized",
				       "Invalid authorization header");
	if (credentials.scheme != API_SCHEME_BEARER)
		return api_problem_set(&call->result.problem, 401, "Unauthorized",
				       "No authorization token provided");
	if (refresh_users(api))
		user = api_token_check(&api->key, &api->users, credentials.token, time(NULL));
	if (!user)
		return api_problem_set(&call->result.problem, 401, "Unauthorized", "Invalid token");
	(void)snprintf(call->input.user, sizeof call->input.user, "%s", user->name);
	return true;
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
	  .run_at_once = log_out,
	  .parameters = no_parameters },
	{ .pattern = NULL },
};
