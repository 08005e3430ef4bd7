/* SPDX-License-Identifier: ISC */
#include "client/system/given-name.h"

#include "common/cleanup.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define STATIC_NAME_FILE "/etc/hostname"
#define COMMAND_LINE_FILE "/proc/cmdline"
#define META_DATA_FILE "/run/cloud-init/instance-data-sensitive.json"
#define USER_DATA_FILE "/var/lib/cloud/instance/cloud-config.txt"

/* Does `text` begin with the name, up to the end of a host name, or up to its domain? */
static bool begins_with_name(const char *text, const char *name)
{
	size_t label = strcspn(name, "."), length = strlen(name);

	if (strncasecmp(text, name, label) != 0)
		return false;
	if (length > label && strncasecmp(text, name, length) == 0)
		label = length;
	return text[label] == '.' ||
	       !(isalnum((unsigned char)text[label]) || text[label] == '-' || text[label] == '_');
}

/*
 * Does a line of the file consist of `key` and the name, with a colon, blanks and quotation marks
 * around it, at least `depth` blanks from the left (0: at the very left)?
 */
static bool file_gives_name(const char *path, size_t depth, const char *key, const char *name)
{
	cleanup_file FILE *file = fopen(path, "re");
	cleanup_free char *line = NULL;
	size_t allocated = 0;
	bool found = false;

	while (file && !found && getline(&line, &allocated, file) > 0) {
		size_t indentation = depth > 0 ? strspn(line, " ") : 0;
		const char *at = line + indentation;

		if (indentation < depth || strncmp(at, key, strlen(key)) != 0)
			continue;
		at += strlen(key);
		found = begins_with_name(at + strspn(at, "\"': \t"), name);
	}
	return found;
}

bool given_name_is_static(const char *name)
{
	return file_gives_name(STATIC_NAME_FILE, 0, "", name);
}

/* systemd's parameter, and the kernel's own. */
static bool command_line_gives(const char *name)
{
	static const char *const keys[] = { "systemd.hostname=", "hostname=" };
	cleanup_file FILE *file = fopen(COMMAND_LINE_FILE, "re");
	char line[4096];
	char *rest = line;

	if (!file || !fgets(line, sizeof line, file))
		return false;
	for (char *word; (word = strsep(&rest, " \n"));)
		for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
			const char *value = word;

			if (strncmp(word, keys[i], strlen(keys[i])) != 0)
				continue;
			value += strlen(keys[i]);
			if (begins_with_name(value + strspn(value, "\"'"), name))
				return true;
		}
	return false;
}

/* The unit has these two passed on to it, if systemd has got them. */
static bool credential_gives(const char *name)
{
	static const char *const credentials[] = { "system.hostname", "firstboot.hostname" };
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_MAX];

	for (size_t i = 0; directory && i < sizeof credentials / sizeof credentials[0]; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", directory, credentials[i]);
		if (file_gives_name(path, 0, "", name))
			return true;
	}
	return false;
}

/*
 * What cloud-init remembers of the name that it has set (data/set-hostname, and "local-hostname" in
 * the section v1 of the file read here, two levels deep) does not say who gave it: without a name
 * in the meta-data, which is deeper, it is the one that the machine had anyway.
 */
static bool cloud_gives(const char *name)
{
	return file_gives_name(META_DATA_FILE, 3, "\"local-hostname\"", name) ||
	       file_gives_name(USER_DATA_FILE, 0, "hostname:", name) ||
	       file_gives_name(USER_DATA_FILE, 0, "fqdn:", name);
}

bool given_name_is(const char *name)
{
	return command_line_gives(name) || credential_gives(name) || cloud_gives(name);
}
