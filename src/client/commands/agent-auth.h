/* SPDX-License-Identifier: ISC */
/*
 * The personality agent-auth: called by that name, the program takes agent-auth's options, reads no
 * configuration, asks one manager once even if there is a key, and tells of it in agent-auth's
 * words (agent-auth-output.h). Everything between is the one story of agent-register. What is
 * different from agent-auth on purpose stands in agent-auth(8).
 *
 * Origin: OSSEC 4.3 src/os_auth/main-client.c, Wazuh 4.14.5 src/os_auth/main-client.c and
 * src/shared/enrollment_op.c, and what both did when run.
 */
#pragma once

#include "client/commands/options.h"

#include <stdbool.h>

/* Is this how a program named agent-auth is called? `path` is argv[0]. */
bool agent_auth_is_called(const char *path);

/*
 * Parse agent-auth's command line, of which a password is wiped (best effort: it was there to be
 * seen). `options` gets the command that does the rest. What is wrong with the line is said by that
 * command, so that the exit status is always agent-auth's. Returns 0 to go on, or 1 when all is
 * done (-h, -V).
 */
int agent_auth_parse(struct options *options, int count, char **arguments);
