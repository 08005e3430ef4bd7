/* SPDX-License-Identifier: ISC */
#include "registrar/serve.h"

#include "common/cleanup.h"
#include "common/library-memory.h"
#include "common/log.h"
#include "common/shortage.h"
#include "registrar/background.h"
#include "registrar/front-process.h"
#include "registrar/front.h"
#include "registrar/keeper-files.h"
#include "registrar/keeper-socket.h"
#include "registrar/keeper.h"
#include "registrar/other-authd.h"
#include "registrar/ports.h"

#include <openssl/ssl.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>

#define MAX_CONNECTIONS 4096
#define PORTS 3

#define OTHER_DESCRIPTORS 24 /* than of ports and connections: the keeper, the log, libevent's */

/* How many connections of each kind there may be at a time. */
struct connection_limits {
	unsigned int authd;
	unsigned int https; /* to the API and for the enrollment, together */
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

static bool has_https(const struct ports *ports)
{
	return ports->api.count > 0 || ports->enroll.count > 0;
}

/* What is open beside connections. libevent has a copy of each listener of HTTPS. */
static rlim_t other_descriptors(const struct ports *ports)
{
	return OTHER_DESCRIPTORS + ports->authd.count +
	       2 * (ports->api.count + ports->enroll.count);
}

/*
 * As many connections as there are descriptors for. Where they are short, HTTPS gets a quarter, so
 * that neither can take the other's.
 */
static struct connection_limits share_descriptors(unsigned int wanted, const struct ports *ports)
{
	struct connection_limits limits = { .authd = wanted ?: MAX_CONNECTIONS,
					    .https = has_https(ports) ? API_CONNECTIONS_MAX : 0 };
	const rlim_t others = other_descriptors(ports);
	rlim_t descriptors, rest;

	if (!raise_descriptors(&descriptors) ||
	    descriptors >= (rlim_t)limits.authd + limits.https + others)
		return limits;
	rest = descriptors > 2 * others ? descriptors - others : descriptors / 2;
	if (limits.https > rest / 4)
		limits.https = (unsigned int)rest / 4;
	if (limits.authd > rest - limits.https)
		limits.authd = (unsigned int)rest - limits.https;
	if (wanted > limits.authd)
		log_warning("Only %u connections at a time: the limit of open files is %llu",
			    limits.authd, (unsigned long long)descriptors);
	return limits;
}

static int fail(int status, const struct reason *why)
{
	if (why->text[0] != '\0')
		log_error("%s", why->text);
	return status;
}

/* ------------------------------------------------------------------ the front */

/* What a front has from the one who begins it. */
struct front_begin {
	const struct options *options;
	const struct ports *ports;
	struct front_process *keeper; /* null: it is a service of its own */
	struct background *background;
};

static int connect_keeper(void *owner)
{
	const struct front_begin *begin = owner;

	if (!begin->keeper)
		return keeper_socket_connect(begin->options->service.keeper_socket);
	return begin->keeper->fd < 0 ? -EPIPE : take_fd(&begin->keeper->fd);
}

static void on_front_ready(void *owner)
{
	const struct front_begin *begin = owner;

	background_leave_terminal(begin->background, begin->options->service.called);
}

static int run_front(struct front_begin *begin, struct reason *why)
{
	const struct options *options = begin->options;
	const struct service_options *service = &options->service;
	const struct ports *ports = begin->ports;
	struct connection_limits limits = share_descriptors(service->max_connections, ports);
	const struct api_settings api = {
		.listeners = &ports->api,
		.enroll_listeners = &ports->enroll,
		.limits = options->api.limits,
		.max_connections = limits.https,
		.timeout = service->timeout,
	};
	const struct front_settings settings = {
		.authd = { .listeners = &ports->authd,
			   .verify_host = options->tls.verify_host,
			   .timeout = service->timeout,
			   .max_connections = limits.authd },
		.api = has_https(ports) ? &api : NULL,
		.exempt_sources = &service->exempt_sources,
		.max_per_source = service->max_per_source,
		.connect = connect_keeper,
		.ready = begin->background ? on_front_ready : NULL,
		.owner = begin,
		.is_child = begin->keeper != NULL,
	};

	return front_run(&settings, why);
}

static void keep_listeners(int *descriptors, size_t *count, const struct listeners *listeners)
{
	memcpy(descriptors + *count, listeners->fds, listeners->count * sizeof *descriptors);
	*count += listeners->count;
}

/* OpenSSL's own files are read while there is a right to. A half of them would be used for good. */
static int prepare_tls(struct reason *why)
{
	const unsigned long shortages = library_memory_shortages();

	(void)OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, NULL);
	return library_memory_shortages() == shortages
		       ? 0
		       : reason_errno(why, ENOMEM, "Cannot initialize OpenSSL");
}

/* Give up what is not needed to speak with clients. 0 or a negative errno with `why` set. */
static int confine_front(const struct front_begin *begin, struct reason *why)
{
	int descriptors[PORTS * LISTENERS_MAX + 3];
	size_t count = 0;
	int r = prepare_tls(why);

	if (r < 0)
		return r;
	keep_listeners(descriptors, &count, &begin->ports->authd);
	keep_listeners(descriptors, &count, &begin->ports->api);
	keep_listeners(descriptors, &count, &begin->ports->enroll);
	if (begin->keeper)
		descriptors[count++] = begin->keeper->fd;
	if (begin->background) {
		descriptors[count++] = begin->background->nothing_fd;
		descriptors[count++] = begin->background->log_fd;
	}
	return front_process_confine(descriptors, count, begin->keeper ? begin->keeper->pid : 0,
				     why);
}

/* In a child, systemd hears of the keeper alone. */
static int serve_as_child(struct front_begin *begin)
{
	struct reason why;

	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	if (begin->background)
		begin->background->ready_fd = -1; /* closed with the others */
	if (confine_front(begin, &why) < 0 || run_front(begin, &why) < 0)
		return fail(EXIT_FAILURE, &why);
	return 0;
}

static int serve_front(const struct options *options)
{
	cleanup(ports_close) struct ports ports = { .authd = { .count = 0 } };
	struct front_begin begin = { .options = options, .ports = &ports };
	struct reason why;
	int r;

	if (ports_open(&ports, options, &why) < 0 || confine_front(&begin, &why) < 0)
		return fail(EXIT_FAILURE, &why);
	r = run_front(&begin, &why);
	return r < 0 ? fail(r == -EBUSY ? EX_CONFIG : EXIT_FAILURE, &why) : 0;
}

/* ------------------------------------------------------------------ the keeper */

static int run_keeper(const struct keeper_settings *settings)
{
	struct reason why;
	int r;

	keeper_files_prepare(settings->files);
	r = keeper_run(settings, &why);
	return r < 0 ? fail(r == -EBUSY ? EX_CONFIG : EXIT_FAILURE, &why) : 0;
}

/* What is wrong with the files stays so; what this machine is short of, it may have later. */
static int fail_files(int error, const struct reason *why)
{
	return fail(is_shortage(error) ? EX_OSERR : EX_CONFIG, why);
}

static int serve_keeper(const struct options *options)
{
	cleanup(keeper_files_close) struct keeper_files files = { .roster = NULL };
	cleanup(listeners_close) struct listeners listeners = { .count = 0 };
	const struct keeper_settings settings = { .files = &files, .listeners = &listeners };
	struct reason why;
	int r = keeper_files_open(&files, options, &why);

	if (r < 0)
		return fail_files(r, &why);
	if (keeper_socket_listen(&listeners, options->service.keeper_socket, &why) < 0)
		return fail(EXIT_FAILURE, &why);
	return run_keeper(&settings);
}

/* With the front as a child, which it ends with. */
static int serve_with_child(const struct options *options, struct front_process *front,
			    struct background *background)
{
	cleanup(keeper_files_close) struct keeper_files files = { .roster = NULL };
	const struct keeper_settings settings = {
		.files = &files,
		.front = front,
		.background = options->service.called ? background : NULL,
		.called = options->service.called,
	};
	struct reason why;
	int r = keeper_files_open(&files, options, &why);

	if (r < 0)
		return fail_files(r, &why);
	return run_keeper(&settings);
}

/* ------------------------------------------------------------------ the command */

/* The front begins before anything is open or read that it is not to have. */
static int serve_both(const struct options *options, struct background *background)
{
	cleanup(ports_close) struct ports ports = { .authd = { .count = 0 } };
	struct front_process other = FRONT_PROCESS_NULL;
	struct front_begin begin = {
		.options = options,
		.ports = &ports,
		.keeper = &other,
		.background = options->service.called ? background : NULL,
	};
	struct reason why;
	int r = other_authd_refuse(options->directory, &why), status;

	if (r < 0)
		return fail_files(r, &why);
	if (ports_open(&ports, options, &why) < 0)
		return fail(EXIT_FAILURE, &why);
	r = front_process_begin(&other, &why);
	if (r != 0)
		return r < 0 ? fail(EXIT_FAILURE, &why) : serve_as_child(&begin);
	ports_close(&ports);
	status = serve_with_child(options, &other, background);
	front_process_end(&other);
	return status;
}

/* Read all that serving would read. */
static int test(const struct options *options)
{
	cleanup(keeper_files_close) struct keeper_files files = { .roster = NULL };
	struct reason why;
	int r = keeper_files_open(&files, options, &why);

	if (r < 0)
		return fail_files(r, &why);
	log_info("Configuration OK (%zu agents; dialect %s: %s)", roster_count(files.roster),
		 dialect_text(files.policy.dialect), options->policy.dialect_reason.text);
	return 0;
}

int serve_command(struct program *program)
{
	const struct options *options = program->options;
	cleanup(background_end) struct background background = BACKGROUND_NULL;
	struct reason why;
	int r = options->service.is_in_background
			? background_begin(&background, options->directory)
			: 0;

	if (r < 0) {
		(void)reason_errno(&why, r, "Cannot go into the background");
		return fail(EXIT_FAILURE, &why);
	}
	if (options->test)
		return test(options);
	switch ((enum serve_part)options->service.part) {
	case PART_KEEPER:
		return serve_keeper(options);
	case PART_FRONT:
		return serve_front(options);
	case PART_BOTH:
		break;
	}
	return serve_both(options, &background);
}
