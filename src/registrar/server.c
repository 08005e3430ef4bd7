/* SPDX-License-Identifier: ISC */
#include "registrar/server.h"

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/log.h"
#include "registrar/connection.h"
#include "registrar/report.h"
#include "registrar/watch.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#define ACCEPTS_AT_ONCE 64                  /* then others get their turn */
#define LIMIT_SILENCE (60 * USEC_PER_SEC)   /* after the log was told that the limit is reached */

static const struct timeval linger_time = { .tv_sec = 2 };
static const struct timeval lock_retry_time = { .tv_usec = 20 * 1000 };
static const struct timeval accept_retry_time = { .tv_usec = 200 * 1000 };
static const struct timeval status_time = { .tv_sec = 1 };
static const struct timeval stop_time = { .tv_usec = 700 * 1000 };

struct server {
	const struct server_settings *settings;
	struct event_base *base;
	struct event *accepting[LISTENERS_MAX];
	struct event *resume;  /* accepting, after a pause */
	struct event *commit;  /* the ready ones */
	struct event *status;
	struct event *watch;   /* client.keys, for the changes of others */
	int watch_fd;
	struct event *signals[2];
	struct event *give_up; /* waiting for the last answers */
	bool paused, stopping;
	bool history_warned;
	bool others_wrote; /* perhaps only we ourselves; looking again costs nothing then */
	uint64_t limit_told_at; /* monotonic_usec() */

	struct connection_settings connection_settings;
	struct connection *connections;
	size_t open;
	struct api *api; /* null: there is none */

	struct connection *ready, **ready_end;
	size_t ready_count;

	unsigned long registered, refused;
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

	(void)fd, (void)what;
	if (server->others_wrote && look_again(server) == -EAGAIN)
		(void)event_add(server->status, &status_time);
	(void)sd_notifyf(0, "STATUS=%zu agents; since the start %lu registered, %lu refused; %zu connections",
			 roster_count(roster), server->registered, server->refused, server->open);
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
	if (!watch_saw(fd, "client.keys"))
		return;
	server->others_wrote = true;
	touch_status(server);
}

/* ------------------------------------------------------------------ decide, store, answer */

static void forget_ready(struct server *server)
{
	server->ready = NULL;
	server->ready_end = &server->ready;
	server->ready_count = 0;
}

static void answer_enrollment(struct server *server, struct connection *connection, struct enrollment *enrollment)
{
	enum dialect dialect = server->settings->policy.dialect;
	const char *peer = connection_peer(connection);
	struct answer answer;

	if (enrollment->accepted) {
		server->registered++;
		report_registered(enrollment, peer);
		answer_key(&answer, dialect, &enrollment->agent, enrollment->shown_ip);
	} else {
		server->refused++;
		if (enrollment->fault == ENROLLMENT_INTERNAL)
			report_failed(enrollment, peer);
		else
			report_refused(enrollment->refusal, enrollment->why.text, peer);
		answer_refusal(&answer, dialect, enrollment->refusal);
	}
	connection_answer(connection, &answer);
	explicit_bzero(&answer, sizeof answer);
}

/* Wrong password, or not a request: there is nothing to decide, and nothing to wait for. */
static void answer_unreadable(struct server *server, struct connection *connection, enum authd_request_fault fault)
{
	struct answer answer;

	server->refused++;
	report_refused(request_fault_text(fault), "", connection_peer(connection));
	answer_fault(&answer, server->settings->policy.dialect, fault);
	connection_answer(connection, &answer);
}

static void on_request(void *owner, struct connection *connection)
{
	struct server *server = owner;
	struct connection_link *link = connection_link(connection);
	struct authd_request_fields fields;
	enum authd_request_fault fault = connection_request(connection, &fields);

	if (fault != AUTHD_REQUEST_OK) {
		answer_unreadable(server, connection, fault);
		touch_status(server);
		return;
	}
	link->is_ready = true;
	link->next_ready = NULL;
	*server->ready_end = connection;
	server->ready_end = &link->next_ready;
	server->ready_count++;
	/* Behind whatever else is active in this round, so that what is ready by then is written together. */
	event_active(server->commit, EV_TIMEOUT, 1);
}

/* Decide on all that are ready, within one transaction. */
static void decide(struct server *server, struct enrollment *enrollments)
{
	const struct server_settings *settings = server->settings;
	size_t i = 0;

	for (struct connection *at = server->ready; at; at = connection_link(at)->next_ready, i++) {
		struct enrollment_request request = { .peer = connection_address(at) };

		(void)connection_request(at, &request.fields);
		enrollment_decide(&enrollments[i], settings->roster, &settings->policy, &request);
	}
}

/* Nobody could be registered, because of this machine. */
static void refuse_all(struct server *server, struct enrollment *enrollments, const struct reason *why)
{
	size_t i = 0;

	for (struct connection *at = server->ready; at; at = connection_link(at)->next_ready, i++) {
		struct authd_request_fields fields;

		(void)connection_request(at, &fields);
		enrollment_fail(&enrollments[i], &fields, why);
	}
}

static void answer_all(struct server *server, struct enrollment *enrollments)
{
	struct connection *next = server->ready;

	forget_ready(server);
	for (size_t i = 0; next; i++) {
		struct connection *connection = next;

		next = connection_link(connection)->next_ready;
		connection_link(connection)->is_ready = false;
		answer_enrollment(server, connection, &enrollments[i]);
		enrollment_wipe(&enrollments[i]);
	}
	touch_status(server);
}

/* What the history is good for can wait for the next agent: trouble with it is told once. */
static void remember(struct server *server, const struct enrollment *enrollments)
{
	struct reason why;

	if (enrollment_remember(&server->settings->policy.history, enrollments, server->ready_count, &why) >= 0 ||
	    server->history_warned)
		return;
	log_warning("%s", why.text);
	server->history_warned = true;
}

static void on_commit(evutil_socket_t fd, short what, void *argument)
{
	struct server *server = argument;
	cleanup_free struct enrollment *enrollments = NULL;
	struct reason why;
	int r;

	(void)fd, (void)what;
	if (server->ready_count == 0)
		return;
	enrollments = calloc(server->ready_count, sizeof *enrollments);
	r = enrollments ? roster_begin(server->settings->roster, &why) : -EAGAIN;
	if (r == -EAGAIN) {
		(void)event_add(server->commit, &lock_retry_time);
		return;
	}
	if (r < 0) {
		refuse_all(server, enrollments, &why);
		answer_all(server, enrollments);
		return;
	}
	decide(server, enrollments);
	r = roster_commit(server->settings->roster, &why);
	if (r < 0)
		for (size_t i = 0; i < server->ready_count; i++)
			enrollment_revoke(&enrollments[i], &why);
	remember(server, enrollments);
	answer_all(server, enrollments);
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

static void leave_ready(struct server *server, struct connection *connection)
{
	struct connection **at = &server->ready;

	while (*at != connection)
		at = &connection_link(*at)->next_ready;
	*at = connection_link(connection)->next_ready;
	if (!*at)
		server->ready_end = at;
	server->ready_count--;
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

static void on_ended(void *owner, struct connection *connection, enum connection_end end, const char *detail)
{
	struct server *server = owner;
	struct connection_link *link = connection_link(connection);

	report_ended(end, detail, connection_peer(connection));
	if (link->is_ready)
		leave_ready(server, connection);
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

	/* The answer is at most two small records: neither should wait for the other's acknowledgement. */
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
	log_warning("%zu connections are open; others wait until one ends (--max-connections)", server->open);
}

static void on_acceptable(evutil_socket_t listener, short what, void *argument)
{
	struct server *server = argument;

	(void)what;
	for (int i = 0; i < ACCEPTS_AT_ONCE && !server->paused; i++) {
		struct sockaddr_storage peer = { 0 };
		socklen_t size = sizeof peer;
		int fd = accept4(listener, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			take_connection(server, fd, &peer);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
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
	release_event(server->resume);
	release_event(server->commit);
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
	server->commit = evtimer_new(server->base, on_commit, server);
	server->status = evtimer_new(server->base, on_status, server);
	server->give_up = evtimer_new(server->base, on_give_up, server);
	server->signals[0] = evsignal_new(server->base, SIGTERM, on_signal, server);
	server->signals[1] = evsignal_new(server->base, SIGINT, on_signal, server);
	if (!server->resume || !server->commit || !server->status || !server->give_up || !server->signals[0] ||
	    !server->signals[1] || event_add(server->signals[0], NULL) < 0 || event_add(server->signals[1], NULL) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < listeners->count && complete; i++) {
		server->accepting[i] = event_new(server->base, listeners->fds[i], EV_READ | EV_PERSIST, on_acceptable, server);
		complete = server->accepting[i] && event_add(server->accepting[i], NULL) == 0;
	}
	if (server->watch_fd >= 0) {
		server->watch = event_new(server->base, server->watch_fd, EV_READ | EV_PERSIST, on_watch, server);
		complete = complete && server->watch && event_add(server->watch, NULL) == 0;
	}
	server->connection_settings.base = server->base;
	server->connection_settings.timeout = event_base_init_common_timeout(server->base, &timeout);
	server->connection_settings.linger = event_base_init_common_timeout(server->base, &linger_time);
	return complete && server->connection_settings.timeout && server->connection_settings.linger ? 0 : -ENOMEM;
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
		.watch_fd = watch_open(settings->keys_directory),
		.connection_settings = {
			.tls = settings->tls,
			.password = settings->password,
			.verify_host = settings->verify_host,
			.dialect = settings->policy.dialect,
			.owner = { .request = on_request, .ended = on_ended, .owner = &server },
		},
	};
	int r;

	forget_ready(&server);
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
