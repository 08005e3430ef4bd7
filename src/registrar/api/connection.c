/* SPDX-License-Identifier: ISC */
#include "registrar/api/connection.h"

#include "common/deadline.h"
#include "common/log.h"

#include <event2/bufferevent_ssl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

/* between two warnings of addresses with too many connections */
#define LIMIT_SILENCE (60 * USEC_PER_SEC)

struct api_connection {
	struct api_connections *connections;
	struct bufferevent *stream;
	struct event *deadline;
	struct peer peer;              /* empty before it has arrived, like ... */
	struct client_network network; /* ... the network that it counts for */
	bool busy;
	struct api_connection *next, **previous;
};

/* ------------------------------------------------------------------ the end */

static void forget_connection(struct api_connection *connection)
{
	struct api_connections *connections = connection->connections;

	connections->busy -= connection->busy;
	*connection->previous = connection->next;
	if (connection->next)
		connection->next->previous = connection->previous;
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

bool api_connections_set_up(void)
{
	return connection_index() >= 0;
}

static void cut_off(struct api_connection *connection)
{
	evutil_socket_t fd = bufferevent_getfd(connection->stream);

	if (fd >= 0)
		(void)shutdown(fd, SHUT_RDWR);
}

/* ------------------------------------------------------------------ arriving */

static size_t count_network(const struct api_connections *connections,
			    const struct client_network *network)
{
	size_t count = 0;

	for (const struct api_connection *connection = connections->first; connection;
	     connection = connection->next)
		count += client_network_is_same(&connection->network, network);
	return count;
}

static void warn_of_many(struct api_connections *connections, const char *address)
{
	uint64_t now = monotonic_usec();

	if (connections->limit_warned_at != 0 && now < connections->limit_warned_at + LIMIT_SILENCE)
		return;
	connections->limit_warned_at = now;
	log_warning("%s has %zu connections to the API; further ones are closed "
		    "until one of them ends",
		    address, connections->max_each);
}

/* Is this one more than the address may have? */
static bool is_too_many(struct api_connection *connection)
{
	struct api_connections *connections = connection->connections;
	struct sockaddr_storage address;
	socklen_t size = sizeof address;
	evutil_socket_t fd = bufferevent_getfd(connection->stream);

	/* A socket that says no address has been closed already. */
	if (getpeername(fd, (struct sockaddr *)&address, &size) == 0)
		peer_describe(&connection->peer, &address);
	connection->network = client_network_of(connection->peer.address);
	if (count_network(connections, &connection->network) <= connections->max_each)
		return false;
	warn_of_many(connections, connection->peer.address);
	return true;
}

/* Called the first time as soon as the stream has got its socket. */
static void on_deadline(evutil_socket_t fd, short what, void *argument)
{
	struct api_connection *connection = argument;
	bool has_arrived = connection->network.family != 0;

	(void)fd, (void)what;
	if (has_arrived || is_too_many(connection))
		cut_off(connection);
	else
		api_connection_restart_deadline(connection);
}

struct api_connection *api_connection_new(struct api_connections *connections, SSL *tls)
{
	struct api_connection *connection = calloc(1, sizeof *connection);

	if (!connection)
		return NULL;
	connection->connections = connections;
	connection->deadline = evtimer_new(connections->base, on_deadline, connection);
	if (!connection->deadline || SSL_set_ex_data(tls, connection_index(), connection) != 1) {
		if (connection->deadline)
			event_free(connection->deadline);
		free(connection);
		return NULL;
	}
	connection->next = connections->first;
	connection->previous = &connections->first;
	if (connection->next)
		connection->next->previous = &connection->next;
	connections->first = connection;
	acceptor_opened(connections->acceptor);
	return connection;
}

void api_connection_begin(struct api_connection *connection, struct bufferevent *stream)
{
	connection->stream = stream;
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

	(void)event_add(connection->deadline, &timeout);
}

void api_connection_set_busy(struct api_connection *connection, bool busy)
{
	connection->connections->busy += (size_t)busy - (size_t)connection->busy;
	connection->busy = busy;
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
