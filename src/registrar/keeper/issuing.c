/* SPDX-License-Identifier: ISC */
/* Secrets for agents of Wazuh 5 that have a key, and want to be able to enroll again. */
#include "common/log.h"
#include "registrar/keeper/bearer-check.h"
#include "registrar/keeper/pending.h"

#include <string.h>
#include <time.h>

static void note_failure(struct pending *pending, const char *why)
{
	const struct peer *client = &pending->request->bearer->client;
	struct peer_log *log = pending->file->settings.log;

	explicit_bzero(&pending->secret, sizeof pending->secret);
	pending->secret.fault = SECRET_INTERNAL;
	if (!log || peer_log_may(log, client->address, PEER_FAILED))
		log_error("%s (client %s)", why, client->text);
}

static void deny(struct pending *pending, enum bearer_fault fault)
{
	pending->secret.fault = SECRET_DENIED;
	pending->secret.bearer = fault;
}

/* The secret that was issued last works until the new one was used, as when the agent enrolls. */
static void issue_to(struct pending *pending, const struct agent_key *agent)
{
	struct agent_secrets *secrets = pending->file->settings.secrets;
	const struct agent_secret *last;
	struct agent_secret *secret;
	struct signing_key last_key = { .bytes = { 0 } };
	struct reason why;

	if (agent_secrets_make(secrets, &secret, pending->secret.secret, &why) < 0) {
		note_failure(pending, why.text);
		return;
	}
	last = agent_secret_for_key(agent_secrets_find(secrets, agent->id), agent->key);
	if (last)
		last_key = last->line.key;
	agent_secrets_stage(secrets, secret, agent, last, &last_key);
	explicit_bzero(&last_key, sizeof last_key);
}

static void judge(struct pending *pending, const struct agent_key *agent)
{
	const struct enroll_bearer *bearer = &pending->request->bearer->bearer;
	enum bearer_fault fault = bearer_check_request(bearer, agent->key, (uint64_t)time(NULL));

	if (fault == BEARER_KEY_UNAVAILABLE)
		note_failure(pending, "The bearer of an agent was not checked");
	else if (fault != BEARER_OK)
		deny(pending, fault);
	else if (agent_secrets_is_staged(pending->file->settings.secrets, agent->id))
		pending->secret.fault = SECRET_IN_PROGRESS;
	else
		issue_to(pending, agent);
}

static void decide(struct pending *pending, struct roster *roster, struct records *records)
{
	struct agent_secrets *secrets = pending->file->settings.secrets;
	const char *id = pending->request->bearer->bearer.key_id;
	const struct roster_entry *entry = secrets ? roster_find_agent(roster, id, NULL) : NULL;
	struct agent_key agent;

	(void)records;
	if (!entry) {
		deny(pending, BEARER_UNKNOWN_AGENT);
		return;
	}
	if (roster_read(roster, entry, &agent) < 0) {
		note_failure(pending, "The key of an agent cannot be read");
		return;
	}
	judge(pending, &agent);
	agent_key_wipe(&agent);
}

static void fail(struct pending *pending, bool decided, const struct reason *why)
{
	if (!decided || pending->secret.fault == SECRET_OK)
		note_failure(pending, why->text);
}

static void conclude(struct pending *pending, struct registry_answer *ret)
{
	const struct secret_answer *answer = &pending->secret;
	const struct bearer_request *request = pending->request->bearer;
	struct peer_log *log = pending->file->settings.log;

	ret->secret = *answer;
	if (answer->fault == SECRET_OK)
		log_info("Agent %s has got another secret for enrolling again, for %s",
			 request->bearer.key_id, request->client.text);
	else if (answer->fault == SECRET_DENIED &&
		 (!log || peer_log_may(log, request->client.address, PEER_WRONG_PASSWORD)))
		log_notice("Refused a secret for enrolling again to %s: %s", request->client.text,
			   bearer_fault_text(answer->bearer));
}

static void wipe(struct pending *pending)
{
	explicit_bzero(&pending->secret, sizeof pending->secret);
}

const struct pending_kind pending_secret = {
	.changes_roster = true, /* what is beside it */
	.decide = decide,
	.fail = fail,
	.conclude = conclude,
	.wipe = wipe,
};
