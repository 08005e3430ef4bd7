/* SPDX-License-Identifier: ISC */
#include "registrar/groups.h"

#include "common/agent-key.h"

#include <stdio.h>
#include <string.h>

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

struct name {
	const char *text;
	size_t length;
};

static bool is_among(const struct name *names, size_t n, const struct name *wanted)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].length == wanted->length && memcmp(names[i].text, wanted->text, wanted->length) == 0)
			return true;
	return false;
}

/* Every name by itself, and how many different ones there are. */
static bool names_are_valid(const char *text, size_t length, char *refusal, size_t size)
{
	struct name names[GROUPS_MAX];
	const char *end = text + length;
	size_t n = 0;

	while (text < end) {
		const char *comma = memchr(text, ',', (size_t)(end - text));
		struct name name = { text, (size_t)((comma ?: end) - text) };

		if (name.length > SHOWN_MAX) {
			(void)snprintf(refusal, size, "Invalid group name: %.*s... group is too large", SHOWN_MAX, text);
			return false;
		}
		if (!agent_group_is_valid(name.text, name.length)) {
			(void)snprintf(refusal, size, "Invalid group name: %.*s", (int)name.length, name.text);
			return false;
		}
		if (!is_among(names, n, &name)) {
			if (n == GROUPS_MAX) {
				(void)snprintf(refusal, size, "Maximum multigroup reached: Limit is %d", GROUPS_MAX);
				return false;
			}
			names[n++] = name;
		}
		text += name.length + 1;
	}
	return true;
}

bool groups_are_valid(const char *text, size_t length, char *refusal, size_t size)
{
	const char *fault;

	if (length == 0) {
		(void)snprintf(refusal, size, "Invalid group name: Empty Group");
		return false;
	}
	fault = list_fault(text, length);
	if (fault) {
		(void)snprintf(refusal, size, "Invalid group name: %.*s... %s",
			       (int)(length < SHOWN_MAX ? length : SHOWN_MAX), text, fault);
		return false;
	}
	return names_are_valid(text, length, refusal, size);
}
