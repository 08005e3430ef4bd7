/* SPDX-License-Identifier: ISC */
#include "registrar/agents/installation.h"

#include "common/cleanup.h"
#include "common/directory.h"
#include "common/shortage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum installed_family family_of(const char *name)
{
	if (strcmp(name, "ossec-authd") == 0 || strcmp(name, "wazuh-authd") == 0)
		return INSTALLED_NOTHING;
	if (strncmp(name, "wazuh-", strlen("wazuh-")) == 0)
		return INSTALLED_WAZUH;
	return strncmp(name, "ossec-", strlen("ossec-")) == 0 || strcmp(name, "manage_agents") == 0
		       ? INSTALLED_OSSEC
		       : INSTALLED_NOTHING;
}

/* The strongest sign among the names. 0 or a negative errno. */
static int look_through(DIR *bin, enum installed_family *ret, char ret_program[static PATH_MAX],
			const char *path)
{
	const struct dirent *entry;

	*ret = INSTALLED_NOTHING;
	for (errno = 0; *ret != INSTALLED_WAZUH && (entry = readdir(bin)); errno = 0) {
		enum installed_family family = family_of(entry->d_name);

		if (family <= *ret)
			continue;
		*ret = family;
		(void)snprintf(ret_program, PATH_MAX, "%s/%s", path, entry->d_name);
	}
	return -errno;
}

int installation_detect(enum installed_family *ret, char ret_program[static PATH_MAX],
			const char *directory, struct reason *why)
{
	enum installed_family found = INSTALLED_NOTHING;
	char path[PATH_MAX];
	cleanup_fd int fd = -1;
	DIR *bin;
	int r;

	(void)snprintf(path, sizeof path, "%s/bin", directory);
	fd = directory_open(path, why);
	bin = fd < 0 ? NULL : fdopendir(fd);
	r = fd < 0 ? fd : bin ? 0 : -errno;
	if (bin) {
		(void)take_fd(&fd);
		r = look_through(bin, &found, ret_program, path);
		(void)closedir(bin);
	}
	if (is_shortage(r))
		return reason_errno(why, r, "Cannot look at what is installed in %s", path);
	*ret = found;
	return 0;
}

const char *installation_restart(char ret[static PATH_MAX], const char *directory)
{
	static const char *const names[] = { "wazuh-control", "ossec-control" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		(void)snprintf(ret, PATH_MAX, "%s/bin/%s", directory, names[i]);
		if (access(ret, F_OK) == 0 && strlen(ret) + strlen(" restart") < PATH_MAX)
			return strcat(ret, " restart");
	}
	return strcpy(ret, "restart its service");
}
