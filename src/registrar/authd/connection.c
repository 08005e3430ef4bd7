/* SPDX-License-Identifier: ISC */
#include "registrar/authd/connection.h"

#include "common/log.h"
#include "common/tls-context.h"
#include "common/tls-record-limit.h"
#include "registrar/authd/arrival.h"
#include "registrar/authd/lingering.h"
#include "registrar/authd/tls-failure.h"
#include "registrar/net/free-event.h"
#include "registrar/net/handshake-limit.h"
#include "registrar/net/peer-certificate.h"
#include "registrar/net/priority.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/bufferevent_struct.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <string.h>
#include <unistd.h>

/* How long a client that sends no newline must pause before its request counts as complete. */
static const struct timeval pause_time = { .tv_usec = 300 * 1000 };

enum stage {
	STAGE_SILENCE, /* nothing has come yet */
	STAGE_HANDSHAKE,
	STAGE_REQUEST,  /* reading it */
	STAGE_DECISION, /* with the owner */
	STAGE_ANSWER,   /* writing it */
	STAGE_LINGER,   /* written; waiting for the client to close */
};

struct connection {
	struct connection_link link;
	const struct connection_settings *settings;
	enum stage stage;
	int fd;
	SSL *tls;
	struct handshake_limit handshake_limit;
	struct bufferevent *stream;
	struct event *deadline;
	struct event *pause;
	struct arrival arrival;
	struct lingering lingering;
	enum connection_end how; /* what to tell the owner once the client has closed ... */
	char detail[128];        /* ... and more about it */
	struct request_buffer buffer;
	struct answer answer;
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

/*
 * A bufferevent goes only when its deferred callbacks have had their turn, and its events with it;
 * but the socket, or the next one with its number, must be free for other events at once.
 */
static void drop_stream(struct bufferevent *stream)
{
	(void)event_del(&stream->ev_read);
	(void)event_del(&stream->ev_write);
	bufferevent_free(stream);
}

/* TLS goes before the socket does: what follows is only a matter of TCP. */
static void drop_tls(struct connection *connection)
{
	if (connection->stream)
		drop_stream(connection->stream);
	connection->stream = NULL;
	SSL_free(connection->tls);
	connection->tls = NULL;
}

static void release(struct connection *connection)
{
	free_event(&connection->deadline);
	free_event(&connection->pause);
	lingering_leave(&connection->lingering);
	arrival_leave(&connection->arrival);
	drop_tls(connection);
	close(connection->fd);
	request_buffer_wipe(&connection->buffer);
	explicit_bzero(&connection->answer, sizeof connection->answer);
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

/* The client has closed, too. */
static void on_lingered(void *owner)
{
	struct connection *connection = owner;

	end(connection, connection->how, connection->detail);
}

/* All is written. */
static void finish(struct connection *connection)
{
	const struct connection_settings *settings = connection->settings;

	explicit_bzero(&connection->answer, sizeof connection->answer);
	drop_tls(connection);
	wait_for_client(connection, STAGE_LINGER);
	if (lingering_begin(&connection->lingering, settings->base, connection->fd, on_lingered,
			    connection) < 0 ||
	    event_add(connection->deadline, settings->linger) < 0)
		end(connection, connection->how, connection->detail);
}

static void on_written(struct bufferevent *stream, void *argument)
{
	struct connection *connection = argument;

	if (connection->stage != STAGE_ANSWER ||
	    evbuffer_get_length(bufferevent_get_output(stream)) > 0)
		return;
	if (connection->answer.close_notify) {
		(void)SSL_shutdown(connection->tls);
		ERR_clear_error();
	}
	finish(connection);
}

/* ------------------------------------------------------------------ request and answer */

/*
 * A client whose certificate is for another address is reset when its request has come, as Wazuh's
 * managers do: agent-auth has a message for that, but takes close_notify for an end in order. Not
 * before the request, because agent-auth reports a broken handshake in words that mislead.
 */
static void reset(struct connection *connection)
{
	const struct linger at_once = { .l_onoff = 1 };

	(void)setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
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
	bufferevent_disable(connection->stream, EV_READ);
	free_event(&connection->pause);
	owner->request(owner->owner, connection);
}

/*
 * By reference: so each becomes a TLS record of its own, and old agents take one record for one
 * message.
 */
static bool put_records(struct connection *connection)
{
	struct evbuffer *output = bufferevent_get_output(connection->stream);
	const struct answer *answer = &connection->answer;
	size_t begin = 0;

	for (int i = 0; i < 2 && answer->records[i] > 0; i++) {
		if (evbuffer_add_reference(output, answer->text + begin, answer->records[i], NULL,
					   NULL) < 0)
			return false;
		begin += answer->records[i];
	}
	return bufferevent_enable(connection->stream, EV_WRITE) == 0;
}

void connection_answer(struct connection *connection, const struct answer *answer)
{
	connection->stage = STAGE_ANSWER;
	connection->answer = *answer;
	if (event_add(connection->deadline, connection->settings->linger) < 0)
		drop(connection);
	else if (answer->records[0] == 0)
		on_written(connection->stream, connection);
	else if (!put_records(connection))
		drop(connection);
}

/* Hang up without a text: with close_notify where the real managers send one. */
static void cut_off(struct connection *connection, enum connection_end how)
{
	const struct answer nothing = { .close_notify = connection->settings->dialect ==
							DIALECT_WAZUH };

	connection->how = how;
	bufferevent_disable(connection->stream, EV_READ);
	connection_answer(connection, &nothing);
}

static void on_pause(evutil_socket_t fd, short what, void *argument)
{
	struct connection *connection = argument;

	(void)fd, (void)what;
	if (connection->stage == STAGE_REQUEST &&
	    request_buffer_pause(&connection->buffer) == REQUEST_BUFFER_COMPLETE)
		hand_over(connection);
}

/*
 * Acknowledge at once what has come. A client that writes in pieces without TCP_NODELAY (its last
 * handshake message and its request, say) sends the next one only then, and the kernel would let it
 * wait for 40 ms.
 */
static void acknowledge(const struct connection *connection)
{
	const int on = 1;

	(void)setsockopt(connection->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

/* Move what was decrypted into the buffer, and leave no second copy of a password behind. */
static enum request_buffer_state feed(struct connection *connection, struct evbuffer *input)
{
	enum request_buffer_state state = REQUEST_BUFFER_MORE;
	struct evbuffer_iovec piece;

	while (state == REQUEST_BUFFER_MORE && evbuffer_peek(input, -1, NULL, &piece, 1) > 0 &&
	       piece.iov_len > 0) {
		state = request_buffer_feed(&connection->buffer, piece.iov_base, piece.iov_len);
		explicit_bzero(piece.iov_base, piece.iov_len);
		evbuffer_drain(input, piece.iov_len);
	}
	return state;
}

/* Take in what has come. False: the connection has moved on, and may even be gone. */
static bool read_on(struct connection *connection)
{
	switch (feed(connection, bufferevent_get_input(connection->stream))) {
	case REQUEST_BUFFER_COMPLETE:
		hand_over(connection);
		return false;
	case REQUEST_BUFFER_TOO_LONG:
		cut_off(connection, CONNECTION_TOO_LONG);
		return false;
	case REQUEST_BUFFER_NO_MEMORY:
		drop(connection);
		return false;
	case REQUEST_BUFFER_MORE:
		break;
	}
	if (event_add(connection->pause, &pause_time) < 0) {
		drop(connection);
		return false;
	}
	acknowledge(connection);
	return true;
}

static void on_readable(struct bufferevent *stream, void *argument)
{
	struct connection *connection = argument;

	(void)stream;
	if (connection->stage == STAGE_REQUEST)
		(void)read_on(connection);
}

/* ------------------------------------------------------------------ what can go wrong */

static void on_deadline(evutil_socket_t fd, short what, void *argument)
{
	static const char *const stalled_in[] = {
		[STAGE_SILENCE] = "it sent nothing",
		[STAGE_HANDSHAKE] = "the TLS handshake was not complete in time",
		[STAGE_REQUEST] = "there was no complete request in time",
		[STAGE_ANSWER] = "the client did not take its answer in time",
	};
	struct connection *connection = argument;

	(void)fd, (void)what;
	if (connection->stage == STAGE_LINGER || connection->how == CONNECTION_OTHER_HOST)
		end(connection, connection->how, connection->detail);
	else
		end(connection, CONNECTION_TIMEOUT, stalled_in[connection->stage]);
}

/* The alert that says why has been sent: like an answer, it should arrive. */
static void on_failed_handshake(struct connection *connection, short what)
{
	(void)tls_failure_describe(connection->detail, sizeof connection->detail, connection->tls,
				   connection->stream, what);
	connection->how = CONNECTION_NO_TLS;
	finish(connection);
}

static void on_end_of_input(struct connection *connection)
{
	if (request_buffer_finish(&connection->buffer) == REQUEST_BUFFER_COMPLETE)
		hand_over(connection);
	else
		end(connection, CONNECTION_GONE,
		    "the client closed the connection without a request");
}

static void on_event(struct bufferevent *stream, short what, void *argument)
{
	struct connection *connection = argument;
	char text[256];

	if (what & BEV_EVENT_CONNECTED) {
		wait_for_client(connection, STAGE_REQUEST);
		/* OpenSSL keeps its buffer otherwise until it has read once more. */
		(void)SSL_free_buffers(connection->tls);
		if (connection->settings->verify_host &&
		    !peer_certificate_is_for(connection->tls, connection->peer.address))
			connection->how = CONNECTION_OTHER_HOST;
		acknowledge(connection);
		return;
	}
	if (tls_record_limit_was_exceeded(connection->tls)) {
		end(connection, CONNECTION_FLOOD, "");
		return;
	}
	if (connection->stage == STAGE_REQUEST && (what & BEV_EVENT_EOF)) {
		if (read_on(connection)) /* what came with the end */
			on_end_of_input(connection);
		return;
	}
	/* Half-closed by a client that wants its answer all the same. */
	if (connection->stage > STAGE_REQUEST && (what & BEV_EVENT_EOF) &&
	    (what & BEV_EVENT_READING))
		return;
	if (connection->stage == STAGE_HANDSHAKE)
		on_failed_handshake(connection, what);
	else
		end(connection, CONNECTION_GONE,
		    tls_failure_describe(text, sizeof text, connection->tls, stream, what));
}

/* ------------------------------------------------------------------ the beginning */

static bool start_tls(struct connection *connection)
{
	const struct connection_settings *settings = connection->settings;

	connection->tls = SSL_new(settings->tls);
	connection->pause = evtimer_new(settings->base, on_pause, connection);
	if (!connection->tls || !connection->pause)
		return false;
	/*
	 * Deferred callbacks, so that a callback may free what libevent would otherwise still be
	 * working on.
	 */
	connection->stream =
		bufferevent_openssl_socket_new(settings->base, connection->fd, connection->tls,
					       BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_DEFER_CALLBACKS);
	if (!connection->stream ||
	    !handshake_limit_watch(&connection->handshake_limit, connection->tls))
		return false;
	(void)bufferevent_priority_set(connection->stream, connection->priority);
	bufferevent_setcb(connection->stream, on_readable, on_written, on_event, connection);
	return bufferevent_enable(connection->stream, EV_READ | EV_WRITE) == 0;
}

static void on_go_on(void *owner)
{
	struct connection *connection = owner;

	if (!start_tls(connection))
		drop(connection);
}

static void on_arrived(void *owner, enum arrival_kind kind, const char *other)
{
	struct connection *connection = owner;
	struct turns *turns = connection->settings->turns;

	switch (kind) {
	case ARRIVAL_NOTHING:
		end(connection, CONNECTION_NOTHING, "");
		return;
	case ARRIVAL_OTHER: /* closed with unread bytes, so by a reset, as by the managers */
		end(connection, CONNECTION_CLEAR_TEXT, other);
		return;
	case ARRIVAL_TLS:
		wait_for_client(connection, STAGE_HANDSHAKE);
		arrival_go_on(&connection->arrival,
			      connection->priority > PRIORITY_NORMAL ? turns : NULL);
	}
}

/* TLS takes some 40 KiB: a client gets them when it has sent something. */
static bool set_up(struct connection *connection)
{
	const struct connection_settings *settings = connection->settings;
	const struct arrival_owner owner = { on_arrived, on_go_on, connection };

	connection->deadline = evtimer_new(settings->base, on_deadline, connection);
	return connection->deadline && event_add(connection->deadline, settings->timeout) == 0 &&
	       arrival_begin(&connection->arrival, settings->base, connection->fd, &owner) == 0;
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
	peer_describe(&connection->peer, peer);
	if (!set_up(connection)) {
		release(connection);
		return NULL;
	}
	return connection;
}
