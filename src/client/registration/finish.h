/* SPDX-License-Identifier: ISC */
/*
 * The end of a registration: store the key and what goes with it, log and remember it, delete the
 * secret that it was got with, start the agents.
 */
#pragma once

#include "client/registration/registration.h"
#include "common/must-check.h"

/*
 * Store the new key, after the agent's own configuration, and the CA and the re-enrollment secret
 * that came with the key. Needs the files staged. Returns CONTINUE; or, when the key cannot be
 * stored, the exit status, with all files but that configuration as they were before.
 */
int finish_store(struct registration *run) must_check;

/*
 * The agent's message counters belong to its last key: remove them if `state` says that they are to
 * go with `key`, which is on the disk, and have it say so no more. What cannot be removed is logged
 * and stays for the next run. Returns whether `state` has changed.
 */
bool finish_counters(const struct config *config, struct state *state, const struct agent_key *key);

/*
 * With the new key stored: log it, save the state, delete the secret if the configuration says so,
 * store the agent's own configuration if that failed before, wait until the manager knows the key
 * (settle), start the agents, and log what would keep them from their manager (agents-file.h).
 * Returns 0; the exit status, when that configuration cannot be stored; or -ECANCELED when asked to
 * stop before the agents were started.
 */
int finish_announce(struct registration *run) must_check;

/*
 * With the old key to stay: delete the secret if the configuration says so, start the agents, and
 * log what would keep them from their manager.
 */
void finish_unchanged(struct registration *run);

/*
 * As a service on a manager, which has been detected by `seen`: say so, and hold nothing back.
 * Returns 0.
 */
int finish_on_manager(const struct reason *seen) must_check;

/*
 * With nothing to do, because nothing is configured: say so, and have the service stopped. Returns
 * 0.
 */
int finish_unconfigured(void) must_check;
