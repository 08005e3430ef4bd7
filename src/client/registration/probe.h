/* SPDX-License-Identifier: ISC */
/*
 * Which port of a manager shows that it serves agents, for `probe` in [manager]: that of the
 * agent's own etc/ossec.conf, or what its generation uses.
 */
#pragma once

#include "client/agent-files/agent-settings.h"
#include "client/config/config.h"
#include "common/endpoint.h"
#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>
#include <stdint.h>

/* Start with zeros; release with probe_close(). */
struct probe {
	const struct config *config; /* not owned; null: nothing is probed */
	bool has_settings;           /* the agent has a file, and it was understood */
	struct agent_settings settings;
	enum agent_generation generation;
};

/*
 * Read what the agent says, if the configuration, which must outlive the probe, wants that. A file
 * that cannot be understood counts as none, with `note` set. Returns 0, or a negative errno with
 * `why` set when this machine is short of something.
 */
int probe_open(struct probe *probe, const struct config *config, struct reason *note,
	       struct reason *why) must_check;

/*
 * The TCP port to connect to at this manager; 0: none, with `note` (may be null) set if that is
 * because the agent uses UDP, or does not connect there.
 */
uint16_t probe_port(const struct probe *probe, const struct endpoint *manager, struct reason *note);

/* Suitable for cleanup(). */
void probe_close(struct probe *probe);
