/* SPDX-License-Identifier: ISC */
#include "registrar/commands/import-line.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Take the blanks off both ends. */
static void trim(const char **text, size_t *length)
{
	while (*length > 0 && is_blank(**text)) {
		(*text)++;
		(*length)--;
	}
	while (*length > 0 && is_blank((*text)[*length - 1]))
		(*length)--;
}

enum import_line_kind import_line_read(struct import_line *ret, const char *line, size_t length)
{
	const char *comma;
	struct import_line found;

	trim(&line, &length);
	if (length == 0 || line[0] == '#')
		return IMPORT_LINE_NOTHING;
	comma = memchr(line, ',', length);
	if (!comma || memchr(comma + 1, ',', length - (size_t)(comma + 1 - line)))
		return IMPORT_LINE_BAD;
	found = (struct import_line){ line, comma + 1, (size_t)(comma - line),
				      length - (size_t)(comma + 1 - line) };
	trim(&found.ip, &found.ip_length);
	trim(&found.name, &found.name_length);
	*ret = found;
	return IMPORT_LINE_AGENT;
}
