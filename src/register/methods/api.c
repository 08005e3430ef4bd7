/* SPDX-License-Identifier: ISC */
/*
 * The way of the manager's RESTful API: log in, ask for an agent, put it into its groups.
 *
 *	4.x  POST /security/user/authenticate  (Basic)  -> a token for the others (Bearer)
 *	     POST /agents {"name","ip"}                 -> {"id","key"}, the key being the base64 of the whole line
 *	     PUT /agents/ID/group/GROUP
 *	3.x  the same with Basic each time, and without the first; it has the shape of 404 that tells so
 */
#include "register/methods/https-methods.h"

#include "common/cleanup.h"
#include "common/escape.h"
#include "register/methods/api-session.h"

#include <string.h>

/* ------------------------------------------------------------------ the key */

/* The body of the request, in memory that is wiped when it is freed. */
static char *compose_agent(const struct attempt *attempt)
{
	json_t *root = json_pack("{s:s, s:s*}", "name", attempt->name, "ip", attempt->ip);
	char *body = json_dumps(root, JSON_COMPACT);

	json_decref(root);
	return body;
}

static int accept_key(struct api_session *session, const struct api_reply *reply, struct agent_key *ret)
{
	cleanup(agent_key_wipe) struct agent_key key = { 0 };
	const char *id = api_reply_text(reply, "id"), *base64 = api_reply_text(reply, "key");
	const char *fault = id && base64 ? api_key_parse(&key, base64) : "it is not there";

	if (!fault && strcmp(key.id, id) != 0)
		fault = "it is that of another id than the answer says";
	if (!fault && strcmp(key.name, session->attempt->name) != 0)
		fault = "it is that of an agent of another name";
	if (fault) {
		reason_set(&session->report->why, "%s sent a key that no agent can use: %s", session->manager, fault);
		return OUTCOME_GARBLED;
	}
	*ret = key;
	return OUTCOME_REGISTERED;
}

static int ask_for_key(struct api_session *session, struct agent_key *ret)
{
	cleanup(api_reply_done) struct api_reply reply = { 0 };
	cleanup(release_wiped) char *body = compose_agent(session->attempt);
	int r;

	if (!body)
		return reason_errno(&session->report->why, ENOMEM, "Cannot compose the request to %s", session->manager);
	r = api_session_call(session, &(struct api_call){ "POST", "/agents", body, .registers = true }, &reply);
	if (r != OUTCOME_OK)
		return r;
	if (api_reply_is_success(&reply))
		return accept_key(session, &reply, ret);
	session->report->answered = true;
	return api_session_refused(session, &reply);
}

/* ------------------------------------------------------------------ the groups */

static void warn_of_group(struct api_session *session, const char *group, const char *text)
{
	struct reason *warning = &session->report->warning;
	size_t used = strlen(warning->text);

	(void)snprintf(warning->text + used, sizeof warning->text - used, "%sThe agent is registered, but not in the group %s: %s",
		       used ? "; " : "", group, text);
}

/* The key is in hand, and what goes wrong from here on must not lose it. Returns false when going on is of no use. */
static bool join_group(struct api_session *session, const char *id, const char *group)
{
	cleanup(api_reply_done) struct api_reply reply = { 0 };
	char path[64 + AGENT_ID_MAX + 256];
	int r;

	(void)snprintf(path, sizeof path, "/agents/%s/group/%s", id, group);
	r = api_session_call(session, &(struct api_call){ "PUT", path }, &reply);
	if (r == OUTCOME_OK && api_reply_is_success(&reply))
		return true;
	if (r == OUTCOME_OK)
		(void)api_session_refused(session, &reply);
	warn_of_group(session, group, session->report->why.text[0] ? session->report->why.text : "asked to stop");
	session->report->why.text[0] = '\0';
	return r == OUTCOME_OK;
}

static void join_groups(struct api_session *session, const char *id)
{
	const char *group = session->attempt->groups;
	bool goes_on = true;

	while (goes_on && group && *group) {
		size_t length = strcspn(group, ",");
		char name[256];

		(void)snprintf(name, sizeof name, "%.*s", (int)length, group);
		goes_on = join_group(session, id, name);
		group += length + (group[length] == ',');
	}
}

/* ------------------------------------------------------------------ the method */

static int api_run(const struct attempt *attempt, struct agent_key *ret, struct attempt_report *report)
{
	cleanup(api_session_done) struct api_session session = { 0 };
	int r = api_session_begin(&session, attempt, report);

	if (r == OUTCOME_OK)
		r = ask_for_key(&session, ret);
	if (r == OUTCOME_REGISTERED)
		join_groups(&session, ret->id);
	return r;
}

const struct method method_api = { "api", api_run };
