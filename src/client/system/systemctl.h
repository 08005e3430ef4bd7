/* SPDX-License-Identifier: ISC */
/*
 * systemctl(1), as the interface to systemd. As root it does not need the system bus, whose daemon
 * may not be running yet early in the boot.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>
#include <stddef.h>

/* Was the machine booted with systemd (sd_booted(3))? */
bool systemd_is_booted(void) must_check;

/*
 * Have a program show something on our standard output, which must have been flushed, and its
 * messages on our standard error; wait until it has ended. What keeps it from that is shown there.
 * `command` is terminated by null.
 */
void show_by_program(const char *const command[]);

#define SYSTEMCTL_MAX_UNITS 8

/*
 * Run systemctl with these arguments (at most SYSTEMCTL_MAX_UNITS + 4, the array terminated by
 * null) and wait until it has ended. When `stop_fd` becomes readable first (-1: never), systemctl
 * is killed and -ECANCELED returned. Returns 0, also when there is no systemd, or a negative errno
 * with `why` set: -EIO when the exit status of systemctl is not 0.
 */
int systemctl(const char *const arguments[], int stop_fd, struct reason *why) must_check;

/*
 * Read properties, named and separated by commas ("ActiveState,MainPID"), of `units` (at most
 * SYSTEMCTL_MAX_UNITS, the array terminated by null). `ret`, of `size` bytes, gets a line
 * NAME=VALUE for each property, and an empty line between units, terminated. Without units, the
 * properties are those of systemd itself. A unit that does not
 * exist is one that is inactive. Returns 0, -ENOENT when there is no systemd, -EMSGSIZE when they
 * do not fit, -EIO when the exit status of systemctl is not 0, or another negative errno.
 */
int systemctl_show(char *ret, size_t size, const char *const units[],
		   const char *properties) must_check;

/* Is the machine still booting, as far as systemd says? True also when it cannot be asked. */
bool systemd_is_booting(void) must_check;

/*
 * The value of the property `name` in lines as systemctl_show() returns them, cut to fit `buffer`;
 * null: it is not there.
 */
const char *systemctl_property(const char *text, const char *name, char *buffer, size_t size);
