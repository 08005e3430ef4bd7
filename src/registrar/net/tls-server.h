/* SPDX-License-Identifier: ISC */
/*
 * The server's side of one TLS connection over a socket that does not block. Nothing here waits:
 * each step says what has to come before the next one.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/net/handshake-limit.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

/* What a step has led to. */
enum tls_step {
	TLS_STEP_DONE,
	TLS_STEP_NEEDS_BYTES, /* the client is to send more: try again then */
	TLS_STEP_NEEDS_ROOM,  /* the client is to take what was sent: try again then */
	TLS_STEP_ENDED,       /* the client sends nothing more */
	TLS_STEP_FAILED,      /* tls_server_describe_failure() */
};

/* Zero: it has not begun, or has ended. It stays where it is while it is in use. */
struct tls_server {
	SSL *tls;
	struct handshake_limit limit;
	unsigned long error; /* of OpenSSL, about the failure; 0: none */
	int socket_error;    /* an errno about it; 0: none */
};

/* What is to be sent to a client behind its TLS connection. Zero: nothing. */
struct tls_output {
	BIO *bytes;
	size_t sent;
};

/* Begin. The socket stays the caller's. Returns false when out of memory. */
bool tls_server_begin(struct tls_server *server, SSL_CTX *context, int fd) must_check;

/* Make the handshake. */
enum tls_step tls_server_shake_hands(struct tls_server *server) must_check;

/* Read what the client has sent: with TLS_STEP_DONE, `*ret` bytes, from 1 to `size`. */
enum tls_step tls_server_read(struct tls_server *server, void *buffer, size_t size,
			      size_t *ret) must_check;

/* From now on keep what is to be sent, in `ret`. Returns false when out of memory. */
bool tls_server_collect(struct tls_server *server, struct tls_output *ret) must_check;

/* Write one record into what is collected. */
enum tls_step tls_server_write(struct tls_server *server, const void *bytes,
			       size_t length) must_check;

/* Write the word that ends a TLS connection in order. */
void tls_server_write_end(struct tls_server *server);

/* Why a step has failed, in words; what the peer has sent of them is escaped. Returns `buffer`. */
const char *tls_server_describe_failure(const struct tls_server *server, char *buffer, size_t size);

/* End without another word to the client. Allowed more than once. */
void tls_server_end(struct tls_server *server);

/*
 * Send what can be sent, to be followed by the end of our direction of the socket, with which the
 * last of it goes out. Returns 0: that was all; -EAGAIN: the rest when there is room; or another
 * negative errno.
 */
int tls_output_send(struct tls_output *output, int fd) must_check;

/* Forget it. Allowed more than once. */
void tls_output_clear(struct tls_output *output);
