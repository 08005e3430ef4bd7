/* SPDX-License-Identifier: ISC */
/*
 * The pipe to a manager, against a real TLS peer at the other end of a socket pair, which runs in a
 * thread and does what its script says.
 */
#include "tests/unit/support.h"

#include "client/net/tls-client.h"
#include "tests/unit/certificates.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE (20 * USEC_PER_SEC) /* only a broken client needs it */
#define SHORT (30 * USEC_PER_MSEC)

struct peer {
	void (*script)(struct peer *peer); /* after the handshake, or instead of it */
	bool before_handshake;
	int version; /* the only one; 0: any */
	bool demands_certificate;
	/* of this run */
	int fd;
	SSL *ssl;
	pthread_t thread;
	char received[64];
	int length;
};

static struct {
	EVP_PKEY *key;
	X509 *ca, *certificate, *other_ca;
	SSL_CTX *context; /* the client's, new for each test */
	struct endpoint endpoint;
	struct tls_trust trust;
	bool is_unverified; /* the next manager */
	struct tls_client *client;
	int client_fd;
	struct reason why;
} world;

/* ------------------------------------------------------------------ the peer */

static int accept_any(int preverified, X509_STORE_CTX *store)
{
	(void)preverified, (void)store;
	return 1;
}

static void *run_peer(void *argument)
{
	struct peer *peer = argument;
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	SSL_CTX_use_certificate(context, world.certificate);
	SSL_CTX_use_PrivateKey(context, world.key);
	if (peer->version) {
		SSL_CTX_set_min_proto_version(context, peer->version);
		SSL_CTX_set_max_proto_version(context, peer->version);
	}
	if (peer->demands_certificate)
		SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
				   accept_any);
	peer->ssl = SSL_new(context);
	SSL_set_fd(peer->ssl, peer->fd);
	if (peer->before_handshake || SSL_accept(peer->ssl) == 1)
		peer->script(peer);
	if (peer->fd >= 0)
		(void)close(peer->fd);
	SSL_free(peer->ssl);
	SSL_CTX_free(context);
	return NULL;
}

/* Until the client has closed. */
static void wait_for_end(struct peer *peer)
{
	char byte;

	while (read(peer->fd, &byte, 1) > 0)
		;
}

static void hear(struct peer *peer)
{
	peer->length = SSL_read(peer->ssl, peer->received, sizeof peer->received);
}

static void answer_in_order(struct peer *peer)
{
	hear(peer);
	(void)SSL_write(peer->ssl, "the answer", 10);
	(void)SSL_shutdown(peer->ssl);
	wait_for_end(peer);
}

static void end_without_goodbye(struct peer *peer)
{
	hear(peer);
	(void)SSL_write(peer->ssl, "half", 4);
}

/* Closing a socket of a pair with unread bytes in it resets the other end. */
static void reset(struct peer *peer)
{
	char byte;

	(void)SSL_peek(peer->ssl, &byte, 1);
	(void)recv(peer->fd, &byte, 1, MSG_PEEK);
}

static void stay_silent(struct peer *peer)
{
	hear(peer);
	wait_for_end(peer);
}

static void say_no_tls(struct peer *peer)
{
	char hello[1024];

	(void)!read(peer->fd, hello, sizeof hello);
	(void)!write(peer->fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
	wait_for_end(peer);
}

static void hang_up(struct peer *peer)
{
	char hello[1024];

	(void)!read(peer->fd, hello, sizeof hello);
}

/* ------------------------------------------------------------------ the client */

static int setup_world(void **state)
{
	static const struct certificate_plan ca_plan = { .common_names = { "CA" }, .is_ca = true };
	static const struct certificate_plan plan = { .common_names = { "m.example.org" },
						      .purpose = "serverAuth" };

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN); /* as in main() */
	world.key = make_key();
	world.ca = make_certificate(&ca_plan, world.key, NULL, NULL);
	world.certificate = make_certificate(&plan, world.key, world.ca, world.key);
	world.other_ca = make_certificate(&plan, world.key, NULL, NULL);
	return 0;
}

static int teardown_world(void **state)
{
	(void)state;
	X509_free(world.ca);
	X509_free(world.other_ca);
	X509_free(world.certificate);
	EVP_PKEY_free(world.key);
	return 0;
}

static int setup(void **state)
{
	if (setup_directory(state) < 0)
		return -1;
	write_certificate(path_in(*state, "ca.pem"), world.ca, false);
	write_certificate(path_in(*state, "other.pem"), world.other_ca, false);
	write_certificate(path_in(*state, "own.pem"), world.certificate, false);
	write_key(path_in(*state, "own.key"), world.key, NULL);
	world.context = NULL;
	world.client = NULL;
	world.why.text[0] = '\0';
	return endpoint_parse(&world.endpoint, "m.example.org", 1515);
}

static int teardown(void **state)
{
	if (world.client)
		tls_client_free(world.client);
	SSL_CTX_free(world.context);
	return teardown_directory(state);
}

/* Start the peer and shake hands with it. Returns what tls_client_new() does. */
static int meet(struct peer *peer, const struct tls_settings *settings, uint64_t usec, int stop_fd)
{
	struct deadline outer = { .at = USEC_INFINITY, .stop_fd = stop_fd };
	struct deadline deadline = deadline_in(usec, &outer);
	int ends[2];

	world.trust = (struct tls_trust){ .verify = !world.is_unverified,
					  .ca_file = settings->ca_file };
	assert_int_equal(tls_context_new(&world.context, settings, &world.why), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0); /* as after connecting */
	world.client_fd = ends[0];
	peer->fd = ends[1];
	assert_int_equal(pthread_create(&peer->thread, NULL, run_peer, peer), 0);
	return tls_client_new(&world.client, ends[0], world.context, &world.endpoint, &world.trust,
			      &deadline, &world.why);
}

static struct tls_settings trusting(void *state)
{
	static char ca_file[4096];

	(void)snprintf(ca_file, sizeof ca_file, "%s", path_in(state, "ca.pem"));
	return (struct tls_settings){ .ca_file = ca_file };
}

static int send_request(void)
{
	struct deadline deadline = deadline_in(PATIENCE, NULL);

	return tls_client_write(world.client, "the request", 11, &deadline, &world.why);
}

static int receive(char ret[static 64], size_t *ret_length, uint64_t usec)
{
	struct deadline deadline = deadline_in(usec, NULL);

	return tls_client_read(world.client, ret, 64, &deadline, ret_length, &world.why);
}

static void part(struct peer *peer)
{
	if (world.client)
		tls_client_free(world.client);
	world.client = NULL;
	assert_int_equal(pthread_join(peer->thread, NULL), 0);
}

static void assert_said(const char *words)
{
	if (!strstr(world.why.text, words))
		fail_msg("not '%s' in: %s", words, world.why.text);
}

/* ------------------------------------------------------------------ a conversation */

static void converse(void **state, int version, const char *name)
{
	struct peer peer = { .script = answer_in_order, .version = version };
	struct tls_settings settings = trusting(*state);
	char answer[64];
	size_t length = 99;

	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_OK);
	assert_string_equal(tls_client_version(world.client), name);
	assert_int_equal(tls_client_fd(world.client), world.client_fd);
	assert_int_equal(X509_cmp(tls_client_certificate(world.client), world.certificate), 0);
	assert_null(tls_client_warning(world.client));
	assert_false(tls_client_lacks_certificate(world.client));
	assert_int_equal(tls_client_chain_error(world.client, world.context, true), X509_V_OK);
	assert_int_equal(send_request(), OUTCOME_OK);
	assert_int_equal(receive(answer, &length, PATIENCE), OUTCOME_OK);
	assert_int_equal(length, 10);
	assert_memory_equal(answer, "the answer", 10);
	for (int i = 0; i < 2; i++) { /* the end stays the end */
		assert_int_equal(receive(answer, &length, PATIENCE), OUTCOME_OK);
		assert_int_equal(length, 0);
	}
	assert_false(tls_client_was_reset(world.client));
	assert_true(tls_client_was_closed_in_order(world.client));
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
	assert_false(tls_client_was_reset(world.client));
	assert_false(tls_client_was_closed_in_order(world.client));
	part(&peer);
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
	assert_true(tls_client_was_reset(world.client));
	part(&peer);
}

/* ------------------------------------------------------------------ waiting */

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
	assert_string_equal(world.why.text, "");
	part(&peer);
}

static void test_silence_in_the_handshake(void **state)
{
	struct peer peer = { .script = wait_for_end, .before_handshake = true };
	struct tls_settings settings = trusting(*state);

	assert_int_equal(meet(&peer, &settings, SHORT, -1), OUTCOME_UNREACHABLE);
	assert_said("m.example.org:1515 accepted the connection but did not finish");
	assert_null(world.client);
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
	assert_null(world.client);
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
	assert_int_equal(tls_client_read(world.client, answer, sizeof answer, &deadline, &length,
					 &world.why),
			 -ECANCELED);
	assert_int_equal(length, 99);
	part(&peer);
	assert_int_equal(close(stop[0]) | close(stop[1]), 0);
}

/* ------------------------------------------------------------------ refusals */

static void test_untrusted(void **state)
{
	struct peer peer = { .script = wait_for_end };
	struct tls_settings settings = { .ca_file = path_in(*state, "other.pem") };

	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_UNTRUSTED);
	assert_said("was not issued by a CA in");
	assert_null(world.client);
	part(&peer);
}

/* The chain of a manager that is not verified is judged as that of one that is. */
static void test_chain_error(void **state)
{
	static const struct certificate_plan plans[] = {
		{ .common_names = { "m.example.org" }, .purpose = "clientAuth" },
		{ .common_names = { "m.example.org" }, .from = -7200, .until = -3600 },
	};
	static const struct {
		int error, without_dates;
	} expected[] = {
		{ X509_V_ERR_INVALID_PURPOSE, X509_V_ERR_INVALID_PURPOSE },
		{ X509_V_ERR_CERT_HAS_EXPIRED, X509_V_OK },
	};

	for (size_t i = 0; i < COUNT(plans); i++) {
		struct peer peer = { .script = answer_in_order };
		struct tls_settings settings = trusting(*state);
		X509 *good = world.certificate;
		int error, without_dates;

		world.certificate = make_certificate(&plans[i], world.key, world.ca, world.key);
		world.is_unverified = true;
		assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_OK);
		error = tls_client_chain_error(world.client, world.context, true);
		without_dates = tls_client_chain_error(world.client, world.context, false);
		part(&peer);
		SSL_CTX_free(world.context);
		world.context = NULL;
		world.is_unverified = false;
		X509_free(world.certificate);
		world.certificate = good;
		assert_int_equal(error, expected[i].error);
		assert_int_equal(without_dates, expected[i].without_dates);
	}
}

static void test_no_tls(void **state)
{
	struct peer peer = { .script = say_no_tls, .before_handshake = true };
	struct tls_settings settings = trusting(*state);

	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_PROTOCOL_ERROR);
	assert_said("does not speak TLS");
	part(&peer);
}

/* Binary, and longer than a record may be. */
static void say_too_much(struct peer *peer)
{
	char hello[1024];

	(void)!read(peer->fd, hello, sizeof hello);
	(void)!write(peer->fd, "\x16\x03\x03\xff\xff\x00\x00\x00", 8);
	wait_for_end(peer);
}

static void test_record_too_long(void **state)
{
	struct peer peer = { .script = say_too_much, .before_handshake = true };
	struct tls_settings settings = trusting(*state);

	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_PROTOCOL_ERROR);
	assert_said("does not speak TLS");
	part(&peer);
}

static void test_no_version_in_common(void **state)
{
	struct peer peer = { .script = wait_for_end, .version = TLS1_2_VERSION };
	struct tls_settings settings = trusting(*state);

	settings.min_version = "1.3";
	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_UNTRUSTED);
	assert_said("no TLS version or cipher in common");
	part(&peer);
}

static void test_hanging_up(void **state)
{
	struct peer peer = { .script = hang_up, .before_handshake = true };
	struct tls_settings settings = trusting(*state);

	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_BUSY);
	assert_said("closed the connection during the TLS handshake");
	part(&peer);
}

/* What a manager's alert says, while it is still the handshake. */
static int alert; /* RFC 8446, 6.2 */

static void send_alert(struct peer *peer)
{
	const char record[] = { 21, 3, 3, 0, 2, 2, (char)alert };
	char hello[1024];

	(void)!read(peer->fd, hello, sizeof hello);
	(void)!write(peer->fd, record, sizeof record);
	wait_for_end(peer);
}

static void test_alerts(void **state)
{
	static const struct {
		int alert;
		const char *name;
		int outcome;
		const char *said;
	} alerts[] = {
		{ 40, "handshake_failure", OUTCOME_UNTRUSTED,
		  "no TLS version or cipher in common" },
		{ 70, "protocol_version", OUTCOME_UNTRUSTED, "no TLS version or cipher in common" },
		{ 71, "insufficient_security", OUTCOME_UNTRUSTED,
		  "no TLS version or cipher in common" },
		{ 42, "bad_certificate", OUTCOME_REFUSED, "rejected our client certificate" },
		{ 43, "unsupported_certificate", OUTCOME_REFUSED,
		  "rejected our client certificate" },
		{ 44, "certificate_revoked", OUTCOME_REFUSED, "rejected our client certificate" },
		{ 45, "certificate_expired", OUTCOME_REFUSED, "rejected our client certificate" },
		{ 46, "certificate_unknown", OUTCOME_REFUSED, "rejected our client certificate" },
		{ 48, "unknown_ca", OUTCOME_REFUSED, "rejected our client certificate" },
		{ 49, "access_denied", OUTCOME_REFUSED, "rejected our client certificate" },
		{ 51, "decrypt_error", OUTCOME_REFUSED, "rejected our client certificate" },
		{ 116, "certificate_required", OUTCOME_REFUSED, "rejected our client certificate" },
		{ 80, "internal_error", OUTCOME_UNTRUSTED, "failed: alert: internal error" },
		{ 112, "unrecognized_name", OUTCOME_UNTRUSTED,
		  "use a name in address that it knows" },
	};

	for (size_t i = 0; i < COUNT(alerts); i++) {
		struct peer peer = { .script = send_alert, .before_handshake = true };
		struct tls_settings settings = trusting(*state);

		alert = alerts[i].alert;
		check_row(alerts[i].name,
			  meet(&peer, &settings, PATIENCE, -1) == alerts[i].outcome);
		if (!strstr(world.why.text, alerts[i].said))
			fail_msg("row '%s': %s", alerts[i].name, world.why.text);
		part(&peer);
		SSL_CTX_free(world.context);
		world.context = NULL;
	}
}

/* ------------------------------------------------------------------ our certificate */

/* With TLS 1.2 the manager's alert ends the handshake; with 1.3 it comes when we read. */
static void test_missing_certificate_of_tls_1_2(void **state)
{
	struct peer peer = { .script = answer_in_order,
			     .version = TLS1_2_VERSION,
			     .demands_certificate = true };
	struct tls_settings settings = trusting(*state);

	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_REFUSED);
	assert_said("requires a client certificate");
	part(&peer);
}

static void test_missing_certificate_of_tls_1_3(void **state)
{
	struct peer peer = { .script = answer_in_order,
			     .version = TLS1_3_VERSION,
			     .demands_certificate = true };
	struct tls_settings settings = trusting(*state);
	char answer[64];
	size_t length = 99;

	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_OK);
	assert_true(tls_client_lacks_certificate(world.client));
	assert_int_equal(receive(answer, &length, PATIENCE), OUTCOME_REFUSED);
	assert_int_equal(length, 99);
	assert_said("requires a client certificate");
	part(&peer);
}

static void test_own_certificate(void **state)
{
	struct peer peer = { .script = answer_in_order, .demands_certificate = true };
	struct tls_settings settings = trusting(*state);
	char answer[64];
	size_t length;

	settings.certificate_file = path_in(*state, "own.pem");
	settings.private_key_file = path_in(*state, "own.key");
	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_OK);
	assert_false(tls_client_lacks_certificate(world.client));
	assert_int_equal(send_request(), OUTCOME_OK);
	assert_int_equal(receive(answer, &length, PATIENCE), OUTCOME_OK);
	assert_int_equal(length, 10);
	part(&peer);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WORLD(test_conversation),
		WITH_WORLD(test_conversation_of_tls_1_2),
		WITH_WORLD(test_end_without_goodbye),
		WITH_WORLD(test_reset),
		WITH_WORLD(test_silence),
		WITH_WORLD(test_silence_in_the_handshake),
		WITH_WORLD(test_stopping),
		WITH_WORLD(test_stopping_a_read),
		WITH_WORLD(test_untrusted),
		WITH_WORLD(test_no_tls),
		WITH_WORLD(test_no_version_in_common),
		WITH_WORLD(test_hanging_up),
		WITH_WORLD(test_record_too_long),
		WITH_WORLD(test_alerts),
		WITH_WORLD(test_chain_error),
		WITH_WORLD(test_missing_certificate_of_tls_1_2),
		WITH_WORLD(test_missing_certificate_of_tls_1_3),
		WITH_WORLD(test_own_certificate),
	};

	return cmocka_run_group_tests(tests, setup_world, teardown_world);
}
