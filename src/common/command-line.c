/* SPDX-License-Identifier: ISC */
#include "common/command-line.h"

#include "common/escape.h"
#include "common/nearest.h"
#include "common/usage.h"
#include "common/word-list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COMMANDS_MAX 32 /* as many as a mask of commands has bits */

/* ------------------------------------------------------------------ taking a line apart */

/* An option as it was given; its row may change once the command is known. */
struct given_option {
	const struct option_row *row;
	struct option_spelling spelling;
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

static int unknown_option(const struct parser *parser, const struct option_spelling *spelling)
{
	char shown[OPTION_TEXT_SIZE], *word;
	struct nearest nearest;

	option_spelling_text(shown, spelling);
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
static const char *list_commands(char *ret, size_t size, const struct command_line *line,
				 const struct option_spelling *spelling)
{
	const char *names[COMMANDS_MAX + 1] = { NULL };
	const struct option_row *other;
	size_t count = 0;

	for (const struct command *command = line->commands; command->name; command++)
		if (count < COMMANDS_MAX && option_row_find(line, command, spelling, &other))
			names[count++] = command->name;
	return word_list_text(ret, size, names);
}

static int misplaced_option(const struct parser *parser, const struct option_spelling *spelling)
{
	char shown[OPTION_TEXT_SIZE], owners[256];

	return usage_error("option %s belongs to %s, not to %s",
			   option_spelling_text(shown, spelling),
			   list_commands(owners, sizeof owners, parser->line, spelling),
			   parser->command->name);
}

/* The row of an option, as far as the command is known; null: a usage error, which was printed. */
static const struct option_row *look_up(const struct parser *parser,
					const struct option_spelling *spelling)
{
	const struct option_row *other,
		*row = option_row_find(parser->line, parser->command, spelling, &other);
	char shown[OPTION_TEXT_SIZE], first[OPTION_TEXT_SIZE], second[OPTION_TEXT_SIZE];

	if (other) {
		(void)usage_error("option %s may be %s or %s",
				  option_spelling_text(shown, spelling),
				  option_row_text(first, row), option_row_text(second, other));
		return NULL;
	}
	if (row)
		return row;
	if (parser->command && option_row_find(parser->line, NULL, spelling, &other))
		(void)misplaced_option(parser, spelling);
	else
		(void)unknown_option(parser, spelling);
	return NULL;
}

/* `attached`: the value in the same word; null: there is none. */
static int take_option(struct parser *parser, const struct option_spelling *spelling,
		       char *attached)
{
	struct given_option *given = &parser->options[parser->option_count];
	char shown[OPTION_TEXT_SIZE];

	given->row = look_up(parser, spelling);
	if (!given->row)
		return -EINVAL;
	option_spelling_text(shown, spelling);
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
	const struct option_spelling spelling = { .name = word, .length = length };

	return take_option(parser, &spelling, word[length] ? word + length + 1 : NULL);
}

static int take_letters(struct parser *parser, char *letters)
{
	int r = 0;

	while (r == 0 && *letters && !parser->is_done) {
		const struct option_spelling spelling = { .letter = *letters++ };
		const struct option_row *row = look_up(parser, &spelling);

		if (!row)
			return -EINVAL;
		if (row->argument && *letters)
			return take_option(parser, &spelling, letters);
		r = take_option(parser, &spelling, NULL);
	}
	return r;
}

static int unknown_command(const struct command_line *line, const char *word)
{
	struct nearest nearest = NEAREST_TO(word);
	char shown[OPTION_TEXT_SIZE], hint[NEAREST_HINT_SIZE];

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
	const struct option_row *row = look_up(parser, &given->spelling);

	if (!row)
		return -EINVAL;
	if (!row->argument != !given->row->argument)
		return misplaced_option(parser, &given->spelling);
	given->row = row;
	return 0;
}

static int carry_out(const struct given_option *given, void *target)
{
	const struct option_row *row = given->row;
	char shown[OPTION_TEXT_SIZE];

	if (row->choices &&
	    usage_check_choice(option_row_text(shown, row), row->choices, given->value) < 0)
		return -EINVAL;
	return row->set(target, row, given->value);
}

static int check_arguments(const struct parser *parser)
{
	const struct command *command = parser->command;
	char shown[OPTION_TEXT_SIZE];

	if (parser->word_count > command->most && command->actions) /* one may be a secret */
		return usage_error("the command %s takes %s", command->name, command->arguments);
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
		if (usage_check_choice(command->arguments, command->choices, parser->words[i]) < 0)
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

	usage_begin(line);
	for (int i = 1; i < count; i++)
		room += strlen(arguments[i]) + 1; /* "-dd" holds two options */
	parser.options = calloc(room, sizeof *parser.options);
	parser.words = calloc((size_t)count + 1, sizeof *parser.words);
	r = parser.options && parser.words ? parse(&parser, target) : usage_no_memory();
	if (r == 0 && parser.is_done) {
		r = 1;
	} else if (r == 0) {
		int first = count - parser.word_count;

		for (int i = 0; i < parser.word_count; i++)
			arguments[first + i] = parser.words[i];
		*ret = (struct parsed_line){ .command = parser.command,
					     .arguments = arguments + first,
					     .argument_count = parser.word_count,
					     .is_default = parser.is_default };
	}
	free(parser.words);
	free(parser.options);
	return r;
}
