/* SPDX-License-Identifier: ISC */
#include "client/agent-files/manager-detect.h"

#include "common/cleanup.h"
#include "common/io.h"

#include <string.h>

/*
 * Written by install.sh of OSSEC, and of Wazuh before 4.2, with lines such as
 * DIRECTORY="/var/ossec" and TYPE="server".
 */
#define INIT_FILE "/etc/ossec-init.conf"

/*
 * The service to which agents connect, and the key of the registration service. An agent's package
 * has neither.
 */
static bool has_managers_file(const char *directory, struct reason *seen)
{
	static const char *const names[] = { "bin/wazuh-remoted", "bin/ossec-remoted",
					     "etc/sslmanager.key" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		cleanup_free char *path = NULL;

		if (asprintf(&path, "%s/%s", directory, names[i]) < 0) {
			path = NULL;
			return false;
		}
		if (access(path, F_OK) == 0) {
			reason_set(seen, "found %s", path);
			return true;
		}
	}
	return false;
}

/* The value of a line NAME="VALUE", or null. Terminates the value within the line. */
static char *quoted_value(char *line, const char *name)
{
	size_t length = strlen(name);
	char *value = line + length + strlen("=\"");

	if (strncmp(line, name, length) != 0 || strncmp(line + length, "=\"", strlen("=\"")) != 0)
		return NULL;
	value[strcspn(value, "\"\n")] = '\0';
	return value;
}

/* The file describes one installation, which may not be the one in `directory`. */
static bool is_installed_as_server(const char *directory, struct reason *seen)
{
	cleanup_file FILE *file = fopen(INIT_FILE, "re");
	bool is_server = false, is_elsewhere = false;
	char line[512];

	while (file && fgets(line, sizeof line, file)) {
		char *type = quoted_value(line, "TYPE"),
		     *place = type ? NULL : quoted_value(line, "DIRECTORY");

		is_server |= type && strcmp(type, "server") == 0;
		is_elsewhere |= place && strcmp(place, directory) != 0;
	}
	if (is_server && !is_elsewhere)
		reason_set(seen, INIT_FILE " says TYPE=\"server\"");
	return is_server && !is_elsewhere;
}

/* Removed entries count, too: only managers keep them. */
static bool has_keys_of_several(const char *keys_path, struct reason *seen)
{
	cleanup_file FILE *file = io_open(keys_path);
	cleanup_free char *line = NULL;
	size_t allocated = 0, entries = 0;

	while (file && getline(&line, &allocated, file) > 0) {
		size_t digits = strspn(line, "0123456789");

		entries += digits > 0 && line[digits] == ' ';
	}
	if (line)
		explicit_bzero(line, allocated);
	if (entries > 1)
		reason_set(seen, "%s contains the entries of %zu agents", keys_path, entries);
	return entries > 1;
}

bool manager_detect(const char *directory, const char *keys_path, struct reason *seen)
{
	return has_managers_file(directory, seen) || has_keys_of_several(keys_path, seen) ||
	       is_installed_as_server(directory, seen);
}
