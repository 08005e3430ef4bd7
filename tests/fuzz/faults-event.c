/* SPDX-License-Identifier: ISC */
/*
 * Calls of libevent that fail for want of memory, where our own code makes them (faults.h). For
 * targets that are linked with $(fuzz_event_fault_wraps) as well.
 */
#include "faults-library.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/ssl.h>

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

/* A timer is set all the same: there is a reserve for those (registrar/net/loop-memory.h). */
int __real_event_add(struct event *event, const struct timeval *timeout);
int __wrap_event_add(struct event *event, const struct timeval *timeout);
int __wrap_event_add(struct event *event, const struct timeval *timeout)
{
	return !timeout && fuzz_fault_is_due("l") ? -1 : __real_event_add(event, timeout);
}

/* What it was to own is freed, as libevent does it. */
struct bufferevent *__real_bufferevent_openssl_socket_new(struct event_base *base,
							  evutil_socket_t fd, SSL *tls,
							  enum bufferevent_ssl_state state,
							  int options);
struct bufferevent *__wrap_bufferevent_openssl_socket_new(struct event_base *base,
							  evutil_socket_t fd, SSL *tls,
							  enum bufferevent_ssl_state state,
							  int options);
struct bufferevent *__wrap_bufferevent_openssl_socket_new(struct event_base *base,
							  evutil_socket_t fd, SSL *tls,
							  enum bufferevent_ssl_state state,
							  int options)
{
	if (!fuzz_fault_is_due("l"))
		return __real_bufferevent_openssl_socket_new(base, fd, tls, state, options);
	if (options & BEV_OPT_CLOSE_ON_FREE)
		SSL_free(tls);
	return NULL;
}
