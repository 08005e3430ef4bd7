/* SPDX-License-Identifier: ISC */
/*
 * What the conditions in the drop-in of the agent's units (systemd/agent.conf.in) ask of us, as
 * files in our runtime directory, /run/agent-register. They matter only where this service is
 * enabled: elsewhere the agent starts as its vendor meant.
 */
#pragma once

#include <stdbool.h>

/*
 * Prevent the agent from starting although there is a key, or allow it: by the file "hold". For a
 * key that must not be used. Only the service prevents it; any run allows it.
 */
void agent_gate_hold(bool hold);

/*
 * Let the agent start without a key, or no longer: by the file "without-key". For a manager, which
 * has no key, and for a machine on which nothing is configured. Only the service does so.
 */
void agent_gate_allow_without_key(bool is_allowed);
