/* SPDX-License-Identifier: ISC */
/*
 * Telling systemd how far we are (sd_notify(3)). Does nothing when the program was not started as a
 * service.
 */
#pragma once

#include <stdbool.h>

/* Was the program started as a service that systemd waits for? */
bool notify_is_service(void);

/*
 * Can we? Returns 0, also when nobody listens, or -ENOPKG when systemd does but libsystemd is not
 * there.
 */
int notify_check(void);

/* STATUS=, shown by systemctl status. */
void notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * READY=1 with a last STATUS=, and wait until systemd has taken it: a message from a process that
 * is already gone may be dropped. With READY=1 the agent's unit may start, so the key must be on
 * the disk.
 */
void notify_ready(const char *format, ...) __attribute__((format(printf, 1, 2)));
