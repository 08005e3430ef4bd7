/* SPDX-License-Identifier: ISC */
/* A name or an address that another agent has: what helps, and the request for another name. */
#pragma once

#include "client/registration/registration.h"
#include "common/must-check.h"

/*
 * Add to `why`, which has the manager's message, what helps: that depends on what is taken, on the
 * method, and on whose entry it probably is. `had_lost_request`: an earlier request of this name
 * had no answer.
 */
void taken_explain(const struct registration *run, enum refusal_subject subject,
		   bool had_lost_request, struct reason *why);

/*
 * If the name is taken and the policy is to add a suffix, do that and log it. Returns whether the
 * request is to be repeated, to the same manager. It never helps against a taken address.
 */
bool taken_add_suffix(struct registration *run, enum refusal_subject subject,
		      const struct reason *why) must_check;
