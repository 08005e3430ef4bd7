/* SPDX-License-Identifier: ISC */
/*
 * Calls of libevent and OpenSSL that fail for want of memory, where our own code makes them
 * (faults.h). For targets that are linked with $(fuzz_event_fault_wraps) as well.
 */
#include "faults.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/ssl.h>

#define LIBRARY(type, failure, name, parameters, arguments)                          \
	type __real_##name parameters;                                               \
	type __wrap_##name parameters;                                               \
	type __wrap_##name parameters                                                \
	{                                                                            \
		return fuzz_fault_is_due("l") ? (failure) : __real_##name arguments; \
	}

LIBRARY(struct evbuffer *, NULL, evbuffer_new, (void), ())
LIBRARY(int, -1, evbuffer_add, (struct evbuffer * buffer, const void *data, size_t size),
	(buffer, data, size))
LIBRARY(int, -1, evbuffer_remove_buffer, (struct evbuffer * from, struct evbuffer *to, size_t size),
	(from, to, size))
LIBRARY(int, -1, evbuffer_add_reference,
	(struct evbuffer * buffer, const void *data, size_t size, evbuffer_ref_cleanup_cb end,
	 void *argument),
	(buffer, data, size, end, argument))
LIBRARY(struct evbuffer_cb_entry *, NULL, evbuffer_add_cb,
	(struct evbuffer * buffer, evbuffer_cb_func callback, void *argument),
	(buffer, callback, argument))
LIBRARY(struct event *, NULL, event_new,
	(struct event_base * base, evutil_socket_t fd, short what, event_callback_fn callback,
	 void *argument),
	(base, fd, what, callback, argument))
LIBRARY(int, -1, event_add, (struct event * event, const struct timeval *timeout), (event, timeout))
LIBRARY(struct bufferevent *, NULL, bufferevent_openssl_socket_new,
	(struct event_base * base, evutil_socket_t fd, SSL *tls, enum bufferevent_ssl_state state,
	 int options),
	(base, fd, tls, state, options))
LIBRARY(SSL *, NULL, SSL_new, (SSL_CTX * context), (context))
LIBRARY(int, 0, SSL_set_ex_data, (SSL * tls, int index, void *data), (tls, index, data))
LIBRARY(BIO *, NULL, BIO_new, (const BIO_METHOD *method), (method))
