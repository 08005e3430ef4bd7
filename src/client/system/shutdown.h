/* SPDX-License-Identifier: ISC */
/* Is this machine being shut down, and for good or to start again? Asked of systemd. */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

enum shutdown {
	SHUTDOWN_NONE,      /* it goes on running */
	SHUTDOWN_RESTARTS,  /* reboot, kexec, or of user space alone (soft-reboot) */
	SHUTDOWN_POWERS_OFF /* or halts, or a container ends (systemctl exit) */
};

/*
 * What the jobs in systemd's queue say: those of poweroff.target and its like stay there until
 * everything has been stopped. A machine that both restarts and powers off restarts. Returns an
 * enum shutdown, or a negative errno with `why` set.
 */
int shutdown_find(struct reason *why) must_check;
