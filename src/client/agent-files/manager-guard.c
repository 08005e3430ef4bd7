/* SPDX-License-Identifier: ISC */
#include "client/agent-files/manager-guard.h"

#include "client/agent-files/init-file.h"
#include "client/agent-files/keystore.h"
#include "common/cleanup.h"
#include "common/directory.h"
#include "common/io.h"
#include "common/shortage.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

DEFINE_RELEASE(directory, DIR *, (void)closedir)

/*
 * What each way of looking returns: 1 with `seen` set, 0, or a negative errno with `seen` set. Who
 * cannot look has not seen that there is nothing; but a file that is not to be read shows nothing
 * at all, or anybody could keep this program from its work.
 */
static int unless_short(int error, const char *path, struct reason *seen)
{
	return is_shortage(error) ? reason_errno(seen, error, "Cannot look at %s", path) : 0;
}

/* DIRECTORY/NAME, to be freed; null: out of memory, with `seen` set. */
static char *path_below(const char *directory, const char *name, struct reason *seen)
{
	char *path;

	if (asprintf(&path, "%s/%s", directory, name) >= 0)
		return path;
	(void)unless_short(ENOMEM, directory, seen);
	return NULL;
}

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

static int has_managers_daemon(const char *directory, struct reason *seen)
{
	cleanup_free char *path = path_below(directory, "bin", seen);
	cleanup_fd int fd = path ? directory_open(path, NULL) : -ENOMEM;
	cleanup(release_directory) DIR *programs = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!path)
		return -ENOMEM;
	if (!programs)
		return unless_short(fd < 0 ? fd : errno, path, seen);
	(void)take_fd(&fd);
	while ((errno = 0, entry = readdir(programs)))
		if (is_managers_daemon(entry->d_name)) {
			reason_set(seen, "found %s/%s", path, entry->d_name);
			return 1;
		}
	return unless_short(errno, path, seen);
}

/* The key of the registration service; also that of our own. */
static int has_managers_key(const char *directory, struct reason *seen)
{
	cleanup_free char *path = path_below(directory, "etc/sslmanager.key", seen);

	if (!path)
		return -ENOMEM;
	if (access(path, F_OK) < 0)
		return unless_short(errno, path, seen);
	reason_set(seen, "found %s", path);
	return 1;
}

/* ------------------------------------------------------------------ the type of an installation */

static bool is_managers_type(const char *type)
{
	static const char *const types[] = { "server", "local", "hybrid", "manager" };

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

static int is_installed_as_manager(const char *directory, struct reason *seen)
{
	struct init_file installation;
	int r = init_file_read(&installation, directory, seen);

	if (r <= 0 || !is_managers_type(installation.type))
		return r < 0 ? r : 0;
	reason_set(seen, "%s says TYPE=\"%s\"", installation.path, installation.type);
	return 1;
}

/* ------------------------------------------------------------------ the key file itself */

/* Where in a line the reader is: an entry begins with an id and a space. */
enum place { AT_BEGIN, IN_ID, BEHIND_ID };

static size_t count_in(const char *bytes, ssize_t length, enum place *place)
{
	size_t entries = 0;

	for (ssize_t i = 0; i < length; i++) {
		bool is_digit = bytes[i] >= '0' && bytes[i] <= '9';

		entries += *place == IN_ID && bytes[i] == ' ';
		*place = bytes[i] == '\n'                  ? AT_BEGIN
			 : is_digit && *place != BEHIND_ID ? IN_ID
							   : BEHIND_ID;
	}
	return entries;
}

/* Not by stdio, whose buffer would keep a copy of the key. Returns a number or a negative errno. */
static ssize_t count_entries(int fd)
{
	enum place place = AT_BEGIN;
	size_t entries = 0;
	char bytes[4096];
	ssize_t length;

	do {
		length = io_read(fd, bytes, sizeof bytes);
		entries += count_in(bytes, length, &place);
	} while (length == sizeof bytes);
	explicit_bzero(bytes, sizeof bytes);
	return length < 0 ? length : (ssize_t)entries;
}

/* Removed entries count, too: only managers keep them. */
static int has_keys_of_several(const char *keys_path, struct reason *seen)
{
	struct stat status;
	cleanup_fd int fd = keystore_open_file(keys_path, &status, NULL);
	ssize_t entries = fd < 0 ? fd : count_entries(fd);

	if (entries < 0)
		return unless_short((int)entries, keys_path, seen);
	if (entries > 1)
		reason_set(seen, "%s contains the entries of %zd agents", keys_path, entries);
	return entries > 1;
}

/*
 * The directory of the installation whose etc/client.keys the key file is, links resolved, to be
 * freed; null when it is in no directory of that kind. Returns 0, or a negative errno with `seen`
 * set.
 */
static int find_home(char **ret, const char *keys_path, struct reason *seen)
{
	const char *slash = strrchr(keys_path, '/');
	cleanup_free char *etc = slash ? strndup(keys_path, (size_t)(slash - keys_path)) : NULL;
	cleanup_free char *home = etc ? realpath(etc, NULL) : NULL;
	char *last = home ? strrchr(home, '/') : NULL;

	*ret = NULL;
	if (!home)
		return slash ? unless_short(errno, keys_path, seen) : 0;
	if (last > home && strcmp(last, "/etc") == 0) {
		*last = '\0';
		*ret = take_pointer(home);
	}
	return 0;
}

/* ------------------------------------------------------------------ the guard */

static int is_managers_directory(const char *directory, struct reason *seen)
{
	int r = has_managers_daemon(directory, seen);

	if (r == 0)
		r = has_managers_key(directory, seen);
	return r == 0 ? is_installed_as_manager(directory, seen) : r;
}

int manager_guard_detect(const char *directory, const char *keys_path, struct reason *seen)
{
	cleanup_free char *home = NULL;
	int r = is_managers_directory(directory, seen);

	if (r == 0)
		r = find_home(&home, keys_path, seen);
	return r == 0 && home && strcmp(home, directory) != 0 ? is_managers_directory(home, seen)
							      : r;
}

static int refuse(const struct reason *seen, const char *keys_path, struct reason *why)
{
	reason_set(why,
		   "This machine is a manager: %s; %s is for the keys of all its agents, "
		   "so nothing was changed (agent-registrar and manage_agents add and remove them)",
		   seen->text, keys_path);
	return -EPERM;
}

/* What was seen, and what follows from it. */
static int judge(int r, const struct reason *seen, const char *keys_path, struct reason *why)
{
	if (r > 0)
		return refuse(seen, keys_path, why);
	if (r < 0)
		reason_set(why, "%s", seen->text);
	return r;
}

int manager_guard_check(const char *directory, const char *keys_path, struct reason *why)
{
	struct reason seen = { 0 };

	return judge(manager_guard_detect(directory, keys_path, &seen), &seen, keys_path, why);
}

int manager_guard_check_entries(const char *directory, const char *keys_path, struct reason *why)
{
	struct reason seen = { 0 };
	int r = manager_guard_detect(directory, keys_path, &seen);

	return judge(r == 0 ? has_keys_of_several(keys_path, &seen) : r, &seen, keys_path, why);
}
