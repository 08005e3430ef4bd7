/* SPDX-License-Identifier: ISC */
#include "client/registration/access.h"

#include "client/methods/methods.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "common/must-check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct tls_settings tls_settings_of(const struct config *config)
{
	return (struct tls_settings){
		.ca_file = config->tls.ca_file,
		.certificate_file = config->tls.certificate_file,
		.private_key_file = config->tls.private_key_file,
		.ca_home = config_home(config, &config->tls.ca_file),
		.own_home = config_home(config, &config->tls.certificate_file),
		.min_version = config->tls.min_version,
		.ciphers = config->tls.ciphers,
		.ciphersuites = config->tls.ciphersuites,
	};
}

static struct tls_trust tls_trust_of(const struct config *config)
{
	return (struct tls_trust){
		.verify = config->tls.verify,
		.ca_file = config->tls.ca_file,
		.pins = &config->tls.pin,
		.verify_name = config->tls.verify_name,
	};
}

int access_read_proxy(struct proxy *ret, const struct config *config, struct reason *why)
{
	const char *path = config->auth.proxy_password_file;
	struct proxy proxy;
	int r;

	if (!config->manager.proxy)
		return 0;
	if (proxy_parse(&proxy, config->manager.proxy) < 0) {
		/* config.c has checked it */
		reason_set(why, "proxy in [manager] is not a valid address");
		return -EINVAL;
	}
	r = path ? secret_read(&proxy.password, "proxy's password", path, why) : 0;
	if (r < 0)
		return r;
	*ret = proxy;
	return 1;
}

/* Returns 1; 0 when no token is configured, or the method has none; or a negative errno. */
static int read_token(struct enrollment_token *ret, const struct config *config,
		      const struct method *method, struct reason *why)
{
	const char *path = config->auth.token_file;
	cleanup(secret_wipe) struct secret text = { 0 };
	struct reason problem = { 0 };
	int r;

	if (!path || !method->parse_token)
		return 0;
	r = secret_read_long(&text, "enrollment token", path, ENROLLMENT_TOKEN_MAX, why);
	if (r < 0)
		return r;
	r = method->parse_token(ret, &text, &problem);
	if (r < 0)
		reason_set(why, "%s (%s)", problem.text, path);
	return r < 0 ? r : 1;
}

static bool has_own_trust(const struct config *config)
{
	return config->tls.ca_file || config->tls.pin.count > 0;
}

/* Without the token, is there a manager to ask, and something to know it by? */
static bool suffices(const struct config *config, const struct access_known *known)
{
	return known && (config->manager.address.count > 0 || *known->manager) &&
	       (has_own_trust(config) || known->ca);
}

/*
 * The agent is given the CA, too, after an attempt that can read no files. OpenSSL has read it.
 */
static int read_ca(struct access *access, struct reason *why)
{
	const struct config *config = access->config;
	const struct access_known *known = access->known;
	struct pem_subject subject = { "CA file", config->tls.ca_file, PEM_CERTIFICATE,
				       config_home(config, &config->tls.ca_file) };

	if (known && !has_own_trust(config)) {
		subject.path = access->trust.ca_file = known->ca_file;
		return pem_file_take(&access->ca, &subject, known->ca, known->ca_length, why);
	}
	return subject.path && access->method->check_anchor
		       ? pem_file_open(&access->ca, &subject, why)
		       : 0;
}

/* Who looks for a path that is not in our files finds it where the agent's says it. */
static int say_origin(const struct config *config, const void *value, int error, struct reason *why)
{
	const struct config_key *key = config_key_at(config, value);

	if (config_home(config, value))
		reason_append(why, " (from %s; set %s in [%s] to use another one)",
			      config_origin(config, key, 0), key->name, key->section);
	return error;
}

/* What is missing is said before anything else is done; what is in the files, OpenSSL will say. */
static int check_files_of_tls(const struct config *config, struct reason *why)
{
	const struct {
		const char *role;
		char *const *path;
		enum pem_content wanted;
	} files[] = {
		{ "CA file", &config->tls.ca_file, PEM_CERTIFICATE },
		{ "certificate file", &config->tls.certificate_file, PEM_CERTIFICATE },
		{ "private key file", &config->tls.private_key_file, PEM_PRIVATE_KEY },
	};

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		const struct pem_subject subject = { files[i].role, *files[i].path, files[i].wanted,
						     config_home(config, files[i].path) };
		int r = subject.path ? pem_file_check(&subject, why) : 0;

		if (r < 0)
			return say_origin(config, files[i].path, r, why);
	}
	return 0;
}

/* The agents read the first line of theirs. */
static int read_password(struct secret *ret, const struct config *config, struct reason *why)
{
	const char *path = config_password_file(config);
	const char *home = config_password_home(config);
	int r;

	if (!path)
		return 0;
	if (!home)
		return secret_read(ret, "password", path, why);
	r = secret_read_below(ret, home, "password", path, why);
	return r < 0 ? say_origin(config, &config->auth.password_file, r, why) : 0;
}

/* All three have been checked before: by the configuration, by the token's parser, and here. */
static void find_prefix(struct access *access)
{
	const char *prefix = access->config->manager.prefix;

	if (!prefix && access->has_token)
		prefix = access->token.prefix;
	if (!prefix && access->known)
		prefix = access->known->prefix;
	ignore_result(endpoint_prefix_parse(access->prefix, prefix ?: ENROLLMENT_PREFIX));
}

int access_open(struct access *access, const struct config *config, struct reason *why)
{
	return access_open_known(access, config, NULL, why);
}

int access_open_known(struct access *access, const struct config *config,
		      const struct access_known *known, struct reason *why)
{
	int r;

	*access = (struct access){ .config = config, .trust = tls_trust_of(config) };
	r = method_get(config->manager.method, &access->method, why);
	if (r >= 0)
		r = check_files_of_tls(config, why);
	if (r >= 0)
		r = read_password(&access->password, config, why);
	if (r >= 0)
		r = access_read_proxy(&access->proxy, config, why);
	access->has_proxy = r > 0;
	if (r < 0)
		return r;
	r = read_token(&access->token, config, access->method, why);
	access->has_token = r > 0;
	access->lacks_token = r == -ENOENT;
	if (access->lacks_token && suffices(config, known)) {
		access->known = known;
		r = 0;
	}
	if (r >= 0)
		r = read_ca(access, why);
	if (r < 0)
		return r;
	find_prefix(access);
	return 0;
}

int access_load_tls(struct access *access, struct reason *why)
{
	struct tls_settings settings = tls_settings_of(access->config);

	if (access->known && !settings.ca_file)
		settings.ca_file = access->trust.ca_file;
	/* what the agent will be given, also if the file has changed since */
	if (access->ca.bytes)
		settings.ca = (struct tls_content){ access->ca.bytes, access->ca.length };
	return access->context ? 0 : tls_context_new(&access->context, &settings, why);
}

int access_open_with_tls(struct access *access, const struct config *config, struct reason *why)
{
	int r = access_open(access, config, why);

	return r < 0 ? r : access_load_tls(access, why);
}

void access_close(struct access *access)
{
	SSL_CTX_free(access->context);
	secret_wipe(&access->password);
	proxy_wipe(&access->proxy);
	enrollment_token_wipe(&access->token);
	pem_file_close(&access->ca);
	*access = (struct access){ 0 };
}

bool access_has_credential(const struct access *access)
{
	return access->password.text || (access->has_token && access->token.has_credential);
}

bool access_manager_at(const struct access *access, size_t index, struct endpoint *ret)
{
	const struct string_list *addresses = &access->config->manager.address;

	if (addresses->count == 0 && index == 0 && access->has_token)
		*ret = access->token.manager;
	else if (addresses->count == 0 && index == 0 && access->known)
		return endpoint_parse(ret, access->known->manager,
				      config_default_port(access->config)) == 0;
	else
		return index < addresses->count &&
		       endpoint_parse(ret, addresses->items[index],
				      config_default_port(access->config)) == 0;
	return true;
}

struct attempt access_attempt(const struct access *access, const struct endpoint *manager,
			      const struct deadline *deadline)
{
	const struct config *config = access->config;
	size_t mark = io_mark_length(access->ca.bytes, access->ca.length);

	return (struct attempt){
		.manager = manager,
		.connection = {
			.context = access->context,
			.trust = &access->trust,
			.private_key_file = config->tls.private_key_file,
			.private_key_home = config_home(config, &config->tls.private_key_file),
			.proxy = access->has_proxy ? &access->proxy : NULL,
			.timeout = config->manager.connect_timeout,
		},
		.password = access->password.text,
		.api = {
			.user = config->auth.api_user,
			.replace = config->identity.on_duplicate == DUPLICATE_REPLACE,
		},
		.enroll = {
			.token = access->has_token ? &access->token : NULL,
			.prefix = access->prefix,
			.ca = access->ca.bytes ? access->ca.bytes + mark : NULL,
			.ca_length = access->ca.length - mark,
		},
		.deadline = deadline,
	};
}
