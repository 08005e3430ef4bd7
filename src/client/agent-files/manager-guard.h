/* SPDX-License-Identifier: ISC */
/*
 * What keeps this program away from a manager's client.keys, which contains the keys of all its
 * agents. Whatever writes or removes the file asks here first.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

/*
 * Is there a manager in `directory` (the agent's), or in the directory in whose etc/ the key file
 * `keys_path` is, with links followed? A manager is an installation of OSSEC's types server, local
 * and hybrid, of Wazuh's manager 2 to 5, or of our registrar, known by a daemon or a file that no
 * agent has, or by the type in ossec-init.conf. Returns 1 with `seen` (may be null) set to the
 * evidence ("found PATH"); 0 if there is none, also when something cannot be read; or a negative
 * errno with `seen` set, when this machine is too short of memory or descriptors to look.
 */
int manager_guard_detect(const char *directory, const char *keys_path,
			 struct reason *seen) must_check;

/*
 * May the key file be replaced? The arguments are those of manager_guard_detect(). Returns 0,
 * -EPERM with `why` set when there is a manager, or another negative errno with `why` set when that
 * cannot be told.
 */
int manager_guard_check(const char *directory, const char *keys_path,
			struct reason *why) must_check;

/*
 * The same for who removes the file, or brings a key that no manager was asked for: not if the file
 * contains the entries of several agents, either. An agent uses the first one and can live with
 * that, but nothing else may tell a manager's file.
 */
int manager_guard_check_entries(const char *directory, const char *keys_path,
				struct reason *why) must_check;
