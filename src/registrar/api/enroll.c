/* SPDX-License-Identifier: ISC */
/*
 * The enrollment of Wazuh 5 on the API's port: POST /wazuh-manager/enroll with a bearer that proves
 * the registration password, an enrollment token, or the secret of an agent that enrolls again, and
 * GET /wazuh-manager/cacerts.
 *
 * Rules: Wazuh 5.0.0 release candidate of September 2026,
 * docs/ref/modules/remoted/https-events-api.md. Unlike the calls of the API, these know no users,
 * and say {"error":{"code","message"}}.
 */
#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/json-read.h"
#include "common/log.h"
#include "registrar/api/bearer.h"
#include "registrar/api/incoming-call.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ENROLLMENT_BODY_MAX 16384
#define LONG_WAIT 60 /* seconds: whoever makes so many mistakes is in no hurry */

/* ------------------------------------------------------------------ refusals */

/* `code` is authd's number, or 0. Returns false. */
static bool refuse(struct incoming_call *call, int status, int code, const char *message)
{
	call->enroll.code = code;
	return api_problem_set(&call->result.problem, status, NULL, "%s", message);
}

/* A 401 has a class of failure instead of a number. Returns false. */
static bool refuse_bearer(struct incoming_call *call, enum bearer_fault fault)
{
	call->enroll.fault = fault;
	return api_problem_set(&call->result.problem, 401, NULL, "Invalid client authentication");
}

void api_enroll_add_headers(struct incoming_call *call)
{
	enum bearer_fault fault = call->enroll.fault;
	char challenge[128], wait[16];

	if (fault != BEARER_OK) {
		(void)snprintf(challenge, sizeof challenge,
			       fault == BEARER_INVALID_REQUEST
				       ? "Bearer error=\"%s\""
				       : "Bearer error=\"invalid_token\", error_description=\"%s\"",
			       bearer_fault_text(fault));
		api_exchange_add_header(call->exchange, "WWW-Authenticate", challenge);
	}
	if (call->result.problem.status == 429) {
		(void)snprintf(wait, sizeof wait, "%u", call->enroll.wait ?: LONG_WAIT);
		api_exchange_add_header(call->exchange, "Retry-After", wait);
	}
}

static void answer_problem(struct incoming_call *call)
{
	const struct api_problem *problem = &call->result.problem;
	enum bearer_fault fault = call->enroll.fault;
	const char *class = bearer_fault_text(fault);
	json_t *code = fault != BEARER_OK ? json_string(class) : json_integer(call->enroll.code),
	       *document;
	char *body;

	api_enroll_add_headers(call);
	log_debug("Enrollment: %s got %d: %s", api_exchange_peer(call->exchange), problem->status,
		  fault != BEARER_OK ? class : problem->detail);
	document = json_pack("{s:{s:o, s:s}}", "error", "code", code, "message", problem->detail);
	body = document ? json_dumps(document, JSON_COMPACT) : NULL;
	json_decref(document);
	api_exchange_answer(call->exchange, problem->status, API_JSON_TYPE, body);
}

/* ------------------------------------------------------------------ the bearer */

#define ENROLLING "POST /enroll" /* stands in the limits where users have names */

bool api_enroll_count_wrong(struct incoming_call *call)
{
	const char *address = api_exchange_address(call->exchange);
	struct api_limits *limits = call->api->limits;
	uint64_t now = monotonic_usec();

	if (!api_limits_may_log_in(limits, address, ENROLLING, now))
		return false;
	if (api_limits_failure(limits, address, ENROLLING, now))
		log_warning("Too many enrollments with a wrong password or secret: %s gets no more "
			    "answers to wrong ones for %u seconds",
			    address, call->settings->limits.block_time);
	return true;
}

static bool refuse_password(struct incoming_call *call)
{
	return api_enroll_count_wrong(call) ? refuse_bearer(call, BEARER_INVALID_SIGNATURE)
					    : refuse(call, 429, 0, "Too many failed attempts");
}

enum bearer_fault api_enroll_read_bearer(struct incoming_call *call, api_bearer_parser *parse)
{
	cleanup(api_credentials_wipe) struct api_credentials credentials = {
		.scheme = API_SCHEME_NONE
	};

	api_credentials_parse(&credentials, api_exchange_header(call->exchange, "Authorization"));
	api_exchange_wipe_header(call->exchange, "Authorization");
	return credentials.scheme == API_SCHEME_BEARER
		       ? parse(&call->enroll.bearer, credentials.token)
		       : BEARER_INVALID_REQUEST;
}

void api_enroll_log_bearer(struct incoming_call *call, enum bearer_fault fault)
{
	if (!api_exchange_was_short(call->exchange) &&
	    peer_log_may(call->settings->peers->log, api_exchange_address(call->exchange),
			 PEER_WRONG_PASSWORD))
		log_notice("Refused an enrollment from %s: %s%s", api_exchange_peer(call->exchange),
			   bearer_fault_text(fault), bearer_fault_cause(fault));
}

static void refuse_fault(struct incoming_call *call, enum bearer_fault fault)
{
	if (fault == BEARER_INVALID_SIGNATURE)
		(void)refuse_password(call);
	else if (fault == BEARER_KEY_UNAVAILABLE) /* 401 would speak against the client */
		(void)refuse(call, 500, 9001, "Internal error");
	else
		(void)refuse_bearer(call, fault);
	incoming_call_answer(call);
}

/* ------------------------------------------------------------------ the body */

static bool is_member(const char *name)
{
	static const char *const names[] = { "name", "version", "groups", "ip", "key_hash" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* A later agent may send more, and null for what it does not say. */
static bool take_members(struct incoming_call *call, const char *body, size_t length)
{
	const char *name;
	json_t *value;
	void *next;

	call->enroll.members = json_read(body, length, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(call->enroll.members))
		return refuse(call, 400, 0, "Invalid request format");
	json_object_foreach_safe(call->enroll.members, next, name, value)
		if (!is_member(name) || json_is_null(value))
			(void)json_object_del(call->enroll.members, name);
		else if (!json_is_string(value))
			return refuse(call, 400, 0, "Invalid request format");
	if (!json_object_get(call->enroll.members, "name") ||
	    !json_object_get(call->enroll.members, "version"))
		return refuse(call, 400, 0, "Missing required field: name or version");
	return true;
}

/* ------------------------------------------------------------------ in the order of Wazuh */

/* What is looked at when the bearer is right. As there, whatever type it is said to have. */
static void take_body(struct incoming_call *call)
{
	size_t length;
	const char *body = api_exchange_body(call->exchange, &length);

	if (take_members(call, body, length))
		api_carry_out(call);
	else
		incoming_call_answer(call);
}

static void bearer_decided(struct incoming_call *call, struct registry_answer *answer)
{
	if (answer->bearer.fault == BEARER_OK)
		take_body(call);
	else
		refuse_fault(call, answer->bearer.fault);
}

/* Also where no password is demanded, who names a token or an agent has to prove that. */
static bool names_a_secret(const struct incoming_call *call, enum bearer_fault fault)
{
	return fault == BEARER_OK && call->enroll.bearer.key_id[0];
}

static void take_bearer(struct incoming_call *call)
{
	struct bearer_request *request;
	enum bearer_fault fault;

	fault = api_enroll_read_bearer(call, bearer_parse);
	if (!call->settings->demands_password && !names_a_secret(call, fault)) {
		take_body(call);
		return;
	}
	if (fault != BEARER_OK) {
		api_enroll_log_bearer(call, fault);
		refuse_fault(call, fault);
		return;
	}
	request = calloc(1, sizeof *request);
	if (request)
		*request = (struct bearer_request){ .client = *api_exchange_client(call->exchange),
						    .bearer = call->enroll.bearer };
	api_ask(call, REGISTRY_BEARER, request, bearer_decided);
}

/* An agent that has sent its request compressed sends it again as it is. */
static bool is_encoded(const struct incoming_call *call)
{
	const char *encoding = api_exchange_header(call->exchange, "Content-Encoding");

	return encoding && *encoding && strcasecmp(encoding, "identity") != 0;
}

const char *api_enroll_version_fault(struct incoming_call *call)
{
	const char *version = api_exchange_header(call->exchange, "protocol-version");

	if (version && strcmp(version, "1") == 0)
		return NULL;
	return version ? "Unsupported protocol-version"
		       : "Missing required header: protocol-version";
}

static void admit(struct incoming_call *call)
{
	const char *version_fault = api_enroll_version_fault(call);
	bool is_good = true;
	size_t length;

	(void)api_exchange_body(call->exchange, &length);
	if (version_fault)
		is_good = refuse(call, 400, 0, version_fault);
	else if (length > ENROLLMENT_BODY_MAX)
		is_good = refuse(call, 413, 0, "Payload too large");
	else if (is_encoded(call))
		is_good = refuse(call, 415, 0, "Unsupported Content-Encoding");
	if (is_good)
		take_bearer(call);
	else
		incoming_call_answer(call);
}

/*
 * The bearer was right, and is not any more: it became too old meanwhile, or its secret is another
 * one now, which the agent is told of its next bearer.
 */
static void deny(struct incoming_call *call)
{
	(void)refuse_bearer(call, BEARER_STALE);
}

/* ------------------------------------------------------------------ enrolling */

static struct authd_field member(const struct incoming_call *call, const char *name)
{
	const json_t *value = json_object_get(call->enroll.members, name);

	return (struct authd_field){ json_string_value(value), json_string_length(value) };
}

/* A refusal with the status and number that authd has for it. */
static void explain(struct incoming_call *call, enum registration_fault fault)
{
	static const char too_new[] = "Agent version must be lower or equal to manager version";
	static const struct {
		int status, code;
		const char *message;
	} rows[] = {
		[REGISTRATION_OK] = { 500, 9001, "Internal error" },
		[REGISTRATION_NAME] = { 400, 0, "Invalid agent name" },
		[REGISTRATION_NAME_TAKEN] = { 409, 9008, "Duplicate name" },
		[REGISTRATION_VERSION] = { 400, 0, too_new },
		[REGISTRATION_GROUPS] = { 400, 9014, "Invalid Group(s) Name(s)" },
		[REGISTRATION_GROUP_ABSENT] = { 400, 9014, "Invalid Group(s) Name(s)" },
		[REGISTRATION_IP] = { 400, 0, "Invalid IP" },
		[REGISTRATION_IP_TAKEN] = { 409, 9007, "Duplicate IP" },
		[REGISTRATION_ID] = { 500, 9001, "Internal error" },
		[REGISTRATION_ID_TAKEN] = { 409, 9012, "Duplicate ID" },
		[REGISTRATION_KEY] = { 500, 9001, "Internal error" },
		[REGISTRATION_OPEN] = { 500, 9001, "Internal error" },
		[REGISTRATION_LIMIT] = { 503, 9013, "Maximum number of agents reached" },
		[REGISTRATION_UNKNOWN_AGENT] = { 401, 0, NULL },
		[REGISTRATION_WRONG_SECRET] = { 401, 0, NULL },
		[REGISTRATION_IN_PROGRESS] = { 409, 9030, "Re-enrollment already in progress" },
		[REGISTRATION_TOKEN_UNKNOWN] = { 403, 9022,
						 "Enrollment token is unknown or revoked" },
		[REGISTRATION_TOKEN_EXPIRED] = { 403, 9023, "Enrollment token has expired" },
		[REGISTRATION_TOKEN_USED_UP] = { 403, 9024, "Enrollment token has no uses left" },
		[REGISTRATION_INTERNAL] = { 500, 9001, "Internal error" },
	};

	if (fault == REGISTRATION_UNKNOWN_AGENT)
		(void)refuse_bearer(call, BEARER_UNKNOWN_AGENT);
	else if (fault == REGISTRATION_WRONG_SECRET)
		(void)refuse_password(call);
	else
		(void)refuse(call, rows[fault].status, rows[fault].code, rows[fault].message);
}

static char *print_agent(const struct registration_decision *decision)
{
	const struct agent_key *agent = &decision->agent;
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s*}", "id", agent->id, "name",
				   agent->name, "ip", decision->shown_ip, "key", agent->key,
				   "reenroll_secret",
				   decision->secret[0] ? decision->secret : NULL);
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

	json_decref(object);
	return text;
}

static void decided(struct incoming_call *call, const struct registration_decision *decision)
{
	if (decision->fault == REGISTRATION_OK)
		call->result.answer = print_agent(decision);
	else
		explain(call, decision->fault);
}

static bool describe(struct incoming_call *call, struct agent_registration *ret)
{
	ret->way = REGISTRATION_BY_ENROLL;
	ret->bearer = call->enroll.bearer;
	ret->fields = (struct authd_request_fields){
		.name = member(call, "name"),
		.version = member(call, "version"),
		.groups = member(call, "groups"),
		.ip = member(call, "ip"),
		.key_hash = member(call, "key_hash"),
	};
	return true;
}

static const struct api_registering enrolling = { .describe = describe, .decided = decided };

/* ------------------------------------------------------------------ the CA */

/* Agents that have CAs of a lower generation take these instead. */
static void hand_out_authorities(struct incoming_call *call)
{
	const struct authorities *authorities = call->settings->authorities;
	char generation[24];

	if (!authorities || !authorities->pem) {
		(void)refuse(call, 404, 0, "The certificate file holds no CA");
		return;
	}
	if (authorities->generation > 0) {
		(void)snprintf(generation, sizeof generation, "%" PRIu64, authorities->generation);
		api_exchange_add_header(call->exchange, "Wazuh-CA-Generation", generation);
	}
	call->result.answer = strdup(authorities->pem);
	call->result.content_type = "application/x-pem-file";
}

/* No credentials are needed: every TLS client sees these certificates. */
static void admit_all(struct incoming_call *call)
{
	api_carry_out(call);
}

/* ------------------------------------------------------------------ the list of calls */

const struct api_route api_enroll_nothing = { .answer_problem = answer_problem };

const struct api_route api_enroll_routes[] = {
	{ .method = API_POST,
	  .pattern = "/wazuh-manager/enroll",
	  .registering = &enrolling,
	  .admit = admit,
	  .bucket = API_BUCKET_ENROLL,
	  .deny = deny,
	  .answer_problem = answer_problem },
	{ .method = API_GET,
	  .pattern = "/wazuh-manager/cacerts",
	  .run_at_once = hand_out_authorities,
	  .admit = admit_all,
	  .bucket = API_BUCKET_CACERTS,
	  .answer_problem = answer_problem },
	{ .pattern = NULL },
};
