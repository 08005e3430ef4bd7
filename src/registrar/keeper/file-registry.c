/* SPDX-License-Identifier: ISC */
#include "registrar/keeper/file-registry.h"

#include "registrar/enrollment/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct file_registry {
	struct registry registry; /* first */
	struct transactions *transactions;
	const struct enrollment_policy *policy;
	struct peer_log *log; /* null: everything is logged */
};

/* A request that waits for its transaction. */
struct pending {
	struct transaction_entry entry;
	struct registry_request *request;
	const struct enrollment_policy *policy;
	struct peer_log *log;
	struct enrollment enrollment;
};

static void free_pending(struct pending *pending)
{
	enrollment_wipe(&pending->enrollment);
	free(pending);
}

/* ------------------------------------------------------------------ deciding */

/* A user of the API says whom a new agent replaces, and not the policy for agents that ask. */
static struct enrollment_policy policy_for(const struct pending *pending)
{
	const struct agent_registration *registration = pending->request->registration;
	const struct registration_force *force = &registration->force;
	struct enrollment_policy policy = *pending->policy;

	if (registration->way != REGISTRATION_BY_API)
		return policy;
	policy.on_duplicate = force->enabled ? ON_DUPLICATE_FORCE : ON_DUPLICATE_REFUSE;
	policy.force = (struct force_rules){
		.check_disconnected = force->check_disconnected,
		.disconnected_time = force->disconnected_time,
		.after_registration_time = force->after_registration_time,
	};
	policy.use_source_address = false; /* the client is not the agent */
	return policy;
}

static void decide(void *owner, struct roster *roster, struct records *records)
{
	struct pending *pending = owner;
	const struct agent_registration *registration = pending->request->registration;
	const bool is_by_api = registration->way == REGISTRATION_BY_API;
	const struct enrollment_policy policy = policy_for(pending);
	const struct enrollment_request request = {
		.fields = registration->fields,
		.id = registration->id,
		.key = registration->key,
		.peer = is_by_api ? NULL : registration->peer.address,
		.allow_leading_dot = is_by_api,
	};

	enrollment_decide(&pending->enrollment, roster, &policy, &request);
	records_add(records, roster, &pending->enrollment);
}

/* ------------------------------------------------------------------ answering */

static struct registration_decision decision_of(const struct enrollment *enrollment)
{
	struct registration_decision decision = { .fault = enrollment->fault };

	if (enrollment->accepted) {
		decision.agent = enrollment->agent;
		memcpy(decision.shown_ip, enrollment->shown_ip, sizeof decision.shown_ip);
	} else {
		memcpy(decision.refusal, enrollment->refusal, sizeof decision.refusal);
	}
	return decision;
}

/* A registration always is. */
static bool may_log(const struct pending *pending)
{
	const struct enrollment *enrollment = &pending->enrollment;
	enum peer_event event = enrollment->fault == REGISTRATION_INTERNAL ? PEER_FAILED
									   : PEER_REFUSED;

	return enrollment->accepted || !pending->log ||
	       peer_log_may(pending->log, pending->request->registration->peer.address, event);
}

static void answer(struct pending *pending, enum registry_outcome outcome)
{
	struct registry_request *request = pending->request;
	struct registration_decision decision = decision_of(&pending->enrollment);
	const struct registry_answer answer = { .outcome = outcome, .decision = &decision };

	if (may_log(pending))
		enrollment_log(&pending->enrollment, request->registration);
	free_pending(pending);
	registry_answer(request, &answer);
	explicit_bzero(&decision, sizeof decision);
}

static void done(void *owner)
{
	answer(owner, REGISTRY_DECIDED);
}

static void failed(void *owner, bool decided, const struct reason *why)
{
	struct pending *pending = owner;

	if (decided)
		enrollment_revoke(&pending->enrollment, why);
	else
		enrollment_fail(&pending->enrollment, &pending->request->registration->fields, why);
	answer(pending, decided ? REGISTRY_DECIDED : REGISTRY_FAILED);
}

static void gave_up(void *owner)
{
	struct pending *pending = owner;
	struct reason why;

	reason_set(&why, "client.keys stayed locked by another program");
	enrollment_fail(&pending->enrollment, &pending->request->registration->fields, &why);
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
	struct pending *pending = calloc(1, sizeof *pending);

	if (!pending)
		return -ENOMEM;
	*pending = (struct pending){
		.entry = { .callbacks = &callbacks,
			   .owner = pending,
			   .give_up_at = request->give_up_at },
		.request = request,
		.policy = file->policy,
		.log = file->log,
	};
	request->pending = pending;
	transactions_add(file->transactions, &pending->entry);
	return 0;
}

static void withdraw(struct registry *registry, struct registry_request *request)
{
	struct pending *pending = request->pending;

	(void)registry;
	transactions_remove(&pending->entry);
	free_pending(pending);
}

static void free_registry(struct registry *registry)
{
	free(registry);
}

struct registry *file_registry_new(struct transactions *transactions,
				   const struct enrollment_policy *policy, struct peer_log *log)
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
		.transactions = transactions,
		.policy = policy,
		.log = log,
	};
	return &file->registry;
}
