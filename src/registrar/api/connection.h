/* SPDX-License-Identifier: ISC */
/*
 * What evhttp does not know of a connection: its deadline, whether a request is under way, and how
 * many others there are from the same address.
 *
 * A client belongs to its SSL object and goes with it, because evhttp does not tell when it has
 * closed a connection, and that is the one moment that it cannot hide. To end a connection, its
 * socket is shut down: evhttp notices, and cleans up. (To free the connection from outside, evhttp
 * would have to say which one it is before there is a request.)
 */
#pragma once

#include "registrar/net/network.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct api_client;

/* All of them. Outlives each. */
struct api_clients {
	struct event_base *base;
	/* seconds, from the connection or the answer before to the complete request */
	unsigned int timeout;
	size_t max_each;           /* connections that one address may have */
	void (*left)(void *owner); /* one has gone */
	void *owner;
	size_t open; /* connections */
	size_t busy; /* those with a request that has no complete answer yet */
	struct api_client *first;
	uint64_t limit_told_at; /* monotonic_usec(); 0: never */
};

/* Prepare OpenSSL, once. False: it cannot be done. */
bool api_clients_set_up(void);

/* Give the SSL object a client. Returns null when out of memory; then there is none. */
struct api_client *api_client_new(struct api_clients *clients, SSL *tls);

/* The stream of the connection, which has no socket yet. From here on the time counts. */
void api_client_begin(struct api_client *client, struct bufferevent *stream);

/* The client of a stream of ours; null: of another one. */
struct api_client *api_client_of(struct bufferevent *stream);

void api_client_restart_deadline(struct api_client *client);

void api_client_set_busy(struct api_client *client, bool busy);

/*
 * What follows a request is read after its answer: the end of what the client says, too, which
 * evhttp takes for its disappearance. evhttp begins to read again when the answer is sent.
 */
void api_client_leave_unread(struct api_client *client);

/* The answer should not wait for the client's acknowledgements. */
void api_client_hurry(struct api_client *client);
