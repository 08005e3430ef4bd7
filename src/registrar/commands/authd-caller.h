/* SPDX-License-Identifier: ISC */
/*
 * The command line of ossec-authd and of wazuh-authd, for callers that know agent-registrar by one
 * of these names: their options become those of the command serve. Origin: the option strings and
 * the help of OSSEC 3.0 to 4.3 and of Wazuh 3.0 to 4.14, src/os_auth/main-server.c.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/commands/options.h"

/* "ossec-authd" or "wazuh-authd" if the program was called so, by any path; otherwise null. */
const char *authd_caller_name(const char *path);

/*
 * Parse the command line of the authd of this name, and make the directory the current one, because
 * paths are relative to it. Settings that wazuh-authd takes from the block <auth> of
 * etc/ossec.conf, are taken from there. Returns as options_parse() does; 1 also when there is
 * nothing to serve, because that block says so, or because a certificate was to be made.
 */
int authd_caller_parse(struct options *ret, const char *name, const struct command *commands,
		       int argc, char **argv) must_check;
