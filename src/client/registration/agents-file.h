/* SPDX-License-Identifier: ISC */
/*
 * What the agent's own etc/ossec.conf makes of a key: does the agent find its manager, and does it
 * leave its identity to this program?
 */
#pragma once

#include "client/config/config.h"
#include "common/must-check.h"
#include "common/reason.h"

/* One sentence each, with the remedy; empty: all is well, or nothing is known. */
struct agents_file_doubts {
	struct reason manager;  /* the agent will not find its manager */
	struct reason another;  /* ... or another one than the one that registered it */
	struct reason identity; /* the agent enrolls by itself as well */
};

/*
 * Read the file, and see. What this program is to write into it is not looked at. `registered_by`
 * is the manager that has registered the agent, as in `address`; empty: that is not known; null:
 * none has yet, and those of `address` will, unless they are the file's own. What `manager_address`
 * in [agent] says counts more. What the file itself says of both is no doubt, and neither are
 * several servers, as of a cluster, nor what own_enrollment has been set to. What keeps the file
 * from being read, the configuration says.
 */
struct agents_file_doubts agents_file_look(const struct config *config,
					   const char *registered_by) must_check;
