/* SPDX-License-Identifier: ISC */
#include "client/agent-files/agent-settings.h"

#include "common/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The elements of the values; those of <ssl> are the last ones. */
#define FIRST_SSL AGENT_SSL_CERTIFICATE

static const char *const setting_names[AGENT_SETTING_KEYS] = {
	[AGENT_ENROLLMENT_ENABLED] = "enabled",
	[AGENT_ENROLLMENT_MANAGER_ADDRESS] = "manager_address",
	[AGENT_ENROLLMENT_PORT] = "port",
	[AGENT_ENROLLMENT_INTERFACE_INDEX] = "interface_index",
	[AGENT_ENROLLMENT_AGENT_NAME] = "agent_name",
	[AGENT_ENROLLMENT_GROUPS] = "groups",
	[AGENT_ENROLLMENT_AGENT_ADDRESS] = "agent_address",
	[AGENT_ENROLLMENT_USE_SOURCE_IP] = "use_source_ip",
	[AGENT_ENROLLMENT_SSL_CIPHER] = "ssl_cipher",
	[AGENT_ENROLLMENT_SERVER_CA_PATH] = "server_ca_path",
	[AGENT_ENROLLMENT_CERTIFICATE_PATH] = "agent_certificate_path",
	[AGENT_ENROLLMENT_KEY_PATH] = "agent_key_path",
	[AGENT_ENROLLMENT_PASSWORD_PATH] = "authorization_pass_path",
	[AGENT_ENROLLMENT_AUTO_METHOD] = "auto_method",
	[AGENT_ENROLLMENT_DELAY] = "delay_after_enrollment",
	[AGENT_SSL_CERTIFICATE] = "certificate",
	[AGENT_SSL_KEY] = "key",
	[AGENT_SSL_CERTIFICATE_AUTHORITIES] = "certificate_authorities",
	[AGENT_SSL_VERIFICATION_MODE] = "verification_mode",
};

const char *agent_setting_name(enum agent_setting_key key)
{
	return setting_names[key];
}

/* ------------------------------------------------------------------ reading values */

static int no_memory(struct reason *why)
{
	reason_set(why, "Out of memory");
	return -ENOMEM;
}

/* A number as the agents read it, in the range of ports; 0: it is none. */
static uint16_t port_of(const char *text)
{
	unsigned long number = strtoul(text, NULL, 10);

	return text[strspn(text, "0123456789")] == '\0' && number <= UINT16_MAX ? (uint16_t)number
										: 0;
}

void agent_setting_set(struct agent_settings *settings, enum agent_setting_key key, char *text)
{
	struct agent_setting *setting = &settings->values[key];

	free(setting->text);
	setting->text = text;
	setting->by_variable = agent_text_has_variable(text);
	setting->is_placeholder = key == AGENT_ENROLLMENT_MANAGER_ADDRESS &&
				  (setting->by_variable || agent_server_is_placeholder(text));
}

static int read_setting(struct agent_settings *settings, enum agent_setting_key key, size_t item,
			struct reason *why)
{
	char *text = strdup(settings->syntax.items[item].value);

	if (!text)
		return no_memory(why);
	settings->values[key].line = settings->syntax.items[item].line;
	settings->values[key].item = item;
	agent_setting_set(settings, key, text);
	return 0;
}

/* The children of <enrollment> or <ssl>, which are the keys from `first` to before `end`. */
static int read_settings(struct agent_settings *settings, size_t block,
			 enum agent_setting_key first, enum agent_setting_key end,
			 struct reason *why)
{
	const struct ossec_conf *conf = &settings->syntax;
	size_t child = OSSEC_CONF_NONE;
	int r = 0;

	while (r == 0 && (child = ossec_conf_child(conf, block, child)) != OSSEC_CONF_NONE)
		for (unsigned key = first; r == 0 && key < end; key++)
			if (ossec_conf_is(conf, child, setting_names[key]))
				r = read_setting(settings, (enum agent_setting_key)key, child, why);
	return r;
}

/* ------------------------------------------------------------------ servers */

static void drop_servers(struct agent_settings *settings)
{
	while (settings->server_count > 0)
		agent_server_clear(&settings->servers[--settings->server_count]);
}

/* `item` is the element, or OSSEC_CONF_NONE where `server->block` has none. */
static int fill_server(struct agent_settings *settings, struct agent_server *server, size_t item,
		       struct reason *why)
{
	const struct ossec_conf *conf = &settings->syntax;

	server->item = item;
	server->line = conf->items[item == OSSEC_CONF_NONE ? server->block : item].line;
	return agent_server_set(server, item == OSSEC_CONF_NONE ? "" : conf->items[item].value) < 0
		       ? no_memory(why)
		       : 0;
}

static int add_server(struct agent_settings *settings, const struct agent_server *like, size_t item,
		      struct reason *why)
{
	struct agent_server *server;

	if (settings->server_count == settings->servers_allocated) {
		size_t allocated = settings->servers_allocated ? 2 * settings->servers_allocated
							       : 4;
		struct agent_server *servers = reallocarray(settings->servers, allocated,
							    sizeof *servers);

		if (!servers)
			return no_memory(why);
		settings->servers = servers;
		settings->servers_allocated = allocated;
	}
	server = &settings->servers[settings->server_count++];
	*server = *like;
	return fill_server(settings, server, item, why);
}

/* What is in a block <server> or <manager>. */
struct server_block {
	size_t address, endpoint; /* OSSEC_CONF_NONE: not there */
	uint16_t port;
	bool is_udp;
};

static struct server_block read_server_block(const struct ossec_conf *conf, size_t block,
					     uint16_t port, bool is_udp)
{
	struct server_block found = { OSSEC_CONF_NONE, OSSEC_CONF_NONE, port, is_udp };
	size_t child = OSSEC_CONF_NONE;

	while ((child = ossec_conf_child(conf, block, child)) != OSSEC_CONF_NONE) {
		const char *value = conf->items[child].value;

		if (ossec_conf_is(conf, child, "address"))
			found.address = child;
		else if (ossec_conf_is(conf, child, "endpoint"))
			found.endpoint = child;
		else if (ossec_conf_is(conf, child, "port"))
			found.port = port_of(value) ? port_of(value) : found.port;
		else if (ossec_conf_is(conf, child, "protocol"))
			found.is_udp = strcmp(value, "udp") == 0;
	}
	return found;
}

/* ------------------------------------------------------------------ up to Wazuh 4 */

/* <port> and <protocol> of a whole <client> are those of its <server-ip> and <server-hostname>. */
static void finish_old_servers(struct agent_settings *settings, size_t first, uint16_t port,
			       bool is_udp)
{
	for (size_t i = first; i < settings->server_count; i++) {
		struct agent_server *server = &settings->servers[i];

		if (server->kind == AGENT_SERVER_ADDRESS)
			continue;
		server->port = port;
		server->is_udp = is_udp;
	}
}

/* Wazuh sends events by TCP since version 4; OSSEC has nothing but UDP. */
static bool uses_udp_by_default(const struct agent_settings *settings)
{
	return settings->generation == AGENT_OSSEC || settings->generation == AGENT_WAZUH_3;
}

static int read_client_server(struct agent_settings *settings, size_t block, struct reason *why)
{
	struct server_block found = read_server_block(&settings->syntax, block, AGENT_PORT_UP_TO_4,
						      uses_udp_by_default(settings));
	const struct agent_server server = {
		.kind = AGENT_SERVER_ADDRESS,
		.port = found.port,
		.is_udp = found.is_udp,
		.block = block,
	};

	return add_server(settings, &server, found.address, why);
}

static int read_enrollment(struct agent_settings *settings, size_t block, struct reason *why)
{
	settings->enrollment = block;
	return read_settings(settings, block, AGENT_ENROLLMENT_ENABLED, FIRST_SSL, why);
}

/* What <client> and <agent> have in common. Returns 1 if that was it, 0, or a negative errno. */
static int read_common(struct agent_settings *settings, size_t child, struct reason *why)
{
	const struct ossec_conf *conf = &settings->syntax;
	struct agent_server server = { .port = AGENT_PORT_5, .block = OSSEC_CONF_NONE };
	int r = 0;

	if (ossec_conf_is(conf, child, "server-ip"))
		server.kind = AGENT_SERVER_IP;
	else if (ossec_conf_is(conf, child, "server-hostname"))
		server.kind = AGENT_SERVER_HOST_NAME;
	else if (ossec_conf_is(conf, child, "enrollment"))
		r = agent_generation_enrolls(settings->generation) ||
				    settings->generation == AGENT_UNKNOWN
			    ? read_enrollment(settings, child, why)
			    : 0;
	else
		return 0;
	if (server.kind != AGENT_SERVER_ADDRESS)
		r = add_server(settings, &server, child, why);
	return r < 0 ? r : 1;
}

/* Wazuh 3 begins its list again with each <client> that has a server. */
static void forget_servers(struct agent_settings *settings, size_t count)
{
	if (settings->generation != AGENT_WAZUH_3 || settings->server_count == count)
		return;
	for (size_t i = 0; i < count; i++)
		agent_server_clear(&settings->servers[i]);
	settings->server_count -= count;
	memmove(settings->servers, settings->servers + count,
		settings->server_count * sizeof *settings->servers);
}

static int read_client(struct agent_settings *settings, size_t block, struct reason *why)
{
	const struct ossec_conf *conf = &settings->syntax;
	bool is_ossec = settings->generation == AGENT_OSSEC, is_udp = uses_udp_by_default(settings);
	size_t child = OSSEC_CONF_NONE, first = settings->server_count;
	uint16_t port = is_ossec && first > 0 ? settings->servers[0].port : AGENT_PORT_UP_TO_4;
	int r = 0;

	settings->block = block;
	while (r >= 0 && (child = ossec_conf_child(conf, block, child)) != OSSEC_CONF_NONE) {
		const char *value = conf->items[child].value;

		if (ossec_conf_is(conf, child, "port"))
			port = port_of(value) ? port_of(value) : port;
		else if (ossec_conf_is(conf, child, "protocol"))
			is_udp = is_ossec || strcmp(value, "udp") == 0;
		else if (ossec_conf_is(conf, child, "server") && !is_ossec)
			r = read_client_server(settings, child, why);
		else
			r = read_common(settings, child, why);
	}
	/* OSSEC has one port, for the servers of all blocks */
	finish_old_servers(settings, is_ossec ? 0 : first, port, is_udp);
	forget_servers(settings, first);
	return r < 0 ? r : 0;
}

/* ------------------------------------------------------------------ Wazuh 5 */

/* The last one prevails; within it, the endpoint. */
static int read_manager(struct agent_settings *settings, size_t block, struct reason *why)
{
	struct server_block found = read_server_block(&settings->syntax, block, AGENT_PORT_5,
						      false);
	bool is_endpoint = found.endpoint != OSSEC_CONF_NONE;
	const struct agent_server server = {
		.kind = is_endpoint ? AGENT_SERVER_ENDPOINT : AGENT_SERVER_ADDRESS,
		.port = is_endpoint ? AGENT_PORT_5 : found.port,
		.block = block,
	};

	drop_servers(settings);
	return add_server(settings, &server, is_endpoint ? found.endpoint : found.address, why);
}

static int read_agent(struct agent_settings *settings, size_t block, struct reason *why)
{
	const struct ossec_conf *conf = &settings->syntax;
	size_t child = OSSEC_CONF_NONE;
	int r = 0;

	settings->block = block;
	while (r >= 0 && (child = ossec_conf_child(conf, block, child)) != OSSEC_CONF_NONE) {
		if (ossec_conf_is(conf, child, "server") || ossec_conf_is(conf, child, "manager"))
			r = read_manager(settings, child, why);
		else if (ossec_conf_is(conf, child, "ssl"))
			r = read_settings(settings, child, FIRST_SSL, AGENT_SETTING_KEYS, why);
		else
			r = read_common(settings, child, why);
		settings->has_agents_enrollment |= ossec_conf_is(conf, child, "enrollment") &&
						   ossec_conf_child(conf, child, OSSEC_CONF_NONE) !=
							   OSSEC_CONF_NONE;
	}
	return r < 0 ? r : 0;
}

/* Which element of a <client> that version 4 has left names the manager, and where it stands. */
struct old_server {
	size_t item, block;
	bool is_endpoint;
};

/* The last <endpoint> in a <server>, which some installers write there; or else <address>. */
static void look_into_old_server(const struct ossec_conf *conf, size_t block,
				 struct old_server *ret)
{
	struct server_block found = read_server_block(conf, block, AGENT_PORT_5, false);

	if (found.endpoint != OSSEC_CONF_NONE)
		*ret = (struct old_server){ found.endpoint, block, true };
	else if (found.address != OSSEC_CONF_NONE && !ret->is_endpoint)
		*ret = (struct old_server){ found.address, block, false };
}

/* Its manager counts if none has been read so far, its identity if <agent> has not said one. */
static int read_old_client(struct agent_settings *settings, size_t block, struct reason *why)
{
	const struct ossec_conf *conf = &settings->syntax;
	struct agent_server server = { .port = AGENT_PORT_5, .is_left_over = true };
	struct old_server old = { .item = OSSEC_CONF_NONE };
	size_t child = OSSEC_CONF_NONE;
	int r = 0;

	while (r == 0 && (child = ossec_conf_child(conf, block, child)) != OSSEC_CONF_NONE) {
		if (ossec_conf_is(conf, child, "server"))
			look_into_old_server(conf, child, &old);
		else if (ossec_conf_is(conf, child, "enrollment") &&
			 !settings->has_agents_enrollment)
			r = read_enrollment(settings, child, why);
	}
	if (r < 0 || settings->server_count > 0 || old.item == OSSEC_CONF_NONE)
		return r;
	server.kind = old.is_endpoint ? AGENT_SERVER_ENDPOINT : AGENT_SERVER_ADDRESS;
	server.block = old.block;
	return add_server(settings, &server, old.item, why);
}

/* ------------------------------------------------------------------ the whole file */

static int read_block(struct agent_settings *settings, size_t block, struct reason *why)
{
	const struct ossec_conf *conf = &settings->syntax;
	bool is_5 = settings->generation == AGENT_WAZUH_5;

	if (ossec_conf_is(conf, block, "client"))
		return is_5 ? read_old_client(settings, block, why)
			    : read_client(settings, block, why);
	return is_5 && ossec_conf_is(conf, block, "agent") ? read_agent(settings, block, why) : 0;
}

/* The blocks in all roots <ossec_config>, in their order. */
static int understand(struct agent_settings *settings, struct reason *why)
{
	const struct ossec_conf *conf = &settings->syntax;
	size_t root = OSSEC_CONF_NONE, block;
	int r = 0;

	while (r == 0 &&
	       (root = ossec_conf_child(conf, OSSEC_CONF_NONE, root)) != OSSEC_CONF_NONE) {
		if (!ossec_conf_is(conf, root, "ossec_config"))
			continue;
		block = OSSEC_CONF_NONE;
		while (r == 0 && (block = ossec_conf_child(conf, root, block)) != OSSEC_CONF_NONE)
			r = read_block(settings, block, why);
	}
	return r;
}

int agent_settings_read(struct agent_settings *ret, const char *text, size_t length,
			enum agent_generation generation, struct reason *why)
{
	cleanup(agent_settings_clear) struct agent_settings settings = {
		.generation = generation,
		.block = OSSEC_CONF_NONE,
		.enrollment = OSSEC_CONF_NONE,
	};
	int r = ossec_conf_parse(&settings.syntax, text, length, generation, why);

	if (r == 0)
		r = understand(&settings, why);
	if (r < 0)
		return r;
	*ret = settings;
	settings = (struct agent_settings){ 0 };
	return 0;
}

void agent_settings_clear(struct agent_settings *settings)
{
	drop_servers(settings);
	free(settings->servers);
	for (size_t i = 0; i < AGENT_SETTING_KEYS; i++)
		free(settings->values[i].text);
	ossec_conf_clear(&settings->syntax);
	free(settings->path);
	*settings = (struct agent_settings){ 0 };
}

bool agent_settings_has_manager(const struct agent_settings *settings)
{
	for (size_t i = 0; i < settings->server_count; i++)
		if (!settings->servers[i].is_placeholder)
			return true;
	return false;
}

bool agent_settings_enrolls(const struct agent_settings *settings)
{
	const char *enabled = settings->values[AGENT_ENROLLMENT_ENABLED].text;

	return agent_generation_enrolls(settings->generation) &&
	       (!enabled || strcmp(enabled, "no") != 0);
}
