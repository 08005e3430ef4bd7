/* SPDX-License-Identifier: ISC */
/*
 * Taking the lines of very many agents out of the file of timestamps (history.h), in pieces that
 * take no longer than they may. Lines that are added meanwhile are kept.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/agents/history.h"
#include "registrar/agents/lines-copy.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* Set the last two, the rest as in STAMPS_CUT_NULL; release with stamps_cut_clear(). */
struct stamps_cut {
	struct lines_copy copy;
	struct stat file;    /* the old one; st_ino 0: it has not begun */
	unsigned int begins; /* how often: whoever replaces the file has it begin anew */
	bool has_cut;        /* a line */
	bool (*leaves)(void *owner, const char *id);
	void *owner;
};

#define STAMPS_CUT_NULL ((struct stamps_cut){ .copy = LINES_COPY_NULL })

/*
 * Go on until `end` (monotonic_usec()), or, if the file was replaced too often, to the end. Returns
 * 1: it is done; 0: there is more to do; or a negative errno with `why` set.
 */
int stamps_cut_go_on(struct stamps_cut *cut, const struct agent_history *history, uint64_t end,
		     struct reason *why) must_check;

/* What was not completed has not changed the file. */
void stamps_cut_clear(struct stamps_cut *cut);
