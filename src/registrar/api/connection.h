/* SPDX-License-Identifier: ISC */
/*
 * What evhttp does not know of a connection: its deadline, whether a request is under way, and
 * which others there are from the same source (net/admission.h). And what evhttp does not look at
 * in a request: a head or chunks that others could read in another way (http-head.h, http-chunks.h)
 * are replaced by such as it refuses, before it has seen them. And what evhttp does not bound: the
 * bytes that it has not read yet.
 *
 * A connection belongs to its SSL object and is freed with it, because evhttp does not report when
 * it has closed one. To end a connection, its socket is shut down: evhttp notices, and cleans up.
 * (To free the connection from outside, evhttp would have to say which one it is before there is a
 * request.)
 */
#pragma once

#include "common/must-check.h"
#include "registrar/net/acceptor.h"
#include "registrar/net/admission.h"
#include "registrar/net/peer-rules.h"
#include "registrar/net/peer.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

struct api_connection;

/* All of them. Outlives each. */
struct api_connections {
	struct event_base *base;
	/* seconds, from the connection or the answer before to the complete request */
	unsigned int timeout;
	size_t unread_max; /* bytes that a client may have sent and evhttp has not read */
	const struct peer_rules *peers;
	struct acceptor *acceptor;   /* counts them */
	struct admission *admission; /* set up here */
	size_t busy;                 /* those with a request that has no complete answer yet */
};

/* Prepare for at most so many. False: out of memory. */
bool api_connections_set_up(struct api_connections *connections, size_t max) must_check;

/* All connections are gone. */
void api_connections_tear_down(struct api_connections *connections);

/* For the acceptor: close one of these connections for another one. False: none is idle. */
bool api_connections_make_room(void *connections);

/* Make the connection of an SSL object, which owns it from then on. Null: out of memory. */
struct api_connection *api_connection_new(struct api_connections *connections, SSL *tls) must_check;

/* The stream of the connection, which has no socket yet. From here on the time counts. */
void api_connection_begin(struct api_connection *connection, struct bufferevent *stream);

/* The connection of a stream of ours; null: of another one. */
struct api_connection *api_connection_of(struct bufferevent *stream);

/* The client; empty as long as the stream has no socket. */
const struct peer *api_connection_peer(const struct api_connection *connection);

/* The client has the whole timeout again for its next request. */
void api_connection_restart_deadline(struct api_connection *connection);

/* Call this once when the connection has ended; null: do not. */
void api_connection_set_end(struct api_connection *connection, void (*ended)(void *owner),
			    void *owner);

/* Is there a request that has no complete answer yet? */
void api_connection_set_busy(struct api_connection *connection, bool busy);

/*
 * Has this thread run out of memory since the request began to come, whoever needed it? What evhttp
 * says of it, or has kept of it, may be wrong then.
 */
bool api_connection_was_short(const struct api_connection *connection) must_check;

/*
 * Must the next answer be the last? Yes, once a request has come whose end is known to evhttp
 * alone: with a chunked body, or with one for a method of which evhttp reads none.
 */
bool api_connection_ends(const struct api_connection *connection) must_check;

/*
 * What follows a request is read after its answer: the end of what the client says, too, which
 * evhttp takes for its disappearance. evhttp begins to read again when the answer is sent.
 */
void api_connection_leave_unread(struct api_connection *connection);

/* The answer should not wait for the client's acknowledgements. */
void api_connection_hurry(struct api_connection *connection);
