/* SPDX-License-Identifier: ISC */
#include "client/agent-files/ossec-conf-edit.h"

#include "client/agent-files/agent-settings.h"
#include "client/agent-files/ossec-conf-change.h"
#include "common/cleanup.h"
#include "common/escape.h"
#include "common/memory-stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What is wanted is done step by step, each of which is read again: what has no place yet gets its
 * block first. So many steps are never needed.
 */
#define STEPS_MAX 16

#define SCHEME "https://"

struct editor {
	const struct ossec_conf_wish *wish;
	struct agent_settings settings;
	struct ossec_conf_change change;
};

static int no_memory(const struct editor *editor)
{
	reason_set(editor->change.why, "Out of memory");
	return -ENOMEM;
}

static const struct ossec_conf_item *item_at(const struct editor *editor, size_t item)
{
	return &editor->settings.syntax.items[item];
}

static bool is_wazuh_5(const struct editor *editor)
{
	return editor->wish->generation == AGENT_WAZUH_5;
}

/*
 * The agents take a $NAME in this file as it stands, so changing the variable would not give them
 * an address.
 */
static int refuse_variable(const struct editor *editor, size_t item)
{
	char shown[128];

	reason_set(editor->change.why,
		   "line %zu: %s is a variable, and agents do not replace variables in this file; "
		   "write the value itself there",
		   item_at(editor, item)->line,
		   escape_string(shown, sizeof shown, item_at(editor, item)->value));
	return -EINVAL;
}

/* ------------------------------------------------------------------ blocks */

/* The last <ossec_config>; OSSEC_CONF_NONE: there is none. */
static size_t last_root(const struct editor *editor)
{
	const struct ossec_conf *conf = &editor->settings.syntax;
	size_t root = OSSEC_CONF_NONE, ret = OSSEC_CONF_NONE;

	while ((root = ossec_conf_child(conf, OSSEC_CONF_NONE, root)) != OSSEC_CONF_NONE)
		if (ossec_conf_is(conf, root, "ossec_config"))
			ret = root;
	return ret;
}

/* Markup with another level around it. */
static char *wrapped(const char *name, const char *markup)
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

static int add_wrapped(struct editor *editor, size_t item, const char *name, const char *markup)
{
	cleanup_free char *text = wrapped(name, markup);

	return text ? ossec_conf_change_add_into(&editor->change, item, text) : no_memory(editor);
}

/* Add markup at the end of the last <client> (Wazuh 5: <agent>), which is made if need be. */
static int add_to_agent_block(struct editor *editor, const char *markup)
{
	size_t root = last_root(editor);

	if (editor->settings.block != OSSEC_CONF_NONE)
		return ossec_conf_change_add_into(&editor->change, editor->settings.block, markup);
	if (root == OSSEC_CONF_NONE) {
		reason_set(editor->change.why, "there is no <ossec_config> in it");
		return -EINVAL;
	}
	return add_wrapped(editor, root, is_wazuh_5(editor) ? "agent" : "client", markup);
}

/* ------------------------------------------------------------------ managers up to Wazuh 4 */

static const char *old_element(const struct agent_manager *manager)
{
	bool is_address = strchr(manager->host, ':') ||
			  manager->host[strspn(manager->host, "0123456789.")] == '\0';

	return is_address ? "server-ip" : "server-hostname";
}

/* Of a block <server>: the number, in the element that is there or in a new one. */
static int fit_port(struct editor *editor, const struct agent_server *server, uint16_t port)
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

static int add_address(struct editor *editor, size_t block, const char *host)
{
	cleanup_free char *markup = NULL;

	if (asprintf(&markup, "<address>%s</address>", host) < 0) {
		markup = NULL;
		return no_memory(editor);
	}
	return ossec_conf_change_add_into(&editor->change, block, markup);
}

static int fit_host(struct editor *editor, const struct agent_server *server,
		    const struct agent_manager *manager)
{
	const char *name = old_element(manager);

	if (strcmp(server->text, manager->host) == 0 && !server->by_variable)
		return 0;
	if (server->item == OSSEC_CONF_NONE)
		return add_address(editor, server->block, manager->host);
	if (server->by_variable)
		return refuse_variable(editor, server->item);
	if (server->kind == AGENT_SERVER_ADDRESS ||
	    ossec_conf_is(&editor->settings.syntax, server->item, name))
		return ossec_conf_change_value(&editor->change, server->item, manager->host);
	return ossec_conf_change_element(&editor->change, server->item, name, manager->host);
}

static int fit_server(struct editor *editor, const struct agent_server *server,
		      const struct agent_manager *manager)
{
	int r = fit_host(editor, server, manager);

	return r == 0 ? fit_port(editor, server, manager->port) : r;
}

/* The children of a block as they are, but for address and port. */
static void write_like(FILE *stream, const struct editor *editor, size_t block,
		       const struct agent_manager *manager)
{
	const struct ossec_conf *conf = &editor->settings.syntax;
	size_t child = OSSEC_CONF_NONE;

	while ((child = ossec_conf_child(conf, block, child)) != OSSEC_CONF_NONE) {
		const struct ossec_conf_item *item = item_at(editor, child);

		if (!ossec_conf_is(conf, child, "address") && item->is_plain &&
		    !(manager->port && ossec_conf_is(conf, child, "port")) &&
		    item->value[strcspn(item->value, "\n\t<\\")] == '\0')
			(void)fprintf(stream, "\n\t<%s>%s</%s>", item->name, item->value,
				      item->name);
	}
}

/* A block <server>; `like` is one whose other children it gets, or OSSEC_CONF_NONE. */
static char *server_markup(const struct editor *editor, const struct agent_manager *manager,
			   size_t like)
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
static char *markup_like(const struct editor *editor, const struct agent_server *last,
			 const struct agent_manager *manager)
{
	bool is_block = last ? last->kind == AGENT_SERVER_ADDRESS
			     : editor->wish->generation != AGENT_OSSEC;

	return is_block ? server_markup(editor, manager, last ? last->block : OSSEC_CONF_NONE)
			: old_markup(manager);
}

/* Behind the last server. */
static int add_server(struct editor *editor, const struct agent_manager *manager)
{
	const struct agent_server *last =
		&editor->settings.servers[editor->settings.server_count - 1];
	cleanup_free char *markup = markup_like(editor, last, manager);

	if (!markup)
		return no_memory(editor);
	return ossec_conf_change_add_behind(
		&editor->change, last->block == OSSEC_CONF_NONE ? last->item : last->block, markup);
}

static int add_all_servers(struct editor *editor)
{
	cleanup_free char *all = NULL;
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);
	bool failed = false;

	if (!stream)
		return no_memory(editor);
	for (size_t i = 0; i < editor->wish->manager_count; i++) {
		cleanup_free char *one = markup_like(editor, NULL, &editor->wish->managers[i]);

		(void)fprintf(stream, "%s%s", i > 0 ? "\n" : "", one ? one : "");
		failed |= !one;
	}
	all = memory_stream_close(stream, &text);
	return all && !failed ? add_to_agent_block(editor, all) : no_memory(editor);
}

static int fit_servers(struct editor *editor)
{
	const struct ossec_conf_wish *wish = editor->wish;
	const struct agent_settings *settings = &editor->settings;
	int r = 0;

	for (size_t i = 0; r == 0 && i < settings->server_count; i++)
		r = fit_server(editor, &settings->servers[i],
			       &wish->managers[i % wish->manager_count]);
	if (settings->server_count == 0)
		return add_all_servers(editor);
	for (size_t i = settings->server_count; r == 0 && i < wish->manager_count; i++)
		r = add_server(editor, &wish->managers[i]);
	return r;
}

/* ------------------------------------------------------------------ the manager of Wazuh 5 */

/* In the form of the endpoint that is there: with "https://" or without, with a port or without. */
static char *endpoint_text_like(const struct agent_server *old, const struct agent_manager *manager)
{
	const char *old_text = old ? old->text : SCHEME;
	const char *prefix = manager->prefix || !old ? manager->prefix : old->prefix;
	uint16_t port = manager->port ? manager->port : old ? old->port : AGENT_PORT_5;
	bool has_scheme = strncmp(old_text, SCHEME, strlen(SCHEME)) == 0;
	bool is_ipv6 = strchr(manager->host, ':'), has_port;
	char digits[8] = "", *ret;
	const char *behind;

	old_text += has_scheme ? strlen(SCHEME) : 0;
	behind = *old_text == '[' ? strchr(old_text, ']') : old_text;
	has_port = behind && behind[strcspn(behind, ":/")] == ':';
	if (port != AGENT_PORT_5 || has_port)
		(void)snprintf(digits, sizeof digits, ":%u", port);
	if (prefix && *prefix == '/')
		prefix++;
	if (asprintf(&ret, "%s%s%s%s%s%s%s", has_scheme ? SCHEME : "", is_ipv6 ? "[" : "",
		     manager->host, is_ipv6 ? "]" : "", digits, prefix ? "/" : "",
		     prefix ? prefix : "") < 0)
		return NULL;
	return ret;
}

/* Are these the same, but for slashes around them? Null on the right: whatever there is. */
static bool is_same_prefix(const char *there, const char *wanted)
{
	size_t length;

	if (!wanted)
		return true;
	there = there ? there : "";
	there += *there == '/';
	length = strlen(there);
	length -= length > 0 && there[length - 1] == '/';
	return strlen(wanted) == length && memcmp(there, wanted, length) == 0;
}

static int fit_endpoint(struct editor *editor, const struct agent_server *server,
			const struct agent_manager *manager)
{
	cleanup_free char *text = NULL;

	if (strcmp(server->host, manager->host) == 0 && !server->by_variable &&
	    (manager->port == 0 || manager->port == server->port) &&
	    is_same_prefix(server->prefix, manager->prefix))
		return 0;
	if (server->by_variable)
		return refuse_variable(editor, server->item);
	text = endpoint_text_like(server, manager);
	return text ? ossec_conf_change_value(&editor->change, server->item, text)
		    : no_memory(editor);
}

static char *endpoint_markup(const struct agent_manager *manager)
{
	cleanup_free char *text = endpoint_text_like(NULL, manager);
	char *ret;

	if (!text || asprintf(&ret, "<endpoint>%s</endpoint>", text) < 0)
		return NULL;
	return ret;
}

static int add_manager(struct editor *editor, const struct agent_manager *manager)
{
	cleanup_free char *markup = endpoint_markup(manager);
	cleanup_free char *block = markup ? wrapped("manager", markup) : NULL;

	return block ? add_to_agent_block(editor, block) : no_memory(editor);
}

/* <address> has no prefix; that of a <client> that version 4 has left has no port, either. */
static int fit_address(struct editor *editor, const struct agent_server *server,
		       const struct agent_manager *manager)
{
	const struct ossec_conf *conf = &editor->settings.syntax;
	bool is_old = server->is_left_over;
	bool has_other_port = manager->port && manager->port != server->port;
	cleanup_free char *markup = NULL;

	if (!manager->prefix && !(is_old && has_other_port))
		return fit_server(editor, server, manager);
	if (is_old)
		return add_manager(editor, manager);
	if (server->block == OSSEC_CONF_NONE || !ossec_conf_is(conf, server->block, "manager"))
		return ossec_conf_change_refuse(&editor->change, server->line,
						"a manager that is given as an address has no "
						"prefix; write <manager><endpoint> instead");
	markup = endpoint_markup(manager);
	return markup ? ossec_conf_change_add_into(&editor->change, server->block, markup)
		      : no_memory(editor);
}

static int fit_manager(struct editor *editor)
{
	const struct agent_manager *manager = &editor->wish->managers[0];
	const struct agent_settings *settings = &editor->settings;
	int r = 0;

	if (settings->server_count == 0)
		return add_manager(editor, manager);
	for (size_t i = 0; r == 0 && i < settings->server_count; i++)
		r = settings->servers[i].kind == AGENT_SERVER_ENDPOINT
			    ? fit_endpoint(editor, &settings->servers[i], manager)
			    : fit_address(editor, &settings->servers[i], manager);
	return r;
}

static int fit_managers(struct editor *editor)
{
	enum set_manager mode = editor->wish->set_manager;

	if (mode == SET_MANAGER_NO ||
	    (mode == SET_MANAGER_YES && agent_settings_has_manager(&editor->settings)))
		return 0;
	if (editor->wish->manager_count == 0) {
		reason_set(editor->change.why, "set_manager in [agent] has no address to set; "
					       "write manager_address = HOST there");
		return -EINVAL;
	}
	return is_wazuh_5(editor) ? fit_manager(editor) : fit_servers(editor);
}

/* ------------------------------------------------------------------ <enrollment> */

static int add_to_enrollment(struct editor *editor, const char *markup)
{
	cleanup_free char *block = NULL;

	if (editor->settings.enrollment != OSSEC_CONF_NONE)
		return ossec_conf_change_add_into(&editor->change, editor->settings.enrollment,
						  markup);
	block = wrapped("enrollment", markup);
	return block ? add_to_agent_block(editor, block) : no_memory(editor);
}

/* Have the last element of that name say it; null: have none. */
static int fit_setting(struct editor *editor, enum agent_setting_key key, const char *value)
{
	const struct agent_setting *setting = &editor->settings.values[key];
	const char *name = agent_setting_name(key);
	cleanup_free char *markup = NULL;

	if (!value)
		return setting->text ? ossec_conf_change_remove(&editor->change, setting->item) : 0;
	if (setting->text && strcmp(setting->text, value) == 0)
		return 0;
	if (setting->text)
		return setting->by_variable
			       ? refuse_variable(editor, setting->item)
			       : ossec_conf_change_value(&editor->change, setting->item, value);
	if (asprintf(&markup, "<%s>%s</%s>", name, value, name) < 0) {
		markup = NULL;
		return no_memory(editor);
	}
	return add_to_enrollment(editor, markup);
}

/* One after the other: the first of them may have to make the block. */
static int fit_identity(struct editor *editor)
{
	const struct ossec_conf_wish *wish = editor->wish;
	const char *source = wish->use_source_ip                                            ? "yes"
			     : editor->settings.values[AGENT_ENROLLMENT_USE_SOURCE_IP].text ? "no"
											    : NULL;
	const struct {
		enum agent_setting_key key;
		const char *value;
	} rows[] = {
		{ AGENT_ENROLLMENT_AGENT_NAME, wish->agent_name },
		{ AGENT_ENROLLMENT_GROUPS, wish->groups },
		{ AGENT_ENROLLMENT_AGENT_ADDRESS, wish->agent_address },
		{ AGENT_ENROLLMENT_USE_SOURCE_IP, source },
	};
	int r = 0;

	for (size_t i = 0;
	     r == 0 && editor->change.patches.count == 0 && i < sizeof rows / sizeof rows[0]; i++)
		r = fit_setting(editor, rows[i].key, rows[i].value);
	return r;
}

static int fit_enrollment(struct editor *editor)
{
	if (!agent_generation_enrolls(editor->wish->generation))
		return 0;
	switch (editor->wish->own_enrollment) {
	case OWN_ENROLLMENT_OFF:
		return fit_setting(editor, AGENT_ENROLLMENT_ENABLED, "no");
	case OWN_ENROLLMENT_SAME:
		return fit_identity(editor);
	default:
		return 0;
	}
}

/* ------------------------------------------------------------------ the steps */

static void close_editor(struct editor *editor)
{
	text_patches_clear(&editor->change.patches);
	agent_settings_clear(&editor->settings);
}

/* Returns 1 with `ret` set, 0 when there is nothing left to do, or a negative errno. */
static int take_step(char **ret, size_t *ret_length, const char *text, size_t length,
		     const struct ossec_conf_wish *wish, struct reason *why)
{
	cleanup(close_editor) struct editor editor = {
		.wish = wish,
		.change = { .text = text, .length = length, .why = why },
	};
	int r = agent_settings_read(&editor.settings, text, length, wish->generation, why);

	editor.change.conf = &editor.settings.syntax;
	if (r == 0)
		r = fit_managers(&editor);
	if (r == 0 && editor.change.patches.count == 0)
		r = fit_enrollment(&editor);
	if (r < 0 || editor.change.patches.count == 0)
		return r;
	r = ossec_conf_change_apply(&editor.change, wish->generation, ret, ret_length);
	return r < 0 ? r : 1;
}

bool ossec_conf_wish_is_empty(const struct ossec_conf_wish *wish)
{
	return wish->set_manager == SET_MANAGER_NO && wish->own_enrollment == OWN_ENROLLMENT_KEEP;
}

int ossec_conf_edit(char **ret, size_t *ret_length, const char *text, size_t length,
		    const struct ossec_conf_wish *wish, struct reason *why)
{
	cleanup_free char *now = NULL;
	size_t now_length = length;

	for (int step = 0; step < STEPS_MAX; step++) {
		char *next = NULL;
		size_t next_length = 0;
		int r = take_step(&next, &next_length, now ? now : text, now_length, wish, why);

		if (r < 0)
			return r;
		if (r == 0 && !now)
			return 0;
		if (r == 0) {
			*ret = take_pointer(now);
			*ret_length = now_length;
			return 1;
		}
		free(now);
		now = next;
		now_length = next_length;
	}
	reason_set(why, "the file cannot be made to say what it should");
	return -EINVAL;
}
