/* SPDX-License-Identifier: ISC */
/*
 * What the command `check` prints: headings and rows for people, or one JSON object, whose schema
 * is in agent-register(8) and stable: members are added, never changed.
 */
#pragma once

#include "common/endpoint.h"
#include "common/must-check.h"
#include "common/outcome.h"
#include "common/terminal.h"

#include <stdbool.h>

/* Start with the terminal, and with is_json. */
struct check_report {
	const struct terminal *terminal;
	bool is_json;
	char section[ENDPOINT_TEXT_SIZE]; /* of the rows that follow */
	unsigned int rows;
	int status; /* exit status: that of the first cross */
};

/* Begin a section: this machine, or a manager. */
void check_report_begin(struct check_report *report, const char *section);

/* A tick. */
void check_ok(struct check_report *report, const char *layer, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * A cross, with the reason and its remedy; `outcome` may be a negative errno. Without a text,
 * nothing: we were asked to stop. Returns false, for the caller to pass on.
 */
bool check_bad(struct check_report *report, const char *layer, int outcome, const char *text);

/* For what failed with a negative errno: outcome_unless_short(). */
bool check_failed(struct check_report *report, const char *layer, enum outcome otherwise, int error,
		  const char *text);

/* What is no fault of this machine's configuration, and worth knowing; empty: nothing. */
void check_note(struct check_report *report, const char *layer, const char *text);

/* The end of everything. Returns the exit status. */
int check_report_end(const struct check_report *report) must_check;
