/* SPDX-License-Identifier: ISC */
/* Reading the file from which a key is imported. */
#pragma once

#include "common/agent-key.h"
#include "common/deadline.h"
#include "common/must-check.h"
#include "common/reason.h"

/*
 * Read the key in `path` (null: standard input), in the formats of exported_key_parse(); pipes are
 * read to their end. Returns 0 with `ret` set, -ECANCELED when asked to stop, or another negative
 * errno with `why` set. Wipe the key with agent_key_wipe().
 */
int import_file_read(struct agent_key *ret, const char *path, const struct deadline *deadline,
		     struct reason *why) must_check;
