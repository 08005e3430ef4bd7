/* SPDX-License-Identifier: ISC */
#include "client/agent-files/agent-group.h"

#include "common/cleanup.h"
#include "common/setting-words.h"
#include "common/shortage.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>

/*
 * The id in a line "NAME:PASSWORD:ID:MEMBERS" of a group file, if it is that of `name`; -1
 * otherwise.
 */
static long group_line_id(const char *line, const char *name)
{
	size_t length = strlen(name);
	const char *password = line + length + 1, *id;

	if (strncmp(line, name, length) != 0 || line[length] != ':')
		return -1;
	id = strchr(password, ':');
	return id && id[1] >= '0' && id[1] <= '9' ? strtol(id + 1, NULL, 10) : -1;
}

/* The agent's group by its name, newer names first. */
static const char *const agent_groups[] = { "wazuh", "ossec" };

#define AGENT_GROUPS (sizeof agent_groups / sizeof agent_groups[0])

/*
 * Find the agent's group in a file of local groups: its package created it. The file is read
 * directly, because NSS takes more memory and time than everything else in storing a key.
 */
static gid_t find_local_group(const char *path)
{
	cleanup_file FILE *file = fopen(path, "re");
	cleanup_free char *line = NULL;
	long found[AGENT_GROUPS] = { -1, -1 };
	size_t allocated = 0;

	while (file && getline(&line, &allocated, file) > 0)
		for (size_t i = 0; i < AGENT_GROUPS; i++)
			if (found[i] < 0)
				found[i] = group_line_id(line, agent_groups[i]);
	return (gid_t)(found[0] >= 0 ? found[0] : found[1]);
}

gid_t agent_group_find(bool ask_nss)
{
	gid_t found = find_local_group("/etc/group");

	if (found == (gid_t)-1)
		/* on systems with a read-only /usr */
		found = find_local_group("/usr/lib/group");
	for (size_t i = 0; found == (gid_t)-1 && i < AGENT_GROUPS && ask_nss; i++) {
		const struct group *group = getgrnam(agent_groups[i]);

		if (group)
			found = group->gr_gid;
	}
	return found;
}

int agent_group_named(const char *name, gid_t *ret, struct reason *why)
{
	const struct group *group;

	errno = 0;
	group = getgrnam(name);
	if (!group && is_shortage(errno))
		return reason_errno(why, errno, "Cannot look up the group '%s'", name);
	if (!group) {
		reason_set(why, "The group '%s' (%s) does not exist", name,
			   setting_words("group in [agent]"));
		return -ENOENT;
	}
	*ret = group->gr_gid;
	return 0;
}
