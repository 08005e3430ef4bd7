/* SPDX-License-Identifier: ISC */
#include "common/usage.h"

#include "common/escape.h"
#include "common/nearest.h"
#include "common/terminal.h"
#include "common/word-list.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define HELP_WIDTH 80
#define MESSAGE_SIZE 1024

static const struct command_line *current_line;

void usage_begin(const struct command_line *line)
{
	current_line = line;
}

/* ------------------------------------------------------------------ errors */

__attribute__((format(printf, 1, 0))) static void print_message(const char *format,
								va_list arguments)
{
	char text[MESSAGE_SIZE];
	int length = snprintf(text, sizeof text, "%s: ", current_line->program);

	(void)vsnprintf(text + length, sizeof text - (size_t)length, format, arguments);
	terminal_print_message(text);
}

int(usage_error)(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_message(format, arguments);
	va_end(arguments);
	if (!current_line->has_getopt_words)
		(void)fprintf(stderr, "Try '%s %s'.\n", current_line->program,
			      current_line->help_option);
	return -EINVAL;
}

__attribute__((format(printf, 2, 3))) static int fail(int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_message(format, arguments);
	va_end(arguments);
	return error;
}

int usage_fail(int error, const char *what)
{
	return fail(error, "%s", what);
}

int usage_no_memory(void)
{
	return fail(-ENOMEM, "Cannot read the command line: %s", strerrordesc_np(ENOMEM));
}

int usage_check_choice(const char *what, const char *const *choices, const char *value)
{
	char shown[OPTION_TEXT_SIZE], valid[256], hint[NEAREST_HINT_SIZE];

	for (const char *const *choice = choices; *choice; choice++)
		if (strcmp(*choice, value) == 0)
			return 0;
	return usage_error("%s is %s, not '%s'%s", what,
			   word_list_text(valid, sizeof valid, choices),
			   escape_string(shown, sizeof shown, value),
			   nearest_hint(hint, nearest_of(value, choices)));
}

/* ------------------------------------------------------------------ help */

/* What is too wide for its column gets a line of its own. */
static void print_entry(const char *left, size_t width, const char *help)
{
	if (strlen(left) + 2 > width)
		printf("%s\n%*s", left, (int)width, "");
	else
		printf("%-*s", (int)width, left);
	terminal_print_wrapped(help, width, HELP_WIDTH);
}

static void print_commands(const struct command *commands)
{
	enum { WIDTH = 22 };
	char left[64];

	printf("\nCommands:\n");
	for (const struct command *command = commands; command->name; command++) {
		(void)snprintf(left, sizeof left, "  %s %s", command->name,
			       command->arguments ?: "");
		print_entry(left, WIDTH, command->help);
	}
}

/* Without long names, the letters stand alone. */
static size_t options_width(const struct option_row *options)
{
	enum { WIDTH = 28, NARROW_WIDTH = 16 };
	size_t names = 0, rows = 0;

	for (; !option_row_is_end(options); options++) {
		rows++;
		names += options->name != NULL;
	}
	return 2 * names < rows ? NARROW_WIDTH : WIDTH;
}

static void print_option(const struct option_row *row, size_t width)
{
	char left[64], letter[8] = "    ";

	if (row->letter)
		(void)snprintf(letter, sizeof letter, "-%c%s", row->letter, row->name ? ", " : "");
	(void)snprintf(left, sizeof left, "  %s%s%s%s%s", row->letter || width > 20 ? letter : "",
		       row->name ? "--" : "", row->name ?: "", row->argument ? " " : "",
		       row->argument ?: "");
	print_entry(left, width, row->help);
}

void usage_print_help(void)
{
	const struct command_line *line = current_line;
	const struct option_row *row = line->options;
	size_t width = options_width(row);

	printf("Usage: %s %s\n\n", line->program, line->usage);
	terminal_print_wrapped(line->purpose, 0, HELP_WIDTH);
	if (line->commands)
		print_commands(line->commands);
	if (!option_row_is_heading(row))
		printf("\nOptions:\n");
	for (; !option_row_is_end(row); row++)
		if (option_row_is_heading(row))
			printf("\n%s:\n", row->help);
		else
			print_option(row, width);
	if (line->epilog) {
		putchar('\n');
		terminal_print_wrapped(line->epilog, 0, HELP_WIDTH);
	}
}

void usage_print_version(void)
{
	printf("%s%s%s " PACKAGE_VERSION "\n", current_line->program,
	       current_line->part_of ? " of " : "", current_line->part_of ?: "");
}
