/* SPDX-License-Identifier: ISC */
#include "client/config/inherit.h"

#include "client/agent-files/agent-settings-variables.h"
#include "client/agent-files/ossec-conf-edit.h"
#include "client/config/inherit-manager.h"
#include "client/config/inherit-value.h"
#include "common/agent-key.h"
#include "common/cleanup.h"
#include "common/directory.h"
#include "common/escape.h"
#include "common/shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_PASSWORD_PATH "etc/authd.pass"
#define SHORTEST_PASSWORD_FILE 3 /* bytes; the agents use none with less in it */

static int take_name(struct inheritance *in)
{
	const struct agent_setting *name = inherit_find(in, AGENT_ENROLLMENT_AGENT_NAME);

	/* ours may have specifiers, which are letters to the agent */
	if (name && !agent_name_is_registrable(name->text, strlen(name->text)))
		return inherit_note_value(
			in, name->line, agent_setting_name(AGENT_ENROLLMENT_AGENT_NAME), name->text,
			"is not a name: 2 to 127 characters of A-Z a-z 0-9 . _ -, not "
			"beginning with a dot",
			"name");
	return inherit_setting(in, &in->config->agent.name, AGENT_ENROLLMENT_AGENT_NAME);
}

static int take_address(struct inheritance *in)
{
	const struct agent_setting *address = inherit_find(in, AGENT_ENROLLMENT_AGENT_ADDRESS);
	const struct agent_setting *source = inherit_find(in, AGENT_ENROLLMENT_USE_SOURCE_IP);
	bool uses_source = source && strcmp(source->text, "yes") == 0;

	if (source && !uses_source && strcmp(source->text, "no") != 0)
		return inherit_note_value(in, source->line,
					  agent_setting_name(AGENT_ENROLLMENT_USE_SOURCE_IP),
					  source->text, "is neither yes nor no", "ip");
	if (address && uses_source)
		return inherit_note_value(
			in, source->line, agent_setting_name(AGENT_ENROLLMENT_USE_SOURCE_IP),
			source->text, "contradicts <agent_address>, and the agent accepts only one",
			"ip");
	/* the API knows no such thing, and a deregistration needs none */
	if (uses_source && in->config->manager.method == METHOD_API)
		return 0;
	if (uses_source)
		return inherit_value(in, &in->config->agent.ip, "src", source->line,
				     agent_setting_name(AGENT_ENROLLMENT_USE_SOURCE_IP));
	return inherit_setting(in, &in->config->agent.ip, AGENT_ENROLLMENT_AGENT_ADDRESS);
}

static int inherit_name(struct inheritance *in)
{
	int r = take_name(in);

	if (r == 0)
		r = inherit_setting(in, &in->config->agent.groups, AGENT_ENROLLMENT_GROUPS);
	return r == 0 ? take_address(in) : r;
}

static bool is_5(const struct inheritance *in)
{
	return in->settings->generation == AGENT_WAZUH_5;
}

/* One without the other the agents do not use. */
static int inherit_certificate(struct inheritance *in)
{
	enum agent_setting_key certificate = is_5(in) ? AGENT_SSL_CERTIFICATE
						      : AGENT_ENROLLMENT_CERTIFICATE_PATH;
	enum agent_setting_key key = is_5(in) ? AGENT_SSL_KEY : AGENT_ENROLLMENT_KEY_PATH;
	int r;

	if (!inherit_find(in, certificate) || !inherit_find(in, key))
		return 0;
	r = inherit_path_setting(in, &in->config->tls.certificate_file, certificate);
	return r == 0 ? inherit_path_setting(in, &in->config->tls.private_key_file, key) : r;
}

static bool cannot_look(int error)
{
	return is_shortage(error) || error == -EIO;
}

/*
 * Without a file, or with next to nothing in it, the agent has no password. What is not below its
 * directory is refused where it would be read, whatever is in it. A negative errno: this machine is
 * too short of something to look, or the disk is broken.
 */
static int is_password_file(const struct config *config, const char *path)
{
	const char *home = config->agent.directory;
	char name[NAME_MAX + 1];
	cleanup_fd int parent = -1;
	struct stat status;

	if (!directory_has(home, path))
		return true; /* nothing is looked for out there */
	parent = directory_open_parent_below(home, path, true, name, NULL);
	if (parent < 0)
		return cannot_look(parent) ? parent : parent != -ENOENT && parent != -ENOTDIR;
	if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return cannot_look(-errno) ? -errno : errno != ENOENT && errno != ENOTDIR;
	return !S_ISREG(status.st_mode) || status.st_size >= SHORTEST_PASSWORD_FILE;
}

static int inherit_password(struct inheritance *in)
{
	const enum agent_setting_key key = AGENT_ENROLLMENT_PASSWORD_PATH;
	const struct agent_setting *setting = inherit_find(in, key);
	struct config *config = in->config;
	cleanup_free char *path = inherit_path(in, setting ? setting->text : DEFAULT_PASSWORD_PATH);
	char origin[INHERIT_ORIGIN_SIZE];
	int r;

	if (!path)
		return -ENOMEM;
	r = is_password_file(config, path);
	if (r < 0)
		return reason_errno(in->why, r, "Cannot look for the agent's password");
	if (r == 0)
		return 0;
	if (setting)
		return inherit_path_setting(in, &config->auth.password_file, key);
	(void)snprintf(origin, sizeof origin, "%s (the agent's default)", in->settings->path);
	return config_set_inherited(config, config_key_at(config, &config->auth.password_file),
				    path, origin, in->why);
}

/* ------------------------------------------------------------------ the CA */

/* For a message: this CA could be trusted, if ours said so. */
static int offer_ca(struct inheritance *in, const struct agent_setting *setting)
{
	struct config *config = in->config;
	char origin[INHERIT_ORIGIN_SIZE], shown[256];

	config->agents_file.ca_path = strdup(escape_string(shown, sizeof shown, setting->text));
	config->agents_file.ca_origin = strdup(inherit_origin(in, setting->line, origin));
	return config->agents_file.ca_path && config->agents_file.ca_origin
		       ? 0
		       : reason_errno(in->why, ENOMEM, "Cannot keep a path of the agent's file");
}

static int inherit_ca(struct inheritance *in)
{
	struct config *config = in->config;
	enum agent_setting_key key = is_5(in) ? AGENT_SSL_CERTIFICATE_AUTHORITIES
					      : AGENT_ENROLLMENT_SERVER_CA_PATH;
	const struct agent_setting *setting = inherit_find(in, key);

	if (!setting)
		return 0;
	return config_wants_agents_ca(config) ? inherit_path_setting(in, &config->tls.ca_file, key)
					      : offer_ca(in, setting);
}

/* ------------------------------------------------------------------ everything */

/* Which groups are ours, before anything is taken. */
struct ours {
	bool manager, name, certificate, password;
};

static struct ours find_ours(const struct config *config)
{
	bool manager = config_has_work(config);

	return (struct ours){
		.manager = manager,
		/* with "same", what is there was written for this machine, or the one it is of */
		.name = config->agent.own_enrollment == OWN_ENROLLMENT_SAME ||
			config_is_set(config, &config->agent.name) ||
			config_is_set(config, &config->agent.groups) ||
			config_is_set(config, &config->agent.ip),
		.certificate = manager || config_is_set(config, &config->tls.certificate_file) ||
			       config_is_set(config, &config->tls.private_key_file),
		.password = config_is_set(config, &config->auth.password_file),
	};
}

static bool enrolls(const struct inheritance *in)
{
	return agent_generation_enrolls(in->settings->generation) ||
	       in->settings->generation == AGENT_UNKNOWN;
}

static int inherit_groups(struct inheritance *in, const struct ours *ours)
{
	int r = ours->manager ? 0 : inherit_manager(in);

	if (r == 0 && !ours->name)
		r = inherit_name(in);
	if (r == 0 && !ours->certificate)
		r = inherit_certificate(in);
	if (r == 0 && !ours->password && enrolls(in))
		r = inherit_password(in);
	return r == 0 ? inherit_ca(in) : r;
}

/* A change of the file is one of the configuration. */
static void note_time(struct config *config, const char *path)
{
	struct stat status;

	if (stat(path, &status) == 0 && status.st_mtime > config->changed_at)
		config->changed_at = status.st_mtime;
}

static bool is_any_key_set(const struct config *config)
{
	for (const struct config_key *key = config_keys; key->section; key++)
		if (config_origin(config, key, 0))
			return true;
	return false;
}

/* If not, whoever looks for the key file there says why. */
static bool can_open_directory(const struct config *config)
{
	cleanup_free char *path = NULL;
	char name[NAME_MAX + 1];
	cleanup_fd int fd = -1;

	if (asprintf(&path, "%s/etc/ossec.conf", config->agent.directory) < 0) {
		path = NULL;
		return true;
	}
	fd = directory_open_parent(path, false, name, NULL);
	return fd >= 0;
}

int config_inherit(struct config *config, struct reason *why)
{
	cleanup(agent_settings_clear) struct agent_settings settings = { 0 };
	struct inheritance in = { config, &settings, why };
	const struct ours ours = find_ours(config);
	struct reason problem = { 0 };
	bool is_needed;
	int r;

	if (!config->agent.inherit || config->manager.method == METHOD_IMPORT ||
	    !is_any_key_set(config))
		return 0;
	r = agent_settings_load(&settings, config->agent.directory, &problem);
	if (r < 0 && is_shortage(r)) {
		*why = problem;
		return r;
	}
	is_needed = !ours.manager || config_wants_agents_ca(config);
	if (r < 0 && !is_needed && !can_open_directory(config))
		return 0;
	if (r < 0)
		return inherit_note_problem(&in, is_needed, &problem);
	if (r == 0)
		return 0;
	note_time(config, settings.path);
	r = agent_settings_replace_variables(&settings, &problem);
	if (r == -E2BIG)
		return inherit_note_problem(&in, is_needed, &problem);
	if (r < 0) {
		*why = problem;
		return r;
	}
	return inherit_groups(&in, &ours);
}
