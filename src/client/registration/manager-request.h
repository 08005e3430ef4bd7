/* SPDX-License-Identifier: ISC */
/* Requesting a key from one manager. */
#pragma once

#include "client/registration/registration.h"
#include "common/must-check.h"

/*
 * Request a key from the manager in `run->request`, until `end` at the latest; if the name is taken
 * and the policy is to add a suffix, or a group is missing and the policy is to use another one,
 * again with that. Returns OUTCOME_REGISTERED with the new key in `run->key`; another outcome or a
 * negative errno, with `why` set.
 */
int request_from_manager(struct registration *run, const struct deadline *end,
			 struct reason *why) must_check;
