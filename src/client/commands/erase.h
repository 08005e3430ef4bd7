/* SPDX-License-Identifier: ISC */
/* Forgetting who this machine is: what the commands `reset` and `deregister` have in common. */
#pragma once

#include "client/agent-files/keystore.h"
#include "client/commands/options.h"
#include "common/must-check.h"

/*
 * May the files go? Not on a manager, and not what keystore_check_removable() refuses. A running
 * agent would write its counters again, and lose its key under its feet; a registration under way
 * would end in a key all the same: not while one of them runs, unless --force was given. Returns 0,
 * or the exit status, and has said why.
 */
int forget_check(const struct program *program, const struct keystore *store) must_check;

/*
 * Say what will be removed here, and `at_manager` (a sentence) what becomes of the agent there, and
 * ask whether to go on, unless --yes was given. Returns 0 for a yes, otherwise the exit status, or
 * -ECANCELED.
 */
int forget_confirm(const struct program *program, const struct keystore *store,
		   const char *at_manager) must_check;

/*
 * Remove all that makes this machine the agent it is. Needs the lock. The key goes first, and goes
 * durably: whatever interrupts us after that, no copy of this disk can be this agent. What is left
 * then only repeats what is gone, and the next reset removes it. Returns 0, or a negative errno
 * with `why` set.
 */
int forget_all(const struct program *program, const struct keystore *store,
	       struct reason *why) must_check;
