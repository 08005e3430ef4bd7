/* SPDX-License-Identifier: ISC */
/*
 * An agent that runs without a unit of systemd's, started by its own control script: known by the
 * file that it writes its process ID to.
 */
#pragma once

#include "common/must-check.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

/* An agent's daemon that reads the key, and the script that stops and restarts it. */
struct agent_process {
	char name[16]; /* such as "wazuh-agentd" */
	pid_t pid;
	char control[PATH_MAX]; /* such as "/var/ossec/bin/wazuh-control" */
};

/*
 * Does the agent in `directory` run? It does if it has written down a process ID (its file is
 * var/run/NAME-PID.pid, with OSSEC and Wazuh alike) and that process has the daemon's name; the
 * files of agents that were killed are left behind. An agent in a container, or one that
 * ProtectProc= hides, is not seen. Returns false, with `ret` unchanged, if there is none.
 */
bool agent_process_find(const char *directory, struct agent_process *ret) must_check;
