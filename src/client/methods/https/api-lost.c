/* SPDX-License-Identifier: ISC */
/*
 * Recovering the key of an agent that was registered although the response was lost.
 *
 * Another machine may have our name, and its key must never be used here. So the agent must have
 * been created within a minute after our request was sent, by the manager's clock, and must never
 * have connected.
 */
#include "client/methods/https/api-session.h"

#include "common/cleanup.h"

#include <string.h>
#include <time.h>

#define SLACK_SECONDS 2 /* both sides round to seconds */
#define ANSWERED_WITHIN_SECONDS 60
#define WORTH_SECONDS 3600 /* then the manager's own rules allow replacing it */

/* "2026-11-21T20:15:00Z", with or without a fraction. Returns -1 when it is not valid. */
static time_t parse_date(const char *text)
{
	struct tm broken_down = { 0 };
	const char *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &broken_down) : NULL;

	if (!end || (*end != 'Z' && *end != '.' && strcmp(end, "+00:00") != 0))
		return -1;
	return timegm(&broken_down);
}

static bool was_made_by_us(const struct api_session *session, const json_t *agent)
{
	const char *name = json_string_value(json_object_get(agent, "name"));
	const char *status = json_string_value(json_object_get(agent, "status"));
	time_t made_at = parse_date(json_string_value(json_object_get(agent, "dateAdd")));
	long long age = (long long)session->date - made_at,
		  lost_for = (long long)(session->attempt->api.lost_for / USEC_PER_SEC);

	if (!name || strcmp(name, session->attempt->agent.name) != 0 || !status ||
	    strcmp(status, "never_connected") != 0)
		return false;
	return session->date >= 0 && made_at >= 0 && lost_for <= WORTH_SECONDS &&
	       age <= lost_for + SLACK_SECONDS && age >= lost_for - ANSWERED_WITHIN_SECONDS;
}

/* The ID of the agent, in `reply`; null: not found. */
static const char *find_agent(struct api_session *session, struct api_reply *reply)
{
	char path[64 + AGENT_NAME_MAX];
	const char *id;

	(void)snprintf(path, sizeof path, "/agents?name=%s&select=id,name,status,dateAdd",
		       session->attempt->agent.name);
	if (session->is_version_3 ||
	    api_session_call(session, &(struct api_call){ "GET", path }, reply) != OUTCOME_OK ||
	    !api_reply_is_success(reply) || !was_made_by_us(session, api_reply_item(reply)))
		return NULL;
	id = json_string_value(json_object_get(api_reply_item(reply), "id"));
	return id && agent_id_is_valid(id, strlen(id)) ? id : NULL;
}

/* Who sees this has the agent removed there, or lets the key be fetched. */
static void add_lacking_right(const struct api_session *session, const char *id)
{
	struct reason *why = &session->report->why;

	reason_append(why,
		      "; its agent %s seems to be of the request whose answer was lost, but its "
		      "key may not be fetched (error %d): grant the role of api_user %s",
		      id, API_NO_PERMISSION, session->right);
}

int api_find_lost(struct api_session *session, struct agent_key *ret)
{
	cleanup(api_reply_clear) struct api_reply reply = { 0 };
	cleanup(agent_key_wipe) struct agent_key key = { 0 };
	struct attempt_report *report = session->report;
	const struct attempt_report refusal = *report;
	const char *id = find_agent(session, &reply);
	bool exists = false;
	int r = id ? api_session_key(session, id, &key, &exists) : OUTCOME_DUPLICATE;

	if (r == OUTCOME_OK && exists && strcmp(key.id, id) == 0 &&
	    strcmp(key.name, session->attempt->agent.name) == 0) {
		*ret = key;
		return OUTCOME_REGISTERED;
	}
	*report = refusal;
	if (r == OUTCOME_REFUSED && session->lacks_right)
		add_lacking_right(session, id);
	return OUTCOME_DUPLICATE;
}
