/* SPDX-License-Identifier: ISC */
#include "registrar/server.h"

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/log.h"
#include "registrar/enrollment/transactions.h"
#include "registrar/keeper/file-registry.h"
#include "registrar/keeper/keeper-registry.h"
#include "registrar/keeper/sessions.h"
#include "registrar/keys-watch.h"
#include "registrar/net/priority.h"
#include "registrar/other-authd.h"
#include "registrar/watchdog.h"

#include <inttypes.h>
#include <signal.h>
#include <systemd/sd-daemon.h>

static const struct timeval status_time = { .tv_sec = 1 };
static const struct timeval stop_time = { .tv_usec = 700 * 1000 };
static const struct timeval look_time = { .tv_sec = 5 };

/* client.keys, for the changes of others. */
struct key_file_watch {
	int fd;
	struct event *event;
	bool others_wrote; /* perhaps only we ourselves; reading again costs nothing then */
};

struct server_events {
	struct event *status, *watchdog;
	struct event *signals[2], *hangup;
	struct event *give_up; /* waiting for the last answers */
};

struct server {
	const struct server_settings *settings;
	struct event_base *base;
	struct peer_rules peers;
	struct transactions *transactions;
	struct registry *agents, *registry; /* the second passes on to the first */
	struct sessions *sessions;          /* null: there is no API */
	struct registry_request material;   /* that a reload has asked for */
	struct authd *authd;
	struct api *api; /* null: there is none */

	struct server_events events;
	struct key_file_watch watch;

	struct event *look;        /* for another authd, when no agent makes us look */
	struct reason other_authd; /* empty: there is none */

	bool stopping;
};

/* ------------------------------------------------------------------ what systemctl status shows */

/* Read client.keys now, if others have changed it, and not only with the next request. */
static int read_again(struct server *server)
{
	struct roster *roster = server->settings->roster;
	struct reason why;
	int r = roster_begin(roster, &why);

	if (r == -EAGAIN)
		return r;
	server->watch.others_wrote = false;
	if (r < 0)
		log_warning("%s", why.text);
	else
		roster_cancel(roster);
	return r;
}

static void on_status(evutil_socket_t fd, short what, void *argument)
{
	struct server *server = argument;
	struct authd_counts counts = authd_counts(server->authd);

	(void)fd, (void)what;
	if (server->watch.others_wrote && read_again(server) == -EAGAIN)
		(void)event_add(server->events.status, &status_time);
	(void)sd_notifyf(0,
			 "STATUS=%zu agents; since the start %lu registered, "
			 "%lu refused; %zu connections",
			 roster_count(server->settings->roster), counts.registered, counts.refused,
			 counts.connections);
}

/* Counts have changed: show them, at most once a second. */
static void update_status(struct server *server)
{
	if (!evtimer_pending(server->events.status, NULL))
		(void)event_add(server->events.status, &status_time);
}

static void on_watch(evutil_socket_t fd, short what, void *argument)
{
	struct server *server = argument;

	(void)what;
	if (!keys_watch_saw(fd, "client.keys"))
		return;
	server->watch.others_wrote = true;
	update_status(server);
}

/* ------------------------------------------------------------------ stopping */

static void stop_when_idle(struct server *server)
{
	if (authd_counts(server->authd).connections == 0 &&
	    (!server->api || !api_is_busy(server->api)))
		(void)event_base_loopbreak(server->base);
}

static void on_change(void *owner)
{
	struct server *server = owner;

	update_status(server);
	if (server->stopping)
		stop_when_idle(server);
}

static void on_give_up(evutil_socket_t fd, short what, void *argument)
{
	struct server *server = argument;

	(void)fd, (void)what;
	(void)event_base_loopbreak(server->base);
}

/* Accept no more, let out the answers that are under way, close the rest. */
static void stop(struct server *server)
{
	(void)sd_notify(0, "STOPPING=1");
	server->stopping = true;
	authd_stop(server->authd);
	if (server->api)
		api_stop(server->api);
	(void)event_add(server->events.give_up, &stop_time);
	stop_when_idle(server);
}

static void on_signal(evutil_socket_t number, short what, void *argument)
{
	struct server *server = argument;

	(void)what;
	if (server->stopping)
		return;
	log_info("Stopping on %s", number == SIGINT ? "SIGINT" : "SIGTERM");
	stop(server);
}

/* ------------------------------------------------------------------ reloading */

/*
 * Use the material from now on. Connections that have begun their TLS handshake go on with the
 * certificate that they know.
 */
static int use_material(struct server *server, const struct material *material, struct reason *why)
{
	struct credentials *in_use = server->settings->credentials, old = *in_use;
	int r = credentials_make(in_use, material, why);

	if (r < 0)
		return r;
	authd_use(server->authd, in_use->tls, in_use->password.text);
	if (server->api)
		api_use(server->api, in_use->tls, in_use->password.text);
	credentials_clear(&old);
	return 0;
}

/* systemd takes a reload for done with READY=1, whatever has come of it (sd_notify(3)). */
static void on_material(void *owner, struct registry_answer *answer)
{
	struct server *server = owner;
	struct reason why;

	if (answer->outcome == REGISTRY_DECIDED &&
	    use_material(server, &answer->material.material, &why) < 0)
		log_error("Nothing was reloaded, and the old files stay in use: %s", why.text);
	else if (answer->outcome == REGISTRY_DECIDED)
		log_notice("Certificate, private key, password and users were reloaded");
	(void)sd_notify(0, "READY=1");
}

static void on_hangup(evutil_socket_t number, short what, void *argument)
{
	struct server *server = argument;
	struct registry_request *request = &server->material;

	(void)number, (void)what;
	if (server->stopping)
		return;
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, monotonic_usec());
	registry_withdraw(request); /* of files that have changed again since */
	*request = (struct registry_request){
		.type = REGISTRY_MATERIAL,
		.answered = on_material,
		.owner = server,
	};
	if (registry_submit(server->registry, request) == 0)
		return;
	log_error("Out of memory: nothing was reloaded");
	(void)sd_notify(0, "READY=1");
}

/* ------------------------------------------------------------------ another authd */

static void on_look(evutil_socket_t fd, short what, void *argument)
{
	struct server *server = argument;

	(void)fd, (void)what;
	if (server->stopping)
		return;
	if (server->other_authd.text[0] == '\0' &&
	    other_authd_look(server->settings->directory, &server->other_authd) == 0) {
		(void)event_add(server->look, &look_time);
		return;
	}
	stop(server);
}

/* For transactions: what would be written while another authd runs is lost. */
static int may_begin(void *owner, struct reason *why)
{
	struct server *server = owner;
	int r = other_authd_look(server->settings->directory, why);

	if (r < 0) {
		server->other_authd = *why;
		event_active(server->look, EV_TIMEOUT, 1); /* when those who wait have answers */
	}
	return r;
}

static void free_event(struct event *event)
{
	if (event)
		event_free(event);
}

static void tear_down(struct server *server)
{
	authd_free(server->authd);
	/* These use what is freed: they must not fire any more. */
	free_event(server->events.status);
	free_event(server->watch.event);
	free_event(server->look);
	/* libevent frees a bufferevent when the loop comes round again. */
	if (server->base)
		(void)event_base_loop(server->base, EVLOOP_NONBLOCK);
	api_free(server->api);
	registry_withdraw(&server->material);
	registry_free(server->registry);
	sessions_free(server->sessions);
	registry_free(server->agents);
	transactions_free(server->transactions);
	peer_log_free(server->peers.log);
	offences_free(server->peers.offences);
	free_event(server->events.give_up);
	release_fd(&server->watch.fd);
	free_event(server->events.signals[0]);
	free_event(server->events.signals[1]);
	free_event(server->events.hangup);
	free_event(server->events.watchdog);
	if (server->base)
		event_base_free(server->base);
}

/* ------------------------------------------------------------------ starting */

static bool add_event(struct event *event)
{
	return event && event_add(event, NULL) == 0;
}

/* 0 or -ENOMEM. */
static int set_up_events(struct server *server)
{
	struct event_base *base = server->base = priority_base_new();

	if (!base)
		return -ENOMEM;
	server->events.status = evtimer_new(base, on_status, server);
	server->events.give_up = evtimer_new(base, on_give_up, server);
	server->events.signals[0] = evsignal_new(base, SIGTERM, on_signal, server);
	server->events.signals[1] = evsignal_new(base, SIGINT, on_signal, server);
	server->events.hangup = evsignal_new(base, SIGHUP, on_hangup, server);
	server->look = evtimer_new(base, on_look, server);
	if (!server->events.status || !server->events.give_up || !server->look ||
	    event_add(server->look, &look_time) < 0 || !add_event(server->events.signals[0]) ||
	    !add_event(server->events.signals[1]) || !add_event(server->events.hangup) ||
	    watchdog_new(&server->events.watchdog, base) < 0)
		return -ENOMEM;
	if (server->watch.fd < 0)
		return 0;
	server->watch.event = event_new(base, server->watch.fd, EV_READ | EV_PERSIST, on_watch,
					server);
	return add_event(server->watch.event) ? 0 : -ENOMEM;
}

/* 0 or -ENOMEM. */
static int set_up_peers(struct server *server)
{
	server->peers = (struct peer_rules){
		.exempt = server->settings->exempt_sources,
		.max_per_source = server->settings->max_per_source,
		.offences = offences_new(),
		.log = peer_log_new(server->base),
	};
	return server->peers.offences && server->peers.log ? 0 : -ENOMEM;
}

/* 0 or a negative errno with `why` set. */
static int set_up_sessions(struct server *server, struct reason *why)
{
	const struct sessions_settings settings = {
		.base = server->base,
		.users_file = server->settings->users_file,
		.log = server->peers.log,
	};

	return server->settings->api ? sessions_new(&server->sessions, &settings, why) : 0;
}

/* Those who decide and store. 0 or a negative errno with `why` set. */
static int set_up_registry(struct server *server, struct reason *why)
{
	const struct server_settings *settings = server->settings;
	const struct transactions_settings transactions = {
		.roster = settings->roster,
		.history = &settings->policy->history,
		.may_begin = may_begin,
		.owner = server,
	};
	struct file_registry_settings agents = {
		.base = server->base,
		.policy = settings->policy,
		.groups_directory = settings->groups_directory,
		.log = server->peers.log,
	};
	struct keeper_registry_settings keeper = {
		.base = server->base,
		.password = settings->credentials->password.text,
		.log = server->peers.log,
		.read_material = settings->read_material,
		.owner = settings->owner,
	};
	int r = set_up_sessions(server, why);

	if (r < 0)
		return r;
	agents.transactions = server->transactions = transactions_new(server->base, &transactions);
	if (server->transactions)
		keeper.agents = server->agents = file_registry_new(&agents);
	keeper.sessions = server->sessions;
	if (server->agents)
		server->registry = keeper_registry_new(&keeper);
	return server->registry ? 0 : reason_errno(why, ENOMEM, "Cannot set up the event loop");
}

/* Those who speak with clients. 0 or a negative errno with `why` set. */
static int set_up_services(struct server *server, struct reason *why)
{
	const struct server_settings *settings = server->settings;
	struct authd_settings authd = settings->authd;
	struct api_settings api;

	authd.tls = settings->credentials->tls;
	authd.password = settings->credentials->password.text;
	authd.peers = &server->peers;
	authd.changed = on_change;
	authd.owner = server;
	server->authd = authd_new(server->base, &authd, server->registry);
	if (!server->authd)
		return reason_errno(why, ENOMEM, "Cannot set up the event loop");
	if (!settings->api)
		return 0;
	api = *settings->api;
	api.tls = settings->credentials->tls;
	api.password = settings->credentials->password.text;
	api.peers = &server->peers;
	return api_new(&server->api, server->base, &api, server->registry, why);
}

static void announce_listeners(const char *service, const struct listeners *listeners)
{
	char text[128];

	for (size_t i = 0; i < listeners->count; i++)
		if (listener_describe(listeners->fds[i], text, sizeof text) == 0)
			log_notice("%s on %s", service, text);
}

static void announce(const struct server *server)
{
	const struct server_settings *settings = server->settings;

	announce_listeners("Listening", settings->authd.listeners);
	if (server->api)
		announce_listeners("The API listens", settings->api->listeners);
	(void)sd_notifyf(0, "READY=1\nSTATUS=%zu agents; waiting for the first request",
			 roster_count(settings->roster));
	if (settings->background)
		background_ready(settings->background, settings->directory, settings->called);
}

int server_run(const struct server_settings *settings, struct reason *why)
{
	struct server server = {
		.settings = settings,
		.watch = { .fd = keys_watch_open(settings->keys_directory) },
	};
	int r = set_up_events(&server);

	if (r >= 0)
		r = set_up_peers(&server);
	if (r < 0)
		(void)reason_errno(why, r, "Cannot set up the event loop");
	else
		r = set_up_registry(&server, why);
	if (r >= 0)
		r = set_up_services(&server, why);
	if (r >= 0) {
		announce(&server);
		(void)event_base_dispatch(server.base);
	}
	server.stopping = true;
	tear_down(&server);
	if (r >= 0 && server.other_authd.text[0] != '\0') {
		*why = server.other_authd;
		return -EBUSY;
	}
	return r < 0 ? r : 0;
}
