/* SPDX-License-Identifier: ISC */
#include "client/registration/manager-request.h"

#include "client/config/name-template.h"
#include "client/conversation/conversation.h"
#include "client/registration/groups.h"
#include "client/registration/policy.h"
#include "client/registration/prepare.h"
#include "client/registration/report.h"
#include "client/registration/taken.h"
#include "client/system/message-ids.h"
#include "client/system/notify.h"

#include <string.h>

/*
 * From the request on, systemd waits for us as long as the attempt may take, and so much longer: a
 * machine or a disk that stands still for a while is no reason to lose a key.
 */
#define HOLD_MARGIN_USEC (600 * USEC_PER_SEC)

/* ------------------------------------------------------------------ one attempt */

/*
 * The request of this name to this manager whose answer was not received; null: there is none.
 */
static const struct manager_state *our_lost_request(struct registration *run)
{
	const struct manager_state *manager = state_manager(&run->state, run->request.manager_text);

	return manager->unanswered.sent_at &&
			       strcmp(manager->unanswered.name, run->request.name) == 0
		       ? manager
		       : NULL;
}

/*
 * From here on the manager may register us without our receiving its answer: remember the request,
 * and of several without an answer the first.
 */
static void remember_request(struct registration *run)
{
	struct manager_state *manager = state_manager(&run->state, run->request.manager_text);

	if (our_lost_request(run))
		return;
	memcpy(manager->unanswered.name, run->request.name, sizeof manager->unanswered.name);
	manager->unanswered.sent_at = realtime_usec() / USEC_PER_SEC;
	report_save_state(run);
}

static void forget_request(struct registration *run)
{
	struct manager_state *manager = state_manager(&run->state, run->request.manager_text);

	manager->unanswered.name[0] = '\0';
	manager->unanswered.sent_at = 0;
}

static int show_progress(enum attempt_step step, void *user)
{
	static const char *const texts[] = {
		[STEP_CONNECTING] = "Connecting to",
		[STEP_VERIFYING] = "Verifying",
		[STEP_SENDING] = "Sending the request to",
		[STEP_WAITING] = "Waiting for the response of",
	};
	struct registration *run = user;

	log_debug("%s %s", texts[step], run->request.manager_text);
	notify_status("%s %s", texts[step], run->request.manager_text);
	if (run->mode.observer)
		run->mode.observer->step(step, run->request.manager_text, run->request.name);
	if (step == STEP_SENDING) {
		notify_hold(run->config->manager.attempt_timeout + HOLD_MARGIN_USEC);
		remember_request(run);
	}
	return 0;
}

/*
 * How long ago our first request without an answer was sent, in microseconds; 0: there is none.
 */
static uint64_t lost_for(struct registration *run)
{
	const struct manager_state *manager = our_lost_request(run);
	uint64_t sent_at, now = realtime_usec();

	if (!manager)
		return 0;
	sent_at = manager->unanswered.sent_at * USEC_PER_SEC;
	return now > sent_at ? now - sent_at : 1;
}

static void log_request(const struct registration *run)
{
	const struct access *access = &run->access;
	char proxy[ENDPOINT_TEXT_SIZE] = "";

	if (access->has_proxy)
		endpoint_text(&access->proxy.endpoint, proxy);
	log_line(run->request.failure_was_logged ? LOG_DEBUG : LOG_INFO,
		 "Requesting a key from %s as %s%s%s", run->request.manager_text, run->request.name,
		 *proxy ? ", through the proxy " : "", proxy);
}

/* For attempt_naming: the name is made of what the process that talks to managers has found. */
static int complete_name(const struct own_names *own, uint64_t *ret_lost_for, struct reason *why,
			 void *user)
{
	struct registration *run = user;
	int r = prepare_name(run, own, why);

	/* what a name server says may be something else the next time */
	if (r == OUTCOME_MISCONFIGURED && own->fqdn[0])
		r = OUTCOME_NOT_READY;
	if (r != OUTCOME_OK)
		return r;
	run->request.answer_was_lost = our_lost_request(run);
	*ret_lost_for = lost_for(run);
	log_request(run);
	return OUTCOME_OK;
}

static void warn_unverified(struct registration *run, int level)
{
	if (run->mode.observer && log_is_enabled(level))
		run->mode.observer->unverified(run->request.manager_text);
	else
		log_event(level, MESSAGE_UNVERIFIED, report_fields(run, NULL, OUTCOME_UNTRUSTED),
			  "verify = no: %s is not verified; "
			  "any host at that address can obtain the password and supply the key",
			  run->request.manager_text);
}

/* The process that talks to a manager proves with hashes and secrets, not with the old key. */
static int prepare_process(struct attempt *attempt, struct reason *why)
{
	struct registration *run = attempt->user;
	int r;

	agent_key_wipe(&run->key.old);
	agent_key_wipe(&run->key.new);
	r = access_load_tls(&run->access, why);
	if (r < 0)
		return outcome_unless_short(OUTCOME_MISCONFIGURED, r);
	attempt->connection.context = run->access.context;
	return OUTCOME_OK;
}

/* Send one request to one manager, until `end` at the latest. */
static int attempt(struct registration *run, const struct deadline *end,
		   struct attempt_report *report)
{
	const struct config *config = run->config;
	struct deadline deadline = deadline_in(config->manager.attempt_timeout, end);
	struct attempt attempt = access_attempt(&run->access, &run->request.manager, &deadline);
	int level = run->request.failure_was_logged ? LOG_DEBUG : LOG_WARNING;
	int r;

	attempt.agent = (struct attempt_agent){
		.name = run->request.name,
		.groups = run->request.groups,
		.ip = config->agent.ip,
		.version = config->agent.version,
		.key_hash = run->key.old_hash[0] ? run->key.old_hash : NULL,
	};
	attempt.naming.needs = name_template_needs(config->agent.name);
	attempt.naming.complete = complete_name;
	attempt.probe_port = probe_port(&run->probe, &run->request.manager, NULL);
	attempt.api.lost_for = lost_for(run);
	attempt.api.fallback_group = groups_fallback(config);
	if (run->key.old_secret.text[0] && !run->request.secret_was_refused) {
		attempt.enroll.secret = &run->key.old_secret;
		attempt.enroll.secret_file = run->files.reenroll.secret_path;
	}
	attempt.progress = show_progress;
	attempt.user = run;
	run->state.attempts.count++;
	if (!config->tls.verify)
		warn_unverified(run, level);
	if (!attempt.naming.needs)
		log_request(run);
	r = conversation_hold(run->access.method, &attempt, prepare_process, &run->key.new, report);
	if (r != OUTCOME_REGISTERED && r != -ECANCELED)
		notify_release();
	if (r == OUTCOME_REGISTERED && run->mode.observer)
		run->mode.observer->step(STEP_RECEIVED, run->request.manager_text,
					 run->request.name);
	if (report->warning.text[0])
		log_line(level, "%s", report->warning.text);
	return r;
}

/* ------------------------------------------------------------------ until there is an answer */

int request_from_manager(struct registration *run, const struct deadline *end, struct reason *why)
{
	/* what the last manager did not have, this one may */
	int r = groups_choose(run, why);

	run->request.secret_was_refused = false;

	while (r >= 0) {
		struct attempt_report report = { 0 };
		bool had_lost_request;

		run->request.answer_was_lost = our_lost_request(run);
		r = attempt(run, end, &report);
		had_lost_request = run->request.answer_was_lost;
		if (r == OUTCOME_REGISTERED)
			report.why = (struct reason){ 0 };
		*why = report.why;
		(void)reason_manager_message(why, run->request.manager_message);
		run->request.advice = (struct retry_advice){ report.is_soon, report.retry_after };
		run->request.secret_was_refused |= report.secret_refused;
		run->key.new_secret = report.reenroll_secret;
		run->key.new_anchor = report.anchor;
		reenroll_secret_wipe(&report.reenroll_secret);
		groups_note_missing(run, report.missing_groups);
		if (r == OUTCOME_DUPLICATE) {
			taken_explain(run, report.subject, had_lost_request, why);
			if (taken_add_suffix(run, report.subject, why))
				continue;
		}
		if (report.subject == REFUSED_GROUP && groups_fall_back(run, why))
			continue;
		/*
		 * What is refused now was refused then; but a limit of agents, say, may have been
		 * reached since.
		 */
		if (report.answered && (!had_lost_request || r == OUTCOME_REFUSED))
			forget_request(run);
		break;
	}
	return r;
}
