/* SPDX-License-Identifier: ISC */
/*
 * The agent's own configuration, etc/ossec.conf: which managers it has (set_manager), and whether
 * and as what it enrolls by itself (own_enrollment). It is written before the key: an agent that
 * finds a key finds its manager.
 */
#pragma once

#include "client/registration/registration.h"
#include "common/must-check.h"

/*
 * Before a manager is asked: if the configuration says so and the file does not, see that it can be
 * changed, and stage the new one. Needs the lock of the key file. Returns CONTINUE or an exit
 * status.
 */
int agent_conf_stage(struct registration *run) must_check;

/*
 * Store it, before the key is. The key that has come is not given up for the file: a failure is
 * logged, and what agent_conf_update() is there for.
 */
void agent_conf_store(struct registration *run);

/*
 * The same with a `key` that is on the disk: one that was there already, or a new one, if the file
 * could not be stored before it. Locks the key file while it does so. Returns CONTINUE; an exit
 * status, when the file cannot be changed; or -ECANCELED.
 */
int agent_conf_update(struct registration *run, const struct agent_key *key) must_check;
