/* SPDX-License-Identifier: ISC */
#include "client/registration/schedule.h"

#include "client/system/identity.h"

#include <string.h>

void plan_next(const struct registration *run, struct cursor *cursor, enum outcome outcome)
{
	const struct retry_bounds bounds = { run->config->retry.initial, run->config->retry.max };
	const struct outcome_policy *policy = outcome_policy(outcome);
	int previous = outcome_from_name(cursor->outcome);
	bool same_class = previous >= 0 && outcome_policy((enum outcome)previous)->retry == policy->retry;

	cursor->wait = retry_wait(policy->retry, &bounds, same_class ? cursor->wait : 0, identity_seed(),
				  run->state.attempts);
	if (run->manager_wish > cursor->wait)
		cursor->wait = run->manager_wish < 12 * bounds.max ? run->manager_wish : 12 * bounds.max;
	cursor->next_at = realtime_usec() + cursor->wait;
	(void)snprintf(cursor->outcome, sizeof cursor->outcome, "%s", policy->name);
}

uint64_t plan_wait_left(const struct cursor *cursor)
{
	uint64_t now = realtime_usec(), left;

	if (!cursor->outcome[0] || cursor->next_at <= now)
		return 0;
	left = cursor->next_at - now;
	return left < cursor->wait ? left : cursor->wait;
}

const struct outcome_policy *plan_policy(const struct cursor *cursor)
{
	int outcome = outcome_from_name(cursor->outcome);

	return outcome_policy(outcome < 0 ? OUTCOME_BUSY : (enum outcome)outcome);
}

static bool is_configured(const struct registration *run, const char *manager)
{
	char text[ENDPOINT_TEXT_SIZE];
	struct endpoint endpoint;

	for (size_t i = 0; registration_manager_at(run, i, &endpoint); i++)
		if (strcmp(endpoint_text(&endpoint, text), manager) == 0)
			return true;
	return false;
}

static void drop_stale_plans(struct registration *run)
{
	struct state *state = &run->state;
	size_t kept = 0;

	for (size_t i = 0; i < state->cursor_count; i++)
		if (!state->cursors[i].manager[0] || is_configured(run, state->cursors[i].manager))
			state->cursors[kept++] = state->cursors[i];
	state->cursor_count = kept;
}

void plans_take_over(struct registration *run)
{
	struct state *state = &run->state;
	char boot[IDENTITY_MACHINE_SIZE];
	bool holds;

	drop_stale_plans(run);
	if (state->cursor_count == 0)
		return;
	identity_boot(boot);
	holds = run->is_service && (strcmp(state->boot, boot) != 0 || run->is_restart);
	for (size_t i = 0; i < state->cursor_count; i++) {
		struct cursor *cursor = &state->cursors[i];
		uint64_t asked_at = cursor->next_at - cursor->wait, longest = 12 * run->config->retry.max;

		cursor->wait = cursor->wait < longest ? cursor->wait : longest; /* max may have become shorter */
		if (!holds || plan_policy(cursor)->retry == RETRY_SOON ||
		    (uint64_t)run->changed_at * USEC_PER_SEC > asked_at)
			cursor->next_at = 0;
	}
}
