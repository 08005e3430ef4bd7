/* SPDX-License-Identifier: ISC */
/*
 * The agent's own configuration, etc/ossec.conf: which managers it has (set_manager), and whether
 * and as what it enrolls by itself (own_enrollment). It is written before the key: an agent that
 * finds a key finds its manager.
 */
#pragma once

#include "client/registration/agent-conf-wish.h"
#include "client/registration/registration.h"
#include "common/must-check.h"
#include "common/outcome.h"

/*
 * Before a manager is asked: if the configuration says so and the file does not, see that it can be
 * changed, and stage the new one. Needs the lock of the key file. Returns CONTINUE or an exit
 * status.
 */
int agent_conf_stage(struct registration *run) must_check;

/*
 * See, for a command that changes nothing, whether agent_conf_stage() and agent_conf_update() could
 * do what the configuration wants, with the reason that they would log; `key` (null: none) is the
 * one that is there. What is staged is removed again. Needs the lock of the key file. Returns 1
 * when the file is to be changed; 0 when not, with `why` set if that is because there is none; or a
 * negative errno with `why` set (agent_conf_outcome()).
 */
int agent_conf_try(const struct agent_conf_source *source, const struct agent_key *key,
		   struct reason *why) must_check;

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

/*
 * The key goes: remove what a killed run has staged and, with own_enrollment = same, agent_name and
 * agent_address, under which a copy of this machine would enroll by itself. Needs the lock. Returns
 * 0, or a negative errno with `why` set (agent_conf_outcome()).
 */
int agent_conf_forget(const struct config *config, struct reason *why) must_check;

/*
 * What it comes to that the file cannot be changed, by the error: what it says is wrong, or it
 * cannot be replaced. See also outcome_unless_short().
 */
enum outcome agent_conf_outcome(int error) must_check;
