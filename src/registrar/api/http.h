/* SPDX-License-Identifier: ISC */
/*
 * HTTPS for the API: libevent's evhttp on the registrar's own event loop and TLS context, with the
 * limits that evhttp does not have by itself: connections at a time, of all and of one source, and
 * one deadline from the connection (or the answer before) to the complete request, which nothing
 * that a slow client sends can move.
 *
 * What is not HTTP is answered by evhttp: with 400 or 413, and a page of HTML.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"
#include "registrar/net/listener.h"
#include "registrar/net/peer-rules.h"
#include "registrar/net/peer.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#define API_HEAD_MAX 16384 /* bytes of request line and headers together */
#define API_BODY_MAX 65536 /* bytes; the longest body that makes sense has some 600 */

enum api_method {
	API_GET = 1,
	API_POST = 2,
	API_PUT = 4,
	API_DELETE = 8,
	API_OTHER = 16, /* OPTIONS, PATCH, ... */
};

struct api_http;

/* A request that wants exactly one answer, now or later. */
struct api_exchange;

struct api_http_settings {
	struct event_base *base;
	SSL_CTX *tls;                 /* shared with authd */
	unsigned int timeout;         /* seconds */
	unsigned int max_connections; /* at the limit others give way, or wait */
	const struct peer_rules *peers;
	/* A complete request. The owner calls api_exchange_answer() once. */
	void (*request)(void *owner, struct api_exchange *exchange);
	void *owner;
};

/* What can be asked for depends on the port. */
enum api_port {
	API_PORT_ALL,
	API_PORT_ENROLL, /* nothing but the enrollment */
	API_PORT_COUNT,
};

/*
 * Begin to serve on the listeners of each port (API_PORT_COUNT), which stay the caller's. All ports
 * share the limits. Returns 0, or a negative errno with `why` set.
 */
int api_http_new(struct api_http **ret, const struct api_http_settings *settings,
		 const struct listeners *const *listeners, struct reason *why) must_check;

/* Use another certificate for new connections. It outlives the server, or the next call. */
void api_http_use(struct api_http *http, SSL_CTX *tls);

/* Accept no more connections, and close each one after its answer. */
void api_http_stop(struct api_http *http);

/* Are there requests without an answer, or answers under way? */
bool api_http_is_busy(const struct api_http *http) must_check;

/* Close everything. Exchanges that were not answered are gone: use none of them any more. */
void api_http_free(struct api_http *http);

/* At which port it came. */
enum api_port api_exchange_port(const struct api_exchange *exchange) must_check;

/* What is to be done. HEAD is GET, whose answer is sent without its body. */
enum api_method api_exchange_method(const struct api_exchange *exchange);

/* As sent, not decoded; never null. */
const char *api_exchange_path(const struct api_exchange *exchange);

/* As sent, not decoded; null: there is none. */
const char *api_exchange_query(const struct api_exchange *exchange);

/* The value of a header, or null. */
const char *api_exchange_header(const struct api_exchange *exchange, const char *name);

/* Overwrite a header that holds a secret. */
void api_exchange_wipe_header(struct api_exchange *exchange, const char *name);

/*
 * Was there no memory for a part of the request, or perhaps for something else since it began to
 * come? What is missing or wrong in it then is no fault of the client.
 */
bool api_exchange_was_short(const struct api_exchange *exchange) must_check;

/* The body, of any bytes; valid until the answer. May hold a key: it is wiped with the answer. */
const char *api_exchange_body(struct api_exchange *exchange, size_t *ret_length);

/* The client. */
const struct peer *api_exchange_client(const struct api_exchange *exchange);

/* The client's address, for decisions: "192.0.2.1" */
const char *api_exchange_address(const struct api_exchange *exchange);
/* The same with the port, for the log: "192.0.2.1 port 40000" */
const char *api_exchange_peer(const struct api_exchange *exchange);

/* Add a header to the answer that is to come. */
void api_exchange_add_header(struct api_exchange *exchange, const char *name, const char *value);

/*
 * Answer, and forget the exchange. `body` (from malloc) is taken over, and wiped when it is sent;
 * null: no body.
 */
void api_exchange_answer(struct api_exchange *exchange, int status, const char *content_type,
			 char *body);

/*
 * Answer that there is no memory for it now, and forget the exchange: neither the request nor the
 * client's credentials are wrong, and what is tried again later can succeed.
 */
void api_exchange_answer_later(struct api_exchange *exchange);

/* The answer takes long, through no fault of the client: its time begins anew. */
void api_exchange_extend(struct api_exchange *exchange);

/* The body of an answer. */
struct api_long_body {
	struct evbuffer *bytes;    /* taken over */
	void (*sent)(void *owner); /* nothing of it is kept any more; null: nobody asks */
	void *owner;
};

/*
 * The same as api_exchange_answer() with a body of any length, which is taken over and holds no
 * secret. A long one is sent in pieces, so that nobody waits while all of it is encrypted.
 */
void api_exchange_answer_long(struct api_exchange *exchange, int status, const char *content_type,
			      const struct api_long_body *body);

/* Forget the exchange without an answer, right before api_http_free(). */
void api_exchange_free(struct api_exchange *exchange);
