/* SPDX-License-Identifier: ISC */
#include "registrar/api/api.h"

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/json-read.h"
#include "common/log.h"
#include "registrar/api/incoming-call.h"
#include "registrar/net/priority.h"

#include <string.h>

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

/* Did it come at the port where nothing but the enrollment is served? */
static bool is_at_enrollment(const struct incoming_call *call)
{
	return api_exchange_port(call->exchange) == API_PORT_ENROLL;
}

/* Look for the call among all of them. `ret_methods`: those that its path can be called with. */
static bool find_call(struct incoming_call *call, unsigned int *ret_methods)
{
	*ret_methods = 0;
	if (is_at_enrollment(call))
		return find_route(call, api_enroll_routes, ret_methods) ||
		       find_route(call, api_enroll_secret_routes, ret_methods);
	return find_route(call, api_login_routes, ret_methods) ||
	       find_route(call, api_about_routes, ret_methods) ||
	       find_route(call, api_agent_routes, ret_methods) ||
	       find_route(call, api_token_routes, ret_methods) ||
	       find_route(call, api_group_routes, ret_methods) ||
	       find_route(call, api_enroll_routes, ret_methods) ||
	       find_route(call, api_enroll_secret_routes, ret_methods);
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
		return is_at_enrollment(call) ? api_problem_http(&call->result.problem, 404)
					      : redirect(call);
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

/* A call of the enrollment that came too early: when it is to come again. */
static bool is_too_early(struct incoming_call *call)
{
	call->enroll.wait = api_limits_enroll(call->api->limits,
					      api_exchange_address(call->exchange),
					      call->route->bucket, monotonic_usec());
	if (call->enroll.wait == 0)
		return false;
	if (peer_log_may(call->settings->peers->log, api_exchange_address(call->exchange),
			 PEER_REFUSED))
		log_notice("Refused an enrollment from %s for now: there are too many from this "
			   "address (--enroll-rate)",
			   api_exchange_peer(call->exchange));
	return !api_problem_set(&call->result.problem, 429, NULL, "Too many requests");
}

/* Is there such a call, and may the client make another one? */
static bool may_come(struct incoming_call *call)
{
	bool is_found = take_route(call);

	if (is_found && call->route->admit)
		return !is_too_early(call);
	return !is_limited(call) && is_found;
}

static void begin(struct incoming_call *call)
{
	if (is_at_enrollment(call))
		call->route = &api_enroll_nothing;
	if (!take_query(call) || !may_come(call))
		incoming_call_answer(call);
	else if (call->route->is_login)
		api_log_in(call);
	else if (call->route->admit)
		call->route->admit(call);
	else
		api_take_token(call);
}

static void on_request(void *owner, struct api_exchange *exchange)
{
	struct api *api = owner;
	struct incoming_call *call = calloc(1, sizeof *call);

	if (!call) {
		log_error("Out of memory: %s got no answer by HTTPS", api_exchange_peer(exchange));
		api_exchange_answer_later(exchange);
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
	const struct listeners *const listeners[API_PORT_COUNT] = {
		[API_PORT_ALL] = settings->listeners,
		[API_PORT_ENROLL] = settings->enroll_listeners,
	};

	api->limits = api_limits_new(&settings->limits, settings->peers->exempt);
	api->base = base;
	api->turns = turns_new(base, PRIORITY_LATER);
	if (!api->limits || !api->turns)
		return reason_errno(why, ENOMEM, "Cannot set up the API");
	long_answers_begin(&api->long_answers, api->turns);
	return api_http_new(&api->http, &http, listeners, why);
}

int api_new(struct api **ret, struct event_base *base, const struct api_settings *settings,
	    struct registry *registry, struct reason *why)
{
	struct api *api = calloc(1, sizeof *api);
	int r;

	if (!api)
		return reason_errno(why, ENOMEM, "Cannot set up the API");
	json_read_set_up();
	api->settings = *settings;
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

void api_use(struct api *api, SSL_CTX *tls, const struct authorities *authorities,
	     bool demands_password)
{
	api->settings.tls = tls;
	api->settings.authorities = authorities;
	api->settings.demands_password = demands_password;
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
	while (api->calls) {
		struct incoming_call *call = api->calls;

		api_exchange_free(call->exchange);
		incoming_call_free(call);
	}
	api_http_free(api->http);
	turns_free(api->turns);
	api_limits_free(api->limits);
	free(api);
}

int api_exists(struct reason *why)
{
	(void)why;
	return 0;
}
