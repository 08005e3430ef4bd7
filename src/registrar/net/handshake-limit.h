/* SPDX-License-Identifier: ISC */
/*
 * A limit on the length of a client's handshake messages. OpenSSL makes room for a whole message,
 * and clears it, as soon as it has read its header: for a ClientHello up to 128 KiB, so that nine
 * bytes cost the server that much memory. Its other limits are fixed, or can be set
 * (SSL_CTX_set_max_cert_list()); the one of the ClientHello is neither, so the headers are looked
 * at as they come from the socket, where ClientHellos are always in clear text.
 *
 * Rules: RFC 8446, 4, 4.1.2 and 5.1.
 */
#pragma once

#include "common/must-check.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

/* bytes; those of agents have some hundred, with keys for post-quantum exchange some thousand */
#define HANDSHAKE_MESSAGE_MAX 16384

/* What has been seen of one connection; zero at first. */
struct handshake_limit {
	const SSL *tls;
	unsigned char record[5], message[4]; /* the last headers, as far as they have come */
	size_t record_filled, message_filled;
	size_t record_left, message_left; /* bytes that are still to come */
	bool has_hello;
	bool was_exceeded;
};

/*
 * Watch what `tls`, a server, reads: its reading fails at the header of a message that is too long.
 * It has its socket, and has read nothing. `limit` lives as long as it reads. Returns false if it
 * has no socket: libevent does not say that OpenSSL had no memory for it.
 */
bool handshake_limit_watch(struct handshake_limit *limit, SSL *tls) must_check;

/* Has the client announced a message that is too long? */
bool handshake_limit_was_exceeded(const SSL *tls) must_check;
