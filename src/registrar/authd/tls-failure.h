/* SPDX-License-Identifier: ISC */
/* Why a TLS connection of libevent's failed, in words. */
#pragma once

#include <event2/bufferevent.h>
#include <openssl/ssl.h>
#include <stddef.h>

/*
 * Describe the failure that the stream reported as `what` (BEV_EVENT_...). Bytes of the peer's are
 * escaped. Returns `buffer`.
 */
const char *tls_failure_describe(char *buffer, size_t size, const SSL *tls,
				 struct bufferevent *stream, short what);
