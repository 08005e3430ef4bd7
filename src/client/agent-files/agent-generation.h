/* SPDX-License-Identifier: ISC */
/*
 * Which agent is installed: OSSEC's, Wazuh's up to 4, or Wazuh's from 5 on, which look for their
 * manager in different places of etc/ossec.conf and have different limits for it. Known from what
 * is installed, never from that file: an agent that was upgraded keeps the file of the old one.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>

enum agent_generation {
	AGENT_UNKNOWN, /* nothing is installed that tells: the file may come before its agent */
	AGENT_OSSEC,
	AGENT_WAZUH_3, /* 2 and 3, which do not enroll by themselves, and know no <enrollment> */
	AGENT_WAZUH,   /* 4 */
	AGENT_WAZUH_5, /* 5 and later */
};

/*
 * Find out what is installed in `directory`. The first of these that is there decides: VERSION.json
 * (Wazuh from 4.12 on), the version in bin/wazuh-control (from 4.2 on), the name in ossec-init.conf
 * (before), wazuh-agent-auth (5), programs named wazuh-*, the unit of Wazuh's packages, programs
 * named ossec-*. Returns an enum agent_generation with `how` (may be null), for messages, set to
 * what was seen ("found PATH"); or a negative errno with `how` set, when this machine is too short
 * of memory or descriptors to look, or its disk cannot be read.
 */
int agent_generation_detect(const char *directory, struct reason *how) must_check;

/* "OSSEC", "Wazuh 3", "Wazuh 4", "Wazuh 5", "an unknown agent". Static. */
const char *agent_generation_text(enum agent_generation generation);

/* Does an agent of that generation enroll by itself, unless ossec.conf says that it must not? */
bool agent_generation_enrolls(enum agent_generation generation) must_check;
