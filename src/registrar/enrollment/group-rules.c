/* SPDX-License-Identifier: ISC */
#include "registrar/enrollment/group-rules.h"

#include "common/agent-key.h"
#include "common/directory.h"
#include "registrar/agents/groups.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 255 /* bytes of the list that a refusal repeats */

/* Names behind the 127th are not compared with the others before they are counted. */
#define COMPARED_MAX (AGENT_GROUPS_MAX - 1)
#define LIST_MAX 65535 /* bytes */

struct group_name {
	const char *text;
	size_t length;
};

/* Returns GROUP_INVALID. */
__attribute__((format(printf, 3, 4))) static enum group_fault refuse(char *refusal, size_t size,
								     const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(refusal, size, format, arguments);
	va_end(arguments);
	return GROUP_INVALID;
}

/* The name that begins at `*at`, which moves on behind its comma. False: there is none. */
static bool next_name(struct group_name *ret, const char **at, const char *end)
{
	const char *comma;

	if (*at >= end)
		return false;
	comma = memchr(*at, ',', (size_t)(end - *at));
	*ret = (struct group_name){ *at, (size_t)((comma ?: end) - *at) };
	*at += ret->length + 1;
	return true;
}

/* ------------------------------------------------------------------ the list as a text */

/* What Wazuh lets through to its later rules. Anything else, a blank too, is "prohibited". */
static bool is_list_character(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr(".:;_-=+!@(),", c));
}

static bool has_only_list_characters(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!is_list_character(text[i]))
			return false;
	return true;
}

static const char too_large[] = "group is too large";
static const char prohibited[] = "characters '\\/:*?\"<>|,' are prohibited";

/* The fault of a list with a comma, or null. `ret_shown` is the text that the refusal repeats. */
static const char *fault_of_several(const char *text, size_t length, const char **ret_shown)
{
	const char *end = text + length;
	struct group_name name;

	if (length > LIST_MAX)
		return "multigroup is too large";
	for (const char *at = text; next_name(&name, &at, end);) {
		if (memchr(name.text, ' ', name.length))
			return "white spaces are not allowed";
		if (name.length > SHOWN_MAX) {
			*ret_shown = name.text;
			return too_large;
		}
	}
	if (memmem(text, length, ",,", 2))
		return "consecutive ',' are not allowed";
	if (length == 1)
		return prohibited;
	if (text[0] == ',' || text[length - 1] == ',')
		return "cannot start or end with ','";
	return NULL;
}

enum group_fault group_list_check(const char *text, size_t length, char *refusal, size_t size)
{
	const char *shown = text, *fault;

	if (length == 0)
		return refuse(refusal, size, "Invalid group name: Empty Group");
	if (memchr(text, ',', length))
		fault = fault_of_several(text, length, &shown);
	else
		fault = length > SHOWN_MAX ? too_large : NULL;
	if (!fault && !has_only_list_characters(text, length))
		fault = prohibited;
	length -= (size_t)(shown - text);
	return !fault ? GROUP_OK
		      : refuse(refusal, size, "Invalid group name: %.*s... %s",
			       (int)(length < SHOWN_MAX ? length : SHOWN_MAX), shown, fault);
}

/* ------------------------------------------------------------------ each name */

static bool is_among(const struct group_name *names, size_t n, const struct group_name *wanted)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].length == wanted->length &&
		    memcmp(names[i].text, wanted->text, wanted->length) == 0)
			return true;
	return false;
}

bool group_exists(const struct group_place *place, const char *name, size_t length)
{
	char path[PATH_MAX];
	int n;

	if (!place->directory || (place->usual && strlen(place->usual) == length &&
				  memcmp(place->usual, name, length) == 0))
		return true;
	n = snprintf(path, sizeof path, "%s/%.*s", place->directory, (int)length, name);
	return n > 0 && (size_t)n < sizeof path && directory_exists(path);
}

static enum group_fault check_name(const struct group_name *name, const struct group_place *place,
				   char *refusal, size_t size)
{
	if (!agent_group_is_valid(name->text, name->length))
		return refuse(refusal, size, "Invalid group name: %.*s", (int)name->length,
			      name->text);
	if (group_exists(place, name->text, name->length))
		return GROUP_OK;
	(void)refuse(refusal, size, "Invalid group: %.*s", (int)name->length, name->text);
	return GROUP_ABSENT;
}

enum group_fault group_names_check(const char *text, size_t length, const struct group_place *place,
				   char *refusal, size_t size)
{
	struct group_name names[AGENT_GROUPS_MAX], name;
	const char *end = text + length;
	size_t seen = 0, counted = 0;

	while (next_name(&name, &text, end)) {
		enum group_fault fault;

		if (seen++ < COMPARED_MAX && is_among(names, counted, &name))
			continue;
		if (counted == AGENT_GROUPS_MAX)
			return refuse(refusal, size, "Maximum multigroup reached: Limit is %d",
				      AGENT_GROUPS_MAX);
		fault = check_name(&name, place, refusal, size);
		if (fault != GROUP_OK)
			return fault;
		names[counted++] = name;
	}
	return GROUP_OK;
}
