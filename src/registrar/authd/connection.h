/* SPDX-License-Identifier: ISC */
/*
 * One client's connection: TLS handshake, request, answer, and an end that does not lose the answer
 * on its way. All of it within one deadline that nothing the client sends can move; only the
 * time that its owner takes for the answer is not the client's.
 *
 * A connection owns itself: it calls its owner when a request is complete, waits for
 * connection_answer(), and calls it again when it ends; its memory is gone when the owner returns
 * from that.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/authd/answer.h"
#include "registrar/authd/request-buffer.h"
#include "registrar/net/peer.h"
#include "registrar/net/sources.h"
#include "registrar/net/turns.h"

#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/time.h>

struct connection;
struct delayed_refusal;

/* How a connection ended. */
enum connection_end {
	CONNECTION_DONE,       /* the answer is sent */
	CONNECTION_NOTHING,    /* gone without a byte of TLS: a port check */
	CONNECTION_NO_TLS,     /* the handshake failed */
	CONNECTION_CLEAR_TEXT, /* it began with something else than TLS, which `detail` names */
	CONNECTION_GONE,     /* gone after the handshake, before there was a request or an answer */
	CONNECTION_TIMEOUT,  /* the deadline came before the answer was sent */
	CONNECTION_TOO_LONG, /* a request longer than REQUEST_BUFFER_MAX */
	CONNECTION_FLOOD,    /* it sent TLS messages without end */
	CONNECTION_OTHER_HOST, /* the certificate is not for the client's address */
	CONNECTION_STOPPED,    /* the registrar stops */
	CONNECTION_GAVE_WAY,   /* closed for another one, because there was no room */
};

struct connection_owner {
	/*
	 * A request is complete. Call connection_answer(), now or later; the connection may end
	 * before.
	 */
	void (*request)(void *owner, struct connection *connection);
	/*
	 * From now on the client is waited for again: for its handshake, its request, or the end
	 * after its answer.
	 */
	void (*waits)(void *owner, struct connection *connection);
	/*
	 * `detail` says more about NO_TLS, CLEAR_TEXT, GONE and TIMEOUT; empty otherwise. Bytes of
	 * the peer's in it are escaped.
	 */
	void (*ended)(void *owner, struct connection *connection, enum connection_end end,
		      const char *detail);
	void *owner;
};

/* Shared by all connections, and outlives them. */
struct connection_settings {
	struct event_base *base;
	SSL_CTX *tls;
	const char *password; /* null: none is demanded */
	/* demand that the certificate is for the client's address */
	bool verify_host;
	enum dialect dialect;
	/* from accept to request; event_base_init_common_timeout() */
	const struct timeval *timeout;
	/* how long the client may take to close after the answer; the same */
	const struct timeval *linger;
	/* what handshakes wait for that are not of PRIORITY_NORMAL; null: nothing */
	struct turns *turns;
	struct connection_owner owner;
};

/* What the owner keeps with the connection. */
struct connection_link {
	struct connection *next, *previous, *self;
	void *request; /* what it has made of the request; null: nothing */
	struct delayed_refusal *refusal;
	struct source_member source;
};

/*
 * Begin with an accepted, non-blocking socket, which is the connection's from now on, even on
 * failure. Returns null when out of memory.
 */
struct connection *connection_new(const struct connection_settings *settings, int fd,
				  const struct sockaddr_storage *peer) must_check;

/* Begin TLS with this priority (net/priority.h). */
void connection_set_priority(struct connection *connection, int priority);

/*
 * The name in what the client has sent, whatever else is wrong with it (authd_request_name()).
 */
struct authd_field connection_agent_name(const struct connection *connection);

/* Where the owner keeps what it keeps; zero at first. */
struct connection_link *connection_link(struct connection *connection);

/* The client, for decisions and for the log. */
const struct peer *connection_peer(const struct connection *connection);

/*
 * What is wrong with the complete request. `ret` points to its fields, or to those before the one
 * that is wrong (authd_request_has_fields()); they are valid as long as the connection.
 */
enum authd_request_fault connection_request(const struct connection *connection,
					    const struct authd_request_fields **ret) must_check;

/* Send the answer (copied) and end. */
void connection_answer(struct connection *connection, const struct answer *answer);

/* Has all of a request come? */
bool connection_has_request(const struct connection *connection) must_check;

/* The socket, which stays the connection's. */
int connection_descriptor(const struct connection *connection);

/* Is an answer under way that should be let out? */
bool connection_is_answering(const struct connection *connection) must_check;

/* Demand another password (null: none) of the request, if it is not complete yet. */
void connection_use_password(struct connection *connection, const char *password);

/* End now, whatever the state; `how` if there was no answer yet. */
void connection_stop(struct connection *connection, enum connection_end how);
