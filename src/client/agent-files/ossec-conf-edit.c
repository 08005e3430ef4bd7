/* SPDX-License-Identifier: ISC */
#include "client/agent-files/ossec-conf-edit.h"

#include "client/agent-files/ossec-conf-endpoint.h"
#include "client/agent-files/ossec-conf-enrollment.h"
#include "client/agent-files/ossec-conf-servers.h"
#include "common/cleanup.h"
#include "common/escape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * What is wanted is done step by step, each of which is read again: what has no place yet gets its
 * block first. So many steps are never needed.
 */
#define STEPS_MAX 16

/* Wazuh up to 4 copies the value into 127 bytes, and <server-hostname> gets a slash behind it. */
#define HOST_MAX_WAZUH 125

/*
 * An address that the agent cannot have. OSSEC has getaddrinfo() read its addresses; Wazuh loses
 * the zone, and then does not start, because it is told the interface in an element of its own, by
 * number. Before version 4 it knew no IPv6: such an address kept it from starting, or was taken for
 * a name. (Source: OS_Connect() of OSSEC HIDS, OS_GetHost() and
 * Validate_IPv6_Link_Local_Interface() of Wazuh 4.14.7 and 5.0.)
 */
static int check_manager(enum agent_generation generation, const char *host, struct reason *why)
{
	char shown[128];

	if (generation == AGENT_OSSEC)
		return 0;
	(void)escape_string(shown, sizeof shown, host);
	if (strchr(host, '%'))
		reason_set(why,
			   "agents of Wazuh do not understand the zone of %s; set manager_address "
			   "in [agent] to another address of that manager, or to this one without "
			   "its zone, with the number of the interface as <interface_index> beside "
			   "it",
			   shown);
	else if (generation == AGENT_WAZUH_3 && strchr(host, ':'))
		reason_set(why,
			   "agents of Wazuh 3 know no IPv6, and %s is an address of it; "
			   "write manager_address = HOST with another one into [agent]",
			   shown);
	else if (generation != AGENT_WAZUH_5 && strlen(host) > HOST_MAX_WAZUH)
		reason_set(why,
			   "the agent cuts the name of its manager off behind %d characters; "
			   "write manager_address = HOST with a shorter one into [agent]",
			   HOST_MAX_WAZUH);
	else
		return 0;
	return -EINVAL;
}

/* Those that are written: Wazuh 5 has one. */
static int check_managers(const struct ossec_conf_editor *editor)
{
	const struct ossec_conf_wish *wish = editor->wish;
	size_t count = wish->generation == AGENT_WAZUH_5 ? 1 : wish->manager_count;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = check_manager(wish->generation, wish->managers[i].host, editor->change.why);
	return r;
}

static int fit_managers(struct ossec_conf_editor *editor)
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
	if (check_managers(editor) < 0)
		return -EINVAL;
	return editor->wish->generation == AGENT_WAZUH_5 ? ossec_conf_endpoint_fit(editor)
							 : ossec_conf_servers_fit(editor);
}

static void close_editor(struct ossec_conf_editor *editor)
{
	text_patches_clear(&editor->change.patches);
	agent_settings_clear(&editor->settings);
}

/* Returns 1 with `ret` set, 0 when there is nothing left to do, or a negative errno. */
static int take_step(char **ret, size_t *ret_length, const char *text, size_t length,
		     const struct ossec_conf_wish *wish, struct reason *why)
{
	cleanup(close_editor) struct ossec_conf_editor editor = {
		.wish = wish,
		.change = { .text = text, .length = length, .why = why },
	};
	int r = agent_settings_read(&editor.settings, text, length, wish->generation, why);

	editor.change.conf = &editor.settings.syntax;
	if (r == 0)
		r = fit_managers(&editor);
	if (r == 0 && editor.change.patches.count == 0)
		r = ossec_conf_enrollment_fit(&editor);
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
