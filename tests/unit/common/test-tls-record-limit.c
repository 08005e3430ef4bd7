/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/tls-context.h"
#include "common/tls-record-limit.h"
#include "tests/unit/certificates.h"

/* Two ends of a connection whose handshake is done. */
struct pair {
	SSL_CTX *contexts[2];
	SSL *server, *client;
};

static SSL *new_end(SSL_CTX *context, BIO *bio)
{
	SSL *tls = SSL_new(context);

	assert_non_null(tls);
	SSL_set_bio(tls, bio, bio);
	return tls;
}

static void connect_pair(struct pair *pair)
{
	for (int i = 0; i < 10; i++) {
		(void)SSL_do_handshake(pair->client);
		(void)SSL_do_handshake(pair->server);
	}
	assert_true(SSL_is_init_finished(pair->client) && SSL_is_init_finished(pair->server));
}

/* `limited`: the side whose context has the limit, as every one of tls_context_new() has. */
static struct pair make_pair(const char *directory, const char *version, bool server_is_limited,
			     size_t tickets)
{
	struct tls_settings server = { .server = true,
				       .certificate_file = path_in(directory, "certificate"),
				       .private_key_file = path_in(directory, "key"),
				       .max_version = version };
	struct tls_settings client = { .max_version = version };
	struct reason why = { 0 };
	struct pair pair;
	BIO *ends[2];

	assert_int_equal(tls_context_new(&pair.contexts[0], &server, &why), 0);
	assert_int_equal(tls_context_new(&pair.contexts[1], &client, &why), 0);
	SSL_CTX_set_msg_callback(pair.contexts[server_is_limited], NULL);
	SSL_CTX_clear_options(pair.contexts[server_is_limited], SSL_OP_NO_RENEGOTIATION);
	(void)SSL_CTX_set_num_tickets(pair.contexts[0], tickets);
	assert_int_equal(BIO_new_bio_pair(&ends[0], 1 << 20, &ends[1], 1 << 20), 1);
	pair.server = new_end(pair.contexts[0], ends[0]);
	pair.client = new_end(pair.contexts[1], ends[1]);
	SSL_set_accept_state(pair.server);
	SSL_set_connect_state(pair.client);
	connect_pair(&pair);
	return pair;
}

static void free_pair(struct pair *pair)
{
	SSL_free(pair->server);
	SSL_free(pair->client);
	SSL_CTX_free(pair->contexts[0]);
	SSL_CTX_free(pair->contexts[1]);
}

/* One call of SSL_read(): how it ended, with at most one byte. */
static int read_once(SSL *tls)
{
	char byte;

	return SSL_get_error(tls, SSL_read(tls, &byte, 1));
}

static void send_key_updates(SSL *tls, int count)
{
	for (int i = 0; i < count; i++) {
		assert_int_equal(SSL_key_update(tls, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		assert_int_equal(SSL_do_handshake(tls), 1);
	}
}

/* A byte of data behind key updates is read as long as there are few of them. */
static void check_key_updates(const char *directory, bool at_server, int count, bool is_read)
{
	struct pair pair = make_pair(directory, "1.3", at_server, 0);
	SSL *sender = at_server ? pair.client : pair.server,
	    *receiver = at_server ? pair.server : pair.client;

	send_key_updates(sender, count);
	assert_int_equal(SSL_write(sender, "x", 1), 1);
	assert_int_equal(read_once(receiver), is_read ? SSL_ERROR_NONE : SSL_ERROR_ZERO_RETURN);
	assert_int_equal(tls_record_limit_was_exceeded(receiver), !is_read);
	free_pair(&pair);
}

static void test_key_updates(void **state)
{
	check_key_updates(*state, true, 0, true);
	check_key_updates(*state, true, 4, true);
	check_key_updates(*state, true, 5, false);
	check_key_updates(*state, true, 10000, false);
	check_key_updates(*state, false, 32, true);
	check_key_updates(*state, false, 33, false);
	check_key_updates(*state, false, 10000, false);
}

static void test_tickets(void **state)
{
	struct pair pair = make_pair(*state, "1.3", false, 2);

	assert_int_equal(SSL_write(pair.server, "x", 1), 1);
	assert_int_equal(read_once(pair.client), SSL_ERROR_NONE);
	assert_false(tls_record_limit_was_exceeded(pair.client));
	free_pair(&pair);

	pair = make_pair(*state, "1.3", false, 200);
	assert_int_equal(SSL_write(pair.server, "x", 1), 1);
	assert_int_equal(read_once(pair.client), SSL_ERROR_ZERO_RETURN);
	assert_true(tls_record_limit_was_exceeded(pair.client));
	free_pair(&pair);
}

/* TLS 1.2: not even one request to begin again, from either side. */
static void test_renegotiation(void **state)
{
	for (int at_server = 0; at_server < 2; at_server++) {
		struct pair pair = make_pair(*state, "1.2", at_server, 0);
		SSL *sender = at_server ? pair.client : pair.server,
		    *receiver = at_server ? pair.server : pair.client;

		assert_int_equal(SSL_renegotiate(sender), 1);
		(void)SSL_do_handshake(sender);
		assert_int_equal(read_once(receiver), SSL_ERROR_ZERO_RETURN);
		assert_true(tls_record_limit_was_exceeded(receiver));
		free_pair(&pair);
	}
}

/* An end in order is no excess, and neither is a lot of data. */
static void test_ordinary(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct pair pair = make_pair(*state, i == 0 ? "1.2" : "1.3", true, 0);

		for (int n = 0; n < 1000; n++)
			assert_int_equal(SSL_write(pair.client, "x", 1), 1);
		for (int n = 0; n < 1000; n++)
			assert_int_equal(read_once(pair.server), SSL_ERROR_NONE);
		(void)SSL_shutdown(pair.client);
		assert_int_equal(read_once(pair.server), SSL_ERROR_ZERO_RETURN);
		assert_false(tls_record_limit_was_exceeded(pair.server));
		free_pair(&pair);
	}
}

/* A handshake in too many records: a ClientHello whose every byte has one of its own. */
static void test_handshake(void **state)
{
	struct tls_settings settings = { .server = true,
					 .certificate_file = path_in(*state, "certificate"),
					 .private_key_file = path_in(*state, "key") };
	unsigned char record[] = { 22, 3, 1, 0, 1, 0 };
	struct reason why = { 0 };
	SSL_CTX *context;
	BIO *input = BIO_new(BIO_s_mem());
	SSL *tls;

	assert_int_equal(tls_context_new(&context, &settings, &why), 0);
	tls = SSL_new(context);
	assert_true(tls && input);
	SSL_set_bio(tls, input, BIO_new(BIO_s_null()));
	SSL_set_accept_state(tls);
	for (int i = 0; i < 1000; i++) {
		/* the header of a ClientHello of 4,096 bytes, then zeros */
		static const unsigned char header[] = { 1, 0, 16, 0, 3, 3 };

		record[5] = i < (int)sizeof header ? header[i] : 0;
		assert_int_equal(BIO_write(input, record, sizeof record), (int)sizeof record);
	}
	assert_int_equal(SSL_get_error(tls, SSL_do_handshake(tls)), SSL_ERROR_ZERO_RETURN);
	assert_true(tls_record_limit_was_exceeded(tls));
	assert_true(BIO_pending(input) > 0);
	SSL_free(tls);
	SSL_CTX_free(context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_updates),   cmocka_unit_test(test_tickets),
		cmocka_unit_test(test_renegotiation), cmocka_unit_test(test_ordinary),
		cmocka_unit_test(test_handshake),
	};

	return cmocka_run_group_tests(tests, setup_certificate, teardown_directory);
}
