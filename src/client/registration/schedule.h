/* SPDX-License-Identifier: ISC */
/*
 * When which manager is to be asked again: the managers of the state (state.h), as the chapter
 * `asking` goes by them.
 */
#pragma once

#include "client/registration/policy.h"
#include "client/registration/registration.h"

/*
 * Plan the next attempt with the manager, after one with this outcome: when the policy says, or
 * later if the manager has asked for that (at most 12 times the longest wait of a round).
 */
void schedule_next(const struct registration *run, struct manager_state *manager,
		   enum outcome outcome);

/* What is left of a wait, in microseconds. A clock that was set back does not prolong it. */
uint64_t schedule_wait_left(const struct manager_state *manager);

/* The policy of the last outcome. */
const struct outcome_policy *schedule_policy(const struct manager_state *manager);

/*
 * What an earlier start planned holds for a restart by systemd and for the next boot, unless
 * somebody has changed the configuration since. A person who starts us wants an attempt now; and
 * whether there is a network is always worth finding out. Plans for managers that are not asked any
 * more are dropped, so that they do not wake us.
 */
void schedule_take_over(struct registration *run);
