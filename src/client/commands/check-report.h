/* SPDX-License-Identifier: ISC */
/*
 * What the command `check` prints: headings and rows for people, or one JSON object, whose schema
 * is in agent-register(8) and stable: members are added, never changed.
 */
#pragma once

#include "common/terminal.h"

#include <stdbool.h>

/* Start with the terminal, and with is_json. */
struct check_report {
	const struct terminal *terminal;
	bool is_json;
	const char *section; /* of the rows that follow; not owned */
	unsigned int rows;
};

/* Begin a section: this machine, or a manager. `section` must remain until the next one. */
void check_report_begin(struct check_report *report, const char *section);

/* One check, and what came of it: TERMINAL_OK, TERMINAL_FAIL or TERMINAL_NOTE. */
void check_report_row(struct check_report *report, enum terminal_mark mark, const char *layer,
		      const char *text);

/* The end of everything, with the exit status. */
void check_report_end(const struct check_report *report, int status);
