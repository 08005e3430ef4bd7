/* SPDX-License-Identifier: ISC */
#include "client/config/inherit-manager.h"

#include "client/config/types.h"
#include "common/endpoint.h"

#include <arpa/inet.h>
#include <string.h>

/* An element that names a manager. */
struct manager_element {
	const char *name;
	const char *host;
	size_t line;
};

static const char *element_of(enum agent_server_kind kind)
{
	static const char *const names[] = {
		[AGENT_SERVER_ADDRESS] = "address",
		[AGENT_SERVER_IP] = "server-ip",
		[AGENT_SERVER_HOST_NAME] = "server-hostname",
		[AGENT_SERVER_ENDPOINT] = "endpoint",
	};

	return names[kind];
}

static bool has_address(const struct config *config, const char *address)
{
	const struct string_list *list = &config->manager.address;

	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], address) == 0)
			return true;
	return false;
}

/* The agents have the interface of a link-local address elsewhere (RFC 4007, section 11). */
static int scoped(const struct inheritance *in, const char *host, char ret[static 300])
{
	const struct agent_setting *index = inherit_find(in, AGENT_ENROLLMENT_INTERFACE_INDEX);
	struct in6_addr address;
	bool has_scope = index && inet_pton(AF_INET6, host, &address) == 1 &&
			 IN6_IS_ADDR_LINKLOCAL(&address) &&
			 strspn(index->text, "0123456789") == strlen(index->text);

	return snprintf(ret, 300, "%s%s%s", host, has_scope ? "%" : "",
			has_scope ? index->text : "");
}

static const char *what_is_wrong_with(const char *host)
{
	if (strchr(host, '$'))
		return "has a variable that the file does not define before it";
	if (host[strcspn(host, " \t\n\v\f\r")])
		return "has blanks or line ends in it, which belong to the host name for the agent";
	return "is neither a host name nor an address to the agent";
}

/* The host alone is an address to the agents, so "host:1514" is none. */
static int take_manager(struct inheritance *in, const struct manager_element *element)
{
	struct endpoint endpoint;
	char address[300];

	if (endpoint_parse(&endpoint, element->host, 1) < 0 ||
	    strcmp(endpoint.host, element->host) != 0)
		return inherit_note_value(in, element->line, element->name, element->host,
					  what_is_wrong_with(element->host), "address");
	(void)scoped(in, element->host, address);
	if (has_address(in->config, address) ||
	    in->config->manager.address.count == CONFIG_MAX_MANAGERS)
		return 0;
	return inherit_value(in, &in->config->manager.address, address, element->line,
			     element->name);
}

static int take_managers(struct inheritance *in)
{
	const struct agent_setting *first = inherit_find(in, AGENT_ENROLLMENT_MANAGER_ADDRESS);
	const char *name = agent_setting_name(AGENT_ENROLLMENT_MANAGER_ADDRESS);
	int r = 0;

	if (first && (!first->is_placeholder || first->by_variable) &&
	    in->settings->generation != AGENT_WAZUH_5)
		r = take_manager(in, &(struct manager_element){ name, first->text, first->line });
	for (size_t i = 0; r == 0 && i < in->settings->server_count; i++) {
		const struct agent_server *server = &in->settings->servers[i];

		if (!server->is_placeholder || server->by_variable)
			r = take_manager(in,
					 &(struct manager_element){ element_of(server->kind),
								    server->host, server->line });
	}
	return r;
}

/* The endpoint of Wazuh 5, if that is where the manager is from; null: it is not. */
static const struct agent_server *endpoint_of(const struct inheritance *in)
{
	const struct agent_server *server = in->settings->servers;

	return in->settings->server_count == 1 && server->kind == AGENT_SERVER_ENDPOINT &&
			       !server->is_placeholder
		       ? server
		       : NULL;
}

/* Port and prefix are those of the listener for events, which enrolls as well. */
static int take_endpoint(struct inheritance *in, const struct agent_server *server)
{
	struct config *config = in->config;
	char port[8];
	int r;

	(void)snprintf(port, sizeof port, "%u", (unsigned int)server->port);
	r = inherit_value(in, &config->manager.method, config_methods[METHOD_ENROLL], server->line,
			  "endpoint");
	if (r == 0)
		r = inherit_value(in, &config->manager.port, port, server->line, "endpoint");
	if (r == 0 && server->prefix && server->prefix[1])
		r = inherit_value(in, &config->manager.prefix, server->prefix + 1, server->line,
				  "endpoint");
	return r;
}

static int take_authd(struct inheritance *in)
{
	const char *method = config_methods[METHOD_AUTHD], *origin;
	struct config *config = in->config;
	int r;

	if (config->manager.address.count == 0)
		return 0;
	origin = config_origin(config, config_key_at(config, &config->manager.address), 0);
	r = config_set_inherited(config, config_key_at(config, &config->manager.method), method,
				 origin, in->why);
	return r < 0 ? r : inherit_setting(in, &config->manager.port, AGENT_ENROLLMENT_PORT);
}

/* What ours says of a manager that it does not name. */
struct stray {
	const struct config_key *key; /* null: it says nothing */
	char text[CONFIG_TEXT_SIZE];
	char origin[INHERIT_ORIGIN_SIZE];
};

static const char *text_at(const struct config *config, const struct config_key *key,
			   char buffer[static CONFIG_TEXT_SIZE])
{
	const void *value = (const char *)config + key->offset;

	return key->type->text(value, 0, key->type, buffer) ?: "";
}

/* Keep what ours says, and forget it, so that nothing is mixed. */
static int set_aside(struct inheritance *in, struct stray *stray, const void *value)
{
	const struct config_key *key = config_key_at(in->config, value);
	char buffer[CONFIG_TEXT_SIZE];

	*stray = (struct stray){ 0 };
	if (!config_is_set(in->config, value))
		return 0;
	stray->key = key;
	(void)snprintf(stray->text, sizeof stray->text, "%s", text_at(in->config, key, buffer));
	(void)snprintf(stray->origin, sizeof stray->origin, "%s",
		       config_origin(in->config, key, 0));
	return config_set(in->config, key->section, key->name, "", stray->origin, in->why);
}

/* Where it is another value than the agent's, it was meant for another manager. */
static int give_back(struct inheritance *in, const struct stray *stray)
{
	const struct config_key *key = stray->key;
	const struct config *config = in->config;
	char buffer[CONFIG_TEXT_SIZE], port[8];
	const char *theirs;
	struct reason problem;
	int r;

	if (!key)
		return 0;
	(void)snprintf(port, sizeof port, "%u", (unsigned int)config_default_port(config));
	theirs = key == config_key_at(config, &config->manager.port) ? port
								     : text_at(config, key, buffer);
	if (config->manager.address.count > 0 && strcmp(theirs, stray->text) != 0) {
		reason_set(&problem,
			   "%s: %s = %s belongs to an address in [manager], and none is set: "
			   "%s names the manager, with %s = %s; set address as well, or remove %s",
			   stray->origin, key->name, stray->text, in->settings->path, key->name,
			   *theirs ? theirs : "none", key->name);
		r = inherit_note_problem(in, true, &problem);
		if (r < 0)
			return r;
	}
	return config_set(in->config, key->section, key->name, stray->text, stray->origin, in->why);
}

int inherit_manager(struct inheritance *in)
{
	struct config *config = in->config;
	const struct agent_server *endpoint = endpoint_of(in);
	struct stray strays[3];
	int r = set_aside(in, &strays[0], &config->manager.port);

	if (r == 0)
		r = set_aside(in, &strays[1], &config->manager.method);
	if (r == 0)
		r = set_aside(in, &strays[2], &config->manager.prefix);
	if (r == 0)
		r = take_managers(in);
	if (r == 0)
		r = endpoint ? take_endpoint(in, endpoint) : take_authd(in);
	for (size_t i = 0; r == 0 && i < sizeof strays / sizeof strays[0]; i++)
		r = give_back(in, &strays[i]);
	return r;
}
