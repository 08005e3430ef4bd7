/* SPDX-License-Identifier: ISC */
/*
 * The agent's unit and our own. Where there is no systemd, nothing happens.
 */
#pragma once

#include "common/reason.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Restart `unit` if it runs, and was started before `moment` (CLOCK_MONOTONIC, microseconds);
 * otherwise, also when its start is queued, nothing changes (TryRestartUnit). Returns 1 when it is
 * being restarted, 0 when not or when there is no systemd, or a negative errno with `why` set.
 */
int agent_unit_try_restart(const char *unit, uint64_t moment, struct reason *why);

/* Does the service `unit` have a process? False also where there is no systemd. */
bool agent_unit_has_process(const char *unit);

/*
 * Have agent-registered.target started, which wants the agents; when it is active already, they are
 * started again. Waits for none of them, and needs no system bus. 0, also when there is no systemd,
 * or a negative errno with `why` set.
 */
int agent_unit_start_target(struct reason *why);

/* Is `unit` active, or on its way to be? False also where there is no systemd. */
bool agent_unit_is_active(const char *unit);

/*
 * Hold the agent back, or let it go: a file in our runtime directory (/run/agent-register/hold),
 * for whose absence the drop-in of the agent's unit looks. For a key that is there but must not be
 * used. Only the service holds; any run lets go.
 */
void agent_unit_hold(bool hold);

/*
 * Was this process started by systemd's own restart after a failure, rather than at boot or by a
 * person? True also when that cannot be told.
 */
bool agent_unit_we_were_restarted(void);
