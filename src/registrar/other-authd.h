/* SPDX-License-Identifier: ISC */
/*
 * A wazuh-authd beside the service: whatever the service writes into client.keys, authd would
 * overwrite with what it has in memory. Only one of them can be the manager's.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

/*
 * At the start: returns 0 when no wazuh-authd runs in the directory of this manager, and -EBUSY
 * with `why` set, which names the remedy, when one answers or something holds its socket; or
 * another negative errno with `why` set: this machine is too short of something to see it.
 */
int other_authd_refuse(const char *directory, struct reason *why) must_check;

/* The same for looking again and again: it costs some microseconds, and does not wait. */
int other_authd_look(const char *directory, struct reason *why) must_check;
