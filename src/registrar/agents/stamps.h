/* SPDX-License-Identifier: ISC */
/*
 * When agents were registered (history.h), kept in memory to look up many of them. The file grows
 * with each registration: what was read is kept, and what has come since is read in parts that take
 * no longer than they may.
 */
#pragma once

#include "common/must-check.h"
#include "common/text-index.h"
#include "registrar/agents/history.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#define AGENT_STAMPS_MAX ((off_t)128 << 20) /* bytes of the file: more than a million agents */

/* Zero: nothing is known. Release with agent_stamps_clear(). */
struct agent_stamps {
	struct stat file;           /* as it was when it was read the last time */
	off_t length;               /* bytes of it that were read */
	struct stamp_block *blocks; /* what was read, the last first */
	struct text_index lines;    /* the last line of each id */
	bool is_within_line;        /* which is longer than lines are: read on to its end */
	bool is_cut;                /* the file ended without a newline */
};

/*
 * Read what has come to the file, until `end` (monotonic_usec()). Returns 1: everything is known;
 * 0: there is more to read; or a negative errno: nothing is known. -ENODATA: there is no file;
 * -EFBIG: it is larger than AGENT_STAMPS_MAX.
 */
int agent_stamps_refresh(struct agent_stamps *stamps, const struct agent_history *history,
			 uint64_t end) must_check;

/* When the agent was registered, as agent_history_registered() says it. */
int agent_stamps_find(const struct agent_stamps *stamps, const struct roster_entry *entry,
		      time_t *ret) must_check;

/* Fit for cleanup(). */
void agent_stamps_clear(struct agent_stamps *stamps);
