/* SPDX-License-Identifier: ISC */
/*
 * Files for adding many agents at once: a line "IP,NAME" each, as manage_agents -f takes them.
 * Blanks around the words, empty lines and lines that begin with # do not count. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct import_line {
	const char *ip, *name;
	size_t ip_length, name_length;
};

enum import_line_kind {
	IMPORT_LINE_NOTHING, /* empty, or a comment */
	IMPORT_LINE_AGENT,
	IMPORT_LINE_BAD, /* no comma, or more than one */
};

/* Read a line of `length` bytes. `ret` points into it, and is written only for an agent. */
enum import_line_kind import_line_read(struct import_line *ret, const char *line, size_t length);
