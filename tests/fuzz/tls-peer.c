/* SPDX-License-Identifier: ISC */
#include "tls-peer.h"

#include "fuzz.h"

#include <sys/socket.h>
#include <unistd.h>

#define TEXT_STEP 124 /* a step of a record with this length is a text up to its NUL */

/* ------------------------------------------------------------------ the key that both have */

static unsigned int server_key(SSL *tls, const char *identity, unsigned char *key,
			       unsigned int size)
{
	(void)tls, (void)identity;
	HOLDS(size >= 16);
	memset(key, 7, 16);
	return 16;
}

static unsigned int client_key(SSL *tls, const char *hint, char *identity, unsigned int room,
			       unsigned char *key, unsigned int size)
{
	(void)hint;
	HOLDS(room > 1);
	memcpy(identity, "c", 2);
	return server_key(tls, identity, key, size);
}

static SSL_CTX *make_context(const SSL_METHOD *method)
{
	SSL_CTX *context = SSL_CTX_new(method);

	HOLDS(context && SSL_CTX_set_cipher_list(context, "PSK-AES128-GCM-SHA256") == 1 &&
	      SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") == 1);
	(void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_num_tickets(context, 0);
	return context;
}

SSL_CTX *tls_peer_server_context(void)
{
	SSL_CTX *context = make_context(TLS_server_method());

	SSL_CTX_set_psk_server_callback(context, server_key);
	return context;
}

/* ------------------------------------------------------------------ begin and end */

void tls_peer_begin(struct tls_peer *peer, int fd, bool is_tls13)
{
	static SSL_CTX *context;

	if (!context) {
		context = make_context(TLS_client_method());
		SSL_CTX_set_psk_client_callback(context, client_key);
	}
	peer->fd = fd;
	peer->tls = SSL_new(context);
	HOLDS(peer->tls && SSL_set_max_proto_version(peer->tls, is_tls13 ? TLS1_3_VERSION
									 : TLS1_2_VERSION) == 1);
	SSL_set_bio(peer->tls, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_connect_state(peer->tls);
	peer->begin = peer->end = 0;
}

void tls_peer_end(struct tls_peer *peer)
{
	if (peer->fd >= 0)
		(void)close(peer->fd);
	peer->fd = -1;
	SSL_free(peer->tls);
	peer->tls = NULL;
}

/* ------------------------------------------------------------------ sending and receiving */

static void queue_bytes(struct tls_peer *peer, const void *bytes, size_t size)
{
	if (peer->end + size > TLS_PEER_WIRE_SIZE)
		return;
	memcpy(peer->wire + peer->end, bytes, size);
	peer->end += size;
}

/* What TLS wants to send. */
static void collect(struct tls_peer *peer)
{
	char bytes[16384];
	int n;

	while ((n = BIO_read(SSL_get_wbio(peer->tls), bytes, sizeof bytes)) > 0)
		queue_bytes(peer, bytes, (size_t)n);
}

static void send_some(struct tls_peer *peer, size_t most)
{
	size_t left = peer->end - peer->begin, size = left < most ? left : most;
	ssize_t n = peer->fd < 0 || size == 0 ? 0
					      : send(peer->fd, peer->wire + peer->begin, size,
						     MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0)
		peer->begin += (size_t)n;
	if (peer->begin == peer->end)
		peer->begin = peer->end = 0;
}

void tls_peer_send_all(struct tls_peer *peer)
{
	send_some(peer, TLS_PEER_WIRE_SIZE);
}

void tls_peer_receive(struct tls_peer *peer)
{
	char bytes[16384];
	ssize_t n;

	while (peer->fd >= 0 && (n = recv(peer->fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
		HOLDS(BIO_write(SSL_get_rbio(peer->tls), bytes, (int)n) == n);
}

size_t tls_peer_read(struct tls_peer *peer, char *ret, size_t size)
{
	int n;

	tls_peer_receive(peer);
	n = SSL_read(peer->tls, ret, (int)size);
	collect(peer);
	return n > 0 ? (size_t)n : 0;
}

/* ------------------------------------------------------------------ steps */

static void shake_hands(struct tls_peer *peer)
{
	tls_peer_receive(peer);
	(void)SSL_do_handshake(peer->tls);
	collect(peer);
}

void tls_peer_connect(struct tls_peer *peer)
{
	for (int i = 0; i < 8 && !SSL_is_init_finished(peer->tls); i++) {
		shake_hands(peer);
		tls_peer_send_all(peer);
		peer->loop();
	}
	peer->loop();
}

static void close_end(struct tls_peer *peer, unsigned int how)
{
	if (peer->fd < 0)
		return;
	if (how % 3 == 0) {
		(void)SSL_shutdown(peer->tls);
		collect(peer);
		tls_peer_send_all(peer);
	} else if (how % 3 == 1) {
		(void)shutdown(peer->fd, SHUT_WR);
	} else {
		(void)close(peer->fd);
		peer->fd = -1;
	}
}

static void bother(struct tls_peer *peer, unsigned int count)
{
	if (!SSL_is_init_finished(peer->tls))
		return;
	for (unsigned int i = 0; i < count; i++) {
		if (SSL_version(peer->tls) == TLS1_3_VERSION)
			(void)SSL_key_update(peer->tls, SSL_KEY_UPDATE_NOT_REQUESTED);
		else
			(void)SSL_renegotiate(peer->tls);
		(void)SSL_do_handshake(peer->tls);
		collect(peer);
	}
}

/* A long text, of which the step says how long. */
static size_t write_filler(struct tls_peer *peer, const uint8_t *data, size_t left)
{
	static char filler[255 * 256];
	int length = left > 0 ? data[0] * 256 : 0;

	memset(filler, 'a', sizeof filler);
	if (length > 0)
		(void)SSL_write(peer->tls, filler, length);
	collect(peer);
	return left > 0;
}

/* Returns how many bytes of the step belong to the record. */
static size_t write_record(struct tls_peer *peer, const uint8_t *data, size_t left, size_t most)
{
	size_t length = most < left ? most : left;
	const uint8_t *end = most == TEXT_STEP ? memchr(data, '\0', left) : NULL;

	if (most == TEXT_STEP)
		length = end ? (size_t)(end - data) : left;
	if (length > 0)
		(void)SSL_write(peer->tls, data, (int)length);
	collect(peer);
	return end ? length + 1 : length;
}

size_t tls_peer_step(struct tls_peer *peer, const uint8_t *data, size_t size)
{
	unsigned int how = data[0] / 8;
	size_t left = size - 1, most = (size_t)how * 4, length = most < left ? most : left;

	switch (data[0] % 8) {
	case 0:
		queue_bytes(peer, data + 1, length);
		return 1 + length;
	case 1:
		how & 1 ? shake_hands(peer) : tls_peer_connect(peer);
		return 1;
	case 2:
		return 1 + (most == 0 ? write_filler(peer, data + 1, left)
				      : write_record(peer, data + 1, left, most));
	case 3:
		send_some(peer, how & 16 ? TLS_PEER_WIRE_SIZE : 1 + (size_t)how);
		return 1;
	case 5:
		close_end(peer, how);
		return 1;
	case 7:
		bother(peer, how);
		return 1;
	default:
		return 0;
	}
}
