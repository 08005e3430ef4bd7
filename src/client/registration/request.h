/* SPDX-License-Identifier: ISC */
/*
 * Requesting a key: the managers in their order, in rounds, each no more often than the policy
 * says.
 */
#pragma once

#include "client/registration/registration.h"
#include "common/must-check.h"

/*
 * Request a key from the managers, until one gives it, within the budget of this start. Stages the
 * key files before each round, and unlocks them while it waits for the next. Returns CONTINUE with
 * a new key and the files staged; the exit status; or -ECANCELED.
 */
int request_key(struct registration *run) must_check;
