/* SPDX-License-Identifier: ISC */
/* Agents that users of the API remove, as many as they like, in one transaction. */
#include "common/log.h"
#include "registrar/enrollment/log.h"
#include "registrar/enrollment/tombstone.h"
#include "registrar/keeper/pending.h"

#include <stdlib.h>
#include <string.h>

static void remove_all(struct pending *pending, struct roster *roster, struct records *records)
{
	const struct removal_request *request = pending->request->removal;
	struct removal_answer *answer = &pending->removal;
	enum roster_tombstone tombstone =
		request->purge ? ROSTER_TOMBSTONE_NOTHING
			       : dialect_tombstone(pending->file->settings.policy->dialect);

	struct removal_agent agent;
	const char *at = NULL;

	for (size_t i = 0; removal_next(request, &at, &agent); i++) {
		const struct roster_entry *entry = roster_find_agent(roster, agent.id, agent.name);

		if (!entry)
			continue;
		answer->removed[i / 8] |= (unsigned char)(1u << i % 8);
		roster_remove(roster, entry, tombstone);
	}
	at = NULL;
	for (size_t i = 0; removal_next(request, &at, &agent); i++)
		if (removal_has(answer, i))
			records_remove(records, roster, agent.id);
}

static void decide(struct pending *pending, struct roster *roster, struct records *records)
{
	const struct removal_request *request = pending->request->removal;
	struct removal_answer *answer = &pending->removal;

	answer->removed = calloc(request->count / 8 + 1, 1);
	answer->count = request->count;
	if (answer->removed) {
		remove_all(pending, roster, records);
		return;
	}
	*answer = (struct removal_answer){ .fault = REMOVAL_INTERNAL };
	pending_log_failure(pending, &request->user, "Out of memory: no agents were removed");
}

static void wipe(struct pending *pending)
{
	free(pending->removal.removed);
	pending->removal.removed = NULL;
}

static void fail(struct pending *pending, bool decided, const struct reason *why)
{
	(void)decided;
	wipe(pending);
	pending->removal = (struct removal_answer){ .fault = REMOVAL_INTERNAL };
	pending_log_failure(pending, &pending->request->removal->user, why->text);
}

static void conclude(struct pending *pending, struct registry_answer *ret)
{
	const struct removal_request *request = pending->request->removal;
	char client[REGISTRY_USER_TEXT_SIZE];
	struct removal_agent agent;
	const char *at = NULL;

	registry_user_describe(&request->user.client, pending->request->user, client);
	for (size_t i = 0; removal_next(request, &at, &agent); i++)
		if (removal_has(&pending->removal, i))
			enrollment_log_removed(agent.id, agent.name, client);
	ret->removal = pending->removal;
	pending->removal.removed = NULL;
}

const struct pending_kind pending_removal = {
	.changes_roster = true,
	.decide = decide,
	.fail = fail,
	.conclude = conclude,
	.wipe = wipe,
};
