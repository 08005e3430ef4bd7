/* SPDX-License-Identifier: ISC */
#include "registrar/agents/installation.h"

#include "common/directory.h"

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

enum installed_family installation_detect(char ret_program[static PATH_MAX], const char *directory)
{
	enum installed_family found = INSTALLED_NOTHING;
	const struct dirent *entry;
	char path[PATH_MAX];
	DIR *bin;

	(void)snprintf(path, sizeof path, "%s/bin", directory);
	bin = directory_list(path, NULL);
	while (bin && found != INSTALLED_WAZUH && (entry = readdir(bin))) {
		enum installed_family family = family_of(entry->d_name);

		if (family <= found)
			continue;
		found = family;
		(void)snprintf(ret_program, PATH_MAX, "%s/bin/%s", directory, entry->d_name);
	}
	if (bin)
		(void)closedir(bin);
	return found;
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
