/* SPDX-License-Identifier: ISC */
/*
 * What is installed in the agent's directory: an agent, or a manager, whose client.keys has the
 * keys of all its agents?
 */
#pragma once

#include "common/reason.h"

#include <stdbool.h>

/*
 * Is there a manager in `directory`, whose key file is `keys_path`? Then `seen` says by what it was
 * recognised: a program or a file that only managers have, what OSSEC's installer wrote into
 * /etc/ossec-init.conf, or the entries of several agents in the key file.
 */
bool manager_detect(const char *directory, const char *keys_path, struct reason *seen);
