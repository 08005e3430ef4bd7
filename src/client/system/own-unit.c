/* SPDX-License-Identifier: ISC */
#include "client/system/own-unit.h"

#include "client/system/systemctl.h"
#include "common/cleanup.h"
#include "common/service-name.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A property of a unit that is a number; false when it cannot be had. */
static bool number_of(const char *unit, const char *name, uint64_t *ret)
{
	const char *const units[] = { unit, NULL };
	char shown[512], text[32];

	if (systemctl_show(shown, sizeof shown, units, name) < 0 ||
	    !systemctl_property(shown, name, text, sizeof text) || !*text ||
	    strspn(text, "0123456789") != strlen(text))
		return false;
	*ret = strtoull(text, NULL, 10);
	return true;
}

bool own_unit_outlasts(const struct deadline *deadline)
{
	cleanup_fd int fd = -1;
	uint64_t pid;

	if (!number_of(OWN_UNIT, "MainPID", &pid) || pid == 0 || pid > INT_MAX)
		return false;
	fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	return fd >= 0 ? deadline_wait(deadline, fd, POLLIN) < 0 : errno != ESRCH;
}

bool own_unit_was_restarted(void)
{
	char unit[NAME_MAX + 1];
	uint64_t restarts;

	return !service_name(unit) || !number_of(unit, "NRestarts", &restarts) || restarts > 0;
}

char *own_unit_enabled_by(void)
{
	/* the pattern of a condition in systemd/agent.conf.in */
	static const char links[] = "/{etc,run,lib}/systemd/system*/*.{wants,requires}/" OWN_UNIT;
	char *found = NULL;
	glob_t matches;

	if (glob(links, GLOB_BRACE, NULL, &matches) != 0)
		return NULL;
	if (matches.gl_pathc > 0)
		found = strdup(matches.gl_pathv[0]);
	globfree(&matches);
	return found;
}
