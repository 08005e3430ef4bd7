/* SPDX-License-Identifier: ISC */
/* Pages of the list of agents: as much as one turn allows, or as a page has room for. */
#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/log.h"
#include "registrar/agents/groups.h"
#include "registrar/keeper/pending.h"
#include "registrar/net/turns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(AGENT_GROUPS_SIZE == AGENT_ROW_GROUPS_SIZE, "the groups of an agent fit into a row");

/*
 * Where a page begins: with an agent whose id is at least this number, or with an id of the request
 * that is at least the nth; of the lines with that id, at or behind this offset in the file.
 */
#define OFFSET_BITS 37
#define OFFSET_MASK ((UINT64_C(1) << OFFSET_BITS) - 1)

static uint64_t place_of(uint64_t number, off_t offset)
{
	return number << OFFSET_BITS | ((uint64_t)offset & OFFSET_MASK);
}

/* A page that is made. */
struct page {
	const struct agents_request *request;
	const struct agent_history *history;
	const struct agent_stamps *stamps;
	struct roster *roster;
	uint64_t end; /* of the turn */
	struct agents_page *result;
	struct agent_row **last;
	bool has_begun; /* an agent was looked at: each page goes on by at least one */
	size_t size;    /* bytes */
	char *groups;   /* AGENT_GROUPS_SIZE bytes; null: not wanted */
};

/* Has it no room for another agent, or the turn no time? */
static bool is_full(struct page *page)
{
	bool is_full = page->has_begun &&
		       (page->size >= LISTING_PAGE_SIZE || monotonic_usec() >= page->end);

	page->has_begun = true;
	return is_full;
}

/* ------------------------------------------------------------------ one agent */

static void look_when_seen(const struct page *page, const struct roster_entry *entry,
			   struct agent_row *row)
{
	time_t seen;
	int r = page->history->queue ? agent_history_seen(page->history, entry, &seen) : -ENOENT;

	if (r >= 0)
		row->seen_at = seen;
	row->seen = r >= 0 ? AGENT_SEEN_AT : r == -ENODATA ? AGENT_SEEN_NEVER : AGENT_SEEN_UNKNOWN;
}

static void look_when_added(const struct page *page, const struct roster_entry *entry,
			    struct agent_row *row)
{
	time_t added;

	row->is_added_known = agent_stamps_find(page->stamps, entry, &added) >= 0;
	if (row->is_added_known)
		row->added_at = added;
}

static int add_row(struct page *page, const struct roster_entry *entry)
{
	struct agent_row row = { .id = entry->id_text, .name = entry->name, .ip = entry->ip };

	if (page->request->wanted & AGENTS_SEEN)
		look_when_seen(page, entry, &row);
	if (page->request->wanted & AGENTS_ADDED)
		look_when_added(page, entry, &row);
	if (page->groups &&
	    agent_groups_read(page->groups, page->history->queue, entry->id_text, NULL) >= 0)
		row.groups = page->groups;
	*page->last = agent_row_copy(&row);
	if (!*page->last)
		return -ENOMEM;
	page->last = &(*page->last)->next;
	page->size += agent_row_size(&row);
	return 0;
}

/* ------------------------------------------------------------------ all, or some */

static int list_all(struct page *page)
{
	uint64_t from = page->request->from;
	size_t position = roster_seek(page->roster, (unsigned int)(from >> OFFSET_BITS),
				      (off_t)(from & OFFSET_MASK));
	const struct roster_entry *entry;
	int r = 0;

	while (r >= 0 && (entry = roster_at(page->roster, position++))) {
		if (is_full(page)) {
			page->result->next = place_of(entry->id, entry->offset);
			break;
		}
		if (roster_entry_is_agent(entry))
			r = add_row(page, entry);
	}
	return r;
}

/* The agents with the nth id of the request. */
static int list_id(struct page *page, size_t n, off_t offset)
{
	const char *id = page->request->ids[n];
	unsigned long number = agent_id_is_valid(id, strlen(id)) ? strtoul(id, NULL, 10) : 0;
	size_t position = roster_seek(page->roster, (unsigned int)number, offset);
	const struct roster_entry *entry;
	int r = 0;

	while (r >= 0 && number > 0 && (entry = roster_at(page->roster, position++)) &&
	       entry->id == number) {
		if (is_full(page)) {
			page->result->next = place_of(n, entry->offset);
			break;
		}
		if (roster_entry_is_agent(entry) && strcmp(entry->id_text, id) == 0)
			r = add_row(page, entry);
	}
	return r;
}

static int list_some(struct page *page)
{
	uint64_t from = page->request->from;
	off_t offset = (off_t)(from & OFFSET_MASK);
	int r = 0;

	for (size_t n = from >> OFFSET_BITS;
	     r >= 0 && page->result->next == 0 && n < page->request->count; n++, offset = 0)
		r = list_id(page, n, offset);
	return r;
}

/* ------------------------------------------------------------------ a page */

/* Is it known when agents were registered? If not yet, the turn was spent on reading it. */
static bool knows_stamps(struct pending *pending, uint64_t end)
{
	const struct file_registry *file = pending->file;

	return !(pending->request->agents->wanted & AGENTS_ADDED) ||
	       agent_stamps_refresh(file->stamps, &file->settings.policy->history, end) != 0;
}

static int make_page(struct pending *pending, struct roster *roster, uint64_t end)
{
	const struct agents_request *request = pending->request->agents;
	const struct agent_history *history = &pending->file->settings.policy->history;
	cleanup_free char *groups = request->wanted & AGENTS_GROUPS ? malloc(AGENT_GROUPS_SIZE)
								    : NULL;
	struct page page = {
		.request = request,
		.history = history,
		.stamps = pending->file->stamps,
		.roster = roster,
		.end = end,
		.result = &pending->agents,
		.last = &pending->agents.rows,
		.groups = groups,
	};

	if (request->wanted & AGENTS_GROUPS && !groups)
		return -ENOMEM;
	return request->count > 0 ? list_some(&page) : list_all(&page);
}

static void list(struct pending *pending, struct roster *roster, struct records *records)
{
	uint64_t end = turn_end();

	(void)records;
	pending->is_unfinished = !knows_stamps(pending, end);
	if (pending->is_unfinished || make_page(pending, roster, end) >= 0)
		return;
	agents_page_clear(&pending->agents);
	pending->agents = (struct agents_page){ .fault = LISTING_INTERNAL };
	pending_log_failure(pending, &pending->request->agents->user,
			    "Out of memory: the agents cannot be listed");
}

static void fail(struct pending *pending, bool decided, const struct reason *why)
{
	(void)decided;
	agents_page_clear(&pending->agents);
	pending->agents = (struct agents_page){ .fault = LISTING_INTERNAL };
	pending_log_failure(pending, &pending->request->agents->user, why->text);
}

static void conclude(struct pending *pending, struct registry_answer *ret)
{
	ret->agents = pending->agents;
	pending->agents.rows = NULL;
}

static void wipe(struct pending *pending)
{
	agents_page_clear(&pending->agents);
}

const struct pending_kind pending_agents = {
	.is_long = true,
	.decide = list,
	.fail = fail,
	.conclude = conclude,
	.wipe = wipe,
};
