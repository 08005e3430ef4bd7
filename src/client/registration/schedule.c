/* SPDX-License-Identifier: ISC */
#include "client/registration/schedule.h"

#include "client/system/identity.h"

#include <string.h>

/* However long the configured waits were, or a manager asked for: this is the longest one. */
static uint64_t longest_wait(uint64_t configured_max)
{
	return 12 * configured_max;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void schedule_next(struct manager_state *manager, enum outcome outcome,
		   const struct retry_bounds *bounds, const struct retry_advice *advice,
		   uint64_t attempt)
{
	const struct outcome_policy *policy = outcome_policy(outcome);
	int previous = outcome_from_name(manager->outcome);
	bool same_class = previous >= 0 && manager->was_soon == advice->is_soon &&
			  outcome_policy((enum outcome)previous)->retry == policy->retry;

	manager->wait = retry_wait(advice->is_soon ? RETRY_SHORTLY : policy->retry, bounds,
				   same_class ? manager->wait : 0, identity_seed(), attempt);
	if (advice->after > manager->wait)
		manager->wait = least(advice->after, longest_wait(bounds->max));
	manager->next_at = realtime_usec() + manager->wait;
	manager->was_soon = advice->is_soon;
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

uint64_t schedule_next_turn(const struct state_attempts *attempts, bool has_name,
			    unsigned int *ret_events)
{
	uint64_t soonest = USEC_INFINITY;

	*ret_events = 0;
	for (size_t i = 0; i < attempts->manager_count; i++) {
		const struct manager_state *manager = &attempts->managers[i];

		/* Once the machine has a name, it does not matter when to look for one. */
		if (!manager->address[0] == !has_name && manager->outcome[0]) {
			soonest = least(soonest, schedule_wait_left(manager));
			*ret_events |= schedule_policy(manager)->events;
		}
	}
	return soonest;
}

void schedule_bring_forward(struct state_attempts *attempts, unsigned int event)
{
	for (size_t i = 0; i < attempts->manager_count; i++)
		if (schedule_policy(&attempts->managers[i])->events & event) {
			attempts->managers[i].next_at = 0;
			/* it was not waited out, so the next one must not be longer */
			attempts->managers[i].wait /= 3;
		}
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
	struct state_attempts *attempts = &run->state.attempts;
	size_t kept = 0;

	for (size_t i = 0; i < attempts->manager_count; i++)
		if (!attempts->managers[i].address[0] ||
		    is_configured(run, attempts->managers[i].address))
			attempts->managers[kept++] = attempts->managers[i];
	attempts->manager_count = kept;
}

void schedule_take_over(struct registration *run)
{
	struct state_attempts *attempts = &run->state.attempts;
	char boot[IDENTITY_BOOT_SIZE];
	bool holds;

	drop_stale_plans(run);
	if (attempts->manager_count == 0)
		return;
	identity_boot(boot);
	holds = run->mode.is_service && !run->mode.is_again &&
		(strcmp(attempts->boot, boot) != 0 || run->mode.is_restart);
	for (size_t i = 0; i < attempts->manager_count; i++) {
		struct manager_state *manager = &attempts->managers[i];
		uint64_t attempted_at = manager->next_at - manager->wait;

		/* max may have become shorter */
		manager->wait = least(manager->wait, longest_wait(run->config->retry.max));
		if (!holds || schedule_policy(manager)->retry == RETRY_SOON ||
		    (uint64_t)run->changed_at * USEC_PER_SEC > attempted_at)
			manager->next_at = 0;
	}
}
