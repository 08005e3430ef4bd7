/* SPDX-License-Identifier: ISC */
/* Records of TLS without end, made in advance, so that sending them costs nothing. */
#pragma once

#include <openssl/ssl.h>
#include <stddef.h>

/* Key updates of a connection with TLS 1.3; they belong to it, and it is good for nothing else. */
const void *flood_key_updates(SSL *tls, size_t *ret_length);

/*
 * ClientHellos of a connection with TLS 1.2 and AES-128-GCM that is done with its handshake;
 * static, and nothing if they cannot be made.
 */
const void *flood_renegotiations(const SSL *tls, size_t *ret_length);
