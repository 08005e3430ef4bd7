/* SPDX-License-Identifier: ISC */
#include "registrar/api/api.h"

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/escape.h"
#include "common/log.h"
#include "registrar/api/incoming-call.h"
#include "registrar/enrollment/log.h"
#include "registrar/enrollment/records.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#define LOCK_PATIENCE (10 * USEC_PER_SEC) /* Wazuh's, for a request as a whole */

static const struct timeval lock_retry_time = { .tv_usec = 20 * 1000 };

/* ------------------------------------------------------------------ transactions */

/* client.keys is what counts: trouble with the other files is logged. */
static void write_records(const struct incoming_call *call)
{
	cleanup(records_clear) struct records records = { .first = NULL };
	struct reason why;

	for (size_t i = 0; i < call->removed_count; i++)
		records_remove(&records, call->removed[i].id);
	if (call->enrollment)
		records_add(&records, call->enrollment);
	if (records_write(&records, &call->settings->policy->history, &why) < 0)
		log_warning("%s", why.text);
}

static const char *describe_peer(const struct incoming_call *call, char *buffer, size_t size)
{
	const char *peer = api_exchange_peer(call->exchange);

	if (call->route->admit)
		(void)snprintf(buffer, size, "%s (enrolling)", peer);
	else
		(void)snprintf(buffer, size, "%s (user %s of the API)", peer, call->user);
	return buffer;
}

static void log_changes(struct incoming_call *call)
{
	char peer[160];

	describe_peer(call, peer, sizeof peer);
	if (call->enrollment && call->enrollment->accepted)
		enrollment_log_registered(call->enrollment, peer);
	else if (call->enrollment && call->enrollment->fault == ENROLLMENT_INTERNAL)
		enrollment_log_failed(call->enrollment, peer);
	else if (call->enrollment)
		enrollment_log_refused(call->enrollment->refusal, call->enrollment->why.text, peer);
	for (size_t i = 0; i < call->removed_count; i++)
		enrollment_log_removed(call->removed[i].id, call->removed[i].name, peer);
}

/* It is on the disk, or there was nothing to store. */
static void settle_call(struct incoming_call *call)
{
	write_records(call);
	log_changes(call);
}

/* Nothing of what the call wanted has happened, because of this machine. */
static void fail_call(struct incoming_call *call, const struct reason *why)
{
	const char *peer = api_exchange_peer(call->exchange);

	if (call->route->admit)
		log_error("%s (told %s, enrolling)", why->text, peer);
	else
		log_error("%s (told %s, user %s of the API)", why->text, peer, call->user);
	if (call->answer)
		explicit_bzero(call->answer, strlen(call->answer));
	free(call->answer);
	call->answer = NULL;
	call->removed_count = 0;
	(void)api_problem_code(&call->problem, call->on_failure ?: API_INTERNAL, NULL);
}

static struct incoming_call *take_ready(struct api *api)
{
	struct incoming_call *first = api->ready;

	api->ready = NULL;
	api->ready_end = &api->ready;
	return first;
}

/* All fail. */
static void fail_ready(struct api *api, const struct reason *why)
{
	struct incoming_call *next = take_ready(api);

	while (next) {
		struct incoming_call *call = next;

		next = call->next;
		fail_call(call, why);
		incoming_call_answer(call);
	}
}

/* Those that have waited too long for the lock hear so. */
static void give_up_old(struct api *api)
{
	struct incoming_call *next = take_ready(api);
	uint64_t now = monotonic_usec();

	while (next) {
		struct incoming_call *call = next;

		next = call->next;
		if (now < call->give_up_at) {
			call->next = NULL;
			*api->ready_end = call;
			api->ready_end = &call->next;
			continue;
		}
		log_error("client.keys stayed locked (told %s)", api_exchange_peer(call->exchange));
		(void)api_problem_code(&call->problem, API_TIMEOUT, NULL);
		incoming_call_answer(call);
	}
}

static void run_ready(struct api *api)
{
	struct incoming_call *next;
	struct reason why;
	int r;

	for (struct incoming_call *call = api->ready; call; call = call->next)
		call->route->run(call);
	r = roster_commit(api->settings.roster, &why);
	next = take_ready(api);
	while (next) {
		struct incoming_call *call = next;

		next = call->next;
		if (r < 0 && call->on_failure != API_CODE_NONE)
			fail_call(call, &why);
		else
			settle_call(call);
		incoming_call_answer(call);
	}
}

static void on_commit(evutil_socket_t fd, short what, void *argument)
{
	struct api *api = argument;
	struct reason why;
	int r;

	(void)fd, (void)what;
	if (!api->ready)
		return;
	r = roster_begin(api->settings.roster, &why);
	if (r == -EAGAIN) {
		give_up_old(api);
		(void)event_add(api->commit, &lock_retry_time);
	} else if (r < 0) {
		fail_ready(api, &why);
	} else {
		run_ready(api);
	}
}

static void make_ready(struct incoming_call *call)
{
	struct api *api = call->api;

	call->next = NULL;
	call->give_up_at = monotonic_usec() + LOCK_PATIENCE;
	*api->ready_end = call;
	api->ready_end = &call->next;
	/*
	 * Behind whatever else is active in this round, so that what is ready by then shares a
	 * transaction.
	 */
	event_active(api->commit, EV_TIMEOUT, 1);
}

/* ------------------------------------------------------------------ the beginning of a call */

static bool find_route(struct incoming_call *call, const struct api_route *routes,
		       unsigned int *methods)
{
	for (; routes->pattern; routes++) {
		if (!api_path_matches(&call->path, routes->pattern))
			continue;
		*methods |= routes->method;
		if (routes->method != api_exchange_method(call->exchange))
			continue;
		call->route = routes;
		return true;
	}
	return false;
}

/* What is there to call? False: nothing, or not with this method. */
static bool take_route(struct incoming_call *call)
{
	static const char *const names[] = { "GET", "POST", "PUT", "DELETE" };
	unsigned int methods = 0;
	char allowed[64] = "";

	if (api_path_parse(&call->path, api_exchange_path(call->exchange)) < 0)
		return api_problem_http(&call->problem, 404);
	if (find_route(call, api_login_routes, &methods) ||
	    find_route(call, api_about_routes, &methods) ||
	    find_route(call, api_agent_routes, &methods) ||
	    find_route(call, api_enroll_routes, &methods))
		return true;
	if (methods == 0)
		return api_problem_http(&call->problem, 404);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (methods & 1u << i)
			(void)snprintf(allowed + strlen(allowed), sizeof allowed - strlen(allowed),
				       "%s%s", allowed[0] ? ", " : "", names[i]);
	api_exchange_add_header(call->exchange, "Allow", allowed);
	return api_problem_http(&call->problem, 405);
}

static bool take_query(struct incoming_call *call)
{
	const char *pretty;
	int r = api_query_parse(&call->query, api_exchange_query(call->exchange));

	if (r < 0)
		return api_problem_set(&call->problem, 400, "Bad Request",
				       "The query cannot be read");
	pretty = api_query_get(&call->query, "pretty");
	call->pretty = pretty && (pretty[0] == '\0' || api_boolean_parse(pretty) == 1);
	return true;
}

static bool is_limited(struct incoming_call *call)
{
	return !api_limits_request(call->api->limits, api_exchange_address(call->exchange),
				   monotonic_usec()) &&
	       !api_problem_code(&call->problem, API_TOO_MANY_REQUESTS, NULL);
}

static bool take_body(struct incoming_call *call)
{
	const char *type = api_exchange_header(call->exchange, "Content-Type"), *body;
	size_t length, type_length = type ? strcspn(type, "; \t") : 0;

	body = api_exchange_body(call->exchange, &length);
	if (length > API_BODY_MAX)
		return api_problem_set(&call->problem, 413, "Content size exceeded.",
				       "Maximum content size limit (%d) exceeded (%zu bytes read)",
				       API_BODY_MAX, length);
	if (!call->route->has_body)
		return true;
	if (type_length != strlen(API_JSON_TYPE) ||
	    strncasecmp(type, API_JSON_TYPE, type_length) != 0)
		return api_problem_code(&call->problem, API_CONTENT_TYPE, NULL);
	return api_body_parse(&call->body, call->route->body, body, length, &call->problem);
}

static bool parameters_are_good(struct incoming_call *call)
{
	return api_parameters_are_good(&call->query, call->route->parameters, &call->problem);
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
		if (!parameters_are_good(call) || !api_log_in(call))
			incoming_call_answer(call);
	} else if (!is_admitted(call)) {
		incoming_call_answer(call);
	} else if (call->route->run) {
		make_ready(call);
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
		.max_connections = API_CONNECTIONS_MAX,
		.max_each = API_CONNECTIONS_EACH,
		.request = on_request,
		.owner = api,
	};
	int r = api_users_refresh(&api->users, why);

	if (r < 0)
		return -EINVAL;
	if (api->users.count == 0)
		log_warning("Nobody can use the API: there are no users in %s ('agent-registrar "
			    "user NAME' makes one)",
			    settings->users_file);
	api->limits = api_limits_new(&settings->limits);
	api->commit = evtimer_new(base, on_commit, api);
	api->worker = password_worker_new(base);
	if (!api->limits || !api->commit || !api->worker || api_token_key_make(&api->key) < 0)
		return reason_errno(why, ENOMEM, "Cannot set up the API");
	return api_http_new(&api->http, &http, settings->listeners, why);
}

int api_new(struct api **ret, struct event_base *base, const struct api_settings *settings,
	    struct reason *why)
{
	struct api *api = calloc(1, sizeof *api);
	int r;

	if (!api)
		return reason_errno(why, ENOMEM, "Cannot set up the API");
	api_response_set_up();
	api->settings = *settings;
	api->users.path = settings->users_file;
	api->ready_end = &api->ready;
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

bool api_is_busy(const struct api *api)
{
	return api_http_is_busy(api->http);
}

static void drop_calls(struct incoming_call *next)
{
	while (next) {
		struct incoming_call *call = next;

		next = call->next;
		api_exchange_drop(call->exchange);
		incoming_call_free(call);
	}
}

void api_free(struct api *api)
{
	if (!api)
		return;
	password_worker_free(api->worker);
	drop_calls(api->trying);
	drop_calls(api->ready);
	api_http_free(api->http);
	if (api->commit)
		event_free(api->commit);
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
