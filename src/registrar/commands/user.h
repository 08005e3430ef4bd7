/* SPDX-License-Identifier: ISC */
/* agent-registrar user: make, change and remove the users of the API. */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>
#include <sys/types.h>

/* Terminated strings, not owned. */
struct user_command {
	const char *users_file;
	const char *name;
	bool remove;
	gid_t group; /* of a new file; (gid_t)-1: that of its directory */
};

/*
 * Store the user with a password that is read from standard input: a line, or at a terminal twice
 * and without echo. Or remove the user. Says on stdout what was done. Returns 0; -EINVAL for an
 * invalid name or password, -ESRCH for a user to remove that does not exist, or another negative
 * errno, with `why` set.
 */
int user_command_run(const struct user_command *command, struct reason *why) must_check;
