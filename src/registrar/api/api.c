/* SPDX-License-Identifier: ISC */
#include "registrar/api/api.h"

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/escape.h"
#include "common/log.h"
#include "registrar/api/incoming-call.h"
#include "registrar/enrollment/log.h"

#include <string.h>
#include <strings.h>
#include <time.h>

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

/* ------------------------------------------------------------------ the beginning of a call */

static bool find_route(struct incoming_call *call, const struct api_route *routes,
		       unsigned int *methods)
{
	enum api_method method = api_exchange_method(call->exchange);

	for (; routes->pattern; routes++) {
		if (!api_path_matches(&call->input.path, routes->pattern))
			continue;
		*methods |= routes->method;
		if (routes->method != method)
			continue;
		call->route = routes;
		return true;
	}
	return false;
}

/* Look for the call among all of them. `ret_methods`: those that its path can be called with. */
static bool find_call(struct incoming_call *call, unsigned int *ret_methods)
{
	*ret_methods = 0;
	return find_route(call, api_login_routes, ret_methods) ||
	       find_route(call, api_about_routes, ret_methods) ||
	       find_route(call, api_agent_routes, ret_methods) ||
	       find_route(call, api_group_routes, ret_methods) ||
	       find_route(call, api_enroll_routes, ret_methods);
}

/* A path with a slash too many is redirected to the one without. */
static bool redirect(struct incoming_call *call)
{
	const char *path = api_exchange_path(call->exchange),
		   *query = api_exchange_query(call->exchange);
	cleanup_free char *location = NULL;
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		length--;
	if (asprintf(&location, "%.*s%s%s", (int)length, path, query ? "?" : "", query ?: "") < 0)
		location = NULL;
	if (location)
		api_exchange_add_header(call->exchange, "Location", location);
	return api_problem_set(&call->result.problem, 307, NULL, NULL);
}

/* What is there to call? False: nothing, or not with this method. */
static bool take_route(struct incoming_call *call)
{
	static const char *const names[] = { "GET", "POST", "PUT", "DELETE" };
	const char *path = api_exchange_path(call->exchange);
	unsigned int methods;
	char allowed[64] = "";
	bool found;

	if (api_path_parse(&call->input.path, path) < 0)
		return api_problem_http(&call->result.problem, 404);
	found = find_call(call, &methods);
	if (methods == 0)
		return api_problem_http(&call->result.problem, 404);
	if (path[1] && path[strlen(path) - 1] == '/')
		return redirect(call);
	if (found)
		return true;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (methods & 1u << i)
			(void)snprintf(allowed + strlen(allowed), sizeof allowed - strlen(allowed),
				       "%s%s", allowed[0] ? ", " : "", names[i]);
	api_exchange_add_header(call->exchange, "Allow", allowed);
	return api_problem_http(&call->result.problem, 405);
}

static bool take_query(struct incoming_call *call)
{
	const char *pretty;
	int r = api_query_parse(&call->input.query, api_exchange_query(call->exchange));

	if (r < 0)
		return api_problem_set(&call->result.problem, 400, "Bad Request",
				       "The query cannot be read");
	pretty = api_query_get(&call->input.query, "pretty");
	call->input.pretty = pretty && api_boolean_parse(pretty) == 1;
	return true;
}

static bool is_limited(struct incoming_call *call)
{
	return !api_limits_request(call->api->limits, api_exchange_address(call->exchange),
				   monotonic_usec()) &&
	       !api_problem_code(&call->result.problem, API_TOO_MANY_REQUESTS, NULL);
}

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

/* May this client make this call, and is it complete? */
static bool is_admitted(struct incoming_call *call)
{
	if (call->route->admit)
		return call->route->admit(call);
	return api_take_token(call) && parameters_are_good(call) && take_body(call);
}

static void begin(struct incoming_call *call)
{
	if (!take_query(call) || is_limited(call) || !take_route(call)) {
		incoming_call_answer(call);
	} else if (call->route->is_login) {
		if (!api_log_in(call))
			incoming_call_answer(call);
	} else if (!is_admitted(call)) {
		incoming_call_answer(call);
	} else if (call->route->registering) {
		api_register(call);
	} else if (call->route->ask) {
		call->route->ask(call);
	} else if (call->route->run) {
		wait_for_transaction(call);
	} else {
		call->route->run_at_once(call);
		incoming_call_answer(call);
	}
}

static void on_request(void *owner, struct api_exchange *exchange)
{
	struct api *api = owner;
	struct incoming_call *call = calloc(1, sizeof *call);

	if (!call) {
		api_exchange_answer(exchange, 500, NULL, NULL);
		return;
	}
	call->api = api;
	call->settings = &api->settings;
	call->exchange = exchange;
	call->next = api->calls;
	call->previous = &api->calls;
	if (call->next)
		call->next->previous = &call->next;
	api->calls = call;
	begin(call);
}

/* ------------------------------------------------------------------ the whole */

static int set_up(struct api *api, struct event_base *base, struct reason *why)
{
	const struct api_settings *settings = &api->settings;
	const struct api_http_settings http = {
		.base = base,
		.tls = settings->tls,
		.timeout = settings->timeout,
		.max_connections = settings->max_connections,
		.peers = settings->peers,
		.request = on_request,
		.owner = api,
	};
	int r = api_users_refresh(&api->users, why);

	if (r < 0)
		return -EINVAL;
	if (api->users.count == 0)
		log_warning("The API has no users in %s; create one with: "
			    "agent-registrar user NAME",
			    settings->users_file);
	api->limits = api_limits_new(&settings->limits, settings->peers->exempt);
	api->worker = password_worker_new(base);
	if (!api->limits || !api->worker || api_token_key_make(&api->key) < 0)
		return reason_errno(why, ENOMEM, "Cannot set up the API");
	return api_http_new(&api->http, &http, settings->listeners, why);
}

int api_new(struct api **ret, struct event_base *base, const struct api_settings *settings,
	    struct transactions *transactions, struct registry *registry, struct reason *why)
{
	struct api *api = calloc(1, sizeof *api);
	int r;

	if (!api)
		return reason_errno(why, ENOMEM, "Cannot set up the API");
	api_response_set_up();
	api->settings = *settings;
	api->users.path = settings->users_file;
	api->transactions = transactions;
	api->registry = registry;
	if (gethostname(api->node, sizeof api->node - 1) < 0)
		api->node[0] = '\0';
	r = set_up(api, base, why);
	if (r < 0)
		api_free(api);
	else
		*ret = api;
	return r;
}

void api_stop(struct api *api)
{
	api_http_stop(api->http);
}

void api_use(struct api *api, SSL_CTX *tls, const char *password)
{
	api->settings.tls = tls;
	api->settings.password = password;
	api_http_use(api->http, tls);
}

bool api_is_busy(const struct api *api)
{
	return api_http_is_busy(api->http);
}

void api_free(struct api *api)
{
	if (!api)
		return;
	password_worker_free(api->worker);
	while (api->calls) {
		struct incoming_call *call = api->calls;

		api_exchange_free(call->exchange);
		incoming_call_free(call);
	}
	api_http_free(api->http);
	api_limits_free(api->limits);
	api_users_clear(&api->users);
	explicit_bzero(&api->key, sizeof api->key);
	free(api);
}

int api_check_users(const char *users_file, struct reason *why)
{
	cleanup(api_users_clear) struct api_users users = { .path = users_file };
	int r = api_users_refresh(&users, why);

	return r < 0 ? r : (int)users.count;
}
