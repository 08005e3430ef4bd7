/* SPDX-License-Identifier: ISC */
/* The command line of agent-registrar: the table of its options. That of commands is in main.c. */
#pragma once

#include "common/command-line.h"
#include "common/must-check.h"
#include "common/option-setters.h"
#include "registrar/api/limits.h"
#include "registrar/enrollment/enrollment.h"
#include "registrar/enrollment/token-make.h"
#include "registrar/net/listener.h"
#include "registrar/net/network-list.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The places of the commands in their table. */
enum command_index {
	COMMAND_SERVE,
	COMMAND_INIT,
	COMMAND_USER,
	COMMAND_ADD,
	COMMAND_LIST,
	COMMAND_EXPORT,
	COMMAND_REMOVE,
	COMMAND_IMPORT_FILE,
	COMMAND_TOKEN,
	COMMAND_COMPLETION,
	COMMAND_COUNT,
};

/* The `mode` of a command (command-line.h): does --init create what is missing before it? */
enum init_use { INIT_IGNORED, INIT_FIRST };

#define OPTIONS_PORT 1515 /* unless -p says otherwise */

struct init_options {
	bool is_first;          /* create what is missing before the command */
	struct text_list names; /* for the certificate */
	bool rotate_ca;         /* instead */
	bool finish;            /* with that: the last step */
};

struct password_options {
	const char *file;
	bool is_unused; /* require none */
};

struct tls_options {
	const char *certificate_file, *private_key_file;
	const char *client_ca_file; /* null: no client certificate is required */
	const char *ciphers;        /* null: the default */
	bool verify_host;
};

/* Which of its processes `serve` is. */
enum serve_part { PART_KEEPER, PART_FRONT, PART_BOTH };

struct service_options {
	int part;                  /* enum serve_part */
	const char *keeper_socket; /* path */
	struct text_list listen;
	unsigned int port;
	unsigned int timeout;         /* seconds */
	unsigned int max_connections; /* 0: as many as the descriptors allow, up to the default */
	unsigned int max_per_source;  /* 0: the default */
	struct network_list exempt_sources;
	const char *called; /* "ossec-authd", ... (authd-caller.h); null: agent-registrar */
	bool is_in_background;
};

struct policy_options {
	int dialect;                  /* enum dialect */
	struct reason dialect_reason; /* what it is known from, or why it is not */
	int no_dialect_status;        /* serve cannot begin without, and ends with this; or 0 */
	int on_duplicate;             /* enum on_duplicate */
	int groups_must_exist;        /* 0 or 1 */
	bool has_force_rules;         /* one of --force-... was given */
	struct force_rules force;
	bool use_source_address;
	bool allow_higher_versions;
	unsigned int max_agents; /* 0: no limit */
	const char *manager_version;
};

struct api_options {
	bool enabled;            /* --api-port was given */
	unsigned int port;       /* 0: any */
	struct text_list listen; /* none: the addresses for agents */
	const char *users_file;
	struct api_limits_settings limits;
};

struct enroll_options {
	bool enabled;      /* --enroll-port was given */
	unsigned int port; /* 0: any */
};

/* Of the commands that administer agents and users. Null: not given. */
struct admin_options {
	const char *name, *ip, *id; /* add; but for the id, also list */
	const char *group;          /* list */
	int status;                 /* list: enum list_status; negative: not given */
	bool json;                  /* list, token */
	bool purge;                 /* remove */
	bool remove_user;           /* user */
	bool quiet;                 /* import-file */
};

/* Of the command token. */
struct token_options {
	struct token_wish wish; /* create */
	bool all, force;        /* purge */
};

/* What follows from the directory; owned. */
struct default_paths {
	char *certificate_file, *private_key_file, *password_file, *users_file, *tokens_file;
	char *ca_file;          /* DIRECTORY/etc/agent-registrar.ca */
	char *groups_directory; /* DIRECTORY/etc/shared */
	char *queue_directory;  /* DIRECTORY/queue */
};

/* Texts point into argv, or to `paths`. */
struct options {
	struct parsed_line line;
	bool debug;
	bool test; /* check everything and do not serve */
	const char *directory;
	gid_t group; /* (gid_t)-1: not given */

	struct init_options init;
	struct password_options password;
	struct tls_options tls;
	struct service_options service;
	struct policy_options policy;
	struct api_options api;
	struct enroll_options enroll;
	struct admin_options admin;
	struct token_options token;
	struct default_paths paths;
};

/* What a command is given. */
struct program {
	const struct options *options;
};

/*
 * Parse the command line with this table of commands (enum command_index), which must stay. Returns
 * 0 to go on, 1 when all is done (--help, --version), or -EINVAL when it is wrong (a message has
 * been printed). Free with options_clear() in any case.
 */
int options_parse(struct options *ret, const struct command *commands, int argc,
		  char **argv) must_check;

/* The command completion: print the script for the shell that is the operand. Returns 0. */
int completion_command(struct program *program) must_check;

void options_clear(struct options *options);
