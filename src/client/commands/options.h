/* SPDX-License-Identifier: ISC */
/* The command line of agent-register: the tables of its commands and options. */
#pragma once

#include "client/config/config.h"
#include "client/system/file-watch.h"
#include "common/command-line.h"
#include "common/must-check.h"

#include <stdbool.h>
#include <stdint.h>

/* What the command line says. Texts point into argv, except those of `settings`. */
struct client_options {
	struct parsed_line line;
	const char *config_file; /* --config: instead of the default file and its drop-ins */
	const char *state_directory;
	struct string_list settings; /* "SECTION.KEY=VALUE" in their order */
	int verbosity;               /* how often -d was given */
	bool at_poweroff;
	bool force;
	bool json;
	bool yes;
};

/* What a command is given. */
struct program {
	const struct client_options *options;
	struct config config;
	/* with CONFIG_SHOWN, why it cannot be used, though what is right in it was read; or null */
	const char *config_problem;
	struct file_watch watch; /* of the configuration, for a service */
	int stop_fd;             /* readable when asked to stop */
	uint64_t started_at; /* with its configuration complete: CLOCK_MONOTONIC, microseconds */
	bool is_again;       /* run, and the configuration has changed since */
};

/*
 * What a command (struct command in options.c) needs, its `mode`: are the configuration files read
 * first; are they, as a service, waited for until they are complete (config-wait.h); and does the
 * command show what is wrong with them itself?
 */
enum config_use { CONFIG_UNREAD, CONFIG_READ, CONFIG_AWAITED, CONFIG_SHOWN };

int command_run(struct program *program) must_check;
int command_report(struct program *program) must_check;
int command_status(struct program *program) must_check;
int command_pin(struct program *program) must_check;
int command_check(struct program *program) must_check;
int command_config(struct program *program) must_check;
int command_reset(struct program *program) must_check;
int command_deregister(struct program *program) must_check;
int command_import(struct program *program) must_check;
int command_trust(struct program *program) must_check;
int command_token(struct program *program) must_check;

/*
 * Parse the command line, as agent-auth's if that is how the program was called. Returns 0 to go
 * on, 1 when all is done (--help, --version), or -EINVAL when it is wrong (a message has been
 * printed). Free with options_clear() in any case.
 */
int options_parse(struct client_options *options, int count, char **arguments) must_check;

/*
 * Put what the command line sets over the configuration. Returns 0, or a negative errno with `why`
 * set.
 */
int options_apply(const struct client_options *options, struct config *config,
		  struct reason *why) must_check;

void options_clear(struct client_options *options);
