/* SPDX-License-Identifier: ISC */
/*
 * Telling systemd that the event loop goes on: a service that is silent for longer than
 * WatchdogSec= of its unit is ended and started again (sd_watchdog_enabled(3)).
 */
#pragma once

#include "common/must-check.h"

#include <event2/event.h>

/*
 * Send WATCHDOG=1 from the loop of `base`, now and three times within the silence that the unit
 * allows. `*ret` is the event, to be freed with event_free(); null where no unit wants this.
 * Returns 0 or -ENOMEM.
 */
int watchdog_new(struct event **ret, struct event_base *base) must_check;
