/* SPDX-License-Identifier: ISC */
#include "client/registration/schedule.h"

#include "client/system/identity.h"

#include <string.h>

void schedule_next(const struct registration *run, struct manager_state *manager,
		   enum outcome outcome)
{
	const struct retry_bounds bounds = { run->config->retry.initial, run->config->retry.max };
	const struct outcome_policy *policy = outcome_policy(outcome);
	int previous = outcome_from_name(manager->outcome);
	bool same_class = previous >= 0 &&
			  outcome_policy((enum outcome)previous)->retry == policy->retry;

	manager->wait = retry_wait(policy->retry, &bounds, same_class ? manager->wait : 0,
				   identity_seed(), run->state.attempts);
	if (run->request.retry_after > manager->wait)
		manager->wait = run->request.retry_after < 12 * bounds.max
					? run->request.retry_after
					: 12 * bounds.max;
	manager->next_at = realtime_usec() + manager->wait;
	(void)snprintf(manager->outcome, sizeof manager->outcome, "%s", policy->name);
}

uint64_t schedule_wait_left(const struct manager_state *manager)
{
	uint64_t now = realtime_usec(), left;

	if (!manager->outcome[0] || manager->next_at <= now)
		return 0;
	left = manager->next_at - now;
	return left < manager->wait ? left : manager->wait;
}

const struct outcome_policy *schedule_policy(const struct manager_state *manager)
{
	int outcome = outcome_from_name(manager->outcome);

	return outcome_policy(outcome < 0 ? OUTCOME_BUSY : (enum outcome)outcome);
}

static bool is_configured(const struct registration *run, const char *manager)
{
	char text[ENDPOINT_TEXT_SIZE];
	struct endpoint endpoint;

	for (size_t i = 0; access_manager_at(&run->access, i, &endpoint); i++)
		if (strcmp(endpoint_text(&endpoint, text), manager) == 0)
			return true;
	return false;
}

static void drop_stale_plans(struct registration *run)
{
	struct state *state = &run->state;
	size_t kept = 0;

	for (size_t i = 0; i < state->manager_count; i++)
		if (!state->managers[i].address[0] ||
		    is_configured(run, state->managers[i].address))
			state->managers[kept++] = state->managers[i];
	state->manager_count = kept;
}

void schedule_take_over(struct registration *run)
{
	struct state *state = &run->state;
	char boot[IDENTITY_MACHINE_SIZE];
	bool holds;

	drop_stale_plans(run);
	if (state->manager_count == 0)
		return;
	identity_boot(boot);
	holds = run->mode.is_service && (strcmp(state->boot, boot) != 0 || run->mode.is_restart);
	for (size_t i = 0; i < state->manager_count; i++) {
		struct manager_state *manager = &state->managers[i];
		uint64_t asked_at = manager->next_at - manager->wait,
			 longest = 12 * run->config->retry.max;

		/* max may have become shorter */
		manager->wait = manager->wait < longest ? manager->wait : longest;
		if (!holds || schedule_policy(manager)->retry == RETRY_SOON ||
		    (uint64_t)run->changed_at * USEC_PER_SEC > asked_at)
			manager->next_at = 0;
	}
}
