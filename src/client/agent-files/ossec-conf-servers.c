/* SPDX-License-Identifier: ISC */
#include "client/agent-files/ossec-conf-servers.h"

#include "common/cleanup.h"
#include "common/memory-stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *old_element(const struct agent_manager *manager)
{
	bool is_address = strchr(manager->host, ':') ||
			  manager->host[strspn(manager->host, "0123456789.")] == '\0';

	return is_address ? "server-ip" : "server-hostname";
}

/* Of a block <server>: the number, in the element that is there or in a new one. */
static int fit_port(struct ossec_conf_editor *editor, const struct agent_server *server,
		    uint16_t port)
{
	const struct ossec_conf *conf = &editor->settings.syntax;
	size_t child = OSSEC_CONF_NONE, last = OSSEC_CONF_NONE;
	char markup[32];

	if (port == 0 || port == server->port)
		return 0;
	if (server->block == OSSEC_CONF_NONE) {
		reason_set(editor->change.why,
			   "line %zu: <server-ip> and <server-hostname> have no port of their own; "
			   "write <port>%u</port> into <client>",
			   server->line, port);
		return -EINVAL;
	}
	while ((child = ossec_conf_child(conf, server->block, child)) != OSSEC_CONF_NONE)
		if (ossec_conf_is(conf, child, "port"))
			last = child;
	(void)snprintf(markup, sizeof markup, "%u", port);
	if (last != OSSEC_CONF_NONE)
		return ossec_conf_change_value(&editor->change, last, markup);
	(void)snprintf(markup, sizeof markup, "<port>%u</port>", port);
	return ossec_conf_change_add_into(&editor->change, server->block, markup);
}

static int add_address(struct ossec_conf_editor *editor, size_t block, const char *host)
{
	cleanup_free char *markup = NULL;

	if (asprintf(&markup, "<address>%s</address>", host) < 0) {
		markup = NULL;
		return ossec_conf_editor_no_memory(editor);
	}
	return ossec_conf_change_add_into(&editor->change, block, markup);
}

static int fit_host(struct ossec_conf_editor *editor, const struct agent_server *server,
		    const struct agent_manager *manager)
{
	const char *name = old_element(manager);

	if (strcmp(server->text, manager->host) == 0 && !server->by_variable)
		return 0;
	if (server->item == OSSEC_CONF_NONE)
		return add_address(editor, server->block, manager->host);
	if (server->by_variable)
		return ossec_conf_editor_refuse_variable(editor, server->item);
	if (server->kind == AGENT_SERVER_ADDRESS ||
	    ossec_conf_is(&editor->settings.syntax, server->item, name))
		return ossec_conf_change_value(&editor->change, server->item, manager->host);
	return ossec_conf_change_element(&editor->change, server->item, name, manager->host);
}

int ossec_conf_servers_fit_one(struct ossec_conf_editor *editor, const struct agent_server *server,
			       const struct agent_manager *manager)
{
	int r = fit_host(editor, server, manager);

	return r == 0 ? fit_port(editor, server, manager->port) : r;
}

/* The children of a block as they are, but for address and port. */
static void write_like(FILE *stream, const struct ossec_conf_editor *editor, size_t block,
		       const struct agent_manager *manager)
{
	const struct ossec_conf *conf = &editor->settings.syntax;
	size_t child = OSSEC_CONF_NONE;

	while ((child = ossec_conf_child(conf, block, child)) != OSSEC_CONF_NONE) {
		const struct ossec_conf_item *item = ossec_conf_editor_item(editor, child);

		if (!ossec_conf_is(conf, child, "address") && item->is_plain &&
		    !(manager->port && ossec_conf_is(conf, child, "port")) &&
		    item->value[strcspn(item->value, "\n\t<\\")] == '\0')
			(void)fprintf(stream, "\n\t<%s>%s</%s>", item->name, item->value,
				      item->name);
	}
}

/* A block <server>; `like` is one whose other children it gets, or OSSEC_CONF_NONE. */
static char *server_markup(const struct ossec_conf_editor *editor,
			   const struct agent_manager *manager, size_t like)
{
	size_t length;
	char *ret = NULL;
	FILE *stream = open_memstream(&ret, &length);

	if (!stream)
		return NULL;
	(void)fprintf(stream, "<server>\n\t<address>%s</address>", manager->host);
	if (manager->port)
		(void)fprintf(stream, "\n\t<port>%u</port>", manager->port);
	if (like != OSSEC_CONF_NONE)
		write_like(stream, editor, like, manager);
	(void)fputs("\n</server>", stream);
	return memory_stream_close(stream, &ret);
}

static char *old_markup(const struct agent_manager *manager)
{
	const char *name = old_element(manager);
	char *ret;

	return asprintf(&ret, "<%s>%s</%s>", name, manager->host, name) < 0 ? NULL : ret;
}

/* Another one, of the kind of `last` (null: of that of the generation). */
static char *markup_like(const struct ossec_conf_editor *editor, const struct agent_server *last,
			 const struct agent_manager *manager)
{
	bool is_block = last ? last->kind == AGENT_SERVER_ADDRESS
			     : editor->wish->generation != AGENT_OSSEC;

	return is_block ? server_markup(editor, manager, last ? last->block : OSSEC_CONF_NONE)
			: old_markup(manager);
}

/* Behind the last server. */
static int add_server(struct ossec_conf_editor *editor, const struct agent_manager *manager)
{
	const struct agent_server *last =
		&editor->settings.servers[editor->settings.server_count - 1];
	cleanup_free char *markup = markup_like(editor, last, manager);

	if (!markup)
		return ossec_conf_editor_no_memory(editor);
	return ossec_conf_change_add_behind(
		&editor->change, last->block == OSSEC_CONF_NONE ? last->item : last->block, markup);
}

static int add_all_servers(struct ossec_conf_editor *editor)
{
	cleanup_free char *all = NULL;
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);
	bool failed = false;

	if (!stream)
		return ossec_conf_editor_no_memory(editor);
	for (size_t i = 0; i < editor->wish->manager_count; i++) {
		cleanup_free char *one = markup_like(editor, NULL, &editor->wish->managers[i]);

		(void)fprintf(stream, "%s%s", i > 0 ? "\n" : "", one ? one : "");
		failed |= !one;
	}
	all = memory_stream_close(stream, &text);
	return all && !failed ? ossec_conf_editor_add(editor, all)
			      : ossec_conf_editor_no_memory(editor);
}

int ossec_conf_servers_fit(struct ossec_conf_editor *editor)
{
	const struct ossec_conf_wish *wish = editor->wish;
	const struct agent_settings *settings = &editor->settings;
	int r = 0;

	for (size_t i = 0; r == 0 && i < settings->server_count; i++)
		r = ossec_conf_servers_fit_one(editor, &settings->servers[i],
					       &wish->managers[i % wish->manager_count]);
	if (settings->server_count == 0)
		return add_all_servers(editor);
	for (size_t i = settings->server_count; r == 0 && i < wish->manager_count; i++)
		r = add_server(editor, &wish->managers[i]);
	return r;
}
