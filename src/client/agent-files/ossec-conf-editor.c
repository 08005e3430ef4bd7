/* SPDX-License-Identifier: ISC */
#include "client/agent-files/ossec-conf-editor.h"

#include "common/cleanup.h"
#include "common/escape.h"
#include "common/memory-stream.h"

#include <errno.h>
#include <stdio.h>

int ossec_conf_editor_no_memory(const struct ossec_conf_editor *editor)
{
	reason_set(editor->change.why, "Out of memory");
	return -ENOMEM;
}

const struct ossec_conf_item *ossec_conf_editor_item(const struct ossec_conf_editor *editor,
						     size_t item)
{
	return &editor->settings.syntax.items[item];
}

/*
 * The agents take a $NAME in this file as it stands, so changing the variable would not give them
 * an address.
 */
int ossec_conf_editor_refuse_variable(const struct ossec_conf_editor *editor, size_t item)
{
	char shown[128];

	reason_set(editor->change.why,
		   "line %zu: %s is a variable, and agents do not replace variables in this file; "
		   "write the value itself there",
		   ossec_conf_editor_item(editor, item)->line,
		   escape_string(shown, sizeof shown, ossec_conf_editor_item(editor, item)->value));
	return -EINVAL;
}

/* ------------------------------------------------------------------ blocks */

/* The last <ossec_config>; OSSEC_CONF_NONE: there is none. */
static size_t last_root(const struct ossec_conf_editor *editor)
{
	const struct ossec_conf *conf = &editor->settings.syntax;
	size_t root = OSSEC_CONF_NONE, ret = OSSEC_CONF_NONE;

	while ((root = ossec_conf_child(conf, OSSEC_CONF_NONE, root)) != OSSEC_CONF_NONE)
		if (ossec_conf_is(conf, root, "ossec_config"))
			ret = root;
	return ret;
}

/* Markup with another level around it. */
char *ossec_conf_editor_wrap(const char *name, const char *markup)
{
	size_t length;
	char *ret = NULL;
	FILE *stream = open_memstream(&ret, &length);

	if (!stream)
		return NULL;
	(void)fprintf(stream, "<%s>\n\t", name);
	for (; *markup; markup++)
		(void)fputs(*markup == '\n' ? "\n\t" : (char[]){ *markup, '\0' }, stream);
	(void)fprintf(stream, "\n</%s>", name);
	return memory_stream_close(stream, &ret);
}

static int add_wrapped(struct ossec_conf_editor *editor, size_t item, const char *name,
		       const char *markup)
{
	cleanup_free char *text = ossec_conf_editor_wrap(name, markup);

	return text ? ossec_conf_change_add_into(&editor->change, item, text)
		    : ossec_conf_editor_no_memory(editor);
}

/* Add markup at the end of the last <client> (Wazuh 5: <agent>), which is made if need be. */
int ossec_conf_editor_add(struct ossec_conf_editor *editor, const char *markup)
{
	size_t root = last_root(editor);

	if (editor->settings.block != OSSEC_CONF_NONE)
		return ossec_conf_change_add_into(&editor->change, editor->settings.block, markup);
	if (root == OSSEC_CONF_NONE) {
		reason_set(editor->change.why, "there is no <ossec_config> in it");
		return -EINVAL;
	}
	return add_wrapped(editor, root,
			   editor->wish->generation == AGENT_WAZUH_5 ? "agent" : "client", markup);
}
