/* SPDX-License-Identifier: ISC */
#include "client/agent-files/agent-settings-variables.h"

#include "common/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* For the whole file, which has one address, a name and some paths: no image needs more. */
#define REFERENCES_MAX 256
#define REPLACED_MAX ((size_t)65536) /* bytes that are put in, in all */

struct replacement {
	const struct ossec_conf *conf;
	const char *path; /* of the file; null: read from memory */
	unsigned int references;
	size_t added;
	struct reason *why;
};

static int no_memory(struct reason *why)
{
	reason_set(why, "Out of memory");
	return -ENOMEM;
}

/* The value of the first variable of that name before `item`; null: there is none. */
static const char *find_variable(const struct ossec_conf *conf, size_t item, const char *name,
				 size_t length)
{
	for (size_t i = 0; i < item; i++) {
		const struct ossec_conf_item *variable = &conf->items[i];
		size_t attribute;

		if (variable->kind != OSSEC_CONF_VARIABLE || variable->is_empty_tag)
			continue;
		attribute = ossec_conf_attribute(conf, i, "name");
		if (attribute != OSSEC_CONF_NONE &&
		    strlen(conf->items[attribute].value) == length &&
		    strncasecmp(conf->items[attribute].value, name, length) == 0)
			return variable->value;
	}
	return NULL;
}

/* Write a value with its variables replaced. Returns 0 or -E2BIG. */
static int write_replaced(FILE *stream, struct replacement *all, size_t item)
{
	const char *value = all->conf->items[item].value;

	for (;;) {
		size_t plain = strcspn(value, "$"), name;
		const char *found = NULL;

		(void)fwrite(value, 1, plain, stream);
		value += plain;
		if (*value != '$')
			return 0;
		if (++all->references > REFERENCES_MAX)
			return -E2BIG;
		name = strcspn(value + 1, "$.|, :/");
		if (name > 0)
			found = find_variable(all->conf, item, value + 1, name);
		all->added += found ? strlen(found) : 0;
		if (all->added > REPLACED_MAX)
			return -E2BIG;
		if (found)
			(void)fputs(found, stream);
		else
			(void)fwrite(value, 1, 1 + name, stream);
		value += 1 + name;
	}
}

/* `ret` is to be freed. */
static int replace(struct replacement *all, size_t item, char **ret)
{
	cleanup_free char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);
	bool failed;
	int r;

	if (!stream)
		return no_memory(all->why);
	r = write_replaced(stream, all, item);
	failed = ferror(stream);
	if (fclose(stream) != 0 || failed || !text)
		return no_memory(all->why);
	if (r < 0) {
		reason_set(all->why,
			   "%s, line %zu: there are more variables than can be replaced "
			   "(%d, with %zu bytes); write the values themselves there",
			   all->path ? all->path : "ossec.conf", all->conf->items[item].line,
			   REFERENCES_MAX, REPLACED_MAX);
		return r;
	}
	*ret = take_pointer(text);
	return 0;
}

static int replace_server(struct replacement *all, struct agent_server *server)
{
	cleanup_free char *text = NULL;
	int r = replace(all, server->item, &text);

	if (r < 0)
		return r;
	return agent_server_set(server, text) < 0 ? no_memory(all->why) : 0;
}

static int replace_setting(struct replacement *all, struct agent_settings *settings,
			   enum agent_setting_key key)
{
	cleanup_free char *text = NULL;
	int r = replace(all, settings->values[key].item, &text);

	if (r == 0)
		agent_setting_set(settings, key, take_pointer(text));
	return r;
}

int agent_settings_replace_variables(struct agent_settings *settings, struct reason *why)
{
	struct replacement all = { &settings->syntax, settings->path, 0, 0, why };
	int r = 0;

	for (size_t i = 0; r == 0 && i < settings->server_count; i++)
		if (settings->servers[i].by_variable)
			r = replace_server(&all, &settings->servers[i]);
	for (unsigned int key = 0; r == 0 && key < AGENT_SETTING_KEYS; key++)
		if (settings->values[key].text && settings->values[key].by_variable)
			r = replace_setting(&all, settings, (enum agent_setting_key)key);
	return r;
}
