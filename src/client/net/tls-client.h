/* SPDX-License-Identifier: ISC */
/*
 * A verified, deadline-bound byte pipe to a manager.
 *
 * What "verified" means: with a CA, the certificate chain must lead to it, be valid today, be meant
 * for servers, and name the manager; with pins, the certificate's key must be one of them; with
 * both, both. A pin without a CA stands for the whole identity: then the chain, the dates and
 * (unless verify_name is set) the name are not looked at.
 *
 * The name rule is the one of the OSSEC documentation: the address as configured, host name or IP
 * literal, must be in a subject alternative name or be the subject's common name.
 *
 * Functions return OUTCOME_OK, an outcome with `why` set, -ECANCELED when asked to stop, or another
 * negative errno with `why` set.
 */
#pragma once

#include "client/net/endpoint.h"
#include "common/deadline.h"
#include "common/outcome.h"
#include "common/reason.h"
#include "common/string-list.h"
#include "common/tls-context.h"

#include <stdbool.h>

struct tls_client;

/* What the manager must prove. Nothing is owned. */
struct tls_trust {
	bool verify;                    /* false: take whatever answers */
	const char *ca_file;            /* loaded into the context already; null: no chain */
	const struct string_list *pins; /* null or empty: none */
	const char *verify_name;        /* null: the endpoint's host */
};

/*
 * Shake hands over the connected socket `fd`, which is owned from here on, also on failure.
 * `endpoint`, `trust` and `context` must outlive the client.
 */
int tls_client_new(struct tls_client **ret, int fd, SSL_CTX *context,
		   const struct endpoint *endpoint, const struct tls_trust *trust,
		   const struct deadline *deadline, struct reason *why);

/* Write everything in one TLS record (at most 16384 bytes). */
int tls_client_write(struct tls_client *client, const void *data, size_t length,
		     const struct deadline *deadline, struct reason *why);

/*
 * Read what is there, at least one byte; `*ret_length` 0 is the peer's end, polite or abrupt. A
 * deadline that passes is -ETIMEDOUT, without a reason. OUTCOME_REFUSED is a TLS alert: the manager
 * did not like our certificate.
 */
int tls_client_read(struct tls_client *client, void *buffer, size_t size,
		    const struct deadline *deadline, size_t *ret_length, struct reason *why);

/* The socket, for poll(2); what arrives there need not be for the reader. */
int tls_client_fd(const struct tls_client *client);

/* "TLSv1.3" */
const char *tls_client_version(const struct tls_client *client);

/* Did the manager ask for a client certificate that we do not have? */
bool tls_client_lacks_certificate(const struct tls_client *client);

/* Did the manager end the connection with a reset, not in an orderly way? */
bool tls_client_was_reset(const struct tls_client *client);

/*
 * What looked wrong but was accepted, because a pin stands for it (an expired certificate); null:
 * nothing.
 */
const char *tls_client_warning(const struct tls_client *client);

/* The manager's certificate; owned by the client. */
X509 *tls_client_certificate(const struct tls_client *client);

/*
 * Does the chain that the manager sent lead to a CA of `context`, names aside, and (if `dates`) is
 * it valid today? Returns X509_V_OK or the X509_V_ERR_... that says why not.
 */
int tls_client_chain_error(const struct tls_client *client, SSL_CTX *context, bool dates);

/* Say goodbye if that is possible without waiting, close, free. */
void tls_client_free(struct tls_client *client);

DEFINE_RELEASE(tls_client, struct tls_client *, tls_client_free)
