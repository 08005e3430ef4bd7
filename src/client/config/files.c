/* SPDX-License-Identifier: ISC */
/*
 * Finding the configuration files: the default file and its drop-ins, merged by file name as in
 * systemd.
 */
#include "client/config/config.h"

#include "common/cleanup.h"
#include "common/io.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#define MAIN_FILE SYSCONFDIR "/agent-register/agent-register.conf"
#define DROP_IN(directory) directory "/agent-register/agent-register.conf.d"

/*
 * Later directories override earlier ones file by file (systemd.unit(5): /etc over /run over
 * /usr/lib).
 */
static const char *const drop_in_directories[] = {
	DROP_IN("/usr/lib"),
	DROP_IN("/run"),
	DROP_IN(SYSCONFDIR),
	NULL,
};

#define STORE(directory)                                 \
	{                                                \
		directory, "agent-register.", NULL, true \
	}

const struct config_place config_places[] = {
	{ MAIN_FILE, NULL, NULL, false },
	{ DROP_IN("/usr/lib"), NULL, ".conf", false },
	{ DROP_IN("/run"), NULL, ".conf", false },
	{ DROP_IN(SYSCONFDIR), NULL, ".conf", false },
	STORE("/etc/credstore"),
	STORE("/etc/credstore.encrypted"),
	STORE("/run/credstore"),
	STORE("/run/credstore.encrypted"),
	STORE("/usr/lib/credstore"),
	STORE("/usr/lib/credstore.encrypted"),
	{ 0 },
};

struct drop_ins {
	char **paths;
	size_t count;
};

static void release_drop_ins(struct drop_ins *found)
{
	for (size_t i = 0; i < found->count; i++)
		free(found->paths[i]);
	free(found->paths);
}

static const char *name_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

static bool is_drop_in(const char *name)
{
	size_t length = strlen(name);

	return length > strlen(".conf") && name[0] != '.' &&
	       strcmp(name + length - strlen(".conf"), ".conf") == 0;
}

/* Add `path`, in place of a file of the same name from an earlier directory. Takes ownership. */
static int add_drop_in(struct drop_ins *found, char *path)
{
	char **paths;

	for (size_t i = 0; i < found->count; i++) {
		if (strcmp(name_of(found->paths[i]), name_of(path)) == 0) {
			free(found->paths[i]);
			found->paths[i] = path;
			return 0;
		}
	}
	paths = reallocarray(found->paths, found->count + 1, sizeof *paths);
	if (!paths) {
		free(path);
		return -ENOMEM;
	}
	found->paths = paths;
	paths[found->count++] = path;
	return 0;
}

static int collect(struct drop_ins *found, const char *directory, struct reason *why)
{
	DIR *stream = opendir(directory);
	struct dirent *entry;
	int r = 0;

	if (!stream)
		return errno == ENOENT ? 0
				       : reason_errno(why, errno, "Cannot read the directory %s",
						      directory);
	while (r >= 0 && (entry = readdir(stream))) {
		char *path;

		if (!is_drop_in(entry->d_name))
			continue;
		r = asprintf(&path, "%s/%s", directory, entry->d_name) < 0
			    ? -ENOMEM
			    : add_drop_in(found, path);
		if (r < 0)
			(void)reason_errno(why, ENOMEM, "Cannot list %s", directory);
	}
	closedir(stream);
	return r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(name_of(*(char *const *)a), name_of(*(char *const *)b));
}

/* A missing main file is no error: the configuration may be in drop-ins only. */
static int read_main_file(struct config *config, const char *path, struct reason *why)
{
	cleanup_file FILE *file = io_open(path);

	if (!file && errno == ENOENT)
		return 0;
	if (!file)
		return reason_errno(why, errno, "Cannot read the configuration file %s", path);
	return config_read(config, file, path, why);
}

int config_read_layers(struct config *config, const char *main_file, const char *const *directories,
		       struct reason *why)
{
	cleanup(release_drop_ins) struct drop_ins found = { 0 };
	struct reason said = { 0 };
	int r = read_main_file(config, main_file, &said);

	for (; *directories; directories++) {
		struct reason problem = { 0 };

		r = reason_join(&said, r, collect(&found, *directories, &problem), &problem);
	}
	if (found.count > 0)
		qsort(found.paths, found.count, sizeof *found.paths, by_name);
	for (size_t i = 0; i < found.count; i++) {
		struct reason problem = { 0 };

		r = reason_join(&said, r, config_read_file(config, found.paths[i], &problem),
				&problem);
	}
	if (r < 0 && why)
		*why = said;
	return r;
}

int config_read_defaults(struct config *config, struct reason *why)
{
	return config_read_layers(config, MAIN_FILE, drop_in_directories, why);
}

/* ------------------------------------------------------------------ credentials */

static const struct {
	const char *credential;
	const char *section; /* null: a configuration file */
	const char *key;
} credential_roles[] = {
	{ "agent-register.conf", NULL, NULL },
	{ "agent-register.password", "auth", "password_file" },
	{ "agent-register.ca", "tls", "ca_file" },
	{ "agent-register.certificate", "tls", "certificate_file" },
	{ "agent-register.private-key", "tls", "private_key_file" },
	{ "agent-register.proxy-password", "auth", "proxy_password_file" },
	{ "agent-register.api-password", "auth", "api_password_file" },
	{ "agent-register.token", "auth", "token_file" },
	{ "agent-register.client-key", "auth", "key_file" },
};

/*
 * The path of a credential in `directory`, to be freed. Null: it is not there, and errno is 0, or
 * that could not be found out, and errno says why.
 */
static char *credential_path(const char *directory, const char *name)
{
	char *path;
	int error;

	if (asprintf(&path, "%s/%s", directory, name) < 0) {
		errno = ENOMEM;
		return NULL;
	}
	if (access(path, F_OK) == 0)
		return path;
	error = errno;
	free(path);
	errno = error == ENOENT || error == ENOTDIR ? 0 : error;
	return NULL;
}

static int find_credential(char **ret, const char *directory, const char *name, struct reason *why)
{
	*ret = credential_path(directory, name);
	return *ret || errno == 0
		       ? 0
		       : reason_errno(why, errno, "Cannot look for the credential %s", name);
}

int config_read_credentials(struct config *config, struct reason *why)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	cleanup_free char *file = NULL;
	time_t changed_at = config->changed_at;
	int r = 0;

	if (!directory || directory[0] != '/')
		return 0;
	r = find_credential(&file, directory, "agent-register.conf", why);
	if (file)
		r = config_read_file(config, file, why);
	config->changed_at = changed_at; /* the time of systemd's copy means nothing */
	for (size_t i = 0; r >= 0 && i < sizeof credential_roles / sizeof credential_roles[0];
	     i++) {
		cleanup_free char *path = NULL;
		char origin[64];

		(void)snprintf(origin, sizeof origin, "the credential %s",
			       credential_roles[i].credential);
		if (credential_roles[i].section)
			r = find_credential(&path, directory, credential_roles[i].credential, why);
		if (path)
			r = config_set(config, credential_roles[i].section, credential_roles[i].key,
				       path, origin, why);
	}
	return r;
}

bool config_is_credential(const char *path)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");

	return directory && strncmp(path, directory, strlen(directory)) == 0 &&
	       path[strlen(directory)] == '/';
}

/*
 * Is the credential in one of the directories in which systemd looks for it (systemd.exec(5),
 * LoadCredential=)?
 */
static bool is_in_store(const char *name)
{
	for (const struct config_place *place = config_places; place->path; place++) {
		cleanup_free char *path = place->is_store ? credential_path(place->path, name)
							  : NULL;

		if (path)
			return true;
	}
	return false;
}

const char *config_late_credential(void)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY") ?: "/nonexistent";

	for (size_t i = 0; i < sizeof credential_roles / sizeof credential_roles[0]; i++) {
		const char *name = credential_roles[i].credential;
		cleanup_free char *handed = credential_path(directory, name);

		if (!handed && is_in_store(name))
			return name;
	}
	return NULL;
}
