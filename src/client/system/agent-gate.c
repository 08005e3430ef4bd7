/* SPDX-License-Identifier: ISC */
#include "client/system/agent-gate.h"

#include "client/system/own-unit.h"
#include "common/cleanup.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The file `name` in our runtime directory, to be freed; null: there is none. */
static char *path_of(const char *directory, const char *name)
{
	char *path;

	return directory && asprintf(&path, "%s/%s", directory, name) >= 0 ? path : NULL;
}

/*
 * The file is a link to what enables this service, so that it leads nowhere once the service is
 * disabled, and holds nobody back any more. Of a service that somebody has started without enabling
 * it, it leads to the directory that it is in. One that is there is replaced by it at once: each
 * attempt of a service that systemd starts again comes here, and the agent must not slip through.
 */
static void create_hold(const char *path)
{
	cleanup_free char *enabled_by = own_unit_enabled_by(), *new_path = NULL;

	if (asprintf(&new_path, "%s.new", path) < 0) {
		new_path = NULL;
		return;
	}
	(void)unlink(new_path);
	if (symlink(enabled_by ?: ".", new_path) == 0)
		(void)!rename(new_path, path);
}

void agent_gate_hold(bool hold)
{
	/*
	 * Only the service creates the file, but a run by an administrator must be able to remove
	 * it as well.
	 */
	const char *directory = getenv("RUNTIME_DIRECTORY") ?: hold ? NULL : "/run/agent-register";
	cleanup_free char *path = path_of(directory, "hold");

	if (path && hold)
		create_hold(path);
	else if (path)
		(void)unlink(path);
}

void agent_gate_allow_without_key(bool is_allowed)
{
	cleanup_free char *path = path_of(getenv("RUNTIME_DIRECTORY"), "without-key");

	if (!path)
		return;
	if (is_allowed)
		release_fd(&(int){ open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644) });
	else
		(void)unlink(path);
}
