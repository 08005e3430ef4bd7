/* SPDX-License-Identifier: ISC */
#include "registrar/enrollment/group-rules.h"

#include "common/agent-key.h"
#include "registrar/agents/groups.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SHOWN_MAX 255 /* bytes of the list that a refusal repeats */

/* What Wazuh lets through to its later rules. Anything else, a blank too, is "prohibited". */
static bool is_list_character(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr(".:;_-=+!@(),", c));
}

/* What is wrong with the list as a whole, or null. */
static const char *list_fault(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!is_list_character(text[i]))
			return "characters '\\/:*?\"<>|,' are prohibited";
	if (text[0] == ',' || text[length - 1] == ',')
		return "cannot start or end with ','";
	if (memmem(text, length, ",,", 2))
		return "consecutive ',' are not allowed";
	return NULL;
}

struct group_name {
	const char *text;
	size_t length;
};

static bool is_among(const struct group_name *names, size_t n, const struct group_name *wanted)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].length == wanted->length &&
		    memcmp(names[i].text, wanted->text, wanted->length) == 0)
			return true;
	return false;
}

static bool group_exists(const char *directory, const struct group_name *name)
{
	char path[PATH_MAX];
	struct stat status;
	int length = snprintf(path, sizeof path, "%s/%.*s", directory, (int)name->length,
			      name->text);

	return length > 0 && (size_t)length < sizeof path && stat(path, &status) == 0 &&
	       S_ISDIR(status.st_mode);
}

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

/* One name by itself. `rest` is the list from this name on. */
static enum group_fault check_name(const struct group_name *name, const char *rest,
				   const char *directory, char *refusal, size_t size)
{
	if (name->length > SHOWN_MAX)
		return refuse(refusal, size, "Invalid group name: %.*s... group is too large",
			      SHOWN_MAX, rest);
	if (!agent_group_is_valid(name->text, name->length))
		return refuse(refusal, size, "Invalid group name: %.*s", (int)name->length,
			      name->text);
	if (!directory || group_exists(directory, name))
		return GROUP_OK;
	(void)refuse(refusal, size, "Invalid group: %.*s", (int)name->length, name->text);
	return GROUP_ABSENT;
}

/* Every name by itself, and how many different ones there are. */
static enum group_fault check_names(const char *text, size_t length, const char *directory,
				    char *refusal, size_t size)
{
	struct group_name names[AGENT_GROUPS_MAX];
	const char *end = text + length;
	size_t n = 0;

	while (text < end) {
		const char *comma = memchr(text, ',', (size_t)(end - text));
		struct group_name name = { text, (size_t)((comma ?: end) - text) };

		if (!is_among(names, n, &name)) {
			enum group_fault fault = check_name(&name, text, directory, refusal, size);

			if (fault != GROUP_OK)
				return fault;
			if (n == AGENT_GROUPS_MAX)
				return refuse(refusal, size,
					      "Maximum multigroup reached: Limit is %d",
					      AGENT_GROUPS_MAX);
			names[n++] = name;
		}
		text += name.length + 1;
	}
	return GROUP_OK;
}

enum group_fault group_rules_check(const char *text, size_t length, const char *directory,
				   char *refusal, size_t size)
{
	const char *fault;

	if (length == 0)
		return refuse(refusal, size, "Invalid group name: Empty Group");
	fault = list_fault(text, length);
	if (fault)
		return refuse(refusal, size, "Invalid group name: %.*s... %s",
			      (int)(length < SHOWN_MAX ? length : SHOWN_MAX), text, fault);
	return check_names(text, length, directory, refusal, size);
}
