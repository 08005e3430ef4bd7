/* SPDX-License-Identifier: ISC */
/* Everything that must be right before a manager is contacted. */
#pragma once

#include "client/registration/registration.h"
#include "common/must-check.h"

/*
 * Check the configuration, find the agent's name if the machine knows its own already, get access
 * to the managers, and read what is sent to them. Returns CONTINUE, or the exit status.
 */
int prepare_registration(struct registration *run) must_check;

/*
 * Find the agent's name, unless it is known already. `own` is what the network calls this machine;
 * null: that is not known, and a name that needs it is only looked at for what else it needs. With
 * each connection it may be another one; while it is the same, a suffix stays. Returns OUTCOME_OK;
 * OUTCOME_NOT_READY while the machine has no host name; or another outcome or a negative errno;
 * with `why` set.
 */
int prepare_name(struct registration *run, const struct own_names *own,
		 struct reason *why) must_check;
