/* SPDX-License-Identifier: ISC */
/*
 * The programs of a manager that are installed in a directory: of which family they are, and which
 * of them restarts the manager.
 */
#pragma once

#include "common/must-check.h"

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
 * `ret_program` is set to the path of one of them, unless nothing is installed.
 */
enum installed_family installation_detect(char ret_program[static PATH_MAX],
					  const char *directory) must_check;

/*
 * What makes the running manager begin anew, as words for an administrator: "/var/ossec/bin/
 * wazuh-control restart", or "restart its service" when there is no such program.
 */
const char *installation_restart(char ret[static PATH_MAX], const char *directory);
