/* SPDX-License-Identifier: ISC */
/*
 * Files for adding many agents at once: a line "IP,NAME" each, as manage_agents -f takes them, and
 * as spreadsheets write them: the fields may be in double quotes, be separated by semicolons or
 * tabs instead (if there is no comma), and be followed by empty ones. Blanks around the fields,
 * empty lines, rows of empty fields and lines that begin with # do not count. Pure.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>

struct import_line {
	const char *ip, *name;
	size_t ip_length, name_length;
};

enum import_line_kind {
	IMPORT_LINE_NOTHING, /* empty, or a comment */
	IMPORT_LINE_AGENT,
	IMPORT_LINE_BAD, /* not two fields, or quotes that do not enclose a field */
};

/* Read a line of `length` bytes. `ret` points into it, and is written only for an agent. */
enum import_line_kind import_line_read(struct import_line *ret, const char *line,
				       size_t length) must_check;

/* Do the fields name columns ("IP,Name") rather than an agent? In any case of the letters. */
bool import_line_is_header(const struct import_line *line) must_check;
