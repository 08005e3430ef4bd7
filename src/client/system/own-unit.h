/* SPDX-License-Identifier: ISC */
/* Our own unit. */
#pragma once

#include "common/deadline.h"
#include "common/must-check.h"

#include <stdbool.h>

#define OWN_UNIT "agent-register.service"

/*
 * Does our service have a process that has not ended by the deadline? One that has registered says
 * so to systemd before it looks after the agent's units, and ends then. False also when there is no
 * systemd; true when asked to stop.
 */
bool own_unit_outlasts(const struct deadline *deadline) must_check;

/*
 * Was this process started by systemd's own restart after a failure, rather than at boot or by an
 * administrator? True also when this cannot be determined.
 */
bool own_unit_was_restarted(void) must_check;

/*
 * The link by which systemd starts the service for another unit (WantedBy= and RequiredBy=), to be
 * freed; null: it is not enabled. Of several, the first one in the order of systemd's directories.
 */
char *own_unit_enabled_by(void) must_check;
