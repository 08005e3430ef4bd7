/* SPDX-License-Identifier: ISC */
#include "client/registration/agents-file.h"

#include "client/agent-files/agent-settings.h"
#include "client/agent-files/ossec-conf-edit.h"
#include "client/net/endpoint.h"
#include "common/cleanup.h"
#include "common/escape.h"

#include <string.h>

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

static const struct agent_server *server_named(const struct agent_settings *settings,
					       const char *host)
{
	for (size_t i = 0; i < settings->server_count; i++)
		if (strcasecmp(settings->servers[i].host, host) == 0)
			return &settings->servers[i];
	return NULL;
}

static const struct agent_server *first_server(const struct agent_settings *settings)
{
	for (size_t i = 0; i < settings->server_count; i++)
		if (!settings->servers[i].is_placeholder)
			return &settings->servers[i];
	return NULL;
}

/* Two names of one machine are taken for two machines, so this is only a doubt. */
static void doubt_another(const struct agent_settings *settings, const struct string_list *managers,
			  struct reason *why)
{
	const struct agent_server *server = first_server(settings);
	char shown[SHOWN_SIZE];

	for (size_t i = 0; i < managers->count; i++) {
		struct endpoint manager;

		if (endpoint_parse(&manager, managers->items[i], 1) < 0 ||
		    server_named(settings, manager.host))
			return;
	}
	if (server && managers->count > 0)
		reason_set(why,
			   "The agent connects to %s (%s:%zu), and is registered by %s; write the "
			   "same address there (set_manager = force in [agent]), or, if both are "
			   "of one cluster, manager_address = %s in [agent]",
			   escape_string(shown, sizeof shown, server->host), settings->path,
			   server->line, managers->items[0], shown);
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
		   "[agent], or write <enabled>no</enabled> into <enrollment> there",
		   settings->path, is_said ? "allows it" : "does not forbid it");
}

struct agents_file_doubts agents_file_look(const struct config *config,
					   const struct string_list *managers)
{
	cleanup(agent_settings_clear) struct agent_settings settings = { 0 };
	struct agents_file_doubts doubts = { 0 };

	if (agent_settings_load(&settings, config->agent.directory, NULL) <= 0)
		return doubts;
	if (config->agent.set_manager == SET_MANAGER_NO)
		doubt_manager(&settings, &doubts.manager);
	if (config->agent.manager_address.count > 0)
		managers = &config->agent.manager_address;
	if (config->agent.set_manager != SET_MANAGER_FORCE &&
	    !config_home(config, &config->manager.address))
		doubt_another(&settings, managers, &doubts.another);
	if (config->agent.own_enrollment == OWN_ENROLLMENT_KEEP)
		doubt_identity(&settings, &doubts.identity);
	return doubts;
}
