/* SPDX-License-Identifier: ISC */
#include "client/system/agent-unit.h"

#include "client/system/systemctl.h"
#include "common/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#define SHOWN_SIZE 512 /* bytes of a few properties */

/* ------------------------------------------------------------------ properties of a unit */

static bool is_active(const char *shown)
{
	char state[32];

	return systemctl_property(shown, "ActiveState", state, sizeof state) &&
	       (strcmp(state, "active") == 0 || strcmp(state, "activating") == 0 ||
		strcmp(state, "reloading") == 0);
}

/* A property that is a number; false when it is not there. */
static bool number_of(const char *shown, const char *name, uint64_t *ret)
{
	char text[32];

	if (!systemctl_property(shown, name, text, sizeof text) || !*text ||
	    strspn(text, "0123456789") != strlen(text))
		return false;
	*ret = strtoull(text, NULL, 10);
	return true;
}

/* ------------------------------------------------------------------ the agent's unit */

bool agent_unit_is_active(const char *unit)
{
	char shown[SHOWN_SIZE];

	return systemctl_show(shown, sizeof shown, unit, "ActiveState") == 0 && is_active(shown);
}

bool agent_unit_has_process(const char *unit)
{
	char shown[SHOWN_SIZE];
	uint64_t pid;

	return systemctl_show(shown, sizeof shown, unit, "MainPID") == 0 &&
	       number_of(shown, "MainPID", &pid) && pid != 0;
}

/* Is it active, and has it been since before this moment? */
static bool runs_since_before(const char *unit, uint64_t moment)
{
	char shown[SHOWN_SIZE];
	uint64_t since;

	return systemctl_show(shown, sizeof shown, unit,
			      "ActiveState,InactiveExitTimestampMonotonic") == 0 &&
	       is_active(shown) && number_of(shown, "InactiveExitTimestampMonotonic", &since) &&
	       since < moment;
}

int agent_unit_try_restart(const char *unit, uint64_t moment, struct reason *why)
{
	const char *const restart[] = { "--no-block", "try-restart", "--", unit, NULL };
	struct reason problem = { 0 };
	int r;

	if (!runs_since_before(unit, moment))
		return 0;
	r = systemctl(restart, -1, &problem);
	if (r < 0)
		reason_set(why, "Cannot restart %s: %s", unit, problem.text);
	return r < 0 ? r : 1;
}

int agent_unit_start_target(struct reason *why)
{
	static const char *const restart[] = { "--no-block", "restart", "agent-registered.target",
					       NULL };

	return systemctl(restart, -1, why);
}

/* ------------------------------------------------------------------ our own unit */

/*
 * The service of this process, from the name of its control group (cgroups(7)); false when it is in
 * none.
 */
static bool own_unit(char ret[static NAME_MAX + 1])
{
	static const char ending[] = ".service";
	cleanup_file FILE *file = fopen("/proc/self/cgroup", "re");
	cleanup_free char *line = NULL;
	size_t allocated = 0;

	while (file && getline(&line, &allocated, file) > 0) {
		const char *name = strrchr(line, '/');
		size_t length = name ? strcspn(++name, "\n") : 0;

		if (length <= strlen(ending) || length > NAME_MAX ||
		    strncmp(name + length - strlen(ending), ending, strlen(ending)) != 0)
			continue;
		memcpy(ret, name, length);
		ret[length] = '\0';
		return true;
	}
	return false;
}

bool agent_unit_we_were_restarted(void)
{
	char unit[NAME_MAX + 1], shown[SHOWN_SIZE];
	uint64_t restarts;

	if (!own_unit(unit) || systemctl_show(shown, sizeof shown, unit, "NRestarts") < 0 ||
	    !number_of(shown, "NRestarts", &restarts))
		return true;
	return restarts > 0;
}

/* ------------------------------------------------------------------ what the drop-in asks for */

static void set_mark(const char *directory, const char *name, bool is_set)
{
	cleanup_free char *path = NULL;

	if (!directory || asprintf(&path, "%s/%s", directory, name) < 0) {
		path = NULL;
		return;
	}
	if (is_set)
		release_fd(&(int){ open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644) });
	else
		(void)unlink(path);
}

void agent_unit_hold(bool hold)
{
	/*
	 * Only the service creates the file, but a run by an administrator must be able to remove
	 * it as well.
	 */
	set_mark(getenv("RUNTIME_DIRECTORY") ?: hold ? NULL : "/run/agent-register", "hold", hold);
}

void agent_unit_mark_manager(bool is_manager)
{
	set_mark(getenv("RUNTIME_DIRECTORY"), "manager", is_manager);
}
