/* SPDX-License-Identifier: ISC */
/*
 * A verified TLS connection to a manager, with deadlines.
 *
 * "Verified" means: with a CA, the certificate chain must lead to it, be currently valid, be
 * intended for servers, and name the manager; with pins, the certificate's key must be one of them;
 * with both, both. A pin without a CA identifies the manager completely: then the chain, the dates
 * and (unless verify_name is set) the name are not checked.
 *
 * The name rule is that of the OSSEC documentation: the address as configured, host name or IP
 * literal, must be in a subject alternative name or be the subject's common name.
 *
 * Functions return OUTCOME_OK, an outcome with `why` set, -ECANCELED when asked to stop, or another
 * negative errno with `why` set.
 */
#pragma once

#include "common/deadline.h"
#include "common/endpoint.h"
#include "common/must-check.h"
#include "common/outcome.h"
#include "common/reason.h"
#include "common/string-list.h"
#include "common/tls-context.h"

#include <stdbool.h>

struct tls_client;

/* How to verify the manager. Nothing is owned. */
struct tls_trust {
	bool verify;                    /* false: accept any peer */
	const char *ca_file;            /* loaded into the context already; null: no chain */
	const struct string_list *pins; /* null or empty: none */
	const char *verify_name;        /* null: the endpoint's host */
};

/*
 * Perform the TLS handshake over the connected socket `fd`, which is owned from here on, also on
 * failure. `endpoint`, `trust` and `context` must outlive the client. Free with tls_client_free().
 */
int tls_client_new(struct tls_client **ret, int fd, SSL_CTX *context,
		   const struct endpoint *endpoint, const struct tls_trust *trust,
		   const struct deadline *deadline, struct reason *why) must_check;

/* Write all `length` bytes (at most 16384) in one TLS record. */
int tls_client_write(struct tls_client *client, const void *data, size_t length,
		     const struct deadline *deadline, struct reason *why) must_check;

/*
 * Read available bytes, at least one; `*ret_length` 0 means that the peer has ended the connection,
 * orderly or not. Returns -ETIMEDOUT without a reason when the deadline passes. OUTCOME_REFUSED is
 * a TLS alert: the manager rejected our certificate.
 */
int tls_client_read(struct tls_client *client, void *buffer, size_t size,
		    const struct deadline *deadline, size_t *ret_length,
		    struct reason *why) must_check;

/* The socket, for poll(2); bytes that arrive need not be application data. */
int tls_client_fd(const struct tls_client *client);

/* The TLS version: "TLSv1.3". Static. */
const char *tls_client_version(const struct tls_client *client);

/* Did the manager ask for a client certificate that we do not have? */
bool tls_client_lacks_certificate(const struct tls_client *client) must_check;

/* Did the manager ask for a client certificate, and get ours? */
bool tls_client_sent_certificate(const struct tls_client *client) must_check;

/* Did the manager reset the connection? */
bool tls_client_was_reset(const struct tls_client *client) must_check;

/* Did the manager end TLS with a close_notify alert? */
bool tls_client_was_closed_in_order(const struct tls_client *client) must_check;

/*
 * A problem that was accepted because of a pin (an expired certificate); null: none. Owned by the
 * client.
 */
const char *tls_client_warning(const struct tls_client *client);

/* The manager's certificate; owned by the client. */
X509 *tls_client_certificate(const struct tls_client *client) must_check;

/*
 * Does the chain that the manager sent lead to a CA of `context`, which are those in `ca_file`,
 * regardless of names, and (if `dates`) is it currently valid? Returns X509_V_OK, or an
 * X509_V_ERR_... code with `why` set in the words in which a registration fails.
 */
int tls_client_chain_error(const struct tls_client *client, SSL_CTX *context, const char *ca_file,
			   bool dates, struct reason *why) must_check;

/*
 * Is the manager's certificate for `name`, by the name rule (see certificate_has_name())? The name
 * constraints count where the chain leads to a CA of `context`. If not, `why` is set in the same
 * words.
 */
bool tls_client_has_name(const struct tls_client *client, SSL_CTX *context, const char *name,
			 struct reason *why) must_check;

/* Shut down TLS if that is possible without waiting, close, free. */
void tls_client_free(struct tls_client *client);

DEFINE_RELEASE(tls_client, struct tls_client *, tls_client_free)
