/* SPDX-License-Identifier: ISC */
/* How long a client's handshake messages may be, and that no handshake in order is refused. */
#include "tests/unit/support.h"

#include "common/tls-context.h"
#include "registrar/net/handshake-limit.h"
#include "tests/unit/certificates.h"

#include <string.h>

/* A server that is watched, and a client, with a wire between them. */
struct pair {
	SSL_CTX *contexts[2];
	SSL *server, *client;
	BIO *wire; /* the client's end */
	struct handshake_limit limit;
};

static SSL *new_end(SSL_CTX *context, BIO *bio)
{
	SSL *tls = SSL_new(context);

	assert_non_null(tls);
	SSL_set_bio(tls, bio, bio);
	return tls;
}

/* What fits on the wire at a time makes the pieces in which the server reads. */
static void make_pair(struct pair *pair, const char *directory, const char *version, size_t wire)
{
	struct tls_settings server = { .server = true,
				       .ca_file = path_in(directory, "certificate"),
				       .certificate_file = path_in(directory, "certificate"),
				       .private_key_file = path_in(directory, "key") };
	struct tls_settings client = { .certificate_file = server.certificate_file,
				       .private_key_file = server.private_key_file,
				       .max_version = version };
	struct reason why = { 0 };
	BIO *end;

	*pair = (struct pair){ 0 };
	assert_int_equal(tls_context_new(&pair->contexts[0], &server, &why), 0);
	assert_int_equal(tls_context_new(&pair->contexts[1], &client, &why), 0);
	SSL_CTX_set_verify(pair->contexts[0], SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
			   NULL);
	(void)SSL_CTX_set_num_tickets(pair->contexts[0], 0);
	assert_int_equal(BIO_new_bio_pair(&end, 1 << 20, &pair->wire, wire), 1);
	pair->server = new_end(pair->contexts[0], end);
	pair->client = new_end(pair->contexts[1], pair->wire);
	SSL_set_accept_state(pair->server);
	SSL_set_connect_state(pair->client);
	assert_true(handshake_limit_watch(&pair->limit, pair->server));
}

static void free_pair(struct pair *pair)
{
	SSL_free(pair->server);
	SSL_free(pair->client);
	SSL_CTX_free(pair->contexts[0]);
	SSL_CTX_free(pair->contexts[1]);
}

/* ------------------------------------------------------------------ in order */

static void check_handshake(struct pair *pair)
{
	char byte = 0;

	for (int i = 0; i < 10000 && !SSL_is_init_finished(pair->server); i++) {
		(void)SSL_do_handshake(pair->client);
		(void)SSL_do_handshake(pair->server);
	}
	assert_true(SSL_is_init_finished(pair->server));
	assert_non_null(SSL_get0_peer_certificate(pair->server));
	assert_int_equal(SSL_write(pair->client, "x", 1), 1);
	for (int i = 0; i < 100 && byte == 0; i++)
		(void)SSL_read(pair->server, &byte, 1);
	assert_int_equal(byte, 'x');
	assert_false(handshake_limit_was_exceeded(pair->server));
}

static void test_handshakes(void **state)
{
	static const char *const versions[] = { "1.2", "1.3" };
	static const size_t wires[] = { 61, 512, 1 << 20 };
	struct pair pair;

	for (size_t i = 0; i < COUNT(versions); i++)
		for (size_t j = 0; j < COUNT(wires); j++) {
			make_pair(&pair, *state, versions[i], wires[j]);
			check_handshake(&pair);
			free_pair(&pair);
		}
}

/* The server does not know the group of the client's first key, so it asks for another one. */
static void demand_second_hello(struct pair *pair)
{
	assert_int_equal(SSL_set1_groups_list(pair->server, "P-384"), 1);
	assert_int_equal(SSL_set1_groups_list(pair->client, "P-256:P-384"), 1);
}

static void test_second_hello(void **state)
{
	struct pair pair;

	make_pair(&pair, *state, "1.3", 61);
	demand_second_hello(&pair);
	check_handshake(&pair);
	free_pair(&pair);
}

/* ------------------------------------------------------------------ too long */

/* The header of a ClientHello of `length` bytes, in a record of its own. */
static void send_hello(struct pair *pair, size_t length)
{
	const unsigned char bytes[] = { 22,
					3,
					3,
					0,
					4,
					1,
					(unsigned char)(length >> 16),
					(unsigned char)(length >> 8),
					(unsigned char)length };

	assert_int_equal(BIO_write(pair->wire, bytes, sizeof bytes), (int)sizeof bytes);
}

static void check_hello(const char *directory, size_t length, bool is_second, bool is_refused)
{
	struct pair pair;

	make_pair(&pair, directory, "1.3", 1 << 20);
	if (is_second) {
		demand_second_hello(&pair);
		(void)SSL_do_handshake(pair.client);
		assert_int_equal(SSL_get_error(pair.server, SSL_do_handshake(pair.server)),
				 SSL_ERROR_WANT_READ);
	}
	send_hello(&pair, length);
	assert_int_equal(SSL_get_error(pair.server, SSL_do_handshake(pair.server)),
			 is_refused ? SSL_ERROR_SYSCALL : SSL_ERROR_WANT_READ);
	assert_int_equal(handshake_limit_was_exceeded(pair.server), is_refused);
	free_pair(&pair);
}

static void test_long_hello(void **state)
{
	for (int is_second = 0; is_second < 2; is_second++) {
		check_hello(*state, HANDSHAKE_MESSAGE_MAX, is_second, false);
		check_hello(*state, HANDSHAKE_MESSAGE_MAX + 1, is_second, true);
		check_hello(*state, 131396, is_second, true); /* what OpenSSL allows */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshakes),
		cmocka_unit_test(test_second_hello),
		cmocka_unit_test(test_long_hello),
	};

	return cmocka_run_group_tests(tests, setup_certificate, teardown_directory);
}
