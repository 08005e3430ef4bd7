/* SPDX-License-Identifier: ISC */
#include "common/tls-record-limit.h"

#include <errno.h>
#include <stdint.h>

/*
 * Records of a whole handshake: a dozen in practice, more where a long chain of certificates is
 * sent in small fragments.
 */
#define HANDSHAKE_RECORDS 256

/*
 * Records after the handshake of TLS 1.3 that are neither data nor alerts, whose number OpenSSL
 * limits itself. No request is so long that its key has to be updated, but a client may do so; a
 * server sends session tickets, two as a rule.
 */
#define SERVER_RECORDS 4
#define CLIENT_RECORDS 32

/* What is counted: it begins again when the handshake is done. */
struct record_count {
	uintptr_t records;
	bool is_connected;
};

/* The count is in the connection's extra data, as a number in the place of the pointer. */
static int extra_index = -1;

static struct record_count load(const SSL *tls)
{
	uintptr_t stored = (uintptr_t)SSL_get_ex_data(tls, extra_index);

	return (struct record_count){ .records = stored >> 1, .is_connected = stored & 1 };
}

static void store(SSL *tls, struct record_count count)
{
	(void)SSL_set_ex_data(tls, extra_index,
			      (void *)(count.records << 1 | (uintptr_t)count.is_connected));
}

static uintptr_t most_records(const SSL *tls, bool is_connected)
{
	if (!is_connected)
		return HANDSHAKE_RECORDS;
	if (SSL_version(tls) < TLS1_3_VERSION)
		return 0; /* renegotiation, which both sides refuse */
	return SSL_is_server(tls) ? SERVER_RECORDS : CLIENT_RECORDS;
}

static void count_record(SSL *tls, bool is_connected)
{
	struct record_count count = load(tls);

	if (is_connected && !count.is_connected)
		count = (struct record_count){ .is_connected = true };
	count.records++;
	store(tls, count);
	if (count.records > most_records(tls, is_connected))
		SSL_set_shutdown(tls, SSL_get_shutdown(tls) | SSL_RECEIVED_SHUTDOWN);
}

/*
 * See SSL_CTX_set_msg_callback(3): the header of each record is announced and, with TLS 1.3, the
 * type that is encrypted in it.
 */
static void on_message(int sent, int version, int content, const void *bytes, size_t length,
		       SSL *tls, void *argument)
{
	bool is_connected = SSL_is_init_finished(tls);
	bool is_hidden = is_connected && SSL_version(tls) >= TLS1_3_VERSION;
	int type = length > 0 ? *(const unsigned char *)bytes : 0;

	(void)version, (void)argument;
	if (sent || content != (is_hidden ? SSL3_RT_INNER_CONTENT_TYPE : SSL3_RT_HEADER))
		return;
	if (!is_connected || (type != SSL3_RT_APPLICATION_DATA && type != SSL3_RT_ALERT))
		count_record(tls, is_connected);
}

int tls_record_limit_set(SSL_CTX *context)
{
	if (extra_index < 0)
		extra_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	if (extra_index < 0)
		return -ENOMEM;
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_msg_callback(context, on_message);
	return 0;
}

bool tls_record_limit_was_exceeded(const SSL *tls)
{
	struct record_count count = load(tls);

	return count.records > most_records(tls, count.is_connected);
}
