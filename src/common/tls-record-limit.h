/* SPDX-License-Identifier: ISC */
/*
 * A limit on the TLS records that are not data. OpenSSL works off every handshake message that has
 * arrived within one SSL_read(): a peer that sends renegotiation requests (TLS 1.2), key updates or
 * session tickets (TLS 1.3) without end keeps its caller there, away from deadlines, signals and
 * other connections. A peer that sends more of them than the protocol needs is not read any
 * further: SSL_read() and the handshake then return SSL_ERROR_ZERO_RETURN, as at the end of the
 * connection, and tls_record_limit_was_exceeded() is true.
 */
#pragma once

#include "common/must-check.h"

#include <openssl/ssl.h>
#include <stdbool.h>

/*
 * Limit the records of every connection of `context`, of either side. Takes the context's message
 * callback, and a slot of the extra data of its connections. Returns 0 or -ENOMEM.
 */
int tls_record_limit_set(SSL_CTX *context) must_check;

/* Has the peer sent more than the limit? */
bool tls_record_limit_was_exceeded(const SSL *tls) must_check;
