/* SPDX-License-Identifier: ISC */
#include "client/agent-files/agent-generation.h"

#include "client/agent-files/init-file.h"
#include "common/cleanup.h"
#include "common/directory.h"
#include "common/shortage.h"
#include "common/trusted-file.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

DEFINE_RELEASE(directory, DIR *, (void)closedir)

const char *agent_generation_text(enum agent_generation generation)
{
	static const char *const texts[] = {
		[AGENT_UNKNOWN] = "an unknown agent", [AGENT_OSSEC] = "OSSEC",
		[AGENT_WAZUH_3] = "Wazuh 3",          [AGENT_WAZUH] = "Wazuh 4",
		[AGENT_WAZUH_5] = "Wazuh 5",
	};

	return texts[generation];
}

bool agent_generation_enrolls(enum agent_generation generation)
{
	return generation == AGENT_WAZUH || generation == AGENT_WAZUH_5;
}

/* ------------------------------------------------------------------ versions of Wazuh */

/* Of a version such as "5.0.0" or "v4.14.7"; AGENT_UNKNOWN: it is none. */
static enum agent_generation generation_of(const char *version)
{
	unsigned long major;

	version += *version == 'v';
	if (!isdigit((unsigned char)*version))
		return AGENT_UNKNOWN;
	major = strtoul(version, NULL, 10);
	return major >= 5 ? AGENT_WAZUH_5 : major == 4 ? AGENT_WAZUH : AGENT_WAZUH_3;
}

/* {"version": "5.0.0", "stage": "rc1"}: what stands between the quotes behind the name. */
static enum agent_generation in_version_file(const char *text)
{
	const char *name = strstr(text, "\"version\""), *colon = name ? strchr(name, ':') : NULL;

	if (!colon)
		return AGENT_UNKNOWN;
	colon += 1 + strspn(colon + 1, " \t\r\n");
	return *colon == '"' ? generation_of(colon + 1) : AGENT_UNKNOWN;
}

/* An assignment of the script: VERSION="v4.14.7", at the beginning of a line. */
static enum agent_generation in_control_script(const char *text)
{
	static const char wanted[] = "\nVERSION=\"";
	const char *found = strstr(text, wanted);

	return found ? generation_of(found + strlen(wanted)) : AGENT_UNKNOWN;
}

/* A file below the agent's directory, and what it says. */
static const struct clue {
	const char *name;
	enum agent_generation (*read)(const char *text);
} clues[] = {
	{ "VERSION.json", in_version_file },
	{ "bin/wazuh-control", in_control_script },
};

/* Returns an enum agent_generation, or a negative errno, with `how` set unless it is unknown. */
static int look_into(const struct clue *clue, const char *directory, struct reason *how)
{
	char path[PATH_MAX];
	const struct trusted_file wanted = {
		.path = path,
		.flags = O_RDONLY,
		.max = TRUSTED_FILE_MIB,
		.may_be_link = true,
	};
	cleanup_free char *text = NULL;
	size_t length;
	int r;

	if ((size_t)snprintf(path, sizeof path, "%s/%s", directory, clue->name) >= sizeof path)
		return AGENT_UNKNOWN;
	r = trusted_file_read(&wanted, &text, &length, NULL, NULL);
	if (is_shortage(r) || r == -EIO)
		return reason_errno(how, r, "Cannot read %s", path);
	if (r < 0)
		return AGENT_UNKNOWN;
	r = (int)clue->read(text);
	if (r != AGENT_UNKNOWN)
		reason_set(how, "found %s", path);
	return r;
}

/* Wazuh before 4.2; OSSEC's file has no name in it. */
static int look_into_init_file(const char *directory, struct reason *how)
{
	struct init_file file;
	int r = init_file_read(&file, directory, how);

	if (r <= 0 || strcasecmp(file.name, "Wazuh") != 0)
		return r < 0 ? r : AGENT_UNKNOWN;
	reason_set(how, "%s says NAME=\"%s\"", file.path, file.name);
	return generation_of(file.version) == AGENT_WAZUH_3 ? AGENT_WAZUH_3 : AGENT_WAZUH;
}

/* ------------------------------------------------------------------ programs and units */

static int look_for_programs(const char *directory, const char *prefix, struct reason *how)
{
	char path[PATH_MAX];
	cleanup(release_directory) DIR *programs = NULL;
	const struct dirent *entry;

	if ((size_t)snprintf(path, sizeof path, "%s/bin", directory) >= sizeof path)
		return 0;
	errno = 0;
	programs = directory_list(path, NULL);
	if (!programs)
		return is_shortage(errno) ? reason_errno(how, errno, "Cannot look at %s", path) : 0;
	while ((entry = readdir(programs)))
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0) {
			reason_set(how, "found %s/%s", path, entry->d_name);
			return 1;
		}
	return 0;
}

/* The packages' unit also belongs to agents of Wazuh whose programs are named ossec-*. */
static int look_for_unit(const char *directory, struct reason *how)
{
	static const char *const paths[] = {
		"/usr/lib/systemd/system/wazuh-agent.service",
		"/lib/systemd/system/wazuh-agent.service",
		"/etc/systemd/system/wazuh-agent.service",
	};

	if (strcmp(directory, "/var/ossec") != 0)
		return 0;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		if (access(paths[i], F_OK) == 0) {
			reason_set(how, "found %s", paths[i]);
			return 1;
		}
	return 0;
}

int agent_generation_detect(const char *directory, struct reason *how)
{
	int r = AGENT_UNKNOWN;

	for (size_t i = 0; r == AGENT_UNKNOWN && i < sizeof clues / sizeof clues[0]; i++)
		r = look_into(&clues[i], directory, how);
	if (r == AGENT_UNKNOWN)
		r = look_into_init_file(directory, how);
	if (r != AGENT_UNKNOWN)
		return r;
	/* that of version 4 is named agent-auth */
	r = look_for_programs(directory, "wazuh-agent-auth", how);
	if (r != 0)
		return r < 0 ? r : AGENT_WAZUH_5;
	r = look_for_programs(directory, "wazuh-", how);
	if (r == 0)
		r = look_for_unit(directory, how);
	if (r != 0)
		return r < 0 ? r : AGENT_WAZUH;
	r = look_for_programs(directory, "ossec-", how);
	return r > 0 ? AGENT_OSSEC : r;
}
