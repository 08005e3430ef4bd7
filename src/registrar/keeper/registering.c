/* SPDX-License-Identifier: ISC */
/* Registrations: decided by the policy (enrollment.h). */
#include "registrar/enrollment/log.h"
#include "registrar/keeper/pending.h"

#include <string.h>

/* A user of the API says whom a new agent replaces, and not the policy for agents that ask. */
static struct enrollment_policy policy_for(const struct pending *pending)
{
	const struct agent_registration *registration = pending->request->registration;
	const struct registration_force *force = &registration->force;
	struct enrollment_policy policy = *pending->file->settings.policy;

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

static void decide(struct pending *pending, struct roster *roster, struct records *records)
{
	const struct agent_registration *registration = pending->request->registration;
	const bool is_by_api = registration->way == REGISTRATION_BY_API;
	const struct enrollment_policy policy = policy_for(pending);
	const struct enrollment_request request = {
		.fields = registration->fields,
		.fault = registration->fault,
		.id = registration->id,
		.key = registration->key,
		.peer = is_by_api ? NULL : registration->peer.address,
		.allow_leading_dot = is_by_api,
	};

	enrollment_decide(&pending->enrollment, roster, &policy, &request);
	records_add(records, roster, &pending->enrollment);
}

static void fail(struct pending *pending, bool decided, const struct reason *why)
{
	if (decided)
		enrollment_revoke(&pending->enrollment, why);
	else
		enrollment_fail(&pending->enrollment, &pending->request->registration->fields, why);
}

/* A registration always is. */
static bool may_log(const struct pending *pending)
{
	const struct enrollment *enrollment = &pending->enrollment;
	struct peer_log *log = pending->file->settings.log;
	enum peer_event event = enrollment->fault == REGISTRATION_INTERNAL ? PEER_FAILED
									   : PEER_REFUSED;

	return enrollment->accepted || !log ||
	       peer_log_may(log, pending->request->registration->peer.address, event);
}

static void conclude(struct pending *pending, struct registry_answer *ret)
{
	const struct enrollment *enrollment = &pending->enrollment;
	struct registration_decision *decision = &ret->decision;

	decision->fault = enrollment->fault;
	if (enrollment->accepted) {
		decision->agent = enrollment->agent;
		memcpy(decision->shown_ip, enrollment->shown_ip, sizeof decision->shown_ip);
	} else {
		memcpy(decision->refusal, enrollment->refusal, sizeof decision->refusal);
	}
	if (may_log(pending))
		enrollment_log(enrollment, pending->request->registration, pending->request->user);
}

static void wipe(struct pending *pending)
{
	enrollment_wipe(&pending->enrollment);
}

const struct pending_kind pending_registration = {
	.changes_roster = true,
	.decide = decide,
	.fail = fail,
	.conclude = conclude,
	.wipe = wipe,
};
