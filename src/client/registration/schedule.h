/* SPDX-License-Identifier: ISC */
/*
 * When which manager is to get another request: how a run goes by the managers of the state
 * (state.h).
 */
#pragma once

#include "client/registration/policy.h"
#include "client/registration/registration.h"
#include "common/must-check.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Plan the next attempt with the manager, after one with this outcome: when the policy says, or,
 * after its `advice`, sooner or later than that, but at most 12 times the longest wait of `bounds`
 * later. `attempt` counts the attempts.
 */
void schedule_next(struct manager_state *manager, enum outcome outcome,
		   const struct retry_bounds *bounds, const struct retry_advice *advice,
		   uint64_t attempt);

/* What is left of a wait, in microseconds. A clock that was set back does not prolong it. */
uint64_t schedule_wait_left(const struct manager_state *manager) must_check;

/* The policy of the last outcome; an outcome of that name need not exist. Never null. */
const struct outcome_policy *schedule_policy(const struct manager_state *manager);

/*
 * How long until the first manager's turn, in microseconds; USEC_INFINITY: none has one. While
 * the machine has no name, that is when to look for one again. `ret_events` are the events
 * (WAKEUP_ON_...) that would bring a turn forward.
 */
uint64_t schedule_next_turn(const struct state_attempts *attempts, bool has_name,
			    unsigned int *ret_events) must_check;

/*
 * It is now the turn of all managers for which `event` (WAKEUP_ON_...) may have changed something.
 */
void schedule_bring_forward(struct state_attempts *attempts, unsigned int event);

/*
 * Take over what an earlier start planned. It holds for a restart by systemd and for the next boot,
 * unless the configuration has changed since. A person who starts us wants an attempt now;
 * and whether there is a network is always worth finding out. Plans for managers that are not
 * configured any more are dropped, so that they do not wake us. Needs the access.
 */
void schedule_take_over(struct registration *run);
