/* SPDX-License-Identifier: ISC */
/* The rules that concern more than one key, and what follows from several keys together. */
#include "client/config/config.h"

#include "common/agent-address.h"

#include <errno.h>
#include <string.h>

/* An enrollment token contains the address of the manager and how to verify it. */
bool config_has_token(const struct config *config)
{
	return config->manager.method == METHOD_ENROLL && config->auth.token_file;
}

bool config_has_work(const struct config *config)
{
	return config->manager.address.count > 0 || config->manager.method == METHOD_IMPORT ||
	       config_has_token(config) || config->agents_file.is_needed;
}

bool config_wants_agents_ca(const struct config *config)
{
	return config->tls.ca_file && strcmp(config->tls.ca_file, CONFIG_INHERIT) == 0;
}

uint16_t config_default_port(const struct config *config)
{
	static const uint16_t ports[] = { [METHOD_AUTHD] = 1515,
					  [METHOD_API] = 55000,
					  [METHOD_ENROLL] = 1517,
					  [METHOD_IMPORT] = 1515 };

	return config->manager.port ?: ports[config->manager.method];
}

const char *config_password_file(const struct config *config)
{
	return config->manager.method == METHOD_API ? config->auth.api_password_file
						    : config->auth.password_file;
}

const char *config_password_home(const struct config *config)
{
	return config->manager.method == METHOD_API
		       ? NULL
		       : config_home(config, &config->auth.password_file);
}

/* An agent's file that names a CA is one line away from being trusted. */
static void append_agents_ca(const struct config *config, struct reason *why)
{
	if (config->agents_file.ca_path)
		reason_append(why,
			      "; or trust the CA that %s names, %s, which the agent's group may "
			      "change: ca_file = " CONFIG_INHERIT,
			      config->agents_file.ca_origin, config->agents_file.ca_path);
}

/* The value in the agent's file has taken its place, if there is one. */
static int check_agents_ca(const struct config *config, struct reason *why)
{
	if (!config_wants_agents_ca(config))
		return 0;
	reason_set(why,
		   "ca_file = " CONFIG_INHERIT " in [tls] finds no CA: there is no server_ca_path "
		   "(Wazuh 5: certificate_authorities) in %s/etc/ossec.conf%s; set ca_file to the "
		   "file of the CA",
		   config->agent.directory,
		   config->agent.inherit ? "" : ", and inherit = no in [agent] forbids to look");
	return -EINVAL;
}

static int check_trust(const struct config *config, struct reason *why)
{
	bool ca_or_pin = config->tls.ca_file || config->tls.pin.count > 0;

	if (!config->tls.verify && ca_or_pin) {
		reason_set(why, "verify = no contradicts %s in [tls]: remove one of them",
			   config->tls.ca_file ? "ca_file" : "pin");
		return -EINVAL;
	}
	if (!config->tls.verify && config_has_token(config)) {
		reason_set(why, "verify = no in [tls] contradicts token_file in [auth], "
				"which defines the trusted manager: remove one of them");
		return -EINVAL;
	}
	if (config->tls.verify && !ca_or_pin && !config_has_token(config)) {
		reason_set(why,
			   "No way to verify the manager is configured; set one of these in [tls]: "
			   "ca_file = FILE (the CA that issued the manager's certificate), "
			   "pin = sha256//... (printed by: agent-register pin %s), "
			   "or verify = no (any host can impersonate the manager)",
			   config->manager.address.count ? config->manager.address.items[0]
							 : "HOST");
		append_agents_ca(config, why);
		return -EINVAL;
	}
	return check_agents_ca(config, why);
}

/* No manager is contacted, so no other key matters. */
static int check_import(const struct config *config, struct reason *why)
{
	if (config->auth.key_file)
		return 0;
	reason_set(why, "No key to import: method = import requires key_file in [auth] "
			"or the credential agent-register.client-key");
	return -EINVAL;
}

/* `list` is in the configuration. */
static int check_count(const struct config *config, const struct string_list *list,
		       struct reason *why)
{
	const struct config_key *key = config_key_at(config, list);

	if (list->count <= CONFIG_MAX_MANAGERS)
		return 0;
	reason_set(why, "%s: more than %d managers (%s in [%s]) are not supported",
		   config_origin(config, key, CONFIG_MAX_MANAGERS), CONFIG_MAX_MANAGERS, key->name,
		   key->section);
	return -EINVAL;
}

static int check_managers(const struct config *config, struct reason *why)
{
	int r = check_count(config, &config->manager.address, why);

	if (r < 0)
		return r;
	if (config->auth.proxy_password_file && config->manager.proxy &&
	    !strchr(config->manager.proxy, '@')) {
		reason_set(why, "The proxy's password requires a user: "
				"set proxy = http://USER@HOST:PORT in [manager]");
		return -EINVAL;
	}
	if (!config->tls.certificate_file != !config->tls.private_key_file) {
		reason_set(why,
			   "A client certificate and its private key must be set together: "
			   "set %s in [tls]",
			   config->tls.certificate_file ? "private_key_file" : "certificate_file");
		return -EINVAL;
	}
	return 0;
}

static int check_times(const struct config *config, struct reason *why)
{
	if (config->retry.initial == 0 || config->retry.initial > config->retry.max) {
		reason_set(why,
			   "initial in [retry] must be greater than 0 and not greater than max");
		return -EINVAL;
	}
	if (config->manager.connect_timeout == 0 || config->manager.attempt_timeout == 0) {
		reason_set(why, "connect_timeout and attempt_timeout "
				"in [manager] must be greater than 0");
		return -EINVAL;
	}
	return 0;
}

/* An agent reads an address with a dotted mask; a manager of Wazuh 5 refuses it in a request. */
static int check_mask(const struct config *config, struct reason *why)
{
	const char *ip = config->agent.ip;
	struct agent_address address;
	char network[AGENT_ADDRESS_KEY_SIZE], instead[AGENT_ADDRESS_KEY_SIZE + 32] = "";

	if (config->manager.method != METHOD_ENROLL || !ip ||
	    agent_address_parse(&address, ip, strlen(ip)) < 0 || !strchr(address.mask, '.'))
		return 0;
	agent_address_format(network, &address);
	if (address.prefix >= 0)
		(void)snprintf(instead, sizeof instead, ": %s/%d", network, address.prefix);
	reason_set(why,
		   "%s: ip = %s has a dotted mask, which managers of Wazuh 5 refuse; "
		   "write the number of bits instead%s",
		   config_origin(config, config_key_at(config, &config->agent.ip), 0), ip, instead);
	return -EINVAL;
}

/* What only some of the methods have or need. */
static int check_method(const struct config *config, struct reason *why)
{
	if (config->manager.method != METHOD_API &&
	    config->identity.on_duplicate == DUPLICATE_REPLACE) {
		reason_set(why, "on_duplicate = replace requires method = api; "
				"with other methods, the manager's own rules decide");
		return -EINVAL;
	}
	if (config->manager.method == METHOD_API && config->agent.ip &&
	    strcmp(config->agent.ip, "src") == 0) {
		reason_set(why, "ip = src is not supported by method = api; "
				"set an address, a network, or any");
		return -EINVAL;
	}
	if (config->manager.method == METHOD_API &&
	    (!config->auth.api_user || !config->auth.api_password_file)) {
		reason_set(why,
			   "method = api requires an API user and its password: set %s in [auth]",
			   config->auth.api_user ? "api_password_file" : "api_user");
		return -EINVAL;
	}
	if (config->auth.api_user && strchr(config->auth.api_user, ':')) {
		reason_set(why, "api_user in [auth] must not contain a colon (RFC 7617)");
		return -EINVAL;
	}
	if (config->auth.token_file && config->manager.method != METHOD_ENROLL) {
		reason_set(why, "token_file in [auth] requires method = enroll in [manager]: "
				"set it, or remove token_file");
		return -EINVAL;
	}
	return 0;
}

static int check_agents_file(const struct config *config, struct reason *why)
{
	if (!config->agents_file.is_needed)
		return 0;
	reason_set(why, "%s", config->agents_file.problem);
	return -EINVAL;
}

int config_check(const struct config *config, struct reason *why)
{
	int r = check_count(config, &config->agent.manager_address, why);

	if (r < 0)
		return r;
	if (config->manager.method == METHOD_IMPORT)
		return check_import(config, why);
	r = check_agents_file(config, why);
	if (r >= 0)
		r = check_managers(config, why);
	if (r >= 0)
		r = check_times(config, why);
	if (r >= 0)
		r = check_method(config, why);
	if (r >= 0)
		r = check_mask(config, why);
	return r < 0 ? r : check_trust(config, why);
}
