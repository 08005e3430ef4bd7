/* SPDX-License-Identifier: ISC */
#include "registrar/server.h"

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/log.h"
#include "registrar/authd/batch.h"
#include "registrar/authd/connection.h"
#include "registrar/enrollment/log.h"
#include "registrar/keys-watch.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#define ACCEPTS_AT_ONCE 64                /* then others get their turn */
#define LIMIT_SILENCE (60 * USEC_PER_SEC) /* after the log was told that the limit is reached */

static const struct timeval linger_time = { .tv_sec = 2 };
static const struct timeval accept_retry_time = { .tv_usec = 200 * 1000 };
static const struct timeval status_time = { .tv_sec = 1 };
static const struct timeval stop_time = { .tv_usec = 700 * 1000 };

struct server {
	const struct server_settings *settings;
	struct event_base *base;
	struct event *accepting[LISTENERS_MAX];
	struct event *resume; /* accepting, after a pause */
	struct event *status;
	struct event *watch; /* client.keys, for the changes of others */
	int watch_fd;
	struct event *signals[2];
	struct event *give_up; /* waiting for the last answers */
	bool paused, stopping;
	bool others_wrote;      /* perhaps only we ourselves; looking again costs nothing then */
	uint64_t limit_told_at; /* monotonic_usec() */

	struct connection_settings connection_settings;
	struct connection *connections;
	size_t open;
	struct api *api; /* null: there is none */

	struct batch *batch; /* the requests that wait for their decision */
};

/* ------------------------------------------------------------------ what systemctl status shows */

/* Read client.keys now, if others have changed it, and not only when the next agent asks. */
static int look_again(struct server *server)
{
	struct roster *roster = server->settings->roster;
	struct reason why;
	int r = roster_begin(roster, &why);

	if (r == -EAGAIN)
		return r;
	server->others_wrote = false;
	if (r < 0)
		log_warning("%s", why.text);
	else
		roster_cancel(roster);
	return r;
}

static void on_status(evutil_socket_t fd, short what, void *argument)
{
	struct server *server = argument;
	struct roster *roster = server->settings->roster;
	struct batch_counts counts = batch_counts(server->batch);

	(void)fd, (void)what;
	if (server->others_wrote && look_again(server) == -EAGAIN)
		(void)event_add(server->status, &status_time);
	(void)sd_notifyf(0,
			 "STATUS=%zu agents; since the start %lu registered, %lu refused; %zu "
			 "connections",
			 roster_count(roster), counts.registered, counts.refused, server->open);
}

/* Counts have changed: show them, at most once a second. */
static void touch_status(struct server *server)
{
	if (!evtimer_pending(server->status, NULL))
		(void)event_add(server->status, &status_time);
}

static void on_watch(evutil_socket_t fd, short what, void *argument)
{
	struct server *server = argument;

	(void)what;
	if (!keys_watch_saw(fd, "client.keys"))
		return;
	server->others_wrote = true;
	touch_status(server);
}

static void on_answered(void *owner)
{
	touch_status(owner);
}

/* ------------------------------------------------------------------ connections come and go */

static void pause_accepting(struct server *server)
{
	for (size_t i = 0; i < server->settings->listeners->count; i++)
		(void)event_del(server->accepting[i]);
	server->paused = true;
}

static void on_resume(evutil_socket_t fd, short what, void *argument)
{
	struct server *server = argument;

	(void)fd, (void)what;
	if (server->stopping)
		return;
	for (size_t i = 0; i < server->settings->listeners->count; i++)
		(void)event_add(server->accepting[i], NULL);
	server->paused = false;
}

static bool is_idle(const struct server *server)
{
	return server->open == 0 && (!server->api || !api_is_busy(server->api));
}

static void leave_when_idle(struct server *server)
{
	if (is_idle(server))
		(void)event_base_loopbreak(server->base);
}

static void on_request(void *owner, struct connection *connection)
{
	struct server *server = owner;

	batch_take(server->batch, connection);
}

/* Why a connection ended without an answer. */
static void log_end(enum connection_end how, const char *detail, const char *peer)
{
	switch (how) {
	case CONNECTION_DONE:
		break;
	case CONNECTION_NOTHING:
		log_debug("%s closed without sending anything", peer);
		break;
	case CONNECTION_STOPPED:
		log_debug("Closed %s: stopping", peer);
		break;
	case CONNECTION_NO_TLS:
		log_notice("Refused %s: TLS handshake failed: %s", peer, detail);
		break;
	case CONNECTION_GONE:
		log_info("Lost %s: %s", peer, detail);
		break;
	case CONNECTION_TIMEOUT:
		log_notice("Gave up on %s: %s", peer, detail);
		break;
	case CONNECTION_OTHER_HOST:
		log_notice("Refused %s: its certificate is not for its address", peer);
		break;
	case CONNECTION_TOO_LONG:
		log_notice("Refused %s: the request is longer than %d bytes", peer,
			   REQUEST_BUFFER_MAX);
		break;
	}
}

static void on_ended(void *owner, struct connection *connection, enum connection_end end,
		     const char *detail)
{
	struct server *server = owner;
	struct connection_link *link = connection_link(connection);

	log_end(end, detail, connection_peer(connection));
	batch_drop(server->batch, connection);
	if (link->previous)
		connection_link(link->previous)->next = link->next;
	else
		server->connections = link->next;
	if (link->next)
		connection_link(link->next)->previous = link->previous;
	server->open--;
	touch_status(server);
	if (server->stopping)
		leave_when_idle(server);
	else if (server->paused && !evtimer_pending(server->resume, NULL))
		on_resume(-1, 0, server);
}

static void take_connection(struct server *server, int fd, const struct sockaddr_storage *peer)
{
	const int on = 1;
	struct connection *connection;

	/*
	 * The answer is at most two small records: neither should wait for the other's
	 * acknowledgement.
	 */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	connection = connection_new(&server->connection_settings, fd, peer);
	if (!connection) {
		log_error("Out of memory: a connection was dropped");
		return;
	}
	connection_link(connection)->next = server->connections;
	if (server->connections)
		connection_link(server->connections)->previous = connection;
	server->connections = connection;
	server->open++;
	touch_status(server);
}

static void pause_at_limit(struct server *server)
{
	uint64_t now = monotonic_usec();

	pause_accepting(server);
	if (server->limit_told_at != 0 && now < server->limit_told_at + LIMIT_SILENCE)
		return;
	server->limit_told_at = now;
	log_warning("%zu connections are open; others wait until one ends (--max-connections)",
		    server->open);
}

static void on_acceptable(evutil_socket_t listener, short what, void *argument)
{
	struct server *server = argument;

	(void)what;
	for (int i = 0; i < ACCEPTS_AT_ONCE && !server->paused; i++) {
		struct sockaddr_storage peer = { 0 };
		socklen_t size = sizeof peer;
		int fd = accept4(listener, (struct sockaddr *)&peer, &size,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			take_connection(server, fd, &peer);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
			   errno == ENOMEM) {
			log_warning("Cannot accept connections for a moment: %s", strerror(errno));
			pause_accepting(server);
			(void)event_add(server->resume, &accept_retry_time);
		} else if (errno == EAGAIN) {
			return;
		} /* anything else is about that one connection: it is gone */
		if (server->open >= server->settings->max_connections && !server->paused)
			pause_at_limit(server);
	}
}

/* ------------------------------------------------------------------ starting and stopping */

static void on_give_up(evutil_socket_t fd, short what, void *argument)
{
	struct server *server = argument;

	(void)fd, (void)what;
	(void)event_base_loopbreak(server->base);
}

/* Accept no more, let out the answers that are under way, close the rest. */
static void on_signal(evutil_socket_t number, short what, void *argument)
{
	struct server *server = argument;
	struct connection *next = server->connections;

	(void)what;
	if (server->stopping)
		return;
	log_info("Stopping on %s", number == SIGINT ? "SIGINT" : "SIGTERM");
	(void)sd_notify(0, "STOPPING=1");
	server->stopping = true;
	pause_accepting(server);
	while (next) {
		struct connection *connection = next;
		struct connection_link *link = connection_link(connection);

		next = link->next;
		if (!link->is_ready && !connection_is_answering(connection))
			connection_stop(connection);
	}
	if (server->api)
		api_stop(server->api);
	(void)event_add(server->give_up, &stop_time);
	leave_when_idle(server);
}

static void release_event(struct event *event)
{
	if (event)
		event_free(event);
}

static void tear_down(struct server *server)
{
	while (server->connections)
		connection_stop(server->connections);
	for (size_t i = 0; i < LISTENERS_MAX; i++)
		release_event(server->accepting[i]);
	/* libevent frees a bufferevent when the loop comes round again. */
	if (server->base)
		(void)event_base_loop(server->base, EVLOOP_NONBLOCK);
	api_free(server->api);
	batch_free(server->batch);
	release_event(server->resume);
	release_event(server->status);
	release_event(server->give_up);
	release_event(server->watch);
	release_fd(&server->watch_fd);
	release_event(server->signals[0]);
	release_event(server->signals[1]);
	if (server->base)
		event_base_free(server->base);
}

/* Make every event; 0 or -ENOMEM. */
static int set_up_events(struct server *server)
{
	const struct listeners *listeners = server->settings->listeners;
	const struct timeval timeout = { .tv_sec = server->settings->timeout };
	bool complete = true;

	server->base = event_base_new();
	if (!server->base)
		return -ENOMEM;
	server->resume = evtimer_new(server->base, on_resume, server);
	server->batch = batch_new(server->base, server->settings->roster, &server->settings->policy,
				  on_answered, server);
	server->status = evtimer_new(server->base, on_status, server);
	server->give_up = evtimer_new(server->base, on_give_up, server);
	server->signals[0] = evsignal_new(server->base, SIGTERM, on_signal, server);
	server->signals[1] = evsignal_new(server->base, SIGINT, on_signal, server);
	if (!server->resume || !server->batch || !server->status || !server->give_up ||
	    !server->signals[0] || !server->signals[1] || event_add(server->signals[0], NULL) < 0 ||
	    event_add(server->signals[1], NULL) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < listeners->count && complete; i++) {
		server->accepting[i] = event_new(server->base, listeners->fds[i],
						 EV_READ | EV_PERSIST, on_acceptable, server);
		complete = server->accepting[i] && event_add(server->accepting[i], NULL) == 0;
	}
	if (server->watch_fd >= 0) {
		server->watch = event_new(server->base, server->watch_fd, EV_READ | EV_PERSIST,
					  on_watch, server);
		complete = complete && server->watch && event_add(server->watch, NULL) == 0;
	}
	server->connection_settings.base = server->base;
	server->connection_settings.timeout = event_base_init_common_timeout(server->base,
									     &timeout);
	server->connection_settings.linger = event_base_init_common_timeout(server->base,
									    &linger_time);
	return complete && server->connection_settings.timeout && server->connection_settings.linger
		       ? 0
		       : -ENOMEM;
}

static void announce_api(const struct listeners *listeners)
{
	char text[128];

	for (size_t i = 0; i < listeners->count; i++)
		if (listener_describe(listeners->fds[i], text, sizeof text) == 0)
			log_notice("The API listens on %s", text);
}

static void announce(const struct server *server)
{
	const struct listeners *listeners = server->settings->listeners;
	char text[128];

	for (size_t i = 0; i < listeners->count; i++)
		if (listener_describe(listeners->fds[i], text, sizeof text) == 0)
			log_notice("Listening on %s", text);
	if (server->api)
		announce_api(server->settings->api->listeners);
	(void)sd_notifyf(0, "READY=1\nSTATUS=%zu agents; waiting for the first request",
			 roster_count(server->settings->roster));
}

int server_run(const struct server_settings *settings, struct reason *why)
{
	struct server server = {
		.settings = settings,
		.watch_fd = keys_watch_open(settings->keys_directory),
		.connection_settings = {
			.tls = settings->tls,
			.password = settings->password,
			.verify_host = settings->verify_host,
			.dialect = settings->policy.dialect,
			.owner = { .request = on_request, .ended = on_ended, .owner = &server },
		},
	};
	int r;

	r = set_up_events(&server);
	if (r < 0) {
		tear_down(&server);
		return reason_errno(why, r, "Cannot set up the event loop");
	}
	r = settings->api ? api_new(&server.api, server.base, settings->api, why) : 0;
	if (r < 0) {
		tear_down(&server);
		return r;
	}
	announce(&server);
	(void)event_base_dispatch(server.base);
	server.stopping = true;
	tear_down(&server);
	return 0;
}
