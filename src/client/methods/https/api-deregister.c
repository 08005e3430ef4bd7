/* SPDX-License-Identifier: ISC */
/*
 * Removing an agent from the manager: only the agent with our key, not another one with the same
 * ID.
 */
#include "client/methods/https/https-methods.h"

#include "client/methods/https/api-session.h"
#include "common/cleanup.h"

#include <string.h>

/* Is it our key? Of that we have the hash, which is of our name; the manager's may be another. */
static bool is_ours(const struct attempt_agent *ours, const struct agent_key *theirs)
{
	cleanup(agent_key_wipe) struct agent_key key = *theirs;
	char hash[AGENT_KEY_HASH_SIZE];

	(void)snprintf(key.name, sizeof key.name, "%s", ours->name);
	return agent_key_hash(hash, &key) == 0 && strcmp(hash, ours->key_hash) == 0;
}

/* Does the manager's agent with our ID have our key? */
static int compare(struct api_session *session, const char *id, bool *ret_exists)
{
	cleanup(agent_key_wipe) struct agent_key theirs = { 0 };
	int r = api_session_key(session, id, &theirs, ret_exists);

	if (r != OUTCOME_OK || !*ret_exists)
		return r;
	if (strcmp(theirs.id, id) == 0 && is_ours(&session->attempt->agent, &theirs))
		return OUTCOME_OK;
	reason_set(&session->report->why,
		   "Agent %s on %s has a different key than this machine "
		   "(its name there is %s) and was not removed; "
		   "to remove only the key of this machine, run: agent-register reset",
		   id, session->manager, theirs.name);
	return OUTCOME_REFUSED;
}

static bool names(const json_t *item, const char *id)
{
	const char *text = json_string_value(item);

	return text && strcmp(text, id) == 0;
}

/* Versions 3 and 4 report the agent in different lists. */
static bool is_removed(const struct api_session *session, const struct api_reply *reply,
		       const char *id)
{
	const json_t *list = json_object_get(json_object_get(reply->root, "data"),
					     "affected_agents");

	if (reply->code == API_NO_SUCH_AGENT)
		return true;
	return api_reply_is_success(reply) &&
	       names(session->is_version_3 ? json_array_get(list, 0) : api_reply_item(reply), id);
}

static int remove_agent(struct api_session *session, const char *id)
{
	cleanup(api_reply_clear) struct api_reply reply = { 0 };
	char path[96];
	int r;

	/* Without older_than the API does not remove agents that are younger than a week. */
	(void)snprintf(path, sizeof path,
		       session->is_version_3 ? "/agents/%.*s"
					     : "/agents?agents_list=%.*s&status=all&older_than=0s",
		       AGENT_ID_MAX, id);
	r = api_session_call(session,
			     &(struct api_call){ "DELETE", path, .changes = true,
						 .right = "agent:delete" },
			     &reply);
	if (r != OUTCOME_OK || is_removed(session, &reply, id))
		return r;
	session->report->answered = api_reply_is_final(&reply);
	return api_session_refused(session, &reply);
}

int api_deregister(const struct attempt *attempt, const char *id, bool *ret_removed,
		   struct attempt_report *report)
{
	cleanup(api_session_close) struct api_session session = { 0 };
	bool exists = false;
	int r = api_session_begin(&session, attempt, report);

	if (r == OUTCOME_OK)
		r = compare(&session, id, &exists);
	if (r == OUTCOME_OK && exists)
		r = remove_agent(&session, id);
	if (r == OUTCOME_OK)
		*ret_removed = exists;
	return r;
}
