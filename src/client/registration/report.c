/* SPDX-License-Identifier: ISC */
#include "client/registration/report.h"

#include "client/methods/methods.h"
#include "client/registration/policy.h"
#include "client/system/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

const char *report_method_name(const struct registration *run)
{
	return method_name(run->key.imported_from ? METHOD_IMPORT : run->config->manager.method);
}

const struct log_field *report_fields(const struct registration *run, const struct agent_key *key,
				      enum outcome outcome)
{
	static struct log_field fields[8];
	static char attempt[24];

	(void)snprintf(attempt, sizeof attempt, "%" PRIu64, run->state.attempts.count);
	fields[0] = (struct log_field){ "OUTCOME", outcome_policy(outcome)->name };
	fields[1] = (struct log_field){ "AGENT_NAME", key                    ? key->name
						      : run->request.name[0] ? run->request.name
									     : NULL };
	fields[2] = (struct log_field){ "AGENT_ID", key ? key->id : NULL };
	fields[3] = (struct log_field){ "MANAGER", run->request.manager_text[0]
							   ? run->request.manager_text
							   : NULL };
	fields[4] = (struct log_field){ "METHOD", report_method_name(run) };
	fields[5] = (struct log_field){ "ATTEMPT", run->state.attempts.count ? attempt : NULL };
	fields[6] = (struct log_field){ "MANAGER_SAYS", run->request.manager_message[0]
								? run->request.manager_message
								: NULL };
	return fields;
}

void report_save_state(struct registration *run)
{
	struct reason why = { 0 };

	if (state_save(&run->state, run->mode.state_directory, &why) >= 0)
		return;
	if (!run->state_is_lost)
		log_warning("%s; going on without", why.text);
	run->state_is_lost = true;
}

int report_note_failure(struct registration *run, int outcome, const struct reason *why,
			bool should_log)
{
	static const struct outcome_policy local = { "local-error", EXIT_LOCAL_ERROR, LOG_ERR,
						     NULL,          RETRY_LATER,      0 };
	const struct outcome_policy *policy = outcome < 0 ? &local
							  : outcome_policy((enum outcome)outcome);
	struct state_failure *last = &run->state.attempts.last;

	if (outcome == -ECANCELED)
		return -ECANCELED;
	if (should_log && run->mode.observer)
		run->mode.observer->failed(outcome, run->request.name, why);
	else
		log_event(should_log ? policy->level : LOG_DEBUG, policy->message_id,
			  outcome < 0 ? NULL : report_fields(run, NULL, (enum outcome)outcome),
			  "%s", why->text);
	notify_status("%s", why->text);

	(void)snprintf(last->outcome, sizeof last->outcome, "%s", policy->name);
	(void)snprintf(last->error, sizeof last->error, "%s", why->text);
	(void)snprintf(last->manager, sizeof last->manager, "%s", run->request.manager_text);
	last->at = (uint64_t)time(NULL);
	report_save_state(run);
	return policy->exit_code;
}

int report_failure(struct registration *run, int outcome, const struct reason *why)
{
	return report_note_failure(run, outcome, why, true);
}

int report_failed_step(struct registration *run, enum outcome otherwise, int error,
		       const struct reason *why)
{
	return report_failure(run, outcome_unless_short(otherwise, error), why);
}
