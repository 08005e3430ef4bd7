/* SPDX-License-Identifier: ISC */
/*
 * The method of the manager's RESTful API: log in, request an agent, add it to its groups.
 *
 *	4.x  POST /security/user/authenticate  (Basic)  -> a token for the others (Bearer)
 *	     POST /agents {"name","ip"}                 -> {"id","key"}, base64 of the line
 *	     POST /agents/insert {"name","ip","force"}  -> the same, but may replace an agent
 *	     PUT /agents/ID/group/GROUP
 *	3.x  the same with Basic each time, without the first and the third; its 404 for the first
 *	     has a shape of its own
 *
 * Origin: as in api-reply.h, and Wazuh's
 * api/test/integration/test_agent_POST_endpoints.tavern.yaml.
 */
#include "client/methods/https/https-methods.h"

#include "client/methods/https/api-session.h"
#include "common/cleanup.h"
#include "common/escape.h"

#include <string.h>

/* ------------------------------------------------------------------ the key */

/*
 * With `replace`, an agent with this name (or address) is replaced if it is not connected, however
 * recently it was registered or seen. Not by "s*", which leaves out what there is no memory for.
 */
static json_t *make_agent(const struct attempt *attempt, bool replace)
{
	const char *name = attempt->agent.name, *ip = attempt->agent.ip;

	if (replace)
		return json_pack("{s:s, s:s, s:{s:b, s:{s:b, s:s}, s:s}}", "name", name, "ip",
				 ip ?: "any", "force", "enabled", true, "disconnected_time",
				 "enabled", true, "value", "0s", "after_registration_time", "0s");
	return ip ? json_pack("{s:s, s:s}", "name", name, "ip", ip)
		  : json_pack("{s:s}", "name", name);
}

/* The agent to register, as JSON, to be freed. Null: out of memory. */
static char *compose_agent(const struct attempt *attempt, bool replace)
{
	json_t *root = make_agent(attempt, replace);
	char *body = json_dumps(root, JSON_COMPACT);

	json_decref(root);
	return body;
}

static int accept_key(struct api_session *session, const struct api_reply *reply,
		      struct agent_key *ret)
{
	cleanup(agent_key_wipe) struct agent_key key = { 0 };
	const char *id = api_reply_text(reply, "id"), *base64 = api_reply_text(reply, "key");
	const char *fault = id && base64 ? api_key_parse(&key, base64) : "it is missing";

	if (!fault && strcmp(key.id, id) != 0)
		fault = "its ID differs from the one in the response";
	if (!fault && strcmp(key.name, session->attempt->agent.name) != 0)
		fault = "it belongs to an agent with another name";
	if (fault) {
		reason_set(&session->report->why, "%s sent an invalid key: %s", session->manager,
			   fault);
		return OUTCOME_PROTOCOL_ERROR;
	}
	*ret = key;
	return OUTCOME_REGISTERED;
}

static int request_key(struct api_session *session, struct agent_key *ret)
{
	cleanup(api_reply_clear) struct api_reply reply = { 0 };
	bool replace = session->attempt->api.replace && !session->is_version_3;
	cleanup(release_wiped) char *body = compose_agent(session->attempt, replace);
	const struct api_call call = { "POST", replace ? "/agents/insert" : "/agents", body,
				       .changes = true, .right = "agent:create" };
	int r;

	if (!body)
		return reason_errno(&session->report->why, ENOMEM,
				    "Cannot compose the request to %s", session->manager);
	r = api_session_call(session, &call, &reply);
	if (r != OUTCOME_OK)
		return r;
	if (api_reply_is_success(&reply))
		return accept_key(session, &reply, ret);
	session->report->answered = api_reply_is_final(&reply);
	r = api_session_refused(session, &reply);
	return r == OUTCOME_DUPLICATE && session->attempt->api.lost_for > 0
		       ? api_find_lost(session, ret)
		       : r;
}

/* ------------------------------------------------------------------ the method */

static int api_run(const struct attempt *attempt, struct agent_key *ret,
		   struct attempt_report *report)
{
	cleanup(api_session_close) struct api_session session = { 0 };
	int r = api_session_begin(&session, attempt, report);

	if (r == OUTCOME_OK)
		r = request_key(&session, ret);
	if (r == OUTCOME_REGISTERED)
		api_join_groups(&session, ret->id);
	return r;
}

const struct method method_api = {
	.name = "api",
	.keeps_name = true,
	.run = api_run,
	.deregister = api_deregister,
};
