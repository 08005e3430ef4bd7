/* SPDX-License-Identifier: ISC */
/*
 * Registration as authd does it: clients connect with TLS, send one line, and get one answer. What
 * is no request, or has the wrong password, is answered at once; about the others the registry is
 * asked (registry.h).
 */
#pragma once

#include "common/must-check.h"
#include "registrar/net/listener.h"
#include "registrar/net/peer-rules.h"
#include "registrar/registry/dialect.h"
#include "registrar/registry/registry.h"

#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdbool.h>

/* What is pointed to outlives authd. */
struct authd_settings {
	const struct listeners *listeners;
	SSL_CTX *tls;
	enum dialect dialect;
	const char *password;         /* null: none is demanded */
	bool verify_host;             /* a client's certificate has to be for its address */
	unsigned int timeout;         /* seconds from accept to answer */
	unsigned int max_connections; /* at the limit others give way (admission.h), or wait */
	const struct peer_rules *peers;
	/* Counts have changed, or connections. */
	void (*changed)(void *owner);
	void *owner;
};

struct authd_counts {
	unsigned long registered, refused; /* since the start */
	size_t connections;                /* now */
};

struct authd;

/* Begin to serve; the registry outlives authd. Returns null when out of memory. */
struct authd *authd_new(struct event_base *base, const struct authd_settings *settings,
			struct registry *registry) must_check;

/*
 * Use another certificate for new connections, and another password (null: none) and dialect for
 * every request that is not complete yet. The first two outlive authd, or the next call.
 */
void authd_use(struct authd *authd, SSL_CTX *tls, const char *password, enum dialect dialect);

/* The counts of this moment. */
struct authd_counts authd_counts(const struct authd *authd);

/*
 * Accept no more connections, close those that have no request yet, and let out the answers that
 * are under way: it is done when no connection is left.
 */
void authd_stop(struct authd *authd);

/*
 * Close everything, whatever its state; null is allowed. Call it outside of the loop, and let the
 * loop go round once more (EVLOOP_NONBLOCK) before the base is freed.
 */
void authd_free(struct authd *authd);
