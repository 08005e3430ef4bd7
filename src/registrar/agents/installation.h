/* SPDX-License-Identifier: ISC */
/*
 * The programs of a manager that are installed in a directory: of which family they are, and which
 * of them restarts the manager.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

#include <limits.h>

enum installed_family {
	INSTALLED_NOTHING,
	INSTALLED_OSSEC,
	INSTALLED_WAZUH,
};

/*
 * Whose programs are in DIRECTORY/bin: Wazuh's if one is called wazuh-..., which some are in every
 * version from 2.0 on, OSSEC's if there are only programs called ossec-... or manage_agents. The
 * names ossec-authd and wazuh-authd say nothing, because agent-registrar can be called by them.
 * `ret_program` is set to the path of one of them, unless nothing is installed. Returns 0, or a
 * negative errno with `why` set: this machine is short of something (common/shortage.h), so nobody
 * knows.
 */
int installation_detect(enum installed_family *ret, char ret_program[static PATH_MAX],
			const char *directory, struct reason *why) must_check;

/*
 * What makes the running manager begin anew, as words for an administrator: "/var/ossec/bin/
 * wazuh-control restart", or "restart its service" when there is no such program.
 */
const char *installation_restart(char ret[static PATH_MAX], const char *directory);
