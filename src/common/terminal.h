/* SPDX-License-Identifier: ISC */
/*
 * What is printed for people: rows of "MARK LABEL TEXT". On a terminal, texts are wrapped at its
 * width, marks are symbols where its character set has them, and colours say the same again unless
 * NO_COLOR (https://no-color.org/) is set. Anywhere else, where programs may read it, each row is
 * one line of plain words.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>

struct terminal {
	size_t width; /* columns; 0: it is no terminal */
	bool has_symbols;
	bool has_colour;
};

/* What `fd` leads to. A terminal that does not say how wide it is has 80 columns. */
struct terminal terminal_of(int fd) must_check;

/* What standard output leads to, as it was at the first call. */
const struct terminal *terminal_stdout(void) must_check;

/*
 * The columns of standard error, as it was at the first call; 0: it is no terminal. log_open()
 * calls it, before a process gives up the right to ask.
 */
size_t terminal_stderr_width(void) must_check;

enum terminal_mark {
	TERMINAL_NO_MARK,
	TERMINAL_OK,
	TERMINAL_FAIL,
	TERMINAL_NOTE,
};

/* The columns that a row has before its label: the mark and a space, or none. */
size_t terminal_mark_width(const struct terminal *terminal, enum terminal_mark mark);

/*
 * Print a row on standard output, which `terminal` describes: the mark, the label in `width`
 * columns, and the text, with a space between them. What of the text does not fit goes on below its
 * beginning; a word that is wider than the rest of the line stays whole, so that it can be copied.
 * What the text has beyond TERMINAL_TEXT_SIZE is cut.
 */
#define TERMINAL_TEXT_SIZE 8192
void terminal_print_row(const struct terminal *terminal, enum terminal_mark mark, const char *label,
			size_t width, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Print a line of its own above rows, on standard output, which `terminal` describes. */
void terminal_print_heading(const struct terminal *terminal, const char *text);

/*
 * Print a sentence on standard output, which `terminal` describes, in as many lines as it takes,
 * and a newline. What it has beyond TERMINAL_TEXT_SIZE is cut.
 */
void terminal_print_sentence(const struct terminal *terminal, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same with a message, on standard error. It is never cut. */
void terminal_print_message(const char *text);

/*
 * Print `text` on standard output behind column `indent`, which the cursor has reached, in lines of
 * `width` columns; 0: in one line.
 */
void terminal_print_wrapped(const char *text, size_t indent, size_t width);
