/* SPDX-License-Identifier: ISC */
#include "client/registration/probe.h"

#include "client/agent-files/ossec-conf-edit.h"
#include "common/shortage.h"

#include <string.h>

int probe_open(struct probe *probe, const struct config *config, struct reason *note,
	       struct reason *why)
{
	struct reason cause = { 0 };
	int r;

	if (!config->manager.probe)
		return 0;
	probe->config = config;
	r = agent_settings_load(&probe->settings, config->agent.directory, &cause);
	if (r > 0) {
		probe->has_settings = true;
		probe->generation = probe->settings.generation;
		return 0;
	}
	if (r < 0 && is_shortage(r)) {
		*why = cause;
		return r;
	}
	if (r < 0)
		reason_set(note, "%s; probe in [manager] goes by what such agents use", cause.text);
	r = agent_generation_detect(config->agent.directory, why);
	if (r < 0)
		return r;
	probe->generation = (enum agent_generation)r;
	return 0;
}

/*
 * What the agent will use for this manager. If its file names only others, that may be yet to be
 * changed: how it talks to them is the best guess.
 */
static const struct agent_server *find_server(const struct probe *probe,
					      const struct endpoint *manager)
{
	const struct agent_settings *settings = &probe->settings;

	if (!probe->has_settings || settings->server_count == 0)
		return NULL;
	for (size_t i = 0; i < settings->server_count; i++)
		if (endpoint_is_host(manager, settings->servers[i].host))
			return &settings->servers[i];
	return &settings->servers[0];
}

/* Is this manager there to register only, as the configuration or the agent's file says? */
static bool only_registers(const struct probe *probe, const struct endpoint *manager)
{
	const struct config *config = probe->config;
	const struct string_list *told = &config->agent.manager_address;
	bool has_other = false;
	struct endpoint other;

	for (size_t i = 0; i < told->count; i++)
		if (endpoint_parse(&other, told->items[i], 1) == 0 &&
		    endpoint_is_host(manager, other.host))
			return false;
	if (told->count > 0)
		return true;
	if (!probe->has_settings || !config_home(config, &config->manager.address))
		return false;
	for (size_t i = 0; i < probe->settings.server_count; i++) {
		const struct agent_server *server = &probe->settings.servers[i];

		if (endpoint_is_host(manager, server->host))
			return false;
		has_other |= !server->is_placeholder;
	}
	return has_other;
}

/* An agent of Wazuh 5 is told the port where it enrolls (agent-conf.c). */
static bool is_told_port(const struct probe *probe, const struct endpoint *manager,
			 const struct agent_server *server)
{
	const struct config *config = probe->config;

	return probe->generation == AGENT_WAZUH_5 && config->manager.method == METHOD_ENROLL &&
	       config->agent.set_manager != SET_MANAGER_NO &&
	       config->agent.manager_address.count == 0 &&
	       (!server ||
		(!endpoint_is_host(manager, server->host) &&
		 (server->is_placeholder || config->agent.set_manager == SET_MANAGER_FORCE)));
}

static bool uses_udp(const struct probe *probe, const struct agent_server *server)
{
	if (server)
		return server->is_udp;
	return probe->generation == AGENT_OSSEC || probe->generation == AGENT_WAZUH_3;
}

static uint16_t default_port(const struct probe *probe)
{
	bool is_5 = probe->generation == AGENT_WAZUH_5 ||
		    (probe->generation == AGENT_UNKNOWN &&
		     probe->config->manager.method == METHOD_ENROLL);

	return is_5 ? AGENT_PORT_5 : AGENT_PORT_UP_TO_4;
}

uint16_t probe_port(const struct probe *probe, const struct endpoint *manager, struct reason *note)
{
	const struct agent_server *server;

	if (!probe->config)
		return 0;
	if (probe->config->manager.probe_port)
		return probe->config->manager.probe_port;
	if (only_registers(probe, manager)) {
		reason_set(note,
			   "probe in [manager] has no effect for %s: agents are registered there "
			   "and connect elsewhere; to probe a port of it, set probe_port",
			   manager->host);
		return 0;
	}
	server = find_server(probe, manager);
	if (is_told_port(probe, manager, server))
		return manager->port;
	if (!uses_udp(probe, server))
		return server ? server->port : default_port(probe);
	reason_set(note,
		   "probe in [manager] has no effect: the agent (%s) talks to its manager by UDP, "
		   "which cannot be probed; to probe a TCP port of the manager, set probe_port",
		   agent_generation_text(probe->generation));
	return 0;
}

void probe_close(struct probe *probe)
{
	if (probe->has_settings)
		agent_settings_clear(&probe->settings);
	*probe = (struct probe){ 0 };
}
