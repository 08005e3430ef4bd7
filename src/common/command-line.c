/* SPDX-License-Identifier: ISC */
#include "common/command-line.h"

#include "common/escape.h"
#include "common/nearest.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_SIZE 128
#define HELP_WIDTH 80

/* Of the line that is being parsed; a process has one. */
static const struct command_line *current_line;

int usage_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)fprintf(stderr, "%s: ", current_line->program);
	(void)vfprintf(stderr, format, arguments);
	(void)fputc('\n', stderr);
	if (!current_line->has_getopt_words)
		(void)fprintf(stderr, "Try '%s %s'.\n", current_line->program,
			      current_line->help_option);
	va_end(arguments);
	return -EINVAL;
}

/* ------------------------------------------------------------------ the table of options */

bool option_row_is_heading(const struct option_row *row)
{
	return !row->name && !row->letter && row->help;
}

bool option_row_is_end(const struct option_row *row)
{
	return !row->name && !row->letter && !row->help;
}

bool option_row_belongs(const struct option_row *row, const struct command_line *line,
			const struct command *command)
{
	return !command || row->commands == 0 ||
	       (row->commands & COMMAND_BIT(command - line->commands));
}

/* How an option was written: by its letter or by (the beginning of) its long name. */
struct spelling {
	char letter; /* 0: by name */
	const char *name;
	size_t length;
};

static bool is_spelled(const struct option_row *row, const struct spelling *spelling, bool exactly)
{
	if (spelling->letter)
		return row->letter == spelling->letter;
	return row->name && strncmp(row->name, spelling->name, spelling->length) == 0 &&
	       (!exactly || row->name[spelling->length] == '\0');
}

static bool has_same_name(const struct option_row *a, const struct option_row *b)
{
	return a->name && b->name && strcmp(a->name, b->name) == 0;
}

/*
 * The first row of that spelling which belongs to the command (null: any). A cut name must mean one
 * option only; `ret_other` gets another that it may mean, or null.
 */
static const struct option_row *find_row(const struct command_line *line,
					 const struct command *command,
					 const struct spelling *spelling,
					 const struct option_row **ret_other)
{
	const struct option_row *found = NULL;

	*ret_other = NULL;
	for (const struct option_row *row = line->options; !option_row_is_end(row); row++)
		if (option_row_belongs(row, line, command) && is_spelled(row, spelling, true))
			return row;
	for (const struct option_row *row = line->options; !option_row_is_end(row); row++) {
		if (!option_row_belongs(row, line, command) || !is_spelled(row, spelling, false))
			continue;
		if (!found)
			found = row;
		else if (!has_same_name(row, found))
			*ret_other = row;
	}
	return found;
}

bool option_row_is_meant(const struct option_row *row, bool by_letter,
			 const struct command_line *line, const struct command *command)
{
	const struct spelling spelling = { .letter = by_letter ? row->letter : '\0',
					   .name = row->name,
					   .length = row->name ? strlen(row->name) : 0 };
	const struct option_row *other;

	if (by_letter ? !row->letter : !row->name)
		return false;
	return find_row(line, command, &spelling, &other) == row;
}

/* ------------------------------------------------------------------ taking a line apart */

/* An option as it was given; its row may change once the command is known. */
struct given_option {
	const struct option_row *row;
	struct spelling spelling;
	char *value;
};

struct parser {
	const struct command_line *line;
	int count, at;
	char **arguments;
	const struct command *command; /* null: not known yet */
	struct given_option *options;
	size_t option_count;
	char **words; /* what is no option */
	int word_count;
	bool is_default; /* no command was given */
	bool is_done;
};

/* "--name" or "-n", as it was written; escaped. */
static const char *spelling_text(char ret[static SHOWN_SIZE], const struct spelling *spelling)
{
	char name[SHOWN_SIZE - 2];

	if (spelling->letter)
		escape_bytes(name, sizeof name, &spelling->letter, 1);
	else
		escape_bytes(name, sizeof name, spelling->name, spelling->length);
	(void)snprintf(ret, SHOWN_SIZE, "%s%s", spelling->letter ? "-" : "--", name);
	return ret;
}

/* The row as it is called best. */
static const char *row_text(char ret[static SHOWN_SIZE], const struct option_row *row)
{
	const struct spelling spelling = { .letter = row->name ? '\0' : row->letter,
					   .name = row->name,
					   .length = row->name ? strlen(row->name) : 0 };

	return spelling_text(ret, &spelling);
}

static int unknown_option(const struct parser *parser, const struct spelling *spelling)
{
	char shown[SHOWN_SIZE], *word;
	struct nearest nearest;

	spelling_text(shown, spelling);
	if (parser->line->has_getopt_words)
		return usage_error(spelling->letter ? "invalid option -- '%s'"
						    : "unrecognized option '%s'",
				   shown + (spelling->letter ? 1 : 0));
	if (spelling->letter)
		return usage_error("unknown option %s", shown);
	word = strndup(spelling->name, spelling->length);
	nearest = NEAREST_TO(word ?: "");
	for (const struct option_row *row = parser->line->options; !option_row_is_end(row); row++)
		if (row->name && option_row_belongs(row, parser->line, parser->command))
			nearest_offer(&nearest, row->name);
	free(word);
	return nearest.found
		       ? usage_error("unknown option %s; did you mean --%s?", shown, nearest.found)
		       : usage_error("unknown option %s", shown);
}

/* Which commands have the option, as "add or list". */
static void list_commands(char *ret, size_t size, const struct command_line *line,
			  const struct spelling *spelling)
{
	size_t used = 0, count = 0, total = 0;

	for (int pass = 0; pass < 2; pass++)
		for (const struct command *command = line->commands; command->name; command++) {
			const struct option_row *other;

			if (!find_row(line, command, spelling, &other))
				continue;
			if (pass == 0) {
				total++;
				continue;
			}
			count++;
			used += (size_t)snprintf(ret + used, size - used, "%s%s",
						 count == 1       ? ""
						 : count == total ? " or "
								  : ", ",
						 command->name);
			if (used >= size)
				return;
		}
}

static int misplaced_option(const struct parser *parser, const struct spelling *spelling)
{
	char shown[SHOWN_SIZE], owners[256] = "";

	list_commands(owners, sizeof owners, parser->line, spelling);
	return usage_error("option %s belongs to %s, not to %s", spelling_text(shown, spelling),
			   owners, parser->command->name);
}

/* The row of an option, as far as the command is known. */
static int look_up(const struct parser *parser, const struct spelling *spelling,
		   const struct option_row **ret)
{
	const struct option_row *other,
		*row = find_row(parser->line, parser->command, spelling, &other);
	char shown[SHOWN_SIZE], first[SHOWN_SIZE], second[SHOWN_SIZE];

	if (other)
		return usage_error("option %s may be %s or %s", spelling_text(shown, spelling),
				   row_text(first, row), row_text(second, other));
	if (!row && parser->command && find_row(parser->line, NULL, spelling, &other))
		return misplaced_option(parser, spelling);
	if (!row)
		return unknown_option(parser, spelling);
	*ret = row;
	return 0;
}

/* `attached`: the value in the same word; null: there is none. */
static int take_option(struct parser *parser, const struct spelling *spelling, char *attached)
{
	struct given_option *given = &parser->options[parser->option_count];
	char shown[SHOWN_SIZE];
	int r = look_up(parser, spelling, &given->row);

	if (r < 0)
		return r;
	spelling_text(shown, spelling);
	if (attached && !given->row->argument)
		return usage_error("option %s takes no argument", shown);
	if (given->row->argument && !attached) {
		if (parser->at == parser->count && parser->line->has_getopt_words)
			return usage_error(spelling->letter ? "option requires an argument -- '%s'"
							    : "option '%s' requires an argument",
					   shown + (spelling->letter ? 1 : 0));
		if (parser->at == parser->count)
			return usage_error("option %s needs an argument: %s", shown,
					   given->row->argument);
		attached = parser->arguments[parser->at++];
	}
	given->spelling = *spelling;
	given->value = attached;
	parser->option_count++;
	parser->is_done = given->row->is_last;
	return 0;
}

static int take_long(struct parser *parser, char *word)
{
	size_t length = strcspn(word, "=");
	const struct spelling spelling = { .name = word, .length = length };

	return take_option(parser, &spelling, word[length] ? word + length + 1 : NULL);
}

static int take_letters(struct parser *parser, char *letters)
{
	int r = 0;

	while (r == 0 && *letters && !parser->is_done) {
		const struct spelling spelling = { .letter = *letters++ };
		const struct option_row *row;

		r = look_up(parser, &spelling, &row);
		if (r == 0 && row->argument && *letters) {
			r = take_option(parser, &spelling, letters);
			break;
		}
		if (r == 0)
			r = take_option(parser, &spelling, NULL);
	}
	return r;
}

static int unknown_command(const struct command_line *line, const char *word)
{
	struct nearest nearest = NEAREST_TO(word);
	char shown[SHOWN_SIZE], hint[NEAREST_HINT_SIZE];

	for (const struct command *command = line->commands; command->name; command++)
		nearest_offer(&nearest, command->name);
	return usage_error("unknown command '%s'%s", escape_string(shown, sizeof shown, word),
			   nearest_hint(hint, nearest.found));
}

static const struct command *find_command(const struct command_line *line, const char *word)
{
	for (const struct command *command = line->commands; command->name; command++)
		if (strcmp(command->name, word) == 0)
			return command;
	return NULL;
}

/* The first word that is no option is the command. */
static int take_word(struct parser *parser, char *word)
{
	if (!parser->line->commands || parser->command) {
		parser->words[parser->word_count++] = word;
		return 0;
	}
	parser->command = find_command(parser->line, word);
	return parser->command ? 0 : unknown_command(parser->line, word);
}

static int take_apart(struct parser *parser)
{
	bool only_words = false;
	int r = 0;

	while (r == 0 && parser->at < parser->count && !parser->is_done) {
		char *word = parser->arguments[parser->at++];

		if (only_words || word[0] != '-' || word[1] == '\0')
			r = take_word(parser, word);
		else if (strcmp(word, "--") == 0)
			only_words = true;
		else if (word[1] == '-')
			r = take_long(parser, word + 2);
		else
			r = take_letters(parser, word + 1);
	}
	return r;
}

/* ------------------------------------------------------------------ carrying it out */

/* Options in front of the command were read without it. */
static int settle_option(const struct parser *parser, struct given_option *given)
{
	const struct option_row *row;
	int r = look_up(parser, &given->spelling, &row);

	if (r < 0)
		return r;
	if (!row->argument != !given->row->argument)
		return misplaced_option(parser, &given->spelling);
	given->row = row;
	return 0;
}

static int check_choice(const char *what, const char *const *choices, const char *value)
{
	char shown[SHOWN_SIZE], valid[256] = "", hint[NEAREST_HINT_SIZE];
	size_t used = 0;

	for (size_t i = 0; choices[i] && used < sizeof valid; i++) {
		if (strcmp(choices[i], value) == 0)
			return 0;
		used += (size_t)snprintf(valid + used, sizeof valid - used, "%s%s",
					 i == 0           ? ""
					 : choices[i + 1] ? ", "
							  : " or ",
					 choices[i]);
	}
	return usage_error("%s is %s, not '%s'%s", what, valid,
			   escape_string(shown, sizeof shown, value),
			   nearest_hint(hint, nearest_of(value, choices)));
}

static int carry_out(const struct given_option *given, void *target)
{
	const struct option_row *row = given->row;
	char shown[SHOWN_SIZE];

	if (row->choices && check_choice(row_text(shown, row), row->choices, given->value) < 0)
		return -EINVAL;
	return row->set(target, row, given->value);
}

static int check_arguments(const struct parser *parser)
{
	const struct command *command = parser->command;
	char shown[SHOWN_SIZE];

	if (parser->word_count > command->most && command->most == 0)
		return usage_error("unexpected argument '%s': the command %s takes none",
				   escape_string(shown, sizeof shown, parser->words[0]),
				   command->name);
	if (parser->word_count > command->most)
		return usage_error("unexpected argument '%s': the command %s takes %s",
				   escape_string(shown, sizeof shown, parser->words[command->most]),
				   command->name, command->arguments);
	if (parser->word_count < command->least)
		return usage_error("the command %s takes %s", command->name, command->arguments);
	for (int i = 0; command->choices && i < parser->word_count; i++)
		if (check_choice(command->arguments, command->choices, parser->words[i]) < 0)
			return -EINVAL;
	return 0;
}

/* Before --help and --version no command is needed, and none of them is wrong. */
static int settle_command(struct parser *parser)
{
	const struct command_line *line = parser->line;

	if (!line->commands || parser->is_done)
		return 0;
	if (!parser->command && !line->default_command)
		return usage_error("no command is given");
	parser->is_default = !parser->command;
	if (parser->is_default)
		parser->command = find_command(line, line->default_command);
	for (size_t i = 0; i < parser->option_count; i++)
		if (settle_option(parser, &parser->options[i]) < 0)
			return -EINVAL;
	return check_arguments(parser);
}

static int parse(struct parser *parser, void *target)
{
	int r = take_apart(parser);

	if (r == 0)
		r = settle_command(parser);
	for (size_t i = 0; r == 0 && i < parser->option_count; i++)
		if (!parser->is_done || parser->options[i].row->is_last)
			r = carry_out(&parser->options[i], target);
	return r;
}

int command_line_parse(struct parsed_line *ret, const struct command_line *line, void *target,
		       int count, char **arguments)
{
	size_t room = 1;
	struct parser parser = { .line = line, .count = count, .at = 1, .arguments = arguments };
	int r;

	current_line = line;
	for (int i = 1; i < count; i++)
		room += strlen(arguments[i]) + 1; /* "-dd" holds two options */
	parser.options = calloc(room, sizeof *parser.options);
	parser.words = calloc((size_t)count + 1, sizeof *parser.words);
	r = parser.options && parser.words ? parse(&parser, target) : usage_error("out of memory");
	if (r == 0) {
		int first = count - parser.word_count;

		for (int i = 0; i < parser.word_count; i++)
			arguments[first + i] = parser.words[i];
		*ret = (struct parsed_line){ .command = parser.is_done ? NULL : parser.command,
					     .arguments = arguments + first,
					     .argument_count = parser.word_count,
					     .is_default = parser.is_default,
					     .is_done = parser.is_done };
	}
	free(parser.words);
	free(parser.options);
	return r;
}

/* ------------------------------------------------------------------ setters */

static void *member(void *target, const struct option_row *row)
{
	return (char *)target + row->offset;
}

int option_set_true(void *target, const struct option_row *row, char *value)
{
	(void)value;
	*(bool *)member(target, row) = true;
	return 0;
}

int option_set_text(void *target, const struct option_row *row, char *value)
{
	*(const char **)member(target, row) = value;
	return 0;
}

int option_set_choice(void *target, const struct option_row *row, char *value)
{
	for (int i = 0; row->choices[i]; i++)
		if (strcmp(row->choices[i], value) == 0)
			*(int *)member(target, row) = i;
	return 0;
}

int option_set_number(void *target, const struct option_row *row, char *value)
{
	const struct number_range *range = row->data;
	size_t digits = strspn(value, "0123456789");
	char name[SHOWN_SIZE], shown[SHOWN_SIZE];
	unsigned long number;

	errno = 0;
	number = strtoul(value, NULL, 10);
	if (digits == 0 || value[digits] || errno || number < range->least || number > range->most)
		return usage_error("%s is a number from %u to %u, not '%s'", row_text(name, row),
				   range->least, range->most,
				   escape_string(shown, sizeof shown, value));
	*(unsigned int *)member(target, row) = (unsigned int)number;
	return 0;
}

int option_set_text_list(void *target, const struct option_row *row, char *value)
{
	struct text_list *list = member(target, row);
	char name[SHOWN_SIZE];

	if (list->count == TEXT_LIST_MAX)
		return usage_error("%s can be given %d times", row_text(name, row), TEXT_LIST_MAX);
	list->items[list->count++] = value;
	return 0;
}

/* ------------------------------------------------------------------ help */

/* Print `text` behind column `indent`, which the cursor has reached, in lines of HELP_WIDTH. */
static void print_wrapped(const char *text, size_t indent)
{
	size_t column = indent;

	for (bool is_first = true; *text; is_first = false) {
		size_t length = strcspn(text, " ");

		if (!is_first && column + 1 + length > HELP_WIDTH) {
			printf("\n%*s", (int)indent, "");
			column = indent;
		} else if (!is_first) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)length, text);
		column += length;
		text += length;
		text += strspn(text, " ");
	}
	putchar('\n');
}

/* What is too wide for its column gets a line of its own. */
static void print_entry(const char *left, size_t width, const char *help)
{
	if (strlen(left) + 2 > width)
		printf("%s\n%*s", left, (int)width, "");
	else
		printf("%-*s", (int)width, left);
	print_wrapped(help, width);
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

void command_line_print_help(const struct command_line *line)
{
	const struct option_row *row = line->options;
	size_t width = options_width(row);

	printf("Usage: %s %s\n\n", line->program, line->usage);
	print_wrapped(line->purpose, 0);
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
		print_wrapped(line->epilog, 0);
	}
}
