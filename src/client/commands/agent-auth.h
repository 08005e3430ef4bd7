/* SPDX-License-Identifier: ISC */
/*
 * The personality agent-auth: called by that name, the program takes agent-auth's options, reads no
 * configuration, asks one manager once even if there is a key, and reports it in agent-auth's
 * words (agent-auth-output.h). Everything between is the registration of agent-register. What is
 * different from agent-auth on purpose stands in agent-auth(8).
 *
 * Origin: OSSEC 4.3 src/os_auth/main-client.c, Wazuh 4.14.5 src/os_auth/main-client.c and
 * src/shared/enrollment_op.c, and what both did when run.
 */
#pragma once

#include "client/commands/options.h"
#include "common/must-check.h"

#include <stdbool.h>

/* Is this how a program named agent-auth is called? `path` is argv[0]. */
bool agent_auth_is_called(const char *path) must_check;

/* agent-auth's options, for its help and for shell completion. */
extern const struct command_line agent_auth_command_line;

/*
 * Parse agent-auth's command line, of which a password is wiped (best effort: it was there to be
 * seen). `options` gets the command that does the rest. Returns 0 to go on, 1 when all is done
 * (-h, -V), or -EINVAL when an option is wrong (a message has been printed; agent-auth's exit
 * status for that is 1).
 */
int agent_auth_parse(struct client_options *options, int count, char **arguments) must_check;
