/* SPDX-License-Identifier: ISC */
#include "registrar/serve.h"

#include "common/cleanup.h"
#include "common/log.h"
#include "registrar/commands/policy.h"
#include "registrar/credentials.h"
#include "registrar/enrollment/known-dialect.h"
#include "registrar/keeper/users.h"
#include "registrar/material-files.h"
#include "registrar/other-authd.h"
#include "registrar/server.h"

#include <limits.h>
#include <sys/resource.h>
#include <sysexits.h>

#define MAX_CONNECTIONS 4096
#define OTHER_DESCRIPTORS 64 /* listeners, client.keys, the log, libevent's own */

static void warn(const char *sentence)
{
	log_warning("%s", sentence);
}

/* How many connections of each kind there may be at a time. */
struct connection_limits {
	unsigned int authd, api;
};

/* The limit of open files, raised as far as it can be; false: unknown. */
static bool raise_descriptors(rlim_t *ret)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return false;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	*ret = limit.rlim_cur;
	return true;
}

/*
 * As many connections as there are descriptors for. Where they are short, the API gets a quarter,
 * so that neither can take the other's.
 */
static struct connection_limits share_descriptors(unsigned int wanted, bool has_api)
{
	struct connection_limits limits = { .authd = wanted ?: MAX_CONNECTIONS,
					    .api = has_api ? API_CONNECTIONS_MAX : 0 };
	rlim_t descriptors, rest;

	if (!raise_descriptors(&descriptors) ||
	    descriptors >= (rlim_t)limits.authd + limits.api + OTHER_DESCRIPTORS)
		return limits;
	rest = descriptors > 2 * OTHER_DESCRIPTORS ? descriptors - OTHER_DESCRIPTORS
						   : OTHER_DESCRIPTORS;
	if (limits.api > rest / 4)
		limits.api = (unsigned int)rest / 4;
	if (limits.authd > rest - limits.api)
		limits.authd = (unsigned int)rest - limits.api;
	if (wanted > limits.authd)
		log_warning("Only %u connections at a time: the limit of open files is %llu",
			    limits.authd, (unsigned long long)descriptors);
	return limits;
}

static int make_listeners(struct listeners *ret, const struct text_list *addresses,
			  unsigned int port, struct reason *why)
{
	return listeners_make(ret, addresses->items, addresses->count, (unsigned short)port, why);
}

static int open_listeners(struct listeners *ret, const struct options *options, struct reason *why)
{
	int passed = listeners_take_passed(ret, why);

	if (passed != 0)
		return passed;
	return make_listeners(ret, &options->service.listen, options->service.port, why);
}

/*
 * The API's are never passed by systemd. Without addresses of their own they are where agents are
 * registered.
 */
static int open_api_listeners(struct listeners *ret, const struct options *options,
			      struct reason *why)
{
	const struct api_options *api = &options->api;

	if (!api->enabled)
		return 0;
	return make_listeners(ret, api->listen.count > 0 ? &api->listen : &options->service.listen,
			      api->port, why);
}

static int check_api(const struct options *options, struct reason *why)
{
	int users = options->api.enabled ? api_exists(why) : 0;

	if (users >= 0 && options->api.enabled)
		users = api_users_check(options->api.users_file, why);
	if (users > 0 && options->test)
		log_info("Users of the API: %d", users);
	return users < 0 ? users : 0;
}

/*
 * The commands remove agents as this service does: what no installed program shows them is stored.
 */
static void prepare_dialect(const struct options *options)
{
	enum dialect dialect = (enum dialect)options->policy.dialect, known;
	struct reason why;
	int r = known_dialect_find(&known, options->directory, &why);

	log_info("Dialect: %s (%s)", dialect_text(dialect), options->policy.dialect_reason.text);
	if (r == 0 && known == dialect)
		return;
	if (known_dialect_store(options->directory, dialect, options->group, &why) < 0)
		log_warning("%s: the commands need --dialect", why.text);
	else if (known_dialect_find(&known, options->directory, &why) < 0)
		log_warning("%s: the commands need --dialect", why.text);
}

/* Wazuh has the file, and its rules for duplicates need it; OSSEC has none. */
static void prepare_history(const struct enrollment_policy *policy)
{
	struct reason why;

	if ((policy->dialect == DIALECT_WAZUH || policy->on_duplicate == ON_DUPLICATE_FORCE) &&
	    agent_history_make(&policy->history, &why) < 0)
		log_warning("%s: when agents were registered cannot be remembered", why.text);
}

static int fail(int status, const struct reason *why)
{
	log_error("%s", why->text);
	return status;
}

/* ------------------------------------------------------------------ the command */

/* What serving needs, from the files to the sockets. Close it with service_close(). */
struct service {
	const struct options *options;
	struct enrollment_policy policy;
	char etc[PATH_MAX];
	struct credentials credentials;
	struct roster *roster;
	struct listeners listeners, api_listeners;
	struct background background;
};

static void service_close(struct service *service)
{
	background_end(&service->background);
	listeners_close(&service->api_listeners);
	listeners_close(&service->listeners);
	roster_close(service->roster);
	credentials_clear(&service->credentials);
}

static int read_credentials(struct credentials *ret, const struct options *options,
			    struct reason *why)
{
	cleanup(material_wipe) struct material material = { .ciphers = NULL };
	int r = material_read(&material, options, why);

	return r < 0 ? r : credentials_make(ret, &material, why);
}

/* Check and open the files. Returns 0 or a negative errno with `why` set. */
static int open_files(struct service *service, struct reason *why)
{
	const struct options *options = service->options;
	int r = other_authd_refuse(options->directory, why);

	if (r >= 0)
		r = read_credentials(&service->credentials, options, why);
	if (r >= 0)
		r = roster_open(&service->roster, service->etc, options->group, warn, why);
	return r < 0 ? r : check_api(options, why);
}

/* Prepare what is written, and listen. Returns 0 or a negative errno with `why` set. */
static int begin(struct service *service, struct reason *why)
{
	int r;

	prepare_dialect(service->options);
	prepare_history(&service->policy);
	r = open_listeners(&service->listeners, service->options, why);
	return r < 0 ? r : open_api_listeners(&service->api_listeners, service->options, why);
}

static struct authd_settings authd_settings(const struct service *service,
					    unsigned int max_connections)
{
	const struct options *options = service->options;

	return (struct authd_settings){
		.listeners = &service->listeners,
		.dialect = service->policy.dialect,
		.verify_host = options->tls.verify_host,
		.timeout = options->service.timeout,
		.max_connections = max_connections,
	};
}

static struct api_settings api_settings(const struct service *service, unsigned int max_connections)
{
	const struct options *options = service->options;

	return (struct api_settings){
		.listeners = &service->api_listeners,
		.limits = options->api.limits,
		.max_connections = max_connections,
		.timeout = options->service.timeout,
	};
}

/*
 * For a reload. Everything is read and tried before anything is handed out, so that what is broken
 * changes nothing.
 */
static int read_material(void *owner, struct material *ret, struct reason *why)
{
	const struct service *service = owner;
	cleanup(credentials_clear) struct credentials tried = { .tls = NULL };
	cleanup(material_wipe) struct material material = { .ciphers = NULL };
	int r = material_read(&material, service->options, why);

	if (r >= 0)
		r = credentials_make(&tried, &material, why);
	if (r >= 0)
		r = check_api(service->options, why);
	if (r < 0)
		return r;
	*ret = material;
	material = (struct material){ .ciphers = NULL };
	return 0;
}

static int run(struct service *service, struct reason *why)
{
	const struct options *options = service->options;
	struct connection_limits limits = share_descriptors(options->service.max_connections,
							    options->api.enabled);
	struct api_settings api = api_settings(service, limits.api);
	struct server_settings settings = {
		.roster = service->roster,
		.policy = &service->policy,
		.directory = options->directory,
		.keys_directory = service->etc,
		.groups_directory = options->paths.groups_directory,
		.credentials = &service->credentials,
		.authd = authd_settings(service, limits.authd),
		.api = options->api.enabled ? &api : NULL,
		.users_file = options->api.users_file,
		.background = options->service.called ? &service->background : NULL,
		.called = options->service.called,
		.read_material = read_material,
		.owner = service,
		.exempt_sources = &options->service.exempt_sources,
		.max_per_source = options->service.max_per_source,
	};

	return server_run(&settings, why);
}

int serve_command(struct program *program)
{
	const struct options *options = program->options;
	cleanup(service_close) struct service service = {
		.options = options,
		.policy = policy_from_options(options),
		.background = BACKGROUND_NULL,
	};
	struct reason why;
	int r = options->service.is_in_background ? background_begin(&service.background) : 0;

	if (r < 0) {
		(void)reason_errno(&why, r, "Cannot go into the background");
		return fail(EXIT_FAILURE, &why);
	}
	(void)snprintf(service.etc, sizeof service.etc, "%s/etc", options->directory);
	if (open_files(&service, &why) < 0)
		return fail(EX_CONFIG, &why);
	if (options->test) {
		log_info("Configuration OK (%zu agents; dialect %s: %s)",
			 roster_count(service.roster), dialect_text(service.policy.dialect),
			 options->policy.dialect_reason.text);
		return 0;
	}
	if (begin(&service, &why) < 0)
		return fail(EXIT_FAILURE, &why);
	r = run(&service, &why);
	return r < 0 ? fail(r == -EBUSY ? EX_CONFIG : EXIT_FAILURE, &why) : 0;
}
