/* SPDX-License-Identifier: ISC */
#include "registrar/keeper/file-registry.h"

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
};

static void free_pending(struct pending *pending)
{
	if (pending->kind->wipe)
		pending->kind->wipe(pending);
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

static void done(void *owner)
{
	struct pending *pending = owner;

	if (pending->is_unfinished)
		turn_wait(pending->file->turns, &pending->turn);
	else
		answer(pending, REGISTRY_DECIDED);
}

static void failed(void *owner, bool decided, const struct reason *why)
{
	struct pending *pending = owner;

	if (decided && !pending->kind->changes_roster) {
		done(pending);
		return;
	}
	pending->kind->fail(pending, decided, why);
	answer(pending, decided ? REGISTRY_DECIDED : REGISTRY_FAILED);
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

static void wait_for_transaction(void *owner)
{
	struct pending *pending = owner;

	transactions_add(pending->file->settings.transactions, &pending->entry);
}

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
	request->pending = pending;
	if (pending->kind->is_long)
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

	turns_free(file->turns);
	if (file->stamps)
		agent_stamps_clear(file->stamps);
	free(file->stamps);
	free(file);
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
	if (file->turns && file->stamps)
		return &file->registry;
	free_registry(&file->registry);
	return NULL;
}
