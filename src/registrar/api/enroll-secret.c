/* SPDX-License-Identifier: ISC */
/*
 * POST /wazuh-manager/enroll/secret: an agent that has a key gets a secret with which it can enroll
 * again, because its enrollment gave it none, or it has lost it. Its bearer is that of any request
 * of an agent, signed with its key, and the body says nothing.
 *
 * Rules: Wazuh 5.0.0 release candidate of September 2026, the endpoint of remoted and its tests.
 * Errors are {"error":CODE}; of a 401, {"error":MESSAGE,"code":CLASS}.
 */
#include "common/log.h"
#include "registrar/api/incoming-call.h"

#include <stdlib.h>
#include <string.h>

/* The problem's detail is what is said. */
static void refuse(struct incoming_call *call, int status, const char *error)
{
	(void)api_problem_set(&call->result.problem, status, NULL, "%s", error);
	incoming_call_answer(call);
}

static void refuse_bearer(struct incoming_call *call, enum bearer_fault fault)
{
	if (fault == BEARER_INVALID_SIGNATURE && !api_enroll_count_wrong(call)) {
		refuse(call, 429, "rate_limited");
		return;
	}
	call->enroll.fault = fault;
	refuse(call, 401, "Invalid client authentication");
}

/* What the API says of a failure is not what an agent looks for. */
static const char *error_text(const struct api_problem *problem)
{
	if (problem->status == 429)
		return "rate_limited";
	if (problem->title || problem->code)
		return problem->status == 503 ? "authd_unavailable" : "authd_error";
	return problem->detail;
}

static void answer_problem(struct incoming_call *call)
{
	const struct api_problem *problem = &call->result.problem;
	enum bearer_fault fault = call->enroll.fault;
	const char *class = fault != BEARER_OK ? bearer_fault_text(fault) : NULL;
	json_t *document = json_pack("{s:s, s:s*}", "error", error_text(problem), "code", class);
	char *body = document ? json_dumps(document, JSON_COMPACT) : NULL;

	json_decref(document);
	api_enroll_add_headers(call);
	log_debug("Enrollment: %s got %d for a secret: %s", api_exchange_peer(call->exchange),
		  problem->status, class ?: error_text(problem));
	api_exchange_answer(call->exchange, problem->status, API_JSON_TYPE, body);
}

static void hand_out(struct incoming_call *call, const char *secret)
{
	json_t *object = json_pack("{s:s, s:s}", "id", call->enroll.bearer.key_id,
				   "reenroll_secret", secret);

	call->result.answer = object ? json_dumps(object, JSON_COMPACT) : NULL;
	json_decref(object);
	incoming_call_answer(call);
}

static void decided(struct incoming_call *call, struct registry_answer *answer)
{
	switch (answer->secret.fault) {
	case SECRET_OK:
		hand_out(call, answer->secret.secret);
		break;
	case SECRET_DENIED:
		refuse_bearer(call, answer->secret.bearer);
		break;
	case SECRET_IN_PROGRESS:
		refuse(call, 409, "reenroll_in_progress");
		break;
	case SECRET_INTERNAL:
		refuse(call, 503, "identity_unrecorded");
		break;
	}
}

static void admit(struct incoming_call *call)
{
	const char *version_fault = api_enroll_version_fault(call);
	struct bearer_request *request;
	enum bearer_fault fault;

	if (version_fault) {
		refuse(call, 400, version_fault);
		return;
	}
	fault = api_enroll_read_bearer(call, bearer_parse_request);
	if (fault == BEARER_KEY_UNAVAILABLE) {
		incoming_call_answer_later(call);
		return;
	}
	if (fault != BEARER_OK) {
		api_enroll_log_bearer(call, fault);
		refuse_bearer(call, fault);
		return;
	}
	request = calloc(1, sizeof *request);
	if (request)
		*request = (struct bearer_request){ .client = *api_exchange_client(call->exchange),
						    .bearer = call->enroll.bearer };
	api_ask(call, REGISTRY_SECRET, request, decided);
}

const struct api_route api_enroll_secret_routes[] = {
	{ .method = API_POST,
	  .pattern = "/wazuh-manager/enroll/secret",
	  .admit = admit,
	  .bucket = API_BUCKET_ENROLL,
	  .answer_problem = answer_problem },
	{ .pattern = NULL },
};
