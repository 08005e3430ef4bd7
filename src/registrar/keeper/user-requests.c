/* SPDX-License-Identifier: ISC */
/* What users of the API ask, apart from registrations. */
#include "common/cleanup.h"
#include "common/comma-list.h"
#include "common/log.h"
#include "registrar/agents/groups.h"
#include "registrar/enrollment/group-rules.h"
#include "registrar/keeper/pending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void pending_log_failure(const struct pending *pending, const struct registry_user *user,
			 const char *why)
{
	struct peer_log *log = pending->file->settings.log;
	char text[REGISTRY_USER_TEXT_SIZE];

	if (!log || peer_log_may(log, user->client.address, PEER_FAILED))
		log_error("%s (client %s)", why,
			  registry_user_describe(&user->client, pending->request->user, text));
}

/* ------------------------------------------------------------------ keys */

static void find_key(struct pending *pending, struct roster *roster, struct records *records)
{
	const struct key_request *request = pending->request->key;
	const struct roster_entry *entry = roster_find_agent(roster, request->id, NULL);
	struct key_answer *answer = &pending->key;
	char why[64];

	(void)records;
	if (!entry) {
		answer->fault = KEY_ABSENT;
	} else if (roster_read(roster, entry, &answer->agent) < 0) {
		answer->fault = KEY_INTERNAL;
		(void)snprintf(why, sizeof why, "The key of agent %s cannot be read",
			       entry->id_text);
		pending_log_failure(pending, &request->user, why);
	}
}

static void fail_key(struct pending *pending, bool decided, const struct reason *why)
{
	(void)decided;
	pending->key.fault = KEY_INTERNAL;
	pending_log_failure(pending, &pending->request->key->user, why->text);
}

static void conclude_key(struct pending *pending, struct registry_answer *ret)
{
	ret->key = pending->key;
}

static void wipe_key(struct pending *pending)
{
	agent_key_wipe(&pending->key.agent);
}

const struct pending_kind pending_key = {
	.decide = find_key,
	.fail = fail_key,
	.conclude = conclude_key,
	.wipe = wipe_key,
};

/* ------------------------------------------------------------------ groups */

/* Add the group to those of the agent, unless it is to be alone. The fault, or JOIN_OK. */
static enum join_fault add_group(char groups[static AGENT_GROUPS_SIZE],
				 const struct join_request *request)
{
	size_t length = request->alone ? 0 : strlen(groups);

	if (!request->alone && comma_list_has(groups, request->group))
		return JOIN_MEMBER;
	if (!request->alone && comma_list_count(groups) >= AGENT_GROUPS_MAX)
		return JOIN_LIMIT;
	(void)snprintf(groups + length, AGENT_GROUPS_SIZE - length, "%s%s", length > 0 ? "," : "",
		       request->group);
	return JOIN_OK;
}

/* Store it now: unlike an agent, a group is in a file of its own. */
static enum join_fault join_group(struct pending *pending, const struct roster_entry *entry)
{
	const struct join_request *request = pending->request->join;
	const char *queue = pending->file->settings.policy->history.queue;
	cleanup_free char *groups = malloc(AGENT_GROUPS_SIZE);
	char user[REGISTRY_USER_TEXT_SIZE];
	enum join_fault fault = JOIN_OK;
	struct reason why;
	int r = groups ? agent_groups_read(groups, queue, entry->id_text, &why) : -ENOMEM;

	if (r >= 0)
		fault = add_group(groups, request);
	if (fault != JOIN_OK)
		return fault;
	if (r >= 0)
		r = agent_groups_write(queue, entry->id_text, groups, &why);
	if (r < 0) {
		pending_log_failure(pending, &request->user,
				    r == -ENODATA || r == -ENOMEM ? "Groups cannot be kept"
								  : why.text);
		return JOIN_INTERNAL;
	}
	log_info("Agent %s %s is in group %s now, for %s", entry->id_text, entry->name, groups,
		 registry_user_describe(&request->user.client, pending->request->user, user));
	return JOIN_OK;
}

static enum join_fault decide_join(struct pending *pending, const struct roster *roster)
{
	const struct join_request *request = pending->request->join;
	const struct group_place *place = &pending->file->settings.policy->groups;
	const struct roster_entry *entry = roster_find_agent(roster, request->id, NULL);
	size_t length = strlen(request->group);

	if (!agent_group_is_valid(request->group, length))
		return JOIN_NAME;
	if (!group_exists(place, request->group, length))
		return JOIN_GROUP_ABSENT;
	return entry ? join_group(pending, entry) : JOIN_AGENT_ABSENT;
}

static void join(struct pending *pending, struct roster *roster, struct records *records)
{
	(void)records;
	pending->join.fault = decide_join(pending, roster);
}

static void fail_join(struct pending *pending, bool decided, const struct reason *why)
{
	(void)decided;
	pending->join.fault = JOIN_INTERNAL;
	pending_log_failure(pending, &pending->request->join->user, why->text);
}

static void conclude_join(struct pending *pending, struct registry_answer *ret)
{
	ret->join = pending->join;
}

const struct pending_kind pending_join = {
	.decide = join,
	.fail = fail_join,
	.conclude = conclude_join,
};
