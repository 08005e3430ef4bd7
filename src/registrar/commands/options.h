/* SPDX-License-Identifier: ISC */
/* The command line of agent-registrar. */
#pragma once

#include "registrar/commands/admin-options.h"
#include "registrar/commands/api-options.h"
#include "registrar/enrollment/enrollment.h"
#include "registrar/net/listener.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define OPTION_NAMES_MAX 16

enum command {
	COMMAND_NONE,
	COMMAND_SERVE,
	COMMAND_INIT,
	COMMAND_ADD,
	COMMAND_LIST,
	COMMAND_EXPORT,
	COMMAND_REMOVE,
	COMMAND_IMPORT_FILE,
	COMMAND_USER,
	COMMAND_HELP,
	COMMAND_VERSION,
};

/* Texts point into argv, or are owned by `owned`. */
struct options {
	enum command command;
	bool init;     /* make what is missing before the command */
	bool test;     /* check everything and do not serve */
	int log_level; /* syslog */

	const char *directory;
	const char *certificate_file, *private_key_file, *client_ca_file;
	const char *ciphers;
	const char *password_file;
	bool no_password;
	bool verify_host;
	gid_t group; /* (gid_t)-1: not given */

	const char *listen[LISTENERS_MAX];
	size_t listen_count;
	unsigned short port;
	unsigned int timeout;         /* seconds */
	unsigned int max_connections; /* 0: as many as the descriptors allow, up to the default */

	enum dialect dialect;
	enum on_duplicate on_duplicate;
	struct force_rules force;
	bool use_source_address;
	bool groups_must_exist;
	bool allow_higher_versions;
	size_t max_agents; /* 0: no limit */
	const char *manager_version;

	const char *groups_directory; /* where the groups are: DIRECTORY/etc/shared */
	const char *queue_directory;  /* DIRECTORY/queue */

	struct api_options api;

	const char *names[OPTION_NAMES_MAX];
	size_t name_count;

	struct admin_options admin;

	char *owned[6];
};

/*
 * Parse. Returns 0, or -EINVAL with a complaint already on stderr, as getopt_long(3) does it.
 * Release with options_release() in any case.
 */
int options_parse(struct options *ret, int argc, char **argv);

/* What --help prints. */
void options_print_help(void);

void options_release(struct options *options);
