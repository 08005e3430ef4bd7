/* SPDX-License-Identifier: ISC */
/*
 * systemctl(1), for what is to be said to systemd also before there is a system bus.
 */
#pragma once

#include "common/reason.h"

#include <stdbool.h>

/* Is there a systemd (sd_booted(3))? */
bool systemd_is_booted(void);

/*
 * Run systemctl with these arguments (ends with null; the first is the verb) and wait for its end.
 * When `stop_fd` becomes readable first (-1: nobody asks), systemctl is killed and -ECANCELED
 * returned. Returns 0, also where there is no systemd, or a negative errno with `why` set: -EIO
 * when systemctl ended with another exit status than 0.
 */
int systemctl(const char *const arguments[], int stop_fd, struct reason *why);
