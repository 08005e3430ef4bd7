/* SPDX-License-Identifier: ISC */
#include "registrar/keeper/file-registry.h"

#include "common/deadline.h"
#include "registrar/keeper/forgetting.h"
#include "registrar/keeper/pending.h"
#include "registrar/net/priority.h"

#include <errno.h>
#include <stdlib.h>

static const struct pending_kind *const kinds[REGISTRY_TYPES] = {
	[REGISTRY_REGISTER] = &pending_registration,
	[REGISTRY_KEY] = &pending_key,
	[REGISTRY_JOIN] = &pending_join,
	[REGISTRY_REMOVE] = &pending_removal,
	[REGISTRY_AGENTS] = &pending_agents,
	[REGISTRY_GROUPS] = &pending_groups,
	[REGISTRY_SECRET] = &pending_secret,
	[REGISTRY_TOKEN_MAKE] = &pending_token_make,
	[REGISTRY_TOKENS] = &pending_tokens,
	[REGISTRY_TOKEN_END] = &pending_token_end,
};

/* Microseconds, which may be added to the time of today and of days to come. */
static uint64_t patience_until(uint64_t time)
{
	uint64_t now = monotonic_usec();

	if (time <= now)
		return 1;
	return time - now < UINT64_MAX / 2 ? time - now : UINT64_MAX / 2;
}

/* A removal waits for many: the patience is for each of them. */
static void wait_for_transaction(void *owner)
{
	struct pending *pending = owner;

	if (pending->patience > 0)
		pending->entry.give_up_at = monotonic_usec() + pending->patience;
	transactions_add(pending->file->settings.transactions, &pending->entry);
}

/* ------------------------------------------------------------------ one removal at a time */

static void queue_removal(struct file_registry *file, struct pending *pending)
{
	pending->previous = file->last_removal;
	*file->last_removal = pending;
	file->last_removal = &pending->next;
}

static void leave_queue(struct file_registry *file, struct pending *pending)
{
	if (file->removal == pending)
		file->removal = NULL;
	if (!pending->previous)
		return;
	*pending->previous = pending->next;
	if (pending->next)
		pending->next->previous = pending->previous;
	else
		file->last_removal = pending->previous;
	pending->next = NULL;
	pending->previous = NULL;
}

static void begin_removal(struct file_registry *file)
{
	struct pending *next = file->next_removal;

	if (file->removal || !next || forgetting_is_busy(file->forgetting))
		return;
	leave_queue(file, next);
	file->removal = next;
	wait_for_transaction(next);
}

static void on_idle(void *owner)
{
	begin_removal(owner);
}

static void free_pending(struct pending *pending)
{
	struct file_registry *file = pending->file;

	if (pending->kind->wipe)
		pending->kind->wipe(pending);
	leave_queue(file, pending);
	begin_removal(file);
	free(pending);
}

/* ------------------------------------------------------------------ the transaction */

static void decide(void *owner, struct roster *roster, struct records *records)
{
	struct pending *pending = owner;

	pending->kind->decide(pending, roster, records);
}

static void answer(struct pending *pending, enum registry_outcome outcome)
{
	struct registry_request *request = pending->request;
	struct registry_answer answer = { .outcome = outcome, .type = request->type };

	pending->kind->conclude(pending, &answer);
	free_pending(pending);
	registry_answer(request, &answer);
	registry_answer_clear(&answer);
}

static void answer_decided(struct pending *pending)
{
	answer(pending, pending->outcome);
}

static void done(void *owner)
{
	struct pending *pending = owner;

	if (pending->is_unfinished)
		turn_wait(pending->file->turns, &pending->turn);
	else if (!pending->kind->stored || !pending->kind->stored(pending))
		answer_decided(pending);
}

/* Of what is unfinished, nothing was staged. */
static void failed(void *owner, bool decided, const struct reason *why)
{
	struct pending *pending = owner;

	if (decided && (!pending->kind->changes_roster || pending->is_unfinished)) {
		done(pending);
		return;
	}
	pending->kind->fail(pending, decided, why);
	answer(pending, decided ? pending->outcome : REGISTRY_FAILED);
}

static void gave_up(void *owner)
{
	struct pending *pending = owner;
	struct reason why;

	reason_set(&why, "client.keys stayed locked by another program");
	pending->kind->fail(pending, false, &why);
	answer(pending, REGISTRY_BUSY);
}

/* ------------------------------------------------------------------ the registry */

static int submit(struct registry *registry, struct registry_request *request)
{
	static const struct transaction_callbacks callbacks = {
		.decide = decide,
		.done = done,
		.failed = failed,
		.gave_up = gave_up,
	};
	struct file_registry *file = (struct file_registry *)registry;
	const struct pending_kind *kind = kinds[request->type];
	struct pending *pending = kind ? calloc(1, sizeof *pending) : NULL;

	if (!pending)
		return kind ? -ENOMEM : -ENOTSUP;
	pending->entry = (struct transaction_entry){
		.callbacks = &callbacks,
		.owner = pending,
		.give_up_at = request->give_up_at,
	};
	pending->turn = (struct turn){ .run = wait_for_transaction, .owner = pending };
	pending->request = request;
	pending->file = file;
	pending->kind = kind;
	if (request->give_up_at > 0)
		pending->patience = patience_until(request->give_up_at);
	request->pending = pending;
	if (kind->is_removal) {
		queue_removal(file, pending);
		begin_removal(file);
	} else if (kind->is_long)
		turn_wait(file->turns, &pending->turn);
	else
		wait_for_transaction(pending);
	return 0;
}

static void withdraw(struct registry *registry, struct registry_request *request)
{
	struct pending *pending = request->pending;

	(void)registry;
	turn_cancel(&pending->turn);
	transactions_remove(&pending->entry);
	free_pending(pending);
}

static void free_registry(struct registry *registry)
{
	struct file_registry *file = (struct file_registry *)registry;

	forgetting_free(file->forgetting);
	turns_free(file->turns);
	if (file->stamps)
		agent_stamps_clear(file->stamps);
	free(file->stamps);
	free(file);
}

static struct forgetting *new_forgetting(struct file_registry *file)
{
	const struct forgetting_settings settings = {
		.transactions = file->settings.transactions,
		.turns = file->turns,
		.history = &file->settings.policy->history,
		.idle = on_idle,
		.owner = file,
	};

	return forgetting_new(&settings);
}

struct registry *file_registry_new(const struct file_registry_settings *settings)
{
	static const struct registry_operations operations = {
		.submit = submit,
		.withdraw = withdraw,
		.free = free_registry,
	};
	struct file_registry *file = calloc(1, sizeof *file);

	if (!file)
		return NULL;
	*file = (struct file_registry){
		.registry = { .operations = &operations },
		.settings = *settings,
		.turns = turns_new(settings->base, PRIORITY_LATER),
		.stamps = calloc(1, sizeof *file->stamps),
	};
	file->last_removal = &file->next_removal;
	file->answer = answer_decided;
	file->forgetting = file->turns ? new_forgetting(file) : NULL;
	if (file->forgetting && file->stamps)
		return &file->registry;
	free_registry(&file->registry);
	return NULL;
}
