/* SPDX-License-Identifier: ISC */
#include "client/agent-files/ossec-conf-endpoint.h"

#include "client/agent-files/ossec-conf-servers.h"
#include "common/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SCHEME "https://"

/* Is it the one that needs not be written? */
static bool is_usual(const char *prefix)
{
	return *prefix == '\0' || strcmp(prefix, AGENT_PREFIX_5) == 0;
}

/* What the endpoint says beside its host: is that meant for this manager? */
static bool is_meant_for(const struct agent_server *server, const struct agent_manager *manager)
{
	return server->is_placeholder || strcasecmp(server->host, manager->host) == 0;
}

/* In the form of the endpoint that is there: with "https://" or without, with a port or without. */
static char *endpoint_text_like(const struct agent_server *old, const struct agent_manager *manager)
{
	const struct agent_server *known = old && is_meant_for(old, manager) ? old : NULL;
	const char *old_text = old ? old->text : SCHEME;
	const char *prefix = manager->prefix ? manager->prefix : known ? known->prefix : NULL;
	uint16_t port = manager->port          ? manager->port
			: known && known->port ? known->port
					       : AGENT_PORT_5;
	bool has_scheme = strncasecmp(old_text, SCHEME, strlen(SCHEME)) == 0;
	bool is_ipv6 = strchr(manager->host, ':'), has_port;
	char digits[8] = "", *ret;
	const char *behind;

	old_text += has_scheme ? strlen(SCHEME) : 0;
	behind = *old_text == '[' ? strchr(old_text, ']') : old_text;
	has_port = behind && behind[strcspn(behind, ":/")] == ':';
	if (port != AGENT_PORT_5 || has_port)
		(void)snprintf(digits, sizeof digits, ":%u", port);
	if (manager->prefix && is_usual(manager->prefix))
		prefix = NULL;
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
	if (is_usual(wanted))
		wanted = AGENT_PREFIX_5;
	there = there ? there : "";
	there += *there == '/';
	if (*there == '\0')
		there = AGENT_PREFIX_5;
	length = strlen(there);
	length -= there[length - 1] == '/';
	return strlen(wanted) == length && memcmp(there, wanted, length) == 0;
}

static int fit_endpoint(struct ossec_conf_editor *editor, const struct agent_server *server,
			const struct agent_manager *manager)
{
	cleanup_free char *text = NULL;

	if (strcmp(server->host, manager->host) == 0 && !server->by_variable &&
	    (manager->port == 0 || manager->port == server->port) &&
	    is_same_prefix(server->prefix, manager->prefix))
		return 0;
	if (server->by_variable)
		return ossec_conf_editor_refuse_variable(editor, server->item);
	text = endpoint_text_like(server, manager);
	return text ? ossec_conf_change_value(&editor->change, server->item, text)
		    : ossec_conf_editor_no_memory(editor);
}

static char *endpoint_markup(const struct agent_manager *manager)
{
	cleanup_free char *text = endpoint_text_like(NULL, manager);
	char *ret;

	if (!text || asprintf(&ret, "<endpoint>%s</endpoint>", text) < 0)
		return NULL;
	return ret;
}

static int add_manager(struct ossec_conf_editor *editor, const struct agent_manager *manager)
{
	cleanup_free char *markup = endpoint_markup(manager);
	cleanup_free char *block = markup ? ossec_conf_editor_wrap("manager", markup) : NULL;

	return block ? ossec_conf_editor_add(editor, block) : ossec_conf_editor_no_memory(editor);
}

/* <address> has no prefix; that of a <client> that version 4 has left has no port, either. */
static int fit_address(struct ossec_conf_editor *editor, const struct agent_server *server,
		       const struct agent_manager *manager)
{
	const struct ossec_conf *conf = &editor->settings.syntax;
	bool is_old = server->is_left_over;
	bool has_other_port = manager->port && manager->port != server->port;
	cleanup_free char *markup = NULL;

	if ((!manager->prefix || is_usual(manager->prefix)) && !(is_old && has_other_port))
		return ossec_conf_servers_fit_one(editor, server, manager);
	if (is_old)
		return add_manager(editor, manager);
	if (server->block == OSSEC_CONF_NONE || !ossec_conf_is(conf, server->block, "manager"))
		return ossec_conf_change_refuse(&editor->change, server->line,
						"a manager that is given as an address has no "
						"prefix; write <manager><endpoint> instead");
	markup = endpoint_markup(manager);
	return markup ? ossec_conf_change_add_into(&editor->change, server->block, markup)
		      : ossec_conf_editor_no_memory(editor);
}

int ossec_conf_endpoint_fit(struct ossec_conf_editor *editor)
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
