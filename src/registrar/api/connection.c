/* SPDX-License-Identifier: ISC */
#include "registrar/api/connection.h"

#include "common/deadline.h"
#include "common/log.h"

#include <event2/bufferevent_ssl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

/* after the log was told of an address with too many connections */
#define LIMIT_SILENCE (60 * USEC_PER_SEC)
#define ADDRESS_SIZE 64

struct api_client {
	struct api_clients *clients;
	struct bufferevent *stream;
	struct event *deadline;
	struct api_network network; /* none before it has arrived */
	bool busy;
	struct api_client *next, **previous;
};

/* ------------------------------------------------------------------ the end */

static void forget_client(struct api_client *client)
{
	struct api_clients *clients = client->clients;

	clients->open--;
	clients->busy -= client->busy;
	*client->previous = client->next;
	if (client->next)
		client->next->previous = client->previous;
	event_free(client->deadline);
	free(client);
	clients->left(clients->owner);
}

/* OpenSSL's call at the end of an SSL object. */
static void on_ssl_gone(void *parent, void *data, CRYPTO_EX_DATA *all, int index, long argument,
			void *pointer)
{
	(void)parent, (void)all, (void)index, (void)argument, (void)pointer;
	if (data)
		forget_client(data);
}

static int client_index(void)
{
	static int index = -1;

	if (index < 0)
		index = SSL_get_ex_new_index(0, NULL, NULL, NULL, on_ssl_gone);
	return index;
}

bool api_clients_set_up(void)
{
	return client_index() >= 0;
}

static void cut_off(struct api_client *client)
{
	evutil_socket_t fd = bufferevent_getfd(client->stream);

	if (fd >= 0)
		(void)shutdown(fd, SHUT_RDWR);
}

/* ------------------------------------------------------------------ arriving */

static size_t count_network(const struct api_clients *clients, const struct api_network *network)
{
	size_t count = 0;

	for (const struct api_client *client = clients->first; client; client = client->next)
		count += api_network_is_same(&client->network, network);
	return count;
}

static void complain_of_many(struct api_clients *clients, const char *address)
{
	uint64_t now = monotonic_usec();

	if (clients->limit_told_at != 0 && now < clients->limit_told_at + LIMIT_SILENCE)
		return;
	clients->limit_told_at = now;
	log_warning("%s has %zu connections to the API; further ones are closed until one of them "
		    "ends",
		    address, clients->max_each);
}

/* Is this one more than the address may have? */
static bool is_too_many(struct api_client *client)
{
	struct api_clients *clients = client->clients;
	struct sockaddr_storage peer;
	socklen_t size = sizeof peer;
	char address[ADDRESS_SIZE] = "";

	/* A socket that says no address has been closed already. */
	if (getpeername(bufferevent_getfd(client->stream), (struct sockaddr *)&peer, &size) == 0)
		(void)getnameinfo((struct sockaddr *)&peer, size, address, sizeof address, NULL, 0,
				  NI_NUMERICHOST);
	client->network = api_network_of(address);
	if (count_network(clients, &client->network) <= clients->max_each)
		return false;
	complain_of_many(clients, address);
	return true;
}

/* Called the first time as soon as the stream has got its socket. */
static void on_deadline(evutil_socket_t fd, short what, void *argument)
{
	struct api_client *client = argument;
	bool has_arrived = client->network.family != 0;

	(void)fd, (void)what;
	if (has_arrived || is_too_many(client))
		cut_off(client);
	else
		api_client_restart_deadline(client);
}

struct api_client *api_client_new(struct api_clients *clients, SSL *tls)
{
	struct api_client *client = calloc(1, sizeof *client);

	if (!client)
		return NULL;
	client->clients = clients;
	client->deadline = evtimer_new(clients->base, on_deadline, client);
	if (!client->deadline || SSL_set_ex_data(tls, client_index(), client) != 1) {
		if (client->deadline)
			event_free(client->deadline);
		free(client);
		return NULL;
	}
	client->next = clients->first;
	client->previous = &clients->first;
	if (client->next)
		client->next->previous = &client->next;
	clients->first = client;
	clients->open++;
	return client;
}

void api_client_begin(struct api_client *client, struct bufferevent *stream)
{
	client->stream = stream;
	event_active(client->deadline, EV_TIMEOUT, 1);
}

/* ------------------------------------------------------------------ while it is there */

struct api_client *api_client_of(struct bufferevent *stream)
{
	SSL *tls = bufferevent_openssl_get_ssl(stream);

	return tls ? SSL_get_ex_data(tls, client_index()) : NULL;
}

void api_client_restart_deadline(struct api_client *client)
{
	const struct timeval timeout = { .tv_sec = client->clients->timeout };

	(void)event_add(client->deadline, &timeout);
}

void api_client_set_busy(struct api_client *client, bool busy)
{
	client->clients->busy += (size_t)busy - (size_t)client->busy;
	client->busy = busy;
}

void api_client_leave_unread(struct api_client *client)
{
	(void)bufferevent_disable(client->stream, EV_READ);
}

void api_client_hurry(struct api_client *client)
{
	const int on = 1;

	(void)setsockopt(bufferevent_getfd(client->stream), IPPROTO_TCP, TCP_NODELAY, &on,
			 sizeof on);
}
