/* SPDX-License-Identifier: ISC */
/* The command line. */
#pragma once

#include "client/config/config.h"

#include <stdbool.h>

struct options {
	const struct command *command;
	char **arguments; /* of the command; not owned */
	int argument_count;
	const char *config_file; /* --config: instead of the default file and its drop-ins */
	const char *state_directory;
	struct string_list settings; /* "SECTION.KEY=VALUE" in their order */
	int verbosity;               /* how often -d was given */
	bool force;
	bool json;
	bool yes;
};

/* What a command is given. */
struct program {
	const struct options *options;
	struct config config;
	int stop_fd; /* readable when asked to stop */
};

/* One command of the program; the table is in options.c. */
struct command {
	const char *name;
	const char *arguments; /* for the help: "HOST[:PORT]" */
	const char *help;
	int minimum, maximum; /* how many arguments */
	/*
	 * Read the configuration files first? As a service also wait until they are complete
	 * (early-start.h)?
	 */
	enum { CONFIG_UNREAD, CONFIG_READ, CONFIG_AWAITED } config;
	int (*run)(struct program *program); /* returns the exit status */
};

int command_run(struct program *program);
int command_status(struct program *program);
int command_pin(struct program *program);
int command_check(struct program *program);
int command_reset(struct program *program);
int command_deregister(struct program *program);
int command_import(struct program *program);

/*
 * Parse the command line. Returns 0 to go on, 1 when all is done (--help, --version), or -EINVAL
 * when it is wrong (a message has been printed). Free with options_done().
 */
int options_parse(struct options *options, int count, char **arguments);

/*
 * Put what the command line sets over the configuration. Returns 0, or a negative errno with `why`
 * set.
 */
int options_apply(const struct options *options, struct config *config, struct reason *why);

void options_done(struct options *options);
