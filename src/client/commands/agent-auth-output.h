/* SPDX-License-Identifier: ISC */
/*
 * The output of agent-auth: the log entries and the events of a registration in the form in which
 * agent-auth prints them, so that programs that read its output can read this program's:
 *
 *	INFO: Connected to MANAGER:PORT                                     stdout
 *	YYYY/MM/DD HH:MM:SS agent-auth: ERROR: WORDING: REASON              stderr
 *
 * WORDING is what agent-auth prints for the failure, if it prints anything; REASON is our own
 * sentence. Origin: what OSSEC 4.3 (src/os_auth/main-client.c, merror()) and Wazuh 4.14.5
 * (src/shared/enrollment_op.c) printed when run.
 */
#pragma once

#include "client/registration/observer.h"

/*
 * From here on, print log entries in agent-auth's form. `verifies`: the manager is verified.
 * Returns the observer that prints the events of the registration; a process makes one.
 */
const struct register_observer *agent_auth_output_begin(bool verifies);

/* Print "INFO: ..." on standard output. */
void agent_auth_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
