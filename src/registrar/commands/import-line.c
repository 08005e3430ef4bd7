/* SPDX-License-Identifier: ISC */
#include "registrar/commands/import-line.h"

#include <string.h>
#include <strings.h>

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

static const char *find_unquoted(const char *text, size_t length, char wanted)
{
	bool is_quoted = false;

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"')
			is_quoted = !is_quoted;
		else if (text[i] == wanted && !is_quoted)
			return text + i;
	}
	return NULL;
}

/* Which character separates the fields; 0: there is one field only. */
static char find_separator(const char *line, size_t length)
{
	static const char separators[] = ",;\t";

	for (const char *at = separators; *at; at++)
		if (find_unquoted(line, length, *at))
			return *at;
	return '\0';
}

/*
 * Take the next field off the line, without the blanks and the quotes around it. False if quotes
 * are missing. A quote within a field stays as it is: neither names nor addresses have any.
 */
static bool take_field(const char **field, size_t *field_length, const char **line, size_t *length,
		       char separator)
{
	const char *end = find_unquoted(*line, *length, separator);
	size_t used = end ? (size_t)(end - *line) : *length;

	*field = *line;
	*field_length = used;
	*line += used + (end != NULL);
	*length -= used + (end != NULL);
	trim(field, field_length);
	if (*field_length == 0 || **field != '"')
		return true;
	if (*field_length == 1 || (*field)[*field_length - 1] != '"')
		return false;
	(*field)++;
	*field_length -= 2;
	trim(field, field_length);
	return true;
}

enum import_line_kind import_line_read(struct import_line *ret, const char *line, size_t length)
{
	struct import_line found = { 0 };
	char separator;

	trim(&line, &length);
	if (length == 0 || line[0] == '#')
		return IMPORT_LINE_NOTHING;
	separator = find_separator(line, length);
	if (!separator || !take_field(&found.ip, &found.ip_length, &line, &length, separator) ||
	    !take_field(&found.name, &found.name_length, &line, &length, separator))
		return IMPORT_LINE_BAD;
	while (length > 0) {
		const char *more;
		size_t more_length;

		if (!take_field(&more, &more_length, &line, &length, separator) || more_length > 0)
			return IMPORT_LINE_BAD;
	}
	if (found.ip_length == 0 && found.name_length == 0)
		return IMPORT_LINE_NOTHING;
	*ret = found;
	return IMPORT_LINE_AGENT;
}

static bool is_one_of(const char *text, size_t length, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == length && strncasecmp(text, *words, length) == 0)
			return true;
	return false;
}

bool import_line_is_header(const struct import_line *line)
{
	static const char *const addresses[] = { "ip",         "address",   "ip address",
						 "ip_address", "ipaddress", NULL };
	static const char *const names[] = { "name",      "agent",    "agent name", "agent_name",
					     "agentname", "hostname", "host name",  "host_name",
					     "host",      NULL };

	return is_one_of(line->ip, line->ip_length, addresses) &&
	       is_one_of(line->name, line->name_length, names);
}
