/* SPDX-License-Identifier: ISC */
#include "common/command-table.h"

#include "common/escape.h"

#include <stdio.h>
#include <string.h>

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

static bool is_spelled(const struct option_row *row, const struct option_spelling *spelling,
		       bool exactly)
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

const struct option_row *option_row_find(const struct command_line *line,
					 const struct command *command,
					 const struct option_spelling *spelling,
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
	const struct option_spelling spelling = { .letter = by_letter ? row->letter : '\0',
						  .name = row->name,
						  .length = row->name ? strlen(row->name) : 0 };
	const struct option_row *other;

	if (by_letter ? !row->letter : !row->name)
		return false;
	return option_row_find(line, command, &spelling, &other) == row;
}

const char *option_spelling_text(char ret[static OPTION_TEXT_SIZE],
				 const struct option_spelling *spelling)
{
	char name[OPTION_TEXT_SIZE - 2];

	if (spelling->letter)
		escape_bytes(name, sizeof name, &spelling->letter, 1);
	else
		escape_bytes(name, sizeof name, spelling->name, spelling->length);
	(void)snprintf(ret, OPTION_TEXT_SIZE, "%s%s", spelling->letter ? "-" : "--", name);
	return ret;
}

const char *option_row_text(char ret[static OPTION_TEXT_SIZE], const struct option_row *row)
{
	const struct option_spelling spelling = { .letter = row->name ? '\0' : row->letter,
						  .name = row->name,
						  .length = row->name ? strlen(row->name) : 0 };

	return option_spelling_text(ret, &spelling);
}
