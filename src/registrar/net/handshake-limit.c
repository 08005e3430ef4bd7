/* SPDX-License-Identifier: ISC */
#include "registrar/net/handshake-limit.h"

#include <string.h>

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Returns how many bytes were taken for a header of `size`. */
static size_t fill(unsigned char *header, size_t *filled, size_t size, const unsigned char *bytes,
		   size_t length)
{
	size_t taken = smaller(size - *filled, length);

	memcpy(header + *filled, bytes, taken);
	*filled += taken;
	return taken;
}

static void begin_message(struct handshake_limit *limit)
{
	const unsigned char *header = limit->message;

	limit->message_filled = 0;
	limit->message_left = (size_t)header[1] << 16 | (size_t)header[2] << 8 | header[3];
	limit->was_exceeded = limit->message_left > HANDSHAKE_MESSAGE_MAX;
	limit->has_hello = true;
}

static void take_messages(struct handshake_limit *limit, const unsigned char *bytes, size_t length)
{
	size_t taken;

	for (; length > 0 && !limit->was_exceeded; bytes += taken, length -= taken) {
		if (limit->message_left > 0) {
			taken = smaller(length, limit->message_left);
			limit->message_left -= taken;
			continue;
		}
		taken = fill(limit->message, &limit->message_filled, sizeof limit->message, bytes,
			     length);
		if (limit->message_filled == sizeof limit->message)
			begin_message(limit);
	}
}

/*
 * Only with TLS 1.3 there may be a second ClientHello, and there, other handshake messages do not
 * have the type of one.
 */
static bool may_be_hello(const struct handshake_limit *limit)
{
	return limit->record[0] == SSL3_RT_HANDSHAKE &&
	       (!limit->has_hello || limit->message_left > 0 ||
		SSL_version(limit->tls) >= TLS1_3_VERSION);
}

/* A hello in the form of SSL 2.0, which OpenSSL still reads, has no such header, and is short. */
static void take_records(struct handshake_limit *limit, const unsigned char *bytes, size_t length)
{
	size_t taken;

	for (; length > 0 && !limit->was_exceeded; bytes += taken, length -= taken) {
		if (limit->record_left > 0) {
			taken = smaller(length, limit->record_left);
			limit->record_left -= taken;
			if (may_be_hello(limit))
				take_messages(limit, bytes, taken);
			continue;
		}
		taken = fill(limit->record, &limit->record_filled, sizeof limit->record, bytes,
			     length);
		if (limit->record_filled < sizeof limit->record)
			continue;
		limit->record_filled = 0;
		limit->record_left = (size_t)limit->record[3] << 8 | limit->record[4];
	}
}

/* See BIO_set_callback_ex(3). */
static long on_read(BIO *source, int operation, const char *bytes, size_t size, int unused,
		    long unused_too, int result, size_t *length)
{
	struct handshake_limit *limit;

	(void)size, (void)unused, (void)unused_too;
	if (operation != (BIO_CB_READ | BIO_CB_RETURN) || result <= 0)
		return result;
	limit = (struct handshake_limit *)BIO_get_callback_arg(source);
	take_records(limit, (const unsigned char *)bytes, *length);
	return limit->was_exceeded ? -1 : result;
}

bool handshake_limit_watch(struct handshake_limit *limit, SSL *tls)
{
	BIO *source = SSL_get_rbio(tls);

	if (!source)
		return false;
	limit->tls = tls;
	BIO_set_callback_arg(source, (char *)limit);
	BIO_set_callback_ex(source, on_read);
	return true;
}

bool handshake_limit_was_exceeded(const SSL *tls)
{
	const BIO *source = SSL_get_rbio(tls);

	return source && BIO_get_callback_ex(source) == on_read &&
	       ((const struct handshake_limit *)BIO_get_callback_arg(source))->was_exceeded;
}
