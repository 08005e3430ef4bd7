/* SPDX-License-Identifier: ISC */
#include "client/agent-files/manager-guard.h"

#include "client/agent-files/keystore.h"
#include "common/cleanup.h"
#include "common/directory.h"
#include "common/trusted-file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/*
 * Written by install.sh and the packages of OSSEC, and by Wazuh before 4.2, in /etc and in the
 * directory of the installation: assignments for the shell, such as DIRECTORY="/var/ossec" and
 * TYPE="server". Packages append to it, so the last one counts.
 */
#define INIT_FILE "/etc/ossec-init.conf"

DEFINE_RELEASE(directory, DIR *, (void)closedir)

/* ------------------------------------------------------------------ files of a manager */

/*
 * Daemons of the types server and local, which agents do not have (src/Makefile of OSSEC,
 * src/init/inst-functions.sh of Wazuh): ossec-remoted, wazuh-analysisd, wazuh-manager-monitord.
 */
static bool is_managers_daemon(const char *name)
{
	static const char *const families[] = { "ossec-", "wazuh-", "wazuh-manager-" };
	static const char *const daemons[] = { "analysisd", "maild", "monitord", "remoted" };

	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
		size_t length = strlen(families[i]);

		if (strncmp(name, families[i], length) != 0)
			continue;
		for (size_t k = 0; k < sizeof daemons / sizeof daemons[0]; k++)
			if (strcmp(name + length, daemons[k]) == 0)
				return true;
	}
	return false;
}

static bool has_managers_daemon(const char *directory, struct reason *seen)
{
	cleanup(release_directory) DIR *programs = NULL;
	cleanup_free char *path = NULL;
	struct dirent *entry;

	if (asprintf(&path, "%s/bin", directory) < 0) {
		path = NULL;
		return false;
	}
	programs = directory_list(path, NULL);
	while (programs && (entry = readdir(programs)))
		if (is_managers_daemon(entry->d_name)) {
			reason_set(seen, "found %s/%s", path, entry->d_name);
			return true;
		}
	return false;
}

/* The key of the registration service; also that of our own. */
static bool has_managers_key(const char *directory, struct reason *seen)
{
	cleanup_free char *path = NULL;

	if (asprintf(&path, "%s/etc/sslmanager.key", directory) < 0) {
		path = NULL;
		return false;
	}
	if (access(path, F_OK) < 0)
		return false;
	reason_set(seen, "found %s", path);
	return true;
}

/* ------------------------------------------------------------------ the type of an installation */

struct installation {
	char type[32]; /* empty: not said */
	char directory[PATH_MAX];
};

/* Copy the value of a line NAME=VALUE or NAME="VALUE" to `ret`; leave that alone for others. */
static void take_value(const char *line, const char *name, char *ret, size_t size)
{
	size_t length = strlen(name);
	const char *value = line + length + 1, *end = " \t\r\n";

	if (strncmp(line, name, length) != 0 || line[length] != '=')
		return;
	if (*value == '"' || *value == '\'')
		end = *value++ == '"' ? "\"\n" : "'\n";
	(void)snprintf(ret, size, "%.*s", (int)strcspn(value, end), value);
}

static bool read_init_file(struct installation *ret, const char *path)
{
	const struct trusted_file wanted = {
		.path = path,
		.flags = O_RDONLY,
		.max = TRUSTED_FILE_MIB,
		.may_be_link = true, /* the one in /etc is, with packages of Wazuh */
	};
	cleanup_fd int fd = trusted_file_open(&wanted, NULL, NULL);
	cleanup_file FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char line[PATH_MAX + 64];

	if (file)
		(void)take_fd(&fd);
	*ret = (struct installation){ 0 };
	while (file && fgets(line, sizeof line, file)) {
		take_value(line, "TYPE", ret->type, sizeof ret->type);
		take_value(line, "DIRECTORY", ret->directory, sizeof ret->directory);
	}
	return file != NULL;
}

static bool is_managers_type(const char *type)
{
	static const char *const types[] = { "server", "local", "hybrid", "manager" };

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

static bool is_same_directory(const char *one, const char *other)
{
	struct stat first, second;

	return strcmp(one, other) == 0 ||
	       (stat(one, &first) == 0 && stat(other, &second) == 0 &&
		first.st_dev == second.st_dev && first.st_ino == second.st_ino);
}

/* The file in /etc describes one installation, which may not be the one in `directory`. */
static bool is_installed_as_manager(const char *directory, struct reason *seen)
{
	struct installation installation;
	cleanup_free char *own = NULL;
	const char *path;

	if (asprintf(&own, "%s" INIT_FILE, directory) < 0) {
		own = NULL;
		return false;
	}
	if (read_init_file(&installation, own)) {
		path = own;
	} else {
		path = INIT_FILE;
		(void)read_init_file(&installation, path);
		if (installation.directory[0] &&
		    !is_same_directory(installation.directory, directory))
			return false;
	}
	if (is_managers_type(installation.type))
		reason_set(seen, "%s says TYPE=\"%s\"", path, installation.type);
	return is_managers_type(installation.type);
}

/* ------------------------------------------------------------------ the key file itself */

/* Removed entries count, too: only managers keep them. */
static bool has_keys_of_several(const char *keys_path, struct reason *seen)
{
	struct stat status;
	cleanup_fd int fd = keystore_open_file(keys_path, &status, NULL);
	cleanup_file FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	cleanup_free char *line = NULL;
	size_t allocated = 0, entries = 0;

	if (file)
		(void)take_fd(&fd);
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

/*
 * The directory of the installation whose etc/client.keys the key file is, links resolved; null
 * when it is in no directory of that kind. To be freed.
 */
static char *home_of(const char *keys_path)
{
	const char *slash = strrchr(keys_path, '/');
	cleanup_free char *etc = slash ? strndup(keys_path, (size_t)(slash - keys_path)) : NULL;
	char *home = etc ? realpath(etc, NULL) : NULL;
	char *last = home ? strrchr(home, '/') : NULL;

	if (last && last > home && strcmp(last, "/etc") == 0) {
		*last = '\0';
		return home;
	}
	free(home);
	return NULL;
}

/* ------------------------------------------------------------------ the guard */

static bool is_managers_directory(const char *directory, struct reason *seen)
{
	return has_managers_daemon(directory, seen) || has_managers_key(directory, seen) ||
	       is_installed_as_manager(directory, seen);
}

bool manager_guard_detect(const char *directory, const char *keys_path, struct reason *seen)
{
	cleanup_free char *home = home_of(keys_path);

	return is_managers_directory(directory, seen) ||
	       (home && strcmp(home, directory) != 0 && is_managers_directory(home, seen));
}

static int refuse(const struct reason *seen, const char *keys_path, struct reason *why)
{
	reason_set(why,
		   "This machine is a manager: %s; %s is for the keys of all its agents, "
		   "so nothing was changed (agent-registrar and manage_agents add and remove them)",
		   seen->text, keys_path);
	return -EPERM;
}

int manager_guard_check(const char *directory, const char *keys_path, struct reason *why)
{
	struct reason seen = { 0 };

	return manager_guard_detect(directory, keys_path, &seen) ? refuse(&seen, keys_path, why)
								 : 0;
}

int manager_guard_check_entries(const char *directory, const char *keys_path, struct reason *why)
{
	struct reason seen = { 0 };

	return manager_guard_detect(directory, keys_path, &seen) ||
			       has_keys_of_several(keys_path, &seen)
		       ? refuse(&seen, keys_path, why)
		       : 0;
}
