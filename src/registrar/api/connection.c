/* SPDX-License-Identifier: ISC */
#include "registrar/api/connection.h"

#include "common/cleanup.h"
#include "common/http-chunks.h"
#include "common/http-head.h"
#include "common/library-memory.h"
#include "common/log.h"
#include "registrar/net/handshake-limit.h"
#include "registrar/net/priority.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* More fields of a request than any client sends; each costs evhttp much more than its bytes. */
#define FIELDS_MAX 100

struct api_connection {
	struct api_connections *connections;
	struct bufferevent *stream;
	struct event *deadline;
	struct peer peer; /* empty before it has arrived */
	struct source_member source;
	bool has_arrived, busy, had_request, is_cut_off;
	bool has_offended; /* and that was counted, or is not to be */
	struct handshake_limit handshake_limit;
	struct http_head head; /* of the request that arrives */
	uint64_t body_left;    /* bytes of its body, if its head is complete */
	bool is_chunked;       /* its body has no length, but ... */
	struct http_chunks chunks;
	bool ends;               /* with the next answer: how much its body has only evhttp knows */
	bool is_refused;         /* what follows is not shown to evhttp */
	bool is_asking;          /* a part of a request has come since the last answer */
	unsigned long shortages; /* of memory before that */
	bool is_flooded;         /* nothing is any more */
	bool is_unchecked;       /* out of memory: it is closed at once */
	int orphan; /* its socket, if there was no memory for the BIO that closes it; or -1 */
	void (*ended)(void *owner);
	void *ended_owner;
};

/* ------------------------------------------------------------------ the end */

static void forget_connection(struct api_connection *connection)
{
	struct api_connections *connections = connection->connections;

	if (connection->ended)
		connection->ended(connection->ended_owner);
	connections->busy -= connection->busy;
	if (connection->source.source && !connection->had_request && !connection->has_offended)
		admission_wasted(connections->admission, connection->peer.address,
				 acceptor_count(connections->acceptor));
	admission_leave(connections->admission, &connection->source);
	release_fd(&connection->orphan);
	event_free(connection->deadline);
	free(connection);
	acceptor_closed(connections->acceptor);
}

/* OpenSSL's call at the end of an SSL object. */
static void on_ssl_gone(void *parent, void *data, CRYPTO_EX_DATA *all, int index, long argument,
			void *pointer)
{
	(void)parent, (void)all, (void)index, (void)argument, (void)pointer;
	if (data)
		forget_connection(data);
}

static int connection_index(void)
{
	static int index = -1;

	if (index < 0)
		index = SSL_get_ex_new_index(0, NULL, NULL, NULL, on_ssl_gone);
	return index;
}

/*
 * The stream notices that at once, and evhttp closes. If it does not, because no event could be
 * added for its socket, it is told.
 */
static void cut_off(struct api_connection *connection)
{
	static const struct timeval patience = { .tv_sec = 1 };
	evutil_socket_t fd = bufferevent_getfd(connection->stream);

	if (fd >= 0)
		(void)shutdown(fd, SHUT_RDWR);
	connection->is_cut_off = true;
	(void)event_add(connection->deadline, &patience);
}

/* ------------------------------------------------------------------ what arrives */

/*
 * evhttp reads a body only with these methods, and the bytes of another one's as the next request.
 */
static bool may_have_body(const struct http_head *head)
{
	static const char *const methods[] = { "POST ", "PUT ", "PATCH " };

	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if (strncmp(head->method, methods[i], strlen(methods[i])) == 0)
			return true;
	return false;
}

static struct http_head next_head(void)
{
	return (struct http_head){ .fields_max = FIELDS_MAX };
}

static void end_head(struct api_connection *connection)
{
	const struct http_head *head = &connection->head;

	connection->ends |= head->is_chunked || (head->length > 0 && !may_have_body(head));
	connection->body_left = head->length;
	connection->is_chunked = head->is_chunked;
	connection->head = next_head();
}

static size_t check_head(struct api_connection *connection, const char *bytes, size_t length)
{
	size_t checked = http_head_feed(&connection->head, bytes, length);

	if (connection->head.state == HTTP_HEAD_DONE)
		end_head(connection);
	return checked;
}

static size_t check_body(struct api_connection *connection, size_t length)
{
	size_t checked = length < connection->body_left ? length : (size_t)connection->body_left;

	connection->body_left -= checked;
	return checked;
}

static bool has_fault(const struct api_connection *connection)
{
	return connection->head.state == HTTP_HEAD_REFUSED ||
	       connection->chunks.state == HTTP_CHUNKS_REFUSED;
}

/* How many of the bytes may be shown to evhttp. */
static size_t check_bytes(struct api_connection *connection, const char *bytes, size_t length)
{
	size_t checked = 0;

	while (checked < length && !has_fault(connection)) {
		size_t left = length - checked;

		if (connection->body_left > 0)
			checked += check_body(connection, left);
		else if (connection->is_chunked && connection->chunks.state == HTTP_CHUNKS_MORE)
			checked += http_chunks_feed(&connection->chunks, bytes + checked, left);
		else if (connection->ends)
			checked = length;
		else
			checked += check_head(connection, bytes + checked, left);
	}
	return checked;
}

/* A line that is none, wherever in a head, or between chunks, it is. */
static const char *wrong_line(const struct api_connection *connection)
{
	bool is_in_line = connection->head.line_length > 0 || connection->head.follows_return;

	if (connection->chunks.state == HTTP_CHUNKS_REFUSED)
		return "x\r\n";
	return is_in_line ? "\r\nx\r\n\r\n" : "x\r\n\r\n";
}

/* Let evhttp refuse it and close: it takes the bytes that were right, and then a wrong line. */
static void refuse_rest(struct api_connection *connection, struct evbuffer *input, size_t right)
{
	const char *wrong = wrong_line(connection);
	struct evbuffer *kept = evbuffer_new();

	connection->is_refused = true;
	if (kept && evbuffer_remove_buffer(input, kept, right) >= 0) {
		(void)evbuffer_drain(input, evbuffer_get_length(input));
		(void)evbuffer_add(kept, wrong, strlen(wrong));
		(void)evbuffer_add_buffer(input, kept);
	} else {
		(void)evbuffer_drain(input, evbuffer_get_length(input));
		cut_off(connection);
	}
	if (kept)
		evbuffer_free(kept);
}

/*
 * While evhttp writes an answer of its own, it reads on, and keeps what it has read: more than a
 * request has is a flood. False: nothing was left of it.
 */
static bool may_keep(struct api_connection *connection, struct evbuffer *input)
{
	struct api_connections *connections = connection->connections;
	const struct peer *peer = &connection->peer;

	if (!connection->is_flooded && evbuffer_get_length(input) > connections->unread_max) {
		connection->is_flooded = true;
		if (peer_log_may(connections->peers->log, peer->address, PEER_FLOOD))
			log_notice("Cut off %s: it sends by HTTPS without end", peer->text);
		admission_offence(connections->admission, peer->address, OFFENCE_FLOOD);
		connection->has_offended = true;
		cut_off(connection);
	}
	if (connection->is_flooded)
		(void)evbuffer_drain(input, evbuffer_get_length(input));
	return !connection->is_flooded;
}

/* Bytes have been decrypted; evhttp sees them next. */
static void on_input(struct evbuffer *input, const struct evbuffer_cb_info *info, void *argument)
{
	struct api_connection *connection = argument;
	size_t at = info->orig_size - info->n_deleted, end = at + info->n_added;

	if (info->n_added == 0 || !may_keep(connection, input))
		return;
	if (!connection->is_asking)
		connection->shortages = library_memory_shortages();
	connection->is_asking = true;

	while (at < end && !connection->is_refused) {
		struct evbuffer_ptr place;
		struct evbuffer_iovec piece;
		size_t length, right;

		if (evbuffer_ptr_set(input, &place, at, EVBUFFER_PTR_SET) < 0 ||
		    evbuffer_peek(input, (ev_ssize_t)(end - at), &place, &piece, 1) < 1)
			return;
		length = piece.iov_len < end - at ? piece.iov_len : end - at;
		right = check_bytes(connection, piece.iov_base, length);
		at += right;
		if (right < length)
			refuse_rest(connection, input, at);
	}
}

/*
 * Bytes are about to be encrypted. What evhttp had no memory to keep of a head it refuses with 400,
 * by itself: an agent that is told so may give up its credentials, so it is told nothing.
 */
static void on_output(struct evbuffer *output, const struct evbuffer_cb_info *info, void *argument)
{
	struct api_connection *connection = argument;

	(void)output;
	if (info->n_added == 0 || connection->busy || connection->is_cut_off ||
	    !api_connection_was_short(connection))
		return;
	log_error("Out of memory: cut off %s in the middle of a request by HTTPS",
		  connection->peer.text);
	connection->has_offended = true; /* it has not, so nothing is to be counted */
	cut_off(connection);
}

/* ------------------------------------------------------------------ all of them */

static struct api_connection *connection_of(const struct source_member *member)
{
	return (void *)((char *)(uintptr_t)member - offsetof(struct api_connection, source));
}

static int descriptor_of(const struct source_member *member)
{
	return bufferevent_getfd(connection_of(member)->stream);
}

static void give_way(struct source_member *member)
{
	struct api_connection *connection = connection_of(member);
	struct peer_log *log = connection->connections->peers->log;

	if (peer_log_may(log, connection->peer.address, PEER_GAVE_WAY))
		log_notice("Closed %s: there was no room for others by HTTPS",
			   connection->peer.text);
	if (!connection->had_request)
		admission_offence(connection->connections->admission, connection->peer.address,
				  OFFENCE_IDLE);
	connection->has_offended = true;
	cut_off(connection);
}

bool api_connections_set_up(struct api_connections *connections, size_t max)
{
	const struct admission_settings settings = {
		.max_connections = max,
		.max_per_source = max / 2,
		.exempt = connections->peers->exempt,
		.offences = connections->peers->offences,
		.descriptor_of = descriptor_of,
		.give_way = give_way,
	};

	connections->admission = admission_new(&settings);
	return connections->admission && connection_index() >= 0;
}

void api_connections_tear_down(struct api_connections *connections)
{
	admission_free(connections->admission);
}

bool api_connections_make_room(void *argument)
{
	struct api_connections *connections = argument;

	return admission_make_room(connections->admission);
}

/* ------------------------------------------------------------------ arriving */

/* False: the client is turned away, which is logged. */
static bool admit(struct api_connection *connection)
{
	struct api_connections *connections = connection->connections;
	size_t open = acceptor_count(connections->acceptor);
	struct sockaddr_storage address;
	socklen_t size = sizeof address;
	evutil_socket_t fd = bufferevent_getfd(connection->stream);

	/* A socket that says no address has been closed already. */
	if (getpeername(fd, (struct sockaddr *)&address, &size) == 0)
		peer_describe(&connection->peer, &address);
	if (admission_may_enter(connections->admission, connection->peer.address, open))
		return admission_enter(connections->admission, &connection->source,
				       connection->peer.address);
	if (peer_log_may(connections->peers->log, connection->peer.address, PEER_TURNED_AWAY))
		log_notice("Turned away %s: %zu connections by HTTPS are open, and its address "
			   "misbehaved lately",
			   connection->peer.text, open);
	return false;
}

/*
 * What has arrived can be read even after cut_off(): a ClientHello would be answered, which costs
 * more than all the rest of a connection.
 */
static void read_nothing(SSL *tls)
{
	BIO *nothing = BIO_new(BIO_s_null());

	if (nothing)
		SSL_set0_rbio(tls, nothing);
}

static void arrive(struct api_connection *connection)
{
	SSL *tls = bufferevent_openssl_get_ssl(connection->stream);

	connection->has_arrived = true;
	if (!SSL_get_wbio(tls)) {
		connection->orphan = bufferevent_getfd(connection->stream);
		connection->is_unchecked = true;
	}
	if (connection->is_unchecked || !admit(connection) ||
	    !handshake_limit_watch(&connection->handshake_limit, tls)) {
		read_nothing(tls);
		cut_off(connection);
		return;
	}
	if (admission_should_wait(connection->connections->admission, connection->peer.address))
		(void)bufferevent_priority_set(connection->stream, PRIORITY_LATER);
	api_connection_restart_deadline(connection);
}

/* Called the first time as soon as the stream has got its socket, before anything is read. */
static void on_deadline(evutil_socket_t fd, short what, void *argument)
{
	struct api_connection *connection = argument;

	(void)fd, (void)what;
	if (!connection->has_arrived)
		arrive(connection);
	else if (connection->is_cut_off)
		bufferevent_trigger_event(connection->stream, BEV_EVENT_READING | BEV_EVENT_EOF, 0);
	else
		cut_off(connection);
}

struct api_connection *api_connection_new(struct api_connections *connections, SSL *tls)
{
	struct api_connection *connection = calloc(1, sizeof *connection);

	if (!connection)
		return NULL;
	connection->connections = connections;
	connection->orphan = -1;
	connection->head = next_head();
	connection->deadline = evtimer_new(connections->base, on_deadline, connection);
	if (!connection->deadline || SSL_set_ex_data(tls, connection_index(), connection) != 1) {
		if (connection->deadline)
			event_free(connection->deadline);
		free(connection);
		return NULL;
	}
	acceptor_opened(connections->acceptor);
	return connection;
}

void api_connection_begin(struct api_connection *connection, struct bufferevent *stream)
{
	connection->stream = stream;
	/* The one that was added last is called first: before the stream's own. */
	if (!evbuffer_add_cb(bufferevent_get_input(stream), on_input, connection) ||
	    !evbuffer_add_cb(bufferevent_get_output(stream), on_output, connection))
		connection->is_unchecked = true;
	event_active(connection->deadline, EV_TIMEOUT, 1);
}

/* ------------------------------------------------------------------ while it is there */

struct api_connection *api_connection_of(struct bufferevent *stream)
{
	SSL *tls = bufferevent_openssl_get_ssl(stream);

	return tls ? SSL_get_ex_data(tls, connection_index()) : NULL;
}

const struct peer *api_connection_peer(const struct api_connection *connection)
{
	return &connection->peer;
}

void api_connection_restart_deadline(struct api_connection *connection)
{
	const struct timeval timeout = { .tv_sec = connection->connections->timeout };

	if (event_add(connection->deadline, &timeout) < 0)
		cut_off(connection);
}

void api_connection_set_end(struct api_connection *connection, void (*ended)(void *owner),
			    void *owner)
{
	connection->ended = ended;
	connection->ended_owner = owner;
}

void api_connection_set_busy(struct api_connection *connection, bool busy)
{
	struct api_connections *connections = connection->connections;

	connections->busy += (size_t)busy - (size_t)connection->busy;
	connection->busy = busy;
	connection->had_request |= busy;
	if (busy) {
		admission_set_idle(connections->admission, &connection->source, false);
		return;
	}
	connection->is_asking = false;
	connection->shortages = library_memory_shortages();
	admission_set_at_rest(connections->admission, &connection->source);
}

bool api_connection_was_short(const struct api_connection *connection)
{
	return library_memory_shortages() != connection->shortages;
}

bool api_connection_ends(const struct api_connection *connection)
{
	return connection->ends;
}

void api_connection_leave_unread(struct api_connection *connection)
{
	(void)bufferevent_disable(connection->stream, EV_READ);
}

void api_connection_hurry(struct api_connection *connection)
{
	const int on = 1;

	(void)setsockopt(bufferevent_getfd(connection->stream), IPPROTO_TCP, TCP_NODELAY, &on,
			 sizeof on);
}
