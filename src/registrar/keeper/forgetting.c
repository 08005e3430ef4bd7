/* SPDX-License-Identifier: ISC */
#include "registrar/keeper/forgetting.h"

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/log.h"
#include "common/text-index.h"
#include "common/trusted-file.h"
#include "registrar/agents/groups.h"
#include "registrar/enrollment/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define LIST_NAME "agents-removed"
#define LIST_MODE 0600
#define LIST_MAX ((off_t)REMOVAL_MAX * (AGENT_ID_MAX + 1))
#define IDS_AT_ONCE 8 /* between two looks at the clock */

enum step {
	STEP_NONE,
	STEP_PREPARED, /* they are not removed yet */
	STEP_CLEAR,    /* what was needed to remove them */
	STEP_LOG,
	STEP_FILES,
	STEP_STAMPS,
};

struct forgetting {
	struct forgetting_settings settings;
	enum step step;
	struct removal_request *agents;
	struct removal_answer removed; /* which of them */
	char client[REGISTRY_USER_TEXT_SIZE];
	const char *at; /* of those that are worked at, and the number of the next one */
	size_t number;
	struct atomic_file list; /* while it is written */
	struct roster_rewrite *rewrite;
	struct text_index ids; /* whose stamps go */
	const struct roster *roster;
	struct stamps_cut stamps;
	bool has_failed; /* which was logged */
	void (*done)(void *owner);
	void *owner;
	struct transaction_entry entry;
	struct turn turn;
};

static bool make_path(const struct forgetting *forgetting, char ret[static PATH_MAX])
{
	const char *queue = forgetting->settings.history->queue;

	return queue && snprintf(ret, PATH_MAX, "%s/" LIST_NAME, queue) < PATH_MAX;
}

static void remove_list(const struct forgetting *forgetting)
{
	char path[PATH_MAX];
	struct reason why;

	if (make_path(forgetting, path) && trusted_file_remove(path, &why) < 0)
		log_warning("%s", why.text);
}

/* The next one that was removed. False: there are no more. */
static bool next_removed(struct forgetting *forgetting, struct removal_agent *ret)
{
	while (removal_next(forgetting->agents, &forgetting->at, ret))
		if (removal_has(&forgetting->removed, forgetting->number++))
			return true;
	return false;
}

static void rewind_agents(struct forgetting *forgetting)
{
	forgetting->at = NULL;
	forgetting->number = 0;
}

/* Forget what is done. */
static void clear(struct forgetting *forgetting)
{
	free(forgetting->agents);
	free(forgetting->removed.removed);
	atomic_file_discard(&forgetting->list);
	roster_rewrite_free(forgetting->rewrite);
	text_index_clear(&forgetting->ids);
	stamps_cut_clear(&forgetting->stamps);
	*forgetting = (struct forgetting){
		.settings = forgetting->settings,
		.list = ATOMIC_FILE_NULL,
		.stamps = STAMPS_CUT_NULL,
		.entry = forgetting->entry,
		.turn = forgetting->turn,
	};
}

static void end(struct forgetting *forgetting)
{
	void (*done)(void *owner) = forgetting->done;
	void *owner = forgetting->owner;

	clear(forgetting);
	if (done)
		done(owner);
	forgetting->settings.idle(forgetting->settings.owner);
}

/* ------------------------------------------------------------------ the steps */

static void note(struct forgetting *forgetting, int r, const struct reason *why)
{
	if (r < 0 && !forgetting->has_failed)
		log_warning("%s", why->text);
	forgetting->has_failed |= r < 0;
}

/* Each step returns whether it is done. */
static bool write_log(struct forgetting *forgetting, uint64_t until)
{
	struct removal_agent agent;

	while (monotonic_usec() < until) {
		if (!next_removed(forgetting, &agent))
			return true;
		if (agent.name[0])
			enrollment_log_removed(agent.id, agent.name, forgetting->client);
	}
	return false;
}

/*
 * Of the next ones, those that no agent has, each once: strangers may have written the list. False:
 * there are no more.
 */
static bool next_ids(struct forgetting *forgetting, const char *ids[static IDS_AT_ONCE],
		     size_t *ret)
{
	struct removal_agent agent;

	*ret = 0;
	for (int i = 0; i < IDS_AT_ONCE; i++) {
		if (!next_removed(forgetting, &agent))
			return false;
		if (roster_has_agent(forgetting->roster, agent.id) ||
		    text_index_find(&forgetting->ids, agent.id, strlen(agent.id)))
			continue;
		ids[(*ret)++] = agent.id;
		if (text_index_add(&forgetting->ids, agent.id, strlen(agent.id),
				   (void *)(uintptr_t)agent.id) < 0)
			note(forgetting, -ENOMEM,
			     &(struct reason){ .text = "Out of memory: agents-timestamp keeps "
						       "agents that were removed" });
	}
	return true;
}

static bool remove_files(struct forgetting *forgetting, uint64_t until)
{
	const struct agent_history *history = forgetting->settings.history;
	const char *ids[IDS_AT_ONCE];
	struct reason why;
	bool has_more = true;

	while (has_more && monotonic_usec() < until) {
		size_t n;

		has_more = next_ids(forgetting, ids, &n);
		note(forgetting, agent_groups_forget_all(history->queue, ids, n, &why), &why);
		note(forgetting, agent_history_forget_counters(history, ids, n, &why), &why);
	}
	return !has_more;
}

static bool leaves(void *owner, const char *id)
{
	const struct forgetting *forgetting = owner;

	return text_index_find(&forgetting->ids, id, strlen(id)) &&
	       !roster_has_agent(forgetting->roster, id);
}

static bool cut_stamps(struct forgetting *forgetting, uint64_t until)
{
	struct reason why;
	int r;

	forgetting->stamps.leaves = leaves;
	forgetting->stamps.owner = forgetting;
	r = stamps_cut_go_on(&forgetting->stamps, forgetting->settings.history, until, &why);
	note(forgetting, r, &why);
	return r != 0;
}

/* Do a piece. True: everything is done. */
static bool work(struct forgetting *forgetting)
{
	const uint64_t until = turn_end();

	switch (forgetting->step) {
	case STEP_CLEAR:
		if (!forgetting->rewrite || roster_rewrite_clear_some(forgetting->rewrite, until)) {
			roster_rewrite_free(forgetting->rewrite);
			forgetting->rewrite = NULL;
			forgetting->step = STEP_LOG;
		}
		return false;
	case STEP_LOG:
		if (write_log(forgetting, until)) {
			rewind_agents(forgetting);
			forgetting->step = STEP_FILES;
		}
		return false;
	case STEP_FILES:
		if (remove_files(forgetting, until))
			forgetting->step = STEP_STAMPS;
		return false;
	default:
		return cut_stamps(forgetting, until);
	}
}

/* ------------------------------------------------------------------ in turns */

static void decide(void *owner, struct roster *roster, struct records *records)
{
	struct forgetting *forgetting = owner;

	(void)records;
	forgetting->roster = roster;
	if (work(forgetting))
		forgetting->step = STEP_NONE;
}

static void go_on(void *owner)
{
	struct forgetting *forgetting = owner;

	if (forgetting->step != STEP_NONE) {
		turn_wait(forgetting->settings.turns, &forgetting->turn);
		return;
	}
	if (!forgetting->has_failed)
		remove_list(forgetting);
	end(forgetting);
}

/* The list stays for the next process. */
static void failed(void *owner, bool decided, const struct reason *why)
{
	struct forgetting *forgetting = owner;

	if (decided) {
		go_on(owner);
		return;
	}
	log_warning("Files of agents that were removed stay: %s", why->text);
	if (forgetting->step == STEP_CLEAR || forgetting->step == STEP_LOG)
		(void)write_log(forgetting, UINT64_MAX);
	end(forgetting);
}

static void wait_for_transaction(void *owner)
{
	struct forgetting *forgetting = owner;

	transactions_add(forgetting->settings.transactions, &forgetting->entry);
}

/* ------------------------------------------------------------------ the list */

/* Nothing, if there is none; its ids as a removal whose names are not known. */
static void read_list(struct forgetting *forgetting)
{
	char path[PATH_MAX];
	const struct trusted_file wanted = { .path = path, .flags = O_RDONLY, .max = LIST_MAX };
	cleanup_free char *text = NULL;
	char *rest, *id;
	struct reason why;
	size_t length;
	int r = make_path(forgetting, path) ? trusted_file_read(&wanted, &text, &length, NULL, &why)
					    : -ENOENT;

	if (r == -ENOENT)
		return;
	if (r >= 0) {
		forgetting->agents = removal_new(2 * length + 2);
		forgetting->removed.removed = malloc(length + 1);
	}
	if (!forgetting->agents || !forgetting->removed.removed) {
		log_warning("Files of agents that were removed stay: %s",
			    r < 0 ? why.text : "out of memory");
		clear(forgetting);
		return;
	}
	rest = text;
	while ((id = strsep(&rest, "\n")))
		if (agent_id_is_valid(id, strlen(id)))
			removal_add(forgetting->agents, id, "");
	forgetting->removed.count = forgetting->agents->count;
	memset(forgetting->removed.removed, 0xff, length + 1);
	forgetting->step = STEP_FILES;
	turn_wait(forgetting->settings.turns, &forgetting->turn);
}

int forgetting_prepare(struct forgetting *forgetting, const struct removal_request *request,
		       const unsigned char *removed, const char *client, struct reason *why)
{
	const size_t bytes = request->count / 8 + 1;
	char path[PATH_MAX];

	forgetting_abandon(forgetting);
	forgetting->agents = removal_new(request->length);
	forgetting->removed.removed = malloc(bytes);
	if (!forgetting->agents || !forgetting->removed.removed) {
		clear(forgetting);
		return reason_errno(why, ENOMEM, "Cannot remove agents");
	}
	memcpy(forgetting->agents->texts, request->texts, request->length);
	forgetting->agents->length = request->length;
	forgetting->agents->count = request->count;
	memcpy(forgetting->removed.removed, removed, bytes);
	forgetting->removed.count = request->count;
	(void)snprintf(forgetting->client, sizeof forgetting->client, "%s", client);
	forgetting->step = STEP_PREPARED;
	/* without it, what a crash leaves is removed when an id is given again (records.c) */
	if (make_path(forgetting, path) &&
	    atomic_file_stage(&forgetting->list, path, LIST_MODE, (gid_t)-1, 0, why) < 0)
		log_warning("%s", why->text);
	return 0;
}

/* As many ids as there is room for. Returns the length. */
static size_t print_ids(struct forgetting *forgetting, char *text, size_t room)
{
	struct removal_agent agent;
	size_t length = 0;

	while (length + AGENT_ID_MAX + 1 < room && next_removed(forgetting, &agent))
		length += (size_t)sprintf(text + length, "%s\n", agent.id);
	return length;
}

int forgetting_save(struct forgetting *forgetting, uint64_t end, struct reason *why)
{
	char text[4096];
	size_t length;
	int r = 0;

	if (forgetting->list.fd < 0)
		return 1;
	while (r >= 0 && monotonic_usec() < end) {
		length = print_ids(forgetting, text, sizeof text);
		if (length > 0) {
			r = atomic_file_write(&forgetting->list, text, length, why);
			continue;
		}
		rewind_agents(forgetting);
		r = atomic_file_commit(&forgetting->list, NULL, 0, NULL, why);
		if (r >= 0)
			return 1;
	}
	if (r == 0)
		return 0;
	log_warning("%s", why->text);
	atomic_file_discard(&forgetting->list);
	rewind_agents(forgetting);
	return 1;
}

/* ------------------------------------------------------------------ the whole */

void forgetting_abandon(struct forgetting *forgetting)
{
	if (forgetting->step != STEP_PREPARED)
		return;
	if (forgetting->list.fd < 0)
		remove_list(forgetting);
	clear(forgetting);
}

void forgetting_begin(struct forgetting *forgetting, struct roster_rewrite *rewrite,
		      void (*done)(void *owner), void *owner)
{
	forgetting->step = STEP_CLEAR;
	forgetting->rewrite = rewrite;
	forgetting->done = done;
	forgetting->owner = owner;
	turn_wait(forgetting->settings.turns, &forgetting->turn);
}

void forgetting_leave(struct forgetting *forgetting)
{
	forgetting->done = NULL;
}

bool forgetting_is_busy(const struct forgetting *forgetting)
{
	return forgetting->step > STEP_PREPARED;
}

struct forgetting *forgetting_new(const struct forgetting_settings *settings)
{
	static const struct transaction_callbacks callbacks = {
		.decide = decide,
		.done = go_on,
		.failed = failed,
	};
	struct forgetting *forgetting = calloc(1, sizeof *forgetting);

	if (!forgetting)
		return NULL;
	forgetting->settings = *settings;
	forgetting->entry = (struct transaction_entry){
		.callbacks = &callbacks,
		.owner = forgetting,
	};
	forgetting->turn = (struct turn){ .run = wait_for_transaction, .owner = forgetting };
	forgetting->list = ATOMIC_FILE_NULL;
	forgetting->stamps = STAMPS_CUT_NULL;
	read_list(forgetting);
	return forgetting;
}

void forgetting_free(struct forgetting *forgetting)
{
	if (!forgetting)
		return;
	turn_cancel(&forgetting->turn);
	transactions_remove(&forgetting->entry);
	forgetting_abandon(forgetting);
	clear(forgetting);
	free(forgetting);
}
