/* SPDX-License-Identifier: ISC */
/*
 * Notifying systemd of the status, and that this process goes on (sd_notify(3)). Does nothing when
 * the program was not started as a service.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stdint.h>

/* Was the program started as a service of type notify? */
bool notify_is_service(void) must_check;

/*
 * Can systemd be notified? Returns 0, also when the program is not a service, or -ENOPKG when
 * libsystemd is not installed.
 */
int notify_check(void) must_check;

/* STATUS=, shown by systemctl status. */
void notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Before the process exits: wait until systemd has processed what it was told, because a message
 * from a process that has already exited may be dropped. Ends after a second in any case.
 */
void notify_flush(void);

/*
 * READY=1 with a last STATUS=, and wait as notify_flush(), but for 5 s. After READY=1 the agent's
 * unit may start, so the key must be on disk.
 */
void notify_ready(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * From now on every wait (deadline.h) tells systemd that this process goes on, three times within
 * the silence after which systemd ends it: WatchdogSec= of the unit, which systemd passes in the
 * environment, or 3 minutes. Until READY=1 each of these messages also extends the time that the
 * start may take by that much; the first one is sent at once. A process that was forked off sends
 * none.
 */
void notify_begin_signs_of_life(void);

/*
 * A manager has our request, or its answer is being stored: for `usec` microseconds from now
 * (USEC_INFINITY: without a limit) systemd shall not end this process for being silent, also if
 * disk or machine stand still. Until notify_release() there are no signs of life, which would
 * shorten this.
 */
void notify_hold(uint64_t usec);

/* The key is stored, or there is none: silence is suspicious again. */
void notify_release(void);
