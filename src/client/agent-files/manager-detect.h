/* SPDX-License-Identifier: ISC */
/*
 * Detecting a manager in the agent's directory, whose client.keys contains the keys of all its
 * agents.
 */
#pragma once

#include "common/reason.h"

#include <stdbool.h>

/*
 * Is there a manager in `directory`, whose key file is `keys_path`? If so, `seen` is set to the
 * evidence: a program or a file that only managers have, the type in /etc/ossec-init.conf, or the
 * entries of several agents in the key file.
 */
bool manager_detect(const char *directory, const char *keys_path, struct reason *seen);
