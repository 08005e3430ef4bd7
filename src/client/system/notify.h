/* SPDX-License-Identifier: ISC */
/*
 * Notifying systemd of the status (sd_notify(3)). Does nothing when the program was not started as
 * a service.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>

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
 * READY=1 with a last STATUS=, and wait until systemd has processed it: a message from a process
 * that has already exited may be dropped. After READY=1 the agent's unit may start, so the key must
 * be on disk.
 */
void notify_ready(const char *format, ...) __attribute__((format(printf, 1, 2)));
