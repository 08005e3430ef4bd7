/* SPDX-License-Identifier: ISC */
/*
 * Adding an agent to its groups. The key was obtained already, and later failures must not lose it.
 */
#include "client/methods/https/api-session.h"

#include "common/cleanup.h"
#include "common/must-check.h"

#include <string.h>

/*
 * How long, and at which interval, to retry a manager that does not know the agent that it has just
 * created.
 */
#define KNOWN_WITHIN_USEC (10 * USEC_PER_SEC)
#define PAUSE_USEC (500 * USEC_PER_MSEC)

static void warn_of(struct api_session *session, const char *groups, size_t length,
		    const char *text)
{
	reason_add(&session->report->warning,
		   "The agent is registered, but was not added to the group%s %.*s: %s",
		   memchr(groups, ',', length) ? "s" : "", (int)length, groups, text);
}

/* The database of the groups is updated some time after the list of agents. */
static int put(struct api_session *session, const char *path, const struct deadline *known,
	       struct api_reply *ret)
{
	static const char right[] = "agent:modify_group and group:modify_assignments";
	const struct api_call call = { "PUT", path, .right = right };

	for (;;) {
		struct deadline pause = deadline_in(PAUSE_USEC, known);
		int r = api_session_call(session, &call, ret);

		if (r != OUTCOME_OK || ret->code != API_NO_SUCH_AGENT || pause.at == known->at ||
		    deadline_wait(&pause, -1, 0) != -ETIMEDOUT)
			return r;
		api_reply_clear(ret);
	}
}

/*
 * The manager has no such group: add the agent to the fallback instead, in which new agents are
 * anyway unless they have another one. Returns false if that fails, with the reply in `ret`.
 */
static bool join_fallback(struct api_session *session, const char *id, const char *group,
			  size_t length, const struct deadline *known, struct api_reply *ret)
{
	const char *fallback = session->attempt->api.fallback_group;
	struct attempt_report *report = session->report;
	size_t used = strlen(report->missing_groups);
	char path[64 + AGENT_ID_MAX + 256];

	api_reply_clear(ret);
	(void)snprintf(path, sizeof path, "/agents/%s/group/%s", id, fallback);
	if (put(session, path, known, ret) != OUTCOME_OK || !api_reply_is_success(ret))
		return false;
	reason_add(&report->warning,
		   "%s has no group %.*s; the agent is in the group %s instead "
		   "(on_missing_group = %s)",
		   session->manager, (int)length, group, fallback, fallback);
	(void)snprintf(report->missing_groups + used, sizeof report->missing_groups - used,
		       "%s%.*s", used ? "," : "", (int)length, group);
	return true;
}

/* `rest` begins with the group. Returns false when it is useless to continue. */
static bool join(struct api_session *session, const char *id, const char *rest,
		 const struct deadline *known)
{
	cleanup(api_reply_clear) struct api_reply reply = { 0 };
	struct reason *why = &session->report->why;
	size_t length = strcspn(rest, ",");
	char path[64 + AGENT_ID_MAX + 256];
	int r;

	(void)snprintf(path, sizeof path, "/agents/%s/group/%.*s", id, (int)length, rest);
	r = put(session, path, known, &reply);
	if (r == OUTCOME_OK && api_reply_is_success(&reply))
		return true;
	if (r == OUTCOME_OK && api_reply_subject(&reply) == REFUSED_GROUP &&
	    session->attempt->api.fallback_group &&
	    join_fallback(session, id, rest, length, known, &reply))
		return true;
	if (r == OUTCOME_OK) /* whatever the outcome, what is in `why` is worth a warning */
		ignore_result(api_session_refused(session, &reply));
	warn_of(session, rest, r == OUTCOME_OK ? length : strlen(rest),
		why->text[0] ? why->text : "interrupted");
	*why = (struct reason){ 0 };
	return r == OUTCOME_OK;
}

void api_join_groups(struct api_session *session, const char *id)
{
	struct deadline known = deadline_in(KNOWN_WITHIN_USEC, session->attempt->deadline);
	const char *rest = session->attempt->agent.groups;
	bool goes_on = true;

	while (goes_on && rest && *rest) {
		goes_on = join(session, id, rest, &known);
		rest += strcspn(rest, ",");
		rest += *rest == ',';
	}
}
