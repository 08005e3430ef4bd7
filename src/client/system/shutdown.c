/* SPDX-License-Identifier: ISC */
#include "client/system/shutdown.h"

#include "client/system/systemctl.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* systemd.special(7); soft-reboot.target is there since systemd 254. */
static const char *const targets[] = {
	"poweroff.target",
	"halt.target",
	"exit.target", /* the end */
	"reboot.target",
	"kexec.target",
	"soft-reboot.target", /* not the end */
	NULL,
};
#define ENDS 3 /* how many of them are the end */

/* Is a job of this unit queued? `shown` has its properties. */
static bool has_job(const char *shown, const char *target)
{
	char id[64], job[24];

	return systemctl_property(shown, "Id", id, sizeof id) && strcmp(id, target) == 0 &&
	       systemctl_property(shown, "Job", job, sizeof job) && strcmp(job, "0") != 0 &&
	       job[0] != '\0';
}

int shutdown_find(struct reason *why)
{
	enum shutdown found = SHUTDOWN_NONE;
	char shown[2048], *unit = shown;
	int r = systemctl_show(shown, sizeof shown, targets, "Id,Job");

	if (r < 0)
		return reason_errno(why, r,
				    "Cannot ask systemd whether this machine is "
				    "being powered off");
	for (size_t i = 0; targets[i]; i++) {
		char *end = strstr(unit, "\n\n");

		if (end)
			*end = '\0';
		if (has_job(unit, targets[i]))
			found = i < ENDS && found != SHUTDOWN_RESTARTS ? SHUTDOWN_POWERS_OFF
								       : SHUTDOWN_RESTARTS;
		unit = end ? end + 2 : unit + strlen(unit);
	}
	return (int)found;
}
