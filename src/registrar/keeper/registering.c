/* SPDX-License-Identifier: ISC */
/* Registrations: decided by the policy (enrollment.h). */
#include "registrar/enrollment/log.h"
#include "registrar/keeper/bearer-check.h"
#include "registrar/keeper/pending.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

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

/* ------------------------------------------------------------------ enrolling with Wazuh 5 */

/* An agent that enrolls again. Wipe it. */
struct returning_agent {
	const struct roster_entry *entry; /* null: it is a new one */
	const struct agent_secret *used;  /* what is known of its secrets */
	struct signing_key used_key;      /* the one of these with which it has signed */
};

/* Which of the secrets has the agent used? Not an older one than that, once the newest was used. */
static enum registration_fault find_used_key(const struct pending *pending,
					     struct returning_agent *ret, struct reason *why)
{
	const struct enroll_bearer *bearer = &pending->request->registration->bearer;
	const struct signing_key *key;
	int r = bearer_signing_key(&key, bearer, &ret->used->line);

	if (r < 0) {
		reason_set(why, "Out of memory, or OpenSSL has failed");
		return REGISTRATION_INTERNAL;
	}
	if (r == 0)
		return REGISTRATION_WRONG_SECRET;
	ret->used_key = *key;
	return REGISTRATION_OK;
}

/* The bearer was right when it was looked at; what counts is the agent's key as it is now. */
static enum registration_fault find_returning(const struct pending *pending,
					      const struct roster *roster,
					      struct returning_agent *ret, struct reason *why)
{
	struct agent_secrets *secrets = pending->file->settings.secrets;
	const char *id = pending->request->registration->bearer.key_id;
	struct agent_key agent;

	if (secrets && agent_secrets_refresh(secrets, why) < 0)
		return REGISTRATION_INTERNAL;
	ret->entry = secrets ? roster_find_agent(roster, id, NULL) : NULL;
	if (!ret->entry)
		return REGISTRATION_UNKNOWN_AGENT;
	if (agent_secrets_is_staged(secrets, id))
		return REGISTRATION_IN_PROGRESS;
	reason_set(why, "The key of agent %s cannot be read", id);
	if (roster_read(roster, ret->entry, &agent) < 0)
		return REGISTRATION_INTERNAL;
	ret->used = agent_secret_for_key(agent_secrets_find(secrets, id), agent.key);
	agent_key_wipe(&agent);
	return ret->used ? find_used_key(pending, ret, why) : REGISTRATION_UNKNOWN_AGENT;
}

/* ------------------------------------------------------------------ with a token */

/*
 * What has become of it since the bearer was looked at, and whether there is a use left: those who
 * share the transaction are counted one after the other.
 */
static enum registration_fault find_token(const struct pending *pending, struct enroll_token **ret,
					  struct reason *why)
{
	struct enroll_tokens *tokens = pending->file->settings.tokens;
	const char *id = pending->request->registration->bearer.key_id;
	struct enroll_token *token;

	if (tokens && enroll_tokens_refresh(tokens, why) < 0)
		return REGISTRATION_INTERNAL;
	token = tokens ? enroll_tokens_find(tokens, id) : NULL;
	if (!token)
		return REGISTRATION_TOKEN_UNKNOWN;
	switch (enroll_token_state(token, (uint64_t)time(NULL))) {
	case ENROLL_TOKEN_REVOKED:
		return REGISTRATION_TOKEN_UNKNOWN;
	case ENROLL_TOKEN_EXPIRED:
		return REGISTRATION_TOKEN_EXPIRED;
	case ENROLL_TOKEN_USED_UP:
		return REGISTRATION_TOKEN_USED_UP;
	case ENROLL_TOKEN_ACTIVE:
		break;
	}
	*ret = token;
	return REGISTRATION_OK;
}

/* ------------------------------------------------------------------ deciding */

/* For the faults that find_returning() and find_token() find. */
static void describe_refusal(char *ret, size_t size, enum registration_fault fault, const char *id)
{
	static const char again[] = "cannot enroll again", used[] = "cannot be used";
	static const struct {
		const char *subject, *verb, *cause;
	} texts[REGISTRATION_INTERNAL] = {
		[REGISTRATION_UNKNOWN_AGENT] = { "Agent", again, "it or its secret is not known" },
		[REGISTRATION_WRONG_SECRET] = { "Agent", again, "its secret is another one" },
		[REGISTRATION_IN_PROGRESS] = { "Agent", again, "it is doing so already" },
		[REGISTRATION_TOKEN_UNKNOWN] = { "Enrollment token", used,
						 "it is not known, or was revoked" },
		[REGISTRATION_TOKEN_EXPIRED] = { "Enrollment token", used, "it has expired" },
		[REGISTRATION_TOKEN_USED_UP] = { "Enrollment token", used, "it is used up" },
	};

	(void)snprintf(ret, size, "%s %s %s: %s", texts[fault].subject, id, texts[fault].verb,
		       texts[fault].cause);
}

static void refuse_credential(struct pending *pending, enum registration_fault fault,
			      const struct reason *why)
{
	const struct agent_registration *registration = pending->request->registration;
	const char *id = registration->bearer.key_id;
	char text[128];

	if (fault == REGISTRATION_INTERNAL) { /* asking again may help */
		pending->outcome = REGISTRY_NO_MEMORY;
		enrollment_fail(&pending->enrollment, &registration->fields, why);
		return;
	}
	describe_refusal(text, sizeof text, fault, id);
	enrollment_refuse(&pending->enrollment, &registration->fields, fault, text);
}

/* With a secret for the next time, which is made before, because that can fail. */
static void enroll(struct pending *pending, struct roster *roster,
		   const struct enrollment_policy *policy, struct enrollment_request *request,
		   const struct returning_agent *returning)
{
	struct agent_secrets *secrets = pending->file->settings.secrets;
	char text[ENROLL_AGENT_SECRET_LENGTH + 1];
	struct agent_secret *secret;
	struct reason why;

	if (agent_secrets_make(secrets, &secret, text, &why) < 0) {
		enrollment_fail(&pending->enrollment, &request->fields, &why);
		return;
	}
	request->again = returning->entry;
	enrollment_decide(&pending->enrollment, roster, policy, request);
	if (pending->enrollment.accepted) {
		agent_secrets_stage(secrets, secret, &pending->enrollment.agent, returning->used,
				    &returning->used_key);
		memcpy(pending->enrollment.secret, text, sizeof text);
	} else {
		agent_secret_discard(secret);
	}
	explicit_bzero(text, sizeof text);
}

static void decide_enrollment(struct pending *pending, struct roster *roster,
			      const struct enrollment_policy *policy,
			      struct enrollment_request *request)
{
	struct returning_agent returning = { .entry = NULL };
	const struct enroll_bearer *bearer = &pending->request->registration->bearer;
	enum registration_fault fault = REGISTRATION_OK;
	struct enroll_token *token = NULL;
	struct reason why;

	if (bearer_is_of_agent(bearer))
		fault = find_returning(pending, roster, &returning, &why);
	else if (bearer_is_of_token(bearer))
		fault = find_token(pending, &token, &why);
	if (fault != REGISTRATION_OK)
		refuse_credential(pending, fault, &why);
	else if (pending->file->settings.secrets)
		enroll(pending, roster, policy, request, &returning);
	else
		enrollment_decide(&pending->enrollment, roster, policy, request);
	if (token && pending->enrollment.accepted)
		enroll_tokens_count_use(pending->file->settings.tokens, token);
	explicit_bzero(&returning, sizeof returning);
}

/* ------------------------------------------------------------------ all registrations */

static void decide(struct pending *pending, struct roster *roster, struct records *records)
{
	const struct agent_registration *registration = pending->request->registration;
	const bool is_by_api = registration->way == REGISTRATION_BY_API;
	const struct enrollment_policy policy = policy_for(pending);
	struct enrollment_request request = {
		.fields = registration->fields,
		.fault = registration->fault,
		.id = registration->id,
		.key = registration->key,
		.peer = is_by_api ? NULL : registration->peer.address,
		.allow_leading_dot = is_by_api,
	};

	if (registration->way == REGISTRATION_BY_ENROLL)
		decide_enrollment(pending, roster, &policy, &request);
	else
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
		memcpy(decision->secret, enrollment->secret, sizeof decision->secret);
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
