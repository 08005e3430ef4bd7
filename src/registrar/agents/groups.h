/* SPDX-License-Identifier: ISC */
/*
 * Which groups an agent is in: queue/agent-groups/ID, one line of names with commas between them.
 * Wazuh's managers up to 4.3 work with these files; those since 4.4 take them over into their
 * database when they start.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

#include <stddef.h>

#define AGENT_GROUPS_MAX 128    /* of one agent */
#define AGENT_GROUPS_SIZE 32768 /* so many names of 255 characters, with the terminator */

/*
 * Read the groups of an agent; empty: none are stored. Returns 0, -ENODATA when there is no place
 * for groups (`queue` is null), or another negative errno with `why` set.
 */
int agent_groups_read(char ret[static AGENT_GROUPS_SIZE], const char *queue, const char *id,
		      struct reason *why) must_check;

/*
 * Store the groups of an agent durably, in place of what was there; makes the directory in `queue`
 * if need be. Returns 0 or a negative errno with `why` set.
 */
int agent_groups_write(const char *queue, const char *id, const char *groups,
		       struct reason *why) must_check;

/* Forget the groups of agents that are no more. Returns 0 or a negative errno with `why` set. */
int agent_groups_forget_all(const char *queue, const char *const *ids, size_t count,
			    struct reason *why) must_check;
