/* SPDX-License-Identifier: ISC */
#include "client/system/own-unit.h"

#include "client/system/systemctl.h"
#include "common/cleanup.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

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

bool own_unit_has_process(void)
{
	uint64_t pid;

	return number_of(OWN_UNIT, "MainPID", &pid) && pid != 0;
}

/*
 * The service of this process, from the name of its control group (cgroups(7)); false when it is in
 * none.
 */
static bool name_of_service(char ret[static NAME_MAX + 1])
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

bool own_unit_was_restarted(void)
{
	char unit[NAME_MAX + 1];
	uint64_t restarts;

	return !name_of_service(unit) || !number_of(unit, "NRestarts", &restarts) || restarts > 0;
}
