/* SPDX-License-Identifier: ISC */
#include "registrar/enrollment/records.h"

#include "common/cleanup.h"
#include "common/comma-list.h"
#include "registrar/agents/groups.h"

#include <string.h>

/* ------------------------------------------------------------------ collecting */

void records_remove(struct records *records, const struct roster *roster, const char *id)
{
	struct agent_record *record = text_index_find(&records->by_id, id, strlen(id));

	if (roster_has_agent(roster, id)) /* another one: the removal is staged */
		return;
	if (record) {
		text_index_remove(&records->by_id, record->id, strlen(record->id), record);
		record->removed = true;
	}
	if (records->removed_count == records->removed_room) {
		size_t room = records->removed_room ? 2 * records->removed_room : 8;
		void *grown = reallocarray(records->removed, room, sizeof *records->removed);

		if (!grown) {
			records->incomplete = true;
			return;
		}
		records->removed = grown;
		records->removed_room = room;
	}
	(void)snprintf(records->removed[records->removed_count++], sizeof *records->removed, "%s",
		       id);
}

/* Each group once. Null: out of memory. */
static char *copy_groups(const struct authd_field *list)
{
	cleanup_free char *requested = strndup(list->text, list->length);
	cleanup_free char *groups = calloc(1, list->length + 2);
	char *rest = requested, *group;

	if (!requested || !groups)
		return NULL;
	while ((group = strsep(&rest, ","))) {
		if (comma_list_has(groups, group))
			continue;
		if (groups[0])
			strcat(groups, ",");
		strcat(groups, group);
	}
	return take_pointer(groups);
}

static void append(struct records *records, struct agent_record *record)
{
	if (records->last)
		records->last->next = record;
	else
		records->first = record;
	records->last = record;
	records->count++;
}

void records_add(struct records *records, const struct roster *roster,
		 const struct enrollment *enrollment)
{
	const struct agent_key *agent = &enrollment->agent;
	struct agent_record *record;

	if (!enrollment->accepted)
		return;
	for (int i = 0; i < ENROLLMENT_REPLACED_MAX; i++)
		if (enrollment->replaced[i][0])
			records_remove(records, roster, enrollment->replaced[i]);
	record = calloc(1, sizeof *record);
	if (!record) {
		records->incomplete = true;
		return;
	}
	memcpy(record->id, agent->id, sizeof record->id);
	memcpy(record->name, agent->name, sizeof record->name);
	memcpy(record->ip, agent->ip, sizeof record->ip);
	record->is_again = enrollment->is_again;
	if (enrollment->group_list.text) {
		record->groups = copy_groups(&enrollment->group_list);
		records->incomplete |= !record->groups;
	}
	append(records, record);
	if (text_index_add(&records->by_id, record->id, strlen(record->id), record) < 0)
		records->incomplete = true;
}

const struct agent_record *records_find(const struct records *records, const char *id)
{
	return text_index_find(&records->by_id, id, strlen(id));
}

bool records_are_empty(const struct records *records)
{
	return records->count == 0 && records->removed_count == 0 && !records->incomplete;
}

/* ------------------------------------------------------------------ writing */

/* The first of several failures is the one that is reported. */
struct failure {
	int error; /* a negative errno; 0: none yet */
	struct reason *why;
};

static struct reason *reason_for_next(const struct failure *failure)
{
	return failure->error < 0 ? NULL : failure->why;
}

static void note(struct failure *failure, int r)
{
	if (failure->error == 0 && r < 0)
		failure->error = r;
}

static void forget_removed(const struct records *records, const struct agent_history *history,
			   struct failure *failure)
{
	cleanup_free const char **ids = calloc(records->removed_count + 1, sizeof(const char *));

	if (!ids) {
		note(failure, reason_errno(reason_for_next(failure), ENOMEM,
					   "Cannot forget the agents that were removed"));
		return;
	}
	for (size_t i = 0; i < records->removed_count; i++)
		ids[i] = records->removed[i];
	note(failure, agent_groups_forget_all(history->queue, ids, records->removed_count,
					      reason_for_next(failure)));
	note(failure, agent_history_forget_all(history, ids, records->removed_count,
					       reason_for_next(failure)));
}

static bool has_groups(const struct records *records)
{
	for (const struct agent_record *at = records->first; at; at = at->next)
		if (at->groups && !at->removed)
			return true;
	return false;
}

/*
 * What there may be of an earlier agent with the id, whose files nobody has forgotten: because a
 * removal was cut short, or another program's.
 */
static void begin_anew(const struct records *records, const struct agent_history *history,
		       struct failure *failure)
{
	cleanup_free const char **ids = calloc(records->count + 1, sizeof(const char *));
	size_t n = 0, fresh = 0;

	for (const struct agent_record *at = records->first; ids && at; at = at->next)
		if (!at->removed && !at->is_again)
			ids[n++] = at->id;
	fresh = n;
	for (const struct agent_record *at = records->first; ids && at; at = at->next)
		if (!at->removed && at->is_again)
			ids[n++] = at->id;
	if (!ids) {
		note(failure, reason_errno(reason_for_next(failure), ENOMEM,
					   "Cannot remove what is left of earlier agents"));
		return;
	}
	note(failure,
	     agent_groups_forget_all(history->queue, ids, fresh, reason_for_next(failure)));
	note(failure, agent_history_forget_counters(history, ids, n, reason_for_next(failure)));
}

static void write_groups(const struct records *records, const struct agent_history *history,
			 struct failure *failure)
{
	if (!has_groups(records) || !agent_history_exists(history))
		return;
	for (const struct agent_record *at = records->first; at; at = at->next)
		if (at->groups && !at->removed)
			note(failure, agent_groups_write(history->queue, at->id, at->groups,
							 reason_for_next(failure)));
}

static void write_times(const struct records *records, const struct agent_history *history,
			struct failure *failure)
{
	cleanup_free struct agent_event *events = calloc(records->count + 1, sizeof *events);
	size_t n = 0;

	if (!events) {
		note(failure, reason_errno(reason_for_next(failure), ENOMEM,
					   "Cannot remember when agents were registered"));
		return;
	}
	for (const struct agent_record *at = records->first; at; at = at->next)
		if (!at->removed)
			events[n++] = (struct agent_event){ at->id, at->name, at->ip, time(NULL) };
	note(failure, agent_history_add(history, events, n, reason_for_next(failure)));
}

int records_write(const struct records *records, const struct agent_history *history,
		  struct reason *why)
{
	struct failure failure = { .why = why };

	forget_removed(records, history, &failure);
	begin_anew(records, history, &failure);
	write_groups(records, history, &failure);
	write_times(records, history, &failure);
	if (records->incomplete)
		note(&failure, reason_errno(reason_for_next(&failure), ENOMEM,
					    "Cannot keep all times and groups of agents"));
	return failure.error;
}

void records_clear(struct records *records)
{
	while (records->first) {
		struct agent_record *record = records->first;

		records->first = record->next;
		free(record->groups);
		free(record);
	}
	text_index_clear(&records->by_id);
	free(records->removed);
	*records = (struct records){ .first = NULL };
}
