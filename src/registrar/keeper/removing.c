/* SPDX-License-Identifier: ISC */
/*
 * Agents that users of the API remove, as many as they like, in one transaction: all of them, or,
 * if it fails, none. Many of them, or of many, are removed in pieces (roster-rewrite.h), so that
 * registrations do not wait; what follows from it is done in turns, too (forgetting.h).
 */
#include "common/deadline.h"
#include "common/log.h"
#include "registrar/agents/roster-rewrite.h"
#include "registrar/enrollment/log.h"
#include "registrar/enrollment/tombstone.h"
#include "registrar/keeper/forgetting.h"
#include "registrar/keeper/pending.h"

#include <stdlib.h>
#include <string.h>

/* More than these take longer than others should wait. */
#define SHORT_SIZE ((off_t)32 * 1024) /* of client.keys */
#define SHORT_COUNT 32                /* agents */

#define BEGINS_MAX 3     /* others change client.keys: then it is done at once */
#define MARKS_AT_ONCE 16 /* between two looks at the clock */

struct long_removal {
	struct roster_rewrite *rewrite;
	unsigned int begins; /* how often it has begun */
	const char *at;      /* of the agents: whom to mark next, and the number of that one */
	size_t number;
	bool is_marked, is_saved; /* all of it */
	bool is_stored;           /* the agents are gone */
};

static enum roster_tombstone tombstone_of(const struct pending *pending)
{
	return pending->request->removal->purge
		       ? ROSTER_TOMBSTONE_NOTHING
		       : dialect_tombstone(pending->file->settings.policy->dialect);
}

static const char *describe_client(const struct pending *pending,
				   char ret[static REGISTRY_USER_TEXT_SIZE])
{
	return registry_user_describe(&pending->request->removal->user.client,
				      pending->request->user, ret);
}

static void set_removed(struct pending *pending, size_t number)
{
	pending->removal.removed[number / 8] |= (unsigned char)(1u << number % 8);
}

static void fail(struct pending *pending, bool decided, const struct reason *why);

/* ------------------------------------------------------------------ a short one */

static void remove_all(struct pending *pending, struct roster *roster, struct records *records)
{
	const struct removal_request *request = pending->request->removal;
	const enum roster_tombstone tombstone = tombstone_of(pending);
	struct removal_agent agent;
	const char *at = NULL;

	for (size_t i = 0; removal_next(request, &at, &agent); i++) {
		const struct roster_entry *entry = roster_find_agent(roster, agent.id, agent.name);

		if (!entry)
			continue;
		set_removed(pending, i);
		roster_remove(roster, entry, tombstone);
	}
	at = NULL;
	for (size_t i = 0; removal_next(request, &at, &agent); i++)
		if (removal_has(&pending->removal, i))
			records_remove(records, roster, agent.id);
}

/* ------------------------------------------------------------------ a long one */

static void free_long_removal(struct pending *pending)
{
	struct long_removal *removal = pending->long_removal;

	if (!removal)
		return;
	if (removal->is_stored)
		forgetting_leave(pending->file->forgetting);
	else
		forgetting_abandon(pending->file->forgetting);
	roster_rewrite_free(removal->rewrite);
	free(removal);
	pending->long_removal = NULL;
}

/* False: out of memory. */
static bool make_long_removal(struct pending *pending)
{
	struct long_removal *removal = pending->long_removal = calloc(1, sizeof *removal);

	if (removal)
		removal->rewrite = roster_rewrite_new(tombstone_of(pending));
	return removal && removal->rewrite;
}

static void begin(struct pending *pending, struct roster *roster)
{
	struct long_removal *removal = pending->long_removal;

	roster_rewrite_begin(removal->rewrite, roster);
	memset(pending->removal.removed, 0, pending->removal.count / 8 + 1);
	forgetting_abandon(pending->file->forgetting);
	*removal = (struct long_removal){
		.rewrite = removal->rewrite,
		.begins = removal->begins + 1,
	};
}

/* Returns 1: all of them are marked; 0: there are more; or a negative errno with `why` set. */
static int mark(struct pending *pending, struct roster *roster, uint64_t end, struct reason *why)
{
	const struct removal_request *request = pending->request->removal;
	struct long_removal *removal = pending->long_removal;
	char client[REGISTRY_USER_TEXT_SIZE];
	struct removal_agent agent;
	int r;

	while (removal_next(request, &removal->at, &agent)) {
		const size_t number = removal->number++;

		if (roster_rewrite_mark(removal->rewrite, roster, agent.id, agent.name))
			set_removed(pending, number);
		if (number % MARKS_AT_ONCE == 0 && monotonic_usec() >= end)
			return 0;
	}
	r = forgetting_prepare(pending->file->forgetting, request, pending->removal.removed,
			       describe_client(pending, client), why);
	removal->is_marked = r >= 0;
	return r < 0 ? r : 1;
}

/* Returns 1: they are removed with this transaction; 0: there is more to do; or as above. */
static int work(struct pending *pending, struct roster *roster, struct reason *why)
{
	struct long_removal *removal = pending->long_removal;
	uint64_t end = turn_end();
	int r = 1;

	if (!roster_rewrite_is_right(removal->rewrite, roster))
		begin(pending, roster);
	if (removal->begins > BEGINS_MAX)
		end = UINT64_MAX;
	if (!removal->is_marked)
		r = mark(pending, roster, end, why);
	if (r > 0 && !removal->is_saved) {
		r = forgetting_save(pending->file->forgetting, end, why);
		removal->is_saved = r > 0;
	}
	return r > 0 ? roster_rewrite_go_on(removal->rewrite, roster, end, why) : r;
}

static void go_on(struct pending *pending, struct roster *roster)
{
	struct reason why;
	int r = work(pending, roster, &why);

	pending->is_unfinished = r == 0;
	if (r < 0)
		fail(pending, true, &why);
}

static void on_forgotten(void *owner)
{
	struct pending *pending = owner;

	pending->file->answer(pending);
}

/* What is left to do is not withdrawn with the request. */
static bool stored(struct pending *pending)
{
	struct long_removal *removal = pending->long_removal;

	if (!removal)
		return false;
	removal->is_stored = true;
	forgetting_begin(pending->file->forgetting, removal->rewrite, on_forgotten, pending);
	removal->rewrite = NULL;
	return true;
}

/* ------------------------------------------------------------------ either */

static bool is_long(const struct pending *pending, const struct roster *roster)
{
	return roster_size(roster) > SHORT_SIZE || pending->request->removal->count > SHORT_COUNT;
}

/* False: out of memory. */
static bool make_answer(struct pending *pending)
{
	const struct removal_request *request = pending->request->removal;

	pending->removal.removed = calloc(request->count / 8 + 1, 1);
	pending->removal.count = request->count;
	return pending->removal.removed;
}

static void decide(struct pending *pending, struct roster *roster, struct records *records)
{
	struct reason why;

	reason_set(&why, "Out of memory: no agents were removed");
	if (!pending->long_removal &&
	    (!make_answer(pending) || (is_long(pending, roster) && !make_long_removal(pending))))
		fail(pending, false, &why);
	else if (pending->long_removal)
		go_on(pending, roster);
	else
		remove_all(pending, roster, records);
}

static void wipe(struct pending *pending)
{
	free_long_removal(pending);
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

	describe_client(pending, client);
	for (size_t i = 0; !pending->long_removal && removal_next(request, &at, &agent); i++)
		if (removal_has(&pending->removal, i))
			enrollment_log_removed(agent.id, agent.name, client);
	ret->removal = pending->removal;
	pending->removal.removed = NULL;
}

const struct pending_kind pending_removal = {
	.is_removal = true,
	.changes_roster = true,
	.decide = decide,
	.stored = stored,
	.fail = fail,
	.conclude = conclude,
	.wipe = wipe,
};
