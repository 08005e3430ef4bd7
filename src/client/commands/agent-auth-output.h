/* SPDX-License-Identifier: ISC */
/*
 * The words of agent-auth. The story of a registration stays one; here its log entries and its
 * steps are told as agent-auth tells them, so that what reads agent-auth's output can read this
 * program's:
 *
 *	INFO: Connected to MANAGER:PORT                                     stdout
 *	YYYY/MM/DD HH:MM:SS agent-auth: ERROR: WORDING: REASON              stderr
 *
 * WORDING is what agent-auth prints for the failure, if it prints anything; REASON is our own
 * sentence. Origin: what OSSEC 4.3 (src/os_auth/main-client.c, merror()) and Wazuh 4.14.5
 * (src/shared/enrollment_op.c) printed when run.
 */
#pragma once

#include "client/methods/method.h"

/* From here on the log speaks like agent-auth. `verifies`: the manager must prove who it is. */
void agent_auth_output_begin(bool verifies);

/* Tell of a step of the attempt. A register_progress callback. */
void agent_auth_output_step(enum attempt_step step, const char *manager, const char *name);

/* Print "INFO: ..." on standard output. */
void agent_auth_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
