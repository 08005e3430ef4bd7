/* SPDX-License-Identifier: ISC */
#include "common/terminal.h"

#include "common/io.h"
#include "common/memory-stream.h"
#include "common/must-check.h"

#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define USUAL_WIDTH 80
#define LEAST_WIDTH 40 /* of which a text has some beside its label */

#define CONTINUED 2 /* columns before what of a message does not fit into its first line */

#define BOLD "1"
#define RED "31"
#define GREEN "32"
#define YELLOW "33"

/* ------------------------------------------------------------------ what it can do */

static size_t width_of(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return USUAL_WIDTH;
	return size.ws_col < LEAST_WIDTH ? LEAST_WIDTH : size.ws_col;
}

/* Without a change of the locale of the process, whose numbers and messages stay as they are. */
static bool has_unicode(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool has = false;

	if (locale != (locale_t)0) {
		has = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
		freelocale(locale);
	}
	return has;
}

static bool wants_colour(void)
{
	const char *no_colour = getenv("NO_COLOR"), *type = getenv("TERM");

	return (!no_colour || *no_colour == '\0') && type && *type && strcmp(type, "dumb") != 0;
}

struct terminal terminal_of(int fd)
{
	struct terminal terminal = { .width = 0 };

	if (isatty(fd))
		terminal = (struct terminal){
			.width = width_of(fd),
			.has_symbols = has_unicode(),
			.has_colour = wants_colour(),
		};
	return terminal;
}

const struct terminal *terminal_stdout(void)
{
	static struct terminal terminal;
	static bool is_known;

	if (!is_known)
		terminal = terminal_of(STDOUT_FILENO);
	is_known = true;
	return &terminal;
}

size_t terminal_stderr_width(void)
{
	static size_t width;
	static bool is_known;

	if (!is_known)
		width = isatty(STDERR_FILENO) ? width_of(STDERR_FILENO) : 0;
	is_known = true;
	return width;
}

/* ------------------------------------------------------------------ printing */

/* A character of UTF-8 has one byte that is no continuation. */
static size_t columns(const char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

static void wrap(FILE *stream, const char *text, size_t column, size_t indent, size_t width)
{
	while (width > 0 && *text) {
		size_t gap = strspn(text, " ");
		size_t length = strcspn(text + gap, " ");
		size_t wide = columns(text + gap, length);

		if (column > indent && column + gap + wide > width) {
			(void)fprintf(stream, "\n%*s", (int)indent, "");
			column = indent;
		} else {
			(void)fprintf(stream, "%*s", (int)gap, "");
			column += gap;
		}
		(void)fprintf(stream, "%.*s", (int)length, text + gap);
		column += wide;
		text += gap + length;
	}
	(void)fprintf(stream, "%s\n", text);
}

void terminal_print_wrapped(const char *text, size_t indent, size_t width)
{
	wrap(stdout, text, indent, indent, width);
}

void terminal_print_sentence(const struct terminal *terminal, const char *format, ...)
{
	char text[TERMINAL_TEXT_SIZE];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	wrap(stdout, text, 0, CONTINUED, terminal->width);
}

void terminal_print_message(const char *text)
{
	size_t width = terminal_stderr_width(), size;
	char *wrapped = NULL;
	FILE *stream = width > 0 && columns(text, strlen(text)) > width
			       ? open_memstream(&wrapped, &size)
			       : NULL;

	if (stream) {
		wrap(stream, text, 0, CONTINUED, width);
		wrapped = memory_stream_close(stream, &wrapped);
	}
	if (wrapped)
		wrapped[strlen(wrapped) - 1] = '\0'; /* the last newline */
	ignore_result(io_write_line(STDERR_FILENO, wrapped ?: text));
	free(wrapped);
}

static void print_coloured(const struct terminal *terminal, const char *colour, const char *text)
{
	if (terminal->has_colour)
		printf("\033[%sm%s\033[0m", colour, text);
	else
		printf("%s", text);
}

static const struct {
	const char *symbol, *word, *colour;
} marks[] = {
	[TERMINAL_NO_MARK] = { "", "", "" },
	[TERMINAL_OK] = { "\xe2\x9c\x93", "ok  ", GREEN },
	[TERMINAL_FAIL] = { "\xe2\x9c\x97", "FAIL", RED },
	[TERMINAL_NOTE] = { "!", "note", YELLOW },
};

static const char *mark_text(const struct terminal *terminal, enum terminal_mark mark)
{
	return terminal->has_symbols ? marks[mark].symbol : marks[mark].word;
}

size_t terminal_mark_width(const struct terminal *terminal, enum terminal_mark mark)
{
	const char *text = mark_text(terminal, mark);

	return *text ? columns(text, strlen(text)) + 1 : 0;
}

static void print_mark(const struct terminal *terminal, enum terminal_mark mark)
{
	if (mark == TERMINAL_NO_MARK)
		return;
	print_coloured(terminal, marks[mark].colour, mark_text(terminal, mark));
	putchar(' ');
}

void terminal_print_row(const struct terminal *terminal, enum terminal_mark mark, const char *label,
			size_t width, const char *format, ...)
{
	char text[TERMINAL_TEXT_SIZE];
	va_list arguments;
	size_t column = terminal_mark_width(terminal, mark);
	size_t wide = columns(label, strlen(label));

	print_mark(terminal, mark);
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	printf("%s%*s ", label, wide < width ? (int)(width - wide) : 0, "");
	column += (wide < width ? width : wide) + 1;
	terminal_print_wrapped(text, column, terminal->width);
}

void terminal_print_heading(const struct terminal *terminal, const char *text)
{
	print_coloured(terminal, BOLD, text);
	putchar('\n');
}
