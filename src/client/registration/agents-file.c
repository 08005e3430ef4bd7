/* SPDX-License-Identifier: ISC */
#include "client/registration/agents-file.h"

#include "client/agent-files/agent-settings.h"
#include "client/agent-files/ossec-conf-edit.h"
#include "common/cleanup.h"
#include "common/endpoint.h"
#include "common/escape.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#define SHOWN_SIZE 128

/* The first server, to be named where all are placeholders; null: the file names none. */
static void doubt_manager(const struct agent_settings *settings, struct reason *why)
{
	const struct agent_server *server = settings->server_count ? settings->servers : NULL;
	char shown[SHOWN_SIZE];

	if (agent_settings_has_manager(settings))
		return;
	if (!server)
		reason_set(why,
			   "The agent will not find its manager: %s names none; "
			   "write its address there, or set_manager = yes in [agent]",
			   settings->path);
	else
		reason_set(why,
			   "The agent will not find its manager: %s:%zu has '%s' in its place%s; "
			   "write its address there%s",
			   settings->path, server->line,
			   escape_string(shown, sizeof shown, server->text),
			   server->by_variable ? ", and agents do not replace variables" : "",
			   server->by_variable ? "" : ", or set_manager = yes in [agent]");
}

/* The only one that is no placeholder; null: there is none, or several, as of a cluster. */
static const struct agent_server *single_server(const struct agent_settings *settings)
{
	const struct agent_server *ret = NULL;

	for (size_t i = 0; i < settings->server_count; i++) {
		if (settings->servers[i].is_placeholder)
			continue;
		if (ret && strcasecmp(ret->host, settings->servers[i].host) != 0)
			return NULL;
		ret = &settings->servers[i];
	}
	return ret;
}

/* Does the file itself say that this manager registers, or is that not known? */
static bool is_known_to(const struct agent_settings *settings, const struct agent_server *server,
			const char *address)
{
	const char *registers = settings->values[AGENT_ENROLLMENT_MANAGER_ADDRESS].text;
	struct endpoint manager;

	return endpoint_parse(&manager, address, 1) < 0 ||
	       endpoint_is_host(&manager, server->host) ||
	       (registers && endpoint_is_host(&manager, registers));
}

/*
 * Two names of one machine are taken for two machines, so this is only a doubt. `is_told`: the
 * managers are those of manager_address.
 */
static void doubt_another(const struct agent_settings *settings, const struct string_list *managers,
			  bool is_told, struct reason *why)
{
	const struct agent_server *server = single_server(settings);
	char shown[SHOWN_SIZE];

	if (!server || managers->count == 0)
		return;
	for (size_t i = 0; i < managers->count; i++)
		if (is_known_to(settings, server, managers->items[i]))
			return;
	(void)escape_string(shown, sizeof shown, server->host);
	if (is_told)
		reason_set(why,
			   "The agent connects to %s (%s:%zu), and manager_address in [agent] says "
			   "%s: set_manager = force there writes that, or correct it",
			   shown, settings->path, server->line, managers->items[0]);
	else
		reason_set(why,
			   "The agent connects to %s (%s:%zu), and is registered by %s; write the "
			   "same address there (set_manager = force in [agent]), or, if both are "
			   "names of one machine or of one cluster, manager_address = %s in "
			   "[agent]",
			   shown, settings->path, server->line, managers->items[0], shown);
}

/* Who has registered the agent, or will; what manager_address says counts more. */
static struct string_list managers_of(const struct config *config, char **registered_by)
{
	static const struct string_list none;

	if (config->agent.manager_address.count > 0)
		return config->agent.manager_address;
	if (*registered_by)
		return (struct string_list){ registered_by, **registered_by != '\0' };
	return config_home(config, &config->manager.address) ? none : config->manager.address;
}

static void doubt_identity(const struct agent_settings *settings, struct reason *why)
{
	const struct agent_setting *enabled = &settings->values[AGENT_ENROLLMENT_ENABLED];
	bool is_said = enabled->text;

	if (!agent_settings_enrolls(settings))
		return;
	reason_set(why,
		   "The agent also enrolls by itself when it cannot connect, and then has another "
		   "identity than the one registered here: %s %s; set own_enrollment = off in "
		   "[agent], or own_enrollment = keep if that is meant",
		   settings->path, is_said ? "allows it" : "does not forbid it");
}

struct agents_file_doubts agents_file_look(const struct config *config, const char *registered_by)
{
	cleanup(agent_settings_clear) struct agent_settings settings = { 0 };
	char *registered = (char *)(uintptr_t)registered_by;
	const struct string_list managers = managers_of(config, &registered);
	struct agents_file_doubts doubts = { 0 };

	if (agent_settings_load(&settings, config->agent.directory, NULL) <= 0)
		return doubts;
	if (config->agent.set_manager == SET_MANAGER_NO)
		doubt_manager(&settings, &doubts.manager);
	if (config->agent.set_manager != SET_MANAGER_FORCE)
		doubt_another(&settings, &managers, config->agent.manager_address.count > 0,
			      &doubts.another);
	if (!config_is_set(config, &config->agent.own_enrollment))
		doubt_identity(&settings, &doubts.identity);
	return doubts;
}
