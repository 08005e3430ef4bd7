/* SPDX-License-Identifier: ISC */
#include "client/agent-files/ossec-conf-variables.h"

#include "common/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * The file can be the work of somebody who wants to use up root's memory and time: more than these
 * are in no address, path or name, and what would come after them stays as it stands.
 */
#define REFERENCES_MAX 64
#define REPLACED_MAX ((size_t)20480) /* bytes: the agents' limit for a whole value */

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

int ossec_conf_value(const struct ossec_conf *conf, size_t item, char **ret, bool *ret_replaced)
{
	const char *value = conf->items[item].value;
	cleanup_free char *text = NULL;
	size_t length, added = 0;
	unsigned int references = 0;
	FILE *stream = open_memstream(&text, &length);
	bool replaced = false, failed;

	if (!stream)
		return -ENOMEM;
	while (*value) {
		size_t plain = strcspn(value, "$"), name;
		const char *found;

		(void)fwrite(value, 1, plain, stream);
		value += plain;
		if (*value != '$')
			break;
		name = strcspn(value + 1, "$.|, ");
		found = name > 0 && added < REPLACED_MAX && references++ < REFERENCES_MAX
				? find_variable(conf, item, value + 1, name)
				: NULL;
		added += found ? strlen(found) : 0;
		if (found)
			(void)fputs(found, stream);
		else
			(void)fwrite(value, 1, 1 + name, stream);
		replaced |= found != NULL;
		value += 1 + name;
	}
	failed = ferror(stream);
	if (fclose(stream) != 0 || failed || !text)
		return -ENOMEM;
	*ret = take_pointer(text);
	*ret_replaced = replaced;
	return 0;
}
