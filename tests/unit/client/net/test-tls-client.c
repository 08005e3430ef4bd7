/* SPDX-License-Identifier: ISC */
/* A conversation with a manager, and waiting for one. */
#include "tests/unit/support.h"

#include "tests/unit/tls-peer.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

static bool writes_fail; /* the client's */

int __real_SSL_write(SSL *ssl, const void *data, int length);
int __wrap_SSL_write(SSL *ssl, const void *data, int length);
int __wrap_SSL_write(SSL *ssl, const void *data, int length)
{
	if (!writes_fail || SSL_is_server(ssl))
		return __real_SSL_write(ssl, data, length);
	ERR_raise(ERR_LIB_SSL, ERR_R_INTERNAL_ERROR);
	return -1;
}

/* ------------------------------------------------------------------ a conversation */

static void converse(void **state, int version, const char *name)
{
	struct peer peer = { .script = answer_in_order, .version = version };
	struct tls_settings settings = trusting(*state);
	char answer[64];
	size_t length = 99;

	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_OK);
	assert_string_equal(tls_client_version(meeting.client), name);
	assert_int_equal(tls_client_fd(meeting.client), meeting.client_fd);
	assert_int_equal(X509_cmp(tls_client_certificate(meeting.client), meeting.certificate), 0);
	assert_null(tls_client_warning(meeting.client));
	assert_false(tls_client_lacks_certificate(meeting.client));
	assert_int_equal(tls_client_chain_error(meeting.client, meeting.context, "ca.pem", true,
						NULL),
			 X509_V_OK);
	assert_int_equal(send_request(), OUTCOME_OK);
	assert_int_equal(receive(answer, &length, PATIENCE), OUTCOME_OK);
	assert_int_equal(length, 10);
	assert_memory_equal(answer, "the answer", 10);
	for (int i = 0; i < 2; i++) { /* the end stays the end */
		assert_int_equal(receive(answer, &length, PATIENCE), OUTCOME_OK);
		assert_int_equal(length, 0);
	}
	assert_false(tls_client_was_reset(meeting.client));
	assert_true(tls_client_was_closed_in_order(meeting.client));
	part(&peer);
	assert_int_equal(peer.length, 11);
	assert_memory_equal(peer.received, "the request", 11);
}

static void test_conversation(void **state)
{
	converse(state, TLS1_3_VERSION, "TLSv1.3");
}

static void test_conversation_of_tls_1_2(void **state)
{
	converse(state, TLS1_2_VERSION, "TLSv1.2");
}

/* The manager sees that nothing more comes, and that nobody has cut it off. */
static void test_goodbye(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	for (size_t i = 0; i < COUNT(versions); i++) {
		struct peer peer = { .script = hear_the_end, .version = versions[i] };
		struct tls_settings settings = trusting(*state);

		assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_OK);
		assert_int_equal(send_request(), OUTCOME_OK);
		part(&peer);
		assert_int_equal(peer.length, 11);
		assert_true(peer.was_closed_in_order);
	}
}

static void end_without_goodbye(struct peer *peer)
{
	hear(peer);
	(void)SSL_write(peer->ssl, "half", 4);
}

/* An abrupt end is an end as well, and not a reset. */
static void test_end_without_goodbye(void **state)
{
	struct peer peer = { .script = end_without_goodbye };
	struct tls_settings settings = trusting(*state);
	char answer[64];
	size_t length;

	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_OK);
	assert_int_equal(send_request(), OUTCOME_OK);
	assert_int_equal(receive(answer, &length, PATIENCE), OUTCOME_OK);
	assert_int_equal(length, 4);
	assert_int_equal(receive(answer, &length, PATIENCE), OUTCOME_OK);
	assert_int_equal(length, 0);
	assert_false(tls_client_was_reset(meeting.client));
	assert_false(tls_client_was_closed_in_order(meeting.client));
	part(&peer);
}

/* Closing a socket of a pair with unread bytes in it resets the other end. */
static void reset(struct peer *peer)
{
	char byte;

	(void)SSL_peek(peer->ssl, &byte, 1);
	(void)recv(peer->fd, &byte, 1, MSG_PEEK);
}

static void test_reset(void **state)
{
	struct peer peer = { .script = reset, .version = TLS1_2_VERSION };
	struct tls_settings settings = trusting(*state);
	char answer[64];
	size_t length = 99;

	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_OK);
	assert_int_equal(send_request(), OUTCOME_OK);
	assert_int_equal(send_request(), OUTCOME_OK); /* which it has not read when it closes */
	assert_int_equal(receive(answer, &length, PATIENCE), OUTCOME_OK);
	assert_int_equal(length, 0);
	assert_true(tls_client_was_reset(meeting.client));
	assert_int_equal(send_request(), OUTCOME_BUSY);
	assert_said("m.example.org:1515 closed the connection before the request");
	part(&peer);
}

/* A record that is no TLS, in the middle of the conversation. */
static void send_rubbish(struct peer *peer)
{
	hear(peer);
	(void)!write(peer->fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
	wait_for_end(peer);
}

static void test_rubbish(void **state)
{
	struct peer peer = { .script = send_rubbish };
	struct tls_settings settings = trusting(*state);
	char answer[64];
	size_t length = 99;

	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_OK);
	assert_int_equal(send_request(), OUTCOME_OK);
	assert_int_equal(receive(answer, &length, PATIENCE), OUTCOME_PROTOCOL_ERROR);
	assert_int_equal(length, 99);
	assert_said("Cannot read from m.example.org:1515: ");
	part(&peer);
}

/* What OpenSSL itself cannot do is no end of the connection. */
static void test_failing_write(void **state)
{
	struct peer peer = { .script = hear_the_end };
	struct tls_settings settings = trusting(*state);
	int r;

	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_OK);
	writes_fail = true;
	r = send_request();
	writes_fail = false;
	assert_int_equal(r, OUTCOME_PROTOCOL_ERROR);
	assert_said("Cannot send to m.example.org:1515: internal error");
	part(&peer);
}

/* ------------------------------------------------------------------ waiting */

static void stay_silent(struct peer *peer)
{
	hear(peer);
	wait_for_end(peer);
}

static void test_silence(void **state)
{
	struct peer peer = { .script = stay_silent };
	struct tls_settings settings = trusting(*state);
	char answer[64];
	size_t length = 99;

	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_OK);
	assert_int_equal(send_request(), OUTCOME_OK);
	assert_int_equal(receive(answer, &length, SHORT), -ETIMEDOUT);
	assert_int_equal(length, 99);
	assert_string_equal(meeting.why.text, "");
	part(&peer);
}

static void test_silence_in_the_handshake(void **state)
{
	struct peer peer = { .script = wait_for_end, .before_handshake = true };
	struct tls_settings settings = trusting(*state);

	assert_int_equal(meet(&peer, &settings, SHORT, -1), OUTCOME_UNREACHABLE);
	assert_said("m.example.org:1515 accepted the connection but did not finish");
	assert_null(meeting.client);
	part(&peer); /* which ends only when the socket was closed */
}

static void test_stopping(void **state)
{
	struct peer peer = { .script = wait_for_end, .before_handshake = true };
	struct tls_settings settings = trusting(*state);
	int stop[2];

	assert_int_equal(pipe(stop), 0);
	assert_int_equal(write(stop[1], "x", 1), 1);
	assert_int_equal(meet(&peer, &settings, PATIENCE, stop[0]), -ECANCELED);
	assert_null(meeting.client);
	part(&peer);
	assert_int_equal(close(stop[0]) | close(stop[1]), 0);
}

static void test_stopping_a_read(void **state)
{
	struct peer peer = { .script = stay_silent };
	struct tls_settings settings = trusting(*state);
	struct deadline deadline = { .at = USEC_INFINITY };
	char answer[64];
	size_t length = 99;
	int stop[2];

	assert_int_equal(pipe(stop), 0);
	deadline.stop_fd = stop[0];
	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_OK);
	assert_int_equal(send_request(), OUTCOME_OK);
	assert_int_equal(write(stop[1], "x", 1), 1);
	assert_int_equal(tls_client_read(meeting.client, answer, sizeof answer, &deadline, &length,
					 &meeting.why),
			 -ECANCELED);
	assert_int_equal(length, 99);
	part(&peer);
	assert_int_equal(close(stop[0]) | close(stop[1]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_MEETING(test_conversation),
		WITH_MEETING(test_conversation_of_tls_1_2),
		WITH_MEETING(test_goodbye),
		WITH_MEETING(test_end_without_goodbye),
		WITH_MEETING(test_reset),
		WITH_MEETING(test_rubbish),
		WITH_MEETING(test_failing_write),
		WITH_MEETING(test_silence),
		WITH_MEETING(test_silence_in_the_handshake),
		WITH_MEETING(test_stopping),
		WITH_MEETING(test_stopping_a_read),
	};

	return cmocka_run_group_tests(tests, setup_meetings, teardown_meetings);
}
