/* SPDX-License-Identifier: ISC */
#include "registrar/agents/keys-line.h"

#include <string.h>

/* Copy the word at the start of a span; false when it is longer than fits. */
static bool copy_word(char *buffer, size_t size, const char *text, size_t length)
{
	const char *space = memchr(text, ' ', length);
	size_t n = space ? (size_t)(space - text) : length;

	if (n >= size)
		return false;
	memcpy(buffer, text, n);
	buffer[n] = '\0';
	return true;
}

/* No record: what can be read of it. */
static void read_other(struct keys_line *ret, const char *text, size_t length)
{
	size_t name_at;

	ret->kind = KEYS_LINE_DAMAGED;
	if (!copy_word(ret->id, sizeof ret->id, text, length) ||
	    !agent_id_is_valid(ret->id, strlen(ret->id))) {
		ret->id[0] = '\0';
		return;
	}
	name_at = strlen(ret->id) + 1;
	if (name_at >= length)
		return;
	if (text[name_at] == '#' || text[name_at] == '!')
		ret->kind = KEYS_LINE_REMOVED;
	else if (!copy_word(ret->name, sizeof ret->name, text + name_at, length - name_at) ||
		 !agent_name_is_valid(ret->name, strlen(ret->name)))
		ret->name[0] = '\0';
}

void keys_line_read(struct keys_line *ret, const char *text, size_t length)
{
	struct agent_key agent;

	*ret = (struct keys_line){ .kind = KEYS_LINE_COMMENT };
	if (length == 0 || text[0] == '#' || text[0] == ' ')
		return;
	ret->fault = agent_key_parse(&agent, text, length);
	if (ret->fault != AGENT_KEY_OK) {
		read_other(ret, text, length);
		return;
	}
	ret->kind = KEYS_LINE_AGENT;
	ret->has_usual_key = agent_key_is_usual(&agent);
	memcpy(ret->id, agent.id, sizeof ret->id);
	memcpy(ret->name, agent.name, sizeof ret->name);
	memcpy(ret->ip, agent.ip, sizeof ret->ip);
	agent_key_wipe(&agent);
}
