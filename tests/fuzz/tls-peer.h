/* SPDX-License-Identifier: ISC */
/*
 * The client of a TLS connection whose server is fuzzed, on a stream socket: what TLS wants to send
 * is kept, and goes out in pieces of any size. Server and client know each other by a key that both
 * have, because a handshake with certificates takes a hundred times as long.
 */
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLS_PEER_WIRE_SIZE ((size_t)256 * 1024)

struct tls_peer {
	int fd; /* below 0: closed */
	SSL *tls;
	unsigned char wire[TLS_PEER_WIRE_SIZE]; /* what is still to be sent */
	size_t begin, end;
	void (*loop)(void); /* let the server do what it can at once */
};

/* For the server, which owns it. */
SSL_CTX *tls_peer_server_context(void);

/* Begin on this socket, whose owner it is. */
void tls_peer_begin(struct tls_peer *peer, int fd, bool is_tls13);

/* Close it, and free what it has. */
void tls_peer_end(struct tls_peer *peer);

/* The whole handshake, with what the server does. */
void tls_peer_connect(struct tls_peer *peer);

/*
 * Carry out a step of a script: the lowest three bits of its first byte say what is done, and the
 * others how much. Returns how many bytes were taken; 0: the step is none of the client's.
 *
 *	0  bytes go to the socket as they are, up to 124
 *	1  a step of the handshake, or all of it
 *	2  bytes are sent as a record, up to 124; with 124 all up to the next NUL, without that;
 *	   with 0 a long text, 256 times as long as the next byte says
 *	3  what waits is sent: a few bytes, or all
 *	5  it closes: with an alert, its sending end alone, or at once
 *	7  messages are sent that TLS does not need
 */
size_t tls_peer_step(struct tls_peer *peer, const uint8_t *data, size_t size);

/* Send what waits. */
void tls_peer_send_all(struct tls_peer *peer);

/* Take what has come from the server, for TLS. */
void tls_peer_receive(struct tls_peer *peer);

/* Read what the server has said; returns the number of bytes, or 0. */
size_t tls_peer_read(struct tls_peer *peer, char *ret, size_t size);
