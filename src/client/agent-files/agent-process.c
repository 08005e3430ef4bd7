/* SPDX-License-Identifier: ISC */
#include "client/agent-files/agent-process.h"

#include "common/cleanup.h"
#include "common/process-name.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

DEFINE_RELEASE(directory, DIR *, (void)closedir)

/* Only the daemon of this name uses the key; the others talk to it. */
#define DAEMON "agentd"

/*
 * Take "FAMILY-agentd-PID.pid" apart: the daemon's name, of which `family` is the length of the
 * first part, and its process ID. Returns false for other names.
 */
static bool parse_file_name(const char *file, struct agent_process *ret, size_t *ret_family)
{
	size_t family = strspn(file, "abcdefghijklmnopqrstuvwxyz"),
	       name = family + 1 + strlen(DAEMON);
	char *end;
	long pid;

	if (family == 0 || name >= sizeof ret->name ||
	    strncmp(file + family, "-" DAEMON "-", strlen(DAEMON) + 2) != 0)
		return false;
	file += name + 1;
	pid = strtol(file, &end, 10);
	if (*file < '1' || *file > '9' || pid > INT_MAX || strcmp(end, ".pid") != 0)
		return false;
	(void)snprintf(ret->name, sizeof ret->name, "%.*s", (int)name, file - name - 1);
	ret->pid = (pid_t)pid;
	*ret_family = family;
	return true;
}

static bool is_running(const struct agent_process *process)
{
	char name[PROCESS_NAME_SIZE];

	return process_name_read(name, process->pid) && strcmp(name, process->name) == 0;
}

bool agent_process_find(const char *directory, struct agent_process *ret)
{
	cleanup(release_directory) DIR *files = NULL;
	char path[PATH_MAX];
	struct dirent *entry;

	if (snprintf(path, sizeof path, "%s/var/run", directory) >= (int)sizeof path)
		return false;
	files = opendir(path);
	while (files && (entry = readdir(files))) {
		struct agent_process found = { 0 };
		size_t family;

		if (!parse_file_name(entry->d_name, &found, &family) || !is_running(&found))
			continue;
		(void)snprintf(found.control, sizeof found.control, "%s/bin/%.*s-control",
			       directory, (int)family, found.name);
		*ret = found;
		return true;
	}
	return false;
}
