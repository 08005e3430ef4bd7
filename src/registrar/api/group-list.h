/* SPDX-License-Identifier: ISC */
/*
 * The groups that a manager has: the directories in etc/shared, how many agents are in each, and
 * the sums of their files, which the manager's daemons write there.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/agents/roster.h"
#include "registrar/api/condition.h"

#include <stddef.h>

#define API_SUM_SIZE 129 /* 64 bytes in hexadecimal, and the terminator */

struct api_group {
	char *name;
	size_t count;                  /* of agents */
	char merged_sum[API_SUM_SIZE]; /* of merged.mg; empty: there is none */
	char config_sum[API_SUM_SIZE]; /* of agent.conf */
};

/* In the order of their names. Release with api_groups_clear(). */
struct api_groups {
	struct api_group *groups;
	size_t count;
};

/* Where to look. */
struct api_groups_source {
	const char *directory; /* etc/shared; groups have a directory there */
	const char *queue;     /* the manager's; null: no agent is in a group */
	const struct roster *roster;
	const char *usual; /* a group that exists without a directory, too; null: none */
	const char *hash;  /* "md5", "sha3_256": the names of Wazuh */
};

/*
 * Read them; what cannot be read is not there. Returns 0 or -ENOMEM.
 */
int api_groups_read(struct api_groups *ret, const struct api_groups_source *source) must_check;

/* The group of this name, or null. */
const struct api_group *api_groups_find(const struct api_groups *groups, const char *name,
					size_t length);

/* Fit for cleanup(). */
void api_groups_clear(struct api_groups *groups);
