/* SPDX-License-Identifier: ISC */
#include "registrar/authd/connection.h"

#include "common/log.h"
#include "common/tls-record-limit.h"
#include "registrar/authd/arrival.h"
#include "registrar/authd/lingering.h"
#include "registrar/authd/over-tls.h"
#include "registrar/authd/stage.h"
#include "registrar/net/loop-events.h"
#include "registrar/net/peer-certificate.h"
#include "registrar/net/priority.h"
#include "registrar/net/tls-server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long a client that sends no newline must pause before its request counts as complete. */
static const struct timeval pause_time = { .tv_usec = 300 * 1000 };

struct connection {
	struct connection_link link;
	const struct connection_settings *settings;
	enum stage stage;
	int fd;
	struct tls_server tls;
	struct event *readable; /* pending: what the client sends is looked at */
	struct event *writable; /* pending: for room. Null: there always was some */
	struct event *deadline;
	struct event *pause; /* null: there was none so far */
	struct turn turn;    /* with which TLS begins */
	struct request_buffer buffer;
	struct tls_output answer;
	enum connection_end how; /* what to tell the owner once the client has closed ... */
	char detail[128];        /* ... and more about it */
	size_t discarded;        /* bytes that came after the answer */
	struct peer peer;
	int priority;
};

struct connection_link *connection_link(struct connection *connection)
{
	return &connection->link;
}

const struct peer *connection_peer(const struct connection *connection)
{
	return &connection->peer;
}

bool connection_is_answering(const struct connection *connection)
{
	return connection->stage == STAGE_ANSWER;
}

enum authd_request_fault connection_request(const struct connection *connection,
					    const struct authd_request_fields **ret)
{
	*ret = &connection->buffer.fields;
	return request_buffer_fault(&connection->buffer, connection->settings->dialect);
}

struct authd_field connection_agent_name(const struct connection *connection)
{
	return request_buffer_name(&connection->buffer);
}

bool connection_has_request(const struct connection *connection)
{
	return connection->buffer.complete;
}

void connection_set_priority(struct connection *connection, int priority)
{
	connection->priority = priority;
}

int connection_descriptor(const struct connection *connection)
{
	return connection->fd;
}

static void wait_for_client(struct connection *connection, enum stage stage)
{
	const struct connection_owner *owner = &connection->settings->owner;

	connection->stage = stage;
	owner->waits(owner->owner, connection);
}

/* ------------------------------------------------------------------ the end */

static void release(struct connection *connection)
{
	turn_cancel(&connection->turn);
	free_event(&connection->readable);
	free_event(&connection->writable);
	free_event(&connection->deadline);
	free_event(&connection->pause);
	tls_server_end(&connection->tls);
	tls_output_clear(&connection->answer);
	close(connection->fd);
	request_buffer_wipe(&connection->buffer);
	free(connection);
}

static void end(struct connection *connection, enum connection_end how, const char *detail)
{
	const struct connection_owner *owner = &connection->settings->owner;

	owner->ended(owner->owner, connection, how, detail);
	release(connection);
}

/* Through no fault of the client's. */
static void drop(struct connection *connection)
{
	log_error("Out of memory: a connection was dropped");
	end(connection, CONNECTION_STOPPED, "");
}

void connection_use_password(struct connection *connection, const char *password)
{
	connection->buffer.password = password;
}

void connection_stop(struct connection *connection, enum connection_end how)
{
	bool lingers = connection->stage == STAGE_LINGER;

	end(connection, lingers ? connection->how : how, connection->detail);
}

/* All is sent. TLS goes before the socket does: what follows is only a matter of TCP. */
static void finish(struct connection *connection)
{
	tls_server_end(&connection->tls);
	tls_output_clear(&connection->answer);
	wait_for_client(connection, STAGE_LINGER);
	if (lingering_begin(connection->fd) < 0 || event_add(connection->readable, NULL) < 0 ||
	    event_add(connection->deadline, connection->settings->linger) < 0)
		end(connection, connection->how, connection->detail);
}

static void wait_for_end(struct connection *connection)
{
	if (lingering_read(connection->fd, &connection->discarded))
		end(connection, connection->how, connection->detail);
}

static void end_failed(struct connection *connection)
{
	char text[256];

	end(connection, CONNECTION_GONE,
	    tls_server_describe_failure(&connection->tls, text, sizeof text));
}

/* ------------------------------------------------------------------ room for what is sent */

static void on_writable(evutil_socket_t fd, short what, void *argument);

/* What the client sends meanwhile stays where it is. */
static void wait_for_room(struct connection *connection)
{
	(void)event_del(connection->readable);
	if (!connection->writable)
		connection->writable = event_new(connection->settings->base, connection->fd,
						 EV_WRITE, on_writable, connection);
	if (!connection->writable || event_add(connection->writable, NULL) < 0)
		drop(connection);
}

/* ------------------------------------------------------------------ request and answer */

/*
 * A client whose certificate is for another address is reset when its request has come, as Wazuh's
 * managers do: agent-auth has a message for that, but takes close_notify for an end in order. Not
 * before the request, because agent-auth reports a broken handshake in words that mislead.
 */
static void reset(struct connection *connection)
{
	lingering_refuse(connection->fd);
	end(connection, CONNECTION_OTHER_HOST, "");
}

static void hand_over(struct connection *connection)
{
	const struct connection_owner *owner = &connection->settings->owner;

	if (connection->how == CONNECTION_OTHER_HOST) {
		reset(connection);
		return;
	}
	connection->stage = STAGE_DECISION;
	(void)event_del(connection->deadline);
	free_event(&connection->pause);
	owner->request(owner->owner, connection);
}

static void send_answer(struct connection *connection)
{
	int r = tls_output_send(&connection->answer, connection->fd);

	if (r == 0)
		finish(connection);
	else if (r == -EAGAIN)
		wait_for_room(connection);
	else
		end(connection, CONNECTION_GONE, strerrordesc_np(-r) ?: "");
}

/* With that, TLS has done its part: its memory is not kept for a client that is slow to read. */
void connection_answer(struct connection *connection, const struct answer *answer)
{
	connection->stage = STAGE_ANSWER;
	if (event_add(connection->deadline, connection->settings->linger) < 0 ||
	    !tls_server_collect(&connection->tls, &connection->answer)) {
		drop(connection);
	} else if (answer_write(answer, &connection->tls) != TLS_STEP_DONE) {
		end_failed(connection);
	} else {
		tls_server_end(&connection->tls);
		send_answer(connection);
	}
}

/* Hang up without a text: with close_notify where the real managers send one. */
static void cut_off(struct connection *connection, enum connection_end how)
{
	const struct answer nothing = { .close_notify = connection->settings->dialect ==
							DIALECT_WAZUH };

	connection->how = how;
	connection_answer(connection, &nothing);
}

/* ------------------------------------------------------------------ reading the request */

static void on_pause(evutil_socket_t fd, short what, void *argument)
{
	struct connection *connection = argument;

	(void)fd, (void)what;
	if (connection->stage == STAGE_REQUEST &&
	    request_buffer_pause(&connection->buffer) == REQUEST_BUFFER_COMPLETE)
		hand_over(connection);
}

/* False: out of memory. */
static bool plan_pause(struct connection *connection)
{
	if (!connection->pause)
		connection->pause = evtimer_new(connection->settings->base, on_pause, connection);
	return connection->pause && event_add(connection->pause, &pause_time) == 0;
}

/* It goes on with the next bytes. */
static void wait_for_rest(struct connection *connection)
{
	request_acknowledge(connection->fd);
	if (connection->buffer.length + connection->buffer.dropped > 0 && !plan_pause(connection))
		drop(connection);
}

static void on_end_of_input(struct connection *connection)
{
	if (request_buffer_finish(&connection->buffer) == REQUEST_BUFFER_COMPLETE)
		hand_over(connection);
	else
		end(connection, CONNECTION_GONE,
		    "the client closed the connection without a request");
}

/* There is nothing to be read now. */
static void on_unread(struct connection *connection, enum tls_step step)
{
	if (tls_record_limit_was_exceeded(connection->tls.tls))
		end(connection, CONNECTION_FLOOD, "");
	else if (step == TLS_STEP_NEEDS_BYTES)
		wait_for_rest(connection);
	else if (step == TLS_STEP_NEEDS_ROOM)
		wait_for_room(connection);
	else if (step == TLS_STEP_ENDED)
		on_end_of_input(connection);
	else
		end_failed(connection);
}

/* A client that sends many small records is served later, like others that make much work. */
static void go_on_later(struct connection *connection)
{
	if (connection->pause) /* it does not pause */
		(void)event_del(connection->pause);
	(void)event_priority_set(connection->readable, PRIORITY_LATER);
	event_active(connection->readable, EV_READ, 1);
}

static void read_request(struct connection *connection)
{
	enum tls_step step;
	enum request_buffer_state state = request_read(&connection->buffer, &connection->tls,
						       &step);

	if (state == REQUEST_BUFFER_COMPLETE)
		hand_over(connection);
	else if (state == REQUEST_BUFFER_TOO_LONG)
		cut_off(connection, CONNECTION_TOO_LONG);
	else if (state == REQUEST_BUFFER_NO_MEMORY)
		drop(connection);
	else if (step == TLS_STEP_DONE)
		go_on_later(connection);
	else
		on_unread(connection, step);
}

/* ------------------------------------------------------------------ the handshake */

/* The alert that says why has been sent: like an answer, it should arrive. */
static void on_failed_handshake(struct connection *connection)
{
	(void)tls_server_describe_failure(&connection->tls, connection->detail,
					  sizeof connection->detail);
	connection->how = CONNECTION_NO_TLS;
	finish(connection);
}

static void on_connected(struct connection *connection)
{
	wait_for_client(connection, STAGE_REQUEST);
	if (connection->settings->verify_host &&
	    !peer_certificate_is_for(connection->tls.tls, connection->peer.address))
		connection->how = CONNECTION_OTHER_HOST;
	read_request(connection); /* it has often come with the end of the handshake */
}

static void shake_hands(struct connection *connection)
{
	enum tls_step step = tls_server_shake_hands(&connection->tls);

	if (tls_record_limit_was_exceeded(connection->tls.tls))
		end(connection, CONNECTION_FLOOD, "");
	else if (step == TLS_STEP_DONE)
		on_connected(connection);
	else if (step == TLS_STEP_NEEDS_ROOM)
		wait_for_room(connection);
	else if (step != TLS_STEP_NEEDS_BYTES)
		on_failed_handshake(connection);
}

/* ------------------------------------------------------------------ the beginning */

/* TLS takes some 40 KiB: a client gets them when it has sent something. */
static void begin_tls(struct connection *connection)
{
	(void)event_priority_set(connection->readable, connection->priority);
	if (!tls_server_begin(&connection->tls, connection->settings->tls, connection->fd) ||
	    event_add(connection->readable, NULL) < 0)
		drop(connection);
	else
		shake_hands(connection);
}

static void on_turn(void *argument)
{
	begin_tls(argument);
}

/*
 * Whoever is to wait for others goes no further before nothing else is to be done (turns.h). A
 * descriptor in the loop for each of a flood of clients that wait would have it ask for all of them
 * in every round.
 */
static void on_hello(struct connection *connection)
{
	struct turns *turns = connection->settings->turns;

	wait_for_client(connection, STAGE_HANDSHAKE);
	if (connection->priority > PRIORITY_NORMAL && turns) {
		(void)event_del(connection->readable);
		turn_wait(turns, &connection->turn);
	} else {
		begin_tls(connection);
	}
}

static void look_at_first_bytes(struct connection *connection)
{
	const char *other = NULL;

	switch (arrival_look(connection->fd, &other)) {
	case ARRIVAL_NOT_YET:
		break;
	case ARRIVAL_TLS:
		on_hello(connection);
		break;
	case ARRIVAL_NOTHING:
		end(connection, CONNECTION_NOTHING, "");
		break;
	case ARRIVAL_OTHER: /* closed with unread bytes, so by a reset, as by the managers */
		end(connection, CONNECTION_CLEAR_TEXT, other);
		break;
	}
}

/* ------------------------------------------------------------------ events */

static void on_readable(evutil_socket_t fd, short what, void *argument)
{
	struct connection *connection = argument;

	(void)fd, (void)what;
	switch (connection->stage) {
	case STAGE_SILENCE:
		look_at_first_bytes(connection);
		break;
	case STAGE_HANDSHAKE:
		shake_hands(connection);
		break;
	case STAGE_REQUEST:
		read_request(connection);
		break;
	case STAGE_DECISION: /* it has to wait, also one that has closed its half */
	case STAGE_ANSWER:
		(void)event_del(connection->readable);
		break;
	case STAGE_LINGER:
		wait_for_end(connection);
		break;
	}
}

static void on_writable(evutil_socket_t fd, short what, void *argument)
{
	struct connection *connection = argument;

	if (connection->stage == STAGE_ANSWER)
		send_answer(connection);
	else if (event_add(connection->readable, NULL) < 0)
		drop(connection);
	else
		on_readable(fd, what, connection);
}

static void on_deadline(evutil_socket_t fd, short what, void *argument)
{
	struct connection *connection = argument;

	(void)fd, (void)what;
	if (connection->stage == STAGE_LINGER || connection->how == CONNECTION_OTHER_HOST)
		end(connection, connection->how, connection->detail);
	else
		end(connection, CONNECTION_TIMEOUT, stage_stalled_text(connection->stage));
}

static bool set_up(struct connection *connection)
{
	const struct connection_settings *settings = connection->settings;

	connection->readable = event_new(settings->base, connection->fd, EV_READ | EV_PERSIST,
					 on_readable, connection);
	connection->deadline = evtimer_new(settings->base, on_deadline, connection);
	return connection->readable && connection->deadline &&
	       event_add(connection->readable, NULL) == 0 &&
	       event_add(connection->deadline, settings->timeout) == 0;
}

struct connection *connection_new(const struct connection_settings *settings, int fd,
				  const struct sockaddr_storage *peer)
{
	struct connection *connection = calloc(1, sizeof *connection);

	if (!connection) {
		close(fd);
		return NULL;
	}
	connection->settings = settings;
	connection->fd = fd;
	connection->buffer = REQUEST_BUFFER(settings->password);
	connection->priority = PRIORITY_NORMAL;
	connection->turn = (struct turn){ .run = on_turn, .owner = connection };
	peer_describe(&connection->peer, peer);
	if (!set_up(connection)) {
		release(connection);
		return NULL;
	}
	return connection;
}
