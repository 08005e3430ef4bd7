/* SPDX-License-Identifier: ISC */
/*
 * Telling systemd that the event loop goes on: a service that is silent for longer than
 * WatchdogSec= of its unit is ended and started again (sd_watchdog_enabled(3)).
 */
#pragma once

#include "common/must-check.h"

#include <event2/event.h>

/*
 * Call `due` from the loop of `base`, three times within the silence that the unit allows: it sees
 * to it that watchdog_sign() is called if all that has to go on does. Null: the loop is all. A
 * first sign is given at once. `*ret` is the event, to be freed with event_free(); null where no
 * unit wants this. Returns 0 or -ENOMEM.
 */
int watchdog_new(struct event **ret, struct event_base *base, event_callback_fn due,
		 void *argument) must_check;

/* Send WATCHDOG=1. */
void watchdog_sign(void);
