/* SPDX-License-Identifier: ISC */
/* The agent's unit and our own. Without systemd, nothing happens. */
#pragma once

#include "common/reason.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Restart `unit` if it runs, and was started before `moment` (CLOCK_MONOTONIC, microseconds);
 * otherwise, also when its start is queued, nothing changes (systemctl try-restart). Returns 1 when
 * it is being restarted, 0 when not or when there is no systemd, or a negative errno with `why`
 * set.
 */
int agent_unit_try_restart(const char *unit, uint64_t moment, struct reason *why);

/* Does the service `unit` have a process? False also when there is no systemd. */
bool agent_unit_has_process(const char *unit);

/*
 * Start agent-registered.target, which wants the agents; if it is already active, the agents are
 * started again. Does not wait for them. Returns 0, also when there is no systemd, or a negative
 * errno with `why` set.
 */
int agent_unit_start_target(struct reason *why);

/* Is `unit` active, or about to be? False also when there is no systemd. */
bool agent_unit_is_active(const char *unit);

/*
 * Prevent the agent from starting, or allow it: by a file in our runtime directory
 * (/run/agent-register/hold), whose absence is a condition in the drop-in of the agent's unit. For
 * a key that exists but must not be used. Only the service prevents it; any run allows it.
 */
void agent_unit_hold(bool hold);

/*
 * Say that this machine is a manager, or is not, by a file in our runtime directory
 * (/run/agent-register/manager), with which the drop-in lets a unit start that agents and managers
 * have in common. Only the service says it.
 */
void agent_unit_mark_manager(bool is_manager);

/*
 * Was this process started by systemd's own restart after a failure, rather than at boot or by an
 * administrator? True also when this cannot be determined.
 */
bool agent_unit_we_were_restarted(void);
