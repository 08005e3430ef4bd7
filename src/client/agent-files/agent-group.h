/* SPDX-License-Identifier: ISC */
/* The group of the agent, which may read the key. */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * The agent's group by its usual names, newer ones first: from the files of local groups or, with
 * `ask_nss`, also from NSS, for groups of SSSD and the like. (gid_t)-1: there is none.
 */
gid_t agent_group_find(bool ask_nss) must_check;

/*
 * The group of that name. Returns 0, or with `why` set -ENOENT, or what this machine is short of
 * for now (is_shortage()).
 */
int agent_group_named(const char *name, gid_t *ret, struct reason *why) must_check;
