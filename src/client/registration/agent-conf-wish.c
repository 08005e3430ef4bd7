/* SPDX-License-Identifier: ISC */
#include "client/registration/agent-conf-wish.h"

#include "client/agent-files/agent-generation.h"
#include "client/registration/groups.h"
#include "common/must-check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool agent_conf_is_wanted(const struct config *config)
{
	return config->agent.set_manager != SET_MANAGER_NO ||
	       config->agent.own_enrollment != OWN_ENROLLMENT_KEEP;
}

void agent_conf_wish_clear(struct agent_conf_wish *wanted)
{
	free(wanted->groups);
	*wanted = (struct agent_conf_wish){ 0 };
}

/* ------------------------------------------------------------------ which managers */

/* An address of a list; without a port in it, 0 stands for the one that the agent has. */
static void add_manager(struct agent_conf_wish *wanted, const char *address, const char *prefix)
{
	size_t count = wanted->wish.manager_count;
	struct endpoint *endpoint = &wanted->endpoints[count];

	if (count == CONFIG_MAX_MANAGERS || endpoint_parse(endpoint, address, 0) < 0)
		return;
	wanted->managers[count] = (struct agent_manager){ endpoint->host, endpoint->port, prefix };
	wanted->wish.manager_count++;
}

static void add_managers(struct agent_conf_wish *wanted, const struct string_list *addresses,
			 const char *prefix)
{
	for (size_t i = 0; i < addresses->count; i++)
		add_manager(wanted, addresses->items[i], prefix);
}

/* In the file that the addresses are from, the interface has an element of its own. */
static void forget_zones(struct agent_conf_wish *wanted)
{
	for (size_t i = 0; i < wanted->wish.manager_count; i++) {
		char *host = wanted->endpoints[i].host;

		host[strcspn(host, "%")] = '\0';
	}
}

/* That of the method enroll; null: not known, as without the token that says it. */
static const char *known_prefix(struct agent_conf_wish *wanted,
				const struct agent_conf_source *source)
{
	const struct config *config = source->config;

	if (config->manager.method != METHOD_ENROLL)
		return NULL;
	if (source->access)
		return source->access->prefix;
	if (!config->manager.prefix)
		return config_has_token(config) ? NULL : ENROLLMENT_PREFIX;
	return endpoint_prefix_parse(wanted->prefix, config->manager.prefix) < 0 ? NULL
										 : wanted->prefix;
}

/*
 * The ports of a registration are not those of events, but for Wazuh 5, whose agents enroll where
 * they send their events to.
 */
static void forget_ports(struct agent_conf_wish *wanted)
{
	for (size_t i = 0; i < wanted->wish.manager_count; i++)
		wanted->managers[i].port = 0;
}

/* The manager that an enrollment token names, or that it named when the key was requested. */
static void add_token_manager(struct agent_conf_wish *wanted,
			      const struct agent_conf_source *source)
{
	const struct access *access = source->access;
	char text[ENDPOINT_TEXT_SIZE];

	if (access && access->has_token)
		add_manager(wanted, endpoint_text(&access->token.manager, text), access->prefix);
	else if (source->known && source->known->manager[0])
		add_manager(wanted, source->known->manager, NULL);
}

static void choose_managers(struct agent_conf_wish *wanted, const struct agent_conf_source *source)
{
	const struct config *config = source->config;
	bool enrolls = config->manager.method == METHOD_ENROLL;
	const char *prefix = known_prefix(wanted, source);

	if (config->agent.manager_address.count > 0) {
		add_managers(wanted, &config->agent.manager_address, prefix);
		return;
	}
	add_managers(wanted, &config->manager.address, prefix);
	if (config_home(config, &config->manager.address))
		forget_zones(wanted);
	for (size_t i = 0; i < wanted->wish.manager_count; i++)
		if (wanted->managers[i].port == 0)
			wanted->managers[i].port = config_default_port(config);
	if (wanted->wish.manager_count == 0 && enrolls)
		add_token_manager(wanted, source);
	if (!enrolls || wanted->wish.generation != AGENT_WAZUH_5)
		forget_ports(wanted);
}

/* ------------------------------------------------------------------ as what it enrolls */

static void choose_identity(struct agent_conf_wish *wanted, const struct agent_conf_source *source,
			    const char *agent_name)
{
	const char *ip = source->config->agent.ip;

	wanted->wish.agent_name = agent_name;
	wanted->wish.groups = wanted->groups;
	wanted->wish.use_source_ip = ip && strcmp(ip, "src") == 0;
	if (ip && strcmp(ip, "any") != 0 && !wanted->wish.use_source_ip)
		wanted->wish.agent_address = ip;
}

int agent_conf_wish_make(struct agent_conf_wish *wanted, const struct agent_conf_source *source,
			 const char *agent_name, const char *missing_groups, struct reason *why)
{
	const struct config *config = source->config;
	const char *directory = config->agent.directory;
	struct reason seen = { 0 };
	int generation = agent_generation_detect(directory, &seen);

	*wanted = (struct agent_conf_wish){ 0 };
	if (generation < 0) {
		*why = seen;
		return generation;
	}
	if (generation == AGENT_UNKNOWN) {
		reason_set(why,
			   "Cannot tell which agent is installed in %s, and so what belongs into "
			   "%s/etc/ossec.conf; install it first, or correct directory in [agent]",
			   directory, directory);
		return -EINVAL;
	}
	wanted->wish.generation = (enum agent_generation)generation;
	wanted->wish.set_manager = (enum set_manager)config->agent.set_manager;
	wanted->wish.own_enrollment = (enum own_enrollment)config->agent.own_enrollment;
	wanted->wish.managers = wanted->managers;
	choose_managers(wanted, source);
	if (groups_without(config, missing_groups, &wanted->groups, why) < 0)
		return -ENOMEM;
	choose_identity(wanted, source, agent_name);
	return 0;
}
