/* SPDX-License-Identifier: ISC */
/*
 * What the configuration, and what is known of the registration, want of the agent's own
 * configuration: which managers (set_manager), and whether and as what it enrolls by itself
 * (own_enrollment).
 */
#pragma once

#include "client/agent-files/ossec-conf-edit.h"
#include "client/config/config.h"
#include "client/registration/access.h"
#include "client/registration/state.h"
#include "common/endpoint.h"
#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>

/* By what it is decided. Nothing is owned. */
struct agent_conf_source {
	const struct config *config;
	const struct access *access; /* open; null: with a key that is there it is not needed */
	const struct state_registration *known; /* of the key that is there; null: nothing */
};

/* Points into itself and the source: not to be copied. */
struct agent_conf_wish {
	struct ossec_conf_wish wish;
	struct agent_manager managers[CONFIG_MAX_MANAGERS];
	struct endpoint endpoints[CONFIG_MAX_MANAGERS];
	char prefix[ENDPOINT_PREFIX_SIZE];
	char *groups; /* owned */
};

/* Does the configuration want anything of that file? */
bool agent_conf_is_wanted(const struct config *config) must_check;

/*
 * `agent_name`, which is not copied, is that of the registration; `missing_groups` are those that
 * the manager does not have. Returns 0 with `wanted` set, to be released with
 * agent_conf_wish_clear(); or a negative errno with `why` set: -EINVAL it is not known which agent
 * is installed.
 */
int agent_conf_wish_make(struct agent_conf_wish *wanted, const struct agent_conf_source *source,
			 const char *agent_name, const char *missing_groups,
			 struct reason *why) must_check;

/* Suitable for cleanup(). */
void agent_conf_wish_clear(struct agent_conf_wish *wanted);
