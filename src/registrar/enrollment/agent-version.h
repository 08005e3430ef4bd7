/* SPDX-License-Identifier: ISC */
/*
 * Versions of agents and managers: major and minor count. As lax as Wazuh 4.14.7: what cannot be
 * read is 0, and only the first nine characters are looked at. Pure.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>

/* Can the text be compared with versions? "v4.14.5", "4.14" */
bool manager_version_is_valid(const char *text) must_check;

/* Is the agent's version newer than the manager's? */
bool agent_version_is_newer(const char *agent, size_t length, const char *manager) must_check;

/* Did this version of Wazuh's authd register names that begin with a dot? Those before 4.14.6. */
bool manager_version_takes_leading_dot(const char *text) must_check;
