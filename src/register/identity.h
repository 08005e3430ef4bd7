/* SPDX-License-Identifier: ISC */
/* Who this machine says it is: the agent's name. */
#pragma once

#include "common/agent-key.h"
#include "common/outcome.h"
#include "common/reason.h"

/*
 * Expand the specifiers in `template`: %H host name, %l host name up to its first dot, %m machine id, %b boot id,
 * %i cloud instance id (/var/lib/cloud/data/instance-id), %%.
 * Returns OUTCOME_OK; OUTCOME_UNREADY when the machine has no host name yet (none, "localhost", "(none)") or a
 * source is missing; OUTCOME_MISCONFIGURED when the result is not a name that every manager takes (2 to 127 of
 * A-Z a-z 0-9 . _ -); in both cases `why` is set.
 */
int identity_name(char ret[static AGENT_NAME_MAX + 1], const char *template, struct reason *why);
