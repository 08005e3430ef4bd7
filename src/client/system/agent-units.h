/* SPDX-License-Identifier: ISC */
/*
 * The units that start the agent of this machine, whose names differ between layouts (see
 * agent-units.def). Without systemd, nothing happens.
 */
#pragma once

#include "client/system/systemctl.h"
#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>
#include <stdint.h>

/* Names of units; terminated by null. */
struct agent_units {
	const char *names[SYSTEMCTL_MAX_UNITS + 1];
};

/*
 * The units that may start the agent in `directory`: `configured` (agent.unit), or, if that is
 * null, those of the known layouts, whether they are there or not. The names are static, or
 * `configured`.
 */
struct agent_units agent_units_of(const char *configured, const char *directory);

/* The first of them that is active, about to be, or not stopped yet; null: none. */
const char *agent_units_running(const struct agent_units *units);

/*
 * Those of them that are active, and were started before `moment` (CLOCK_MONOTONIC, microseconds):
 * each once, if it has several names, and without the parts of another one, which are restarted
 * with that (PartOf=).
 */
struct agent_units agent_units_started_before(const struct agent_units *units, uint64_t moment);

/*
 * Have a unit restarted, if it still runs (systemctl try-restart); does not wait for it. Returns 0,
 * or a negative errno with `why` set.
 */
int agent_units_restart(const char *unit, struct reason *why) must_check;

/*
 * Those of them that an administrator has enabled (systemd starts them at boot, by themselves or
 * for another unit), but not one that systemd has a job for, or that was started or has ended at or
 * after `moment` (CLOCK_MONOTONIC, microseconds): somebody else looks after it. If none is enabled,
 * *ret_disabled is the name of the first one that is there, is not active and could be; otherwise,
 * null.
 */
struct agent_units agent_units_to_start(const struct agent_units *units, uint64_t moment,
					const char **ret_disabled);

/*
 * Start these units, and agent-registered.target with all that was made to be wanted by it; if it
 * is already active, what it wants is started again. Does not wait for them. Returns 0, also when
 * there is no systemd, or a negative errno with `why` set.
 */
int agent_units_start(const struct agent_units *units, struct reason *why) must_check;
