/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "tests/unit/certificates.h"
#include "tests/unit/tls-peer.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

struct meeting meeting;

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

	SSL_CTX_set_security_level(context, 0); /* it is the client that shall be strict */
	SSL_CTX_use_certificate(context, peer->certificate ?: meeting.certificate);
	SSL_CTX_use_PrivateKey(context, meeting.key);
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

void wait_for_end(struct peer *peer)
{
	char byte;

	while (read(peer->fd, &byte, 1) > 0)
		;
}

void hear(struct peer *peer)
{
	peer->length = SSL_read(peer->ssl, peer->received, sizeof peer->received);
}

void hear_the_end(struct peer *peer)
{
	char byte;
	int r;

	hear(peer);
	r = SSL_read(peer->ssl, &byte, 1);
	peer->was_closed_in_order = SSL_get_error(peer->ssl, r) == SSL_ERROR_ZERO_RETURN;
}

void answer_in_order(struct peer *peer)
{
	hear(peer);
	(void)SSL_write(peer->ssl, "the answer", 10);
	(void)SSL_shutdown(peer->ssl);
	wait_for_end(peer);
}

/* ------------------------------------------------------------------ fixtures */

int setup_meetings(void **state)
{
	static const struct certificate_plan ca_plan = { .common_names = { "CA" }, .is_ca = true };
	static const struct certificate_plan plan = { .common_names = { "m.example.org" },
						      .purpose = "serverAuth" };

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN); /* as in main() */
	meeting.key = make_key();
	meeting.ca = make_certificate(&ca_plan, meeting.key, NULL, NULL);
	meeting.certificate = make_certificate(&plan, meeting.key, meeting.ca, meeting.key);
	meeting.other_ca = make_certificate(&plan, meeting.key, NULL, NULL);
	return 0;
}

int teardown_meetings(void **state)
{
	(void)state;
	X509_free(meeting.ca);
	X509_free(meeting.other_ca);
	X509_free(meeting.certificate);
	EVP_PKEY_free(meeting.key);
	return 0;
}

int setup_meeting(void **state)
{
	if (setup_directory(state) < 0)
		return -1;
	write_certificate(path_in(*state, "ca.pem"), meeting.ca, false);
	write_certificate(path_in(*state, "other.pem"), meeting.other_ca, false);
	write_certificate(path_in(*state, "own.pem"), meeting.certificate, false);
	write_key(path_in(*state, "own.key"), meeting.key, NULL);
	meeting.context = NULL;
	meeting.client = NULL;
	meeting.is_unverified = false;
	meeting.why.text[0] = '\0';
	return endpoint_parse(&meeting.endpoint, "m.example.org", 1515);
}

int teardown_meeting(void **state)
{
	if (meeting.client)
		tls_client_free(meeting.client);
	SSL_CTX_free(meeting.context);
	return teardown_directory(state);
}

/* ------------------------------------------------------------------ the client */

int meet(struct peer *peer, const struct tls_settings *settings, uint64_t usec, int stop_fd)
{
	struct deadline outer = { .at = USEC_INFINITY, .stop_fd = stop_fd };
	struct deadline deadline = deadline_in(usec, &outer);
	int ends[2];

	SSL_CTX_free(meeting.context);
	meeting.context = NULL;
	meeting.trust = (struct tls_trust){ .verify = !meeting.is_unverified,
					    .ca_file = settings->ca_file };
	assert_int_equal(tls_context_new(&meeting.context, settings, &meeting.why), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0); /* as after connecting */
	meeting.client_fd = ends[0];
	peer->fd = ends[1];
	assert_int_equal(pthread_create(&peer->thread, NULL, run_peer, peer), 0);
	return tls_client_new(&meeting.client, ends[0], meeting.context, &meeting.endpoint,
			      &meeting.trust, &deadline, &meeting.why);
}

struct tls_settings trusting(void *state)
{
	static char ca_file[4096];

	(void)snprintf(ca_file, sizeof ca_file, "%s", path_in(state, "ca.pem"));
	return (struct tls_settings){ .ca_file = ca_file };
}

int send_request(void)
{
	struct deadline deadline = deadline_in(PATIENCE, NULL);

	return tls_client_write(meeting.client, "the request", 11, &deadline, &meeting.why);
}

int receive(char ret[static 64], size_t *ret_length, uint64_t usec)
{
	struct deadline deadline = deadline_in(usec, NULL);

	return tls_client_read(meeting.client, ret, 64, &deadline, ret_length, &meeting.why);
}

void part(struct peer *peer)
{
	if (meeting.client)
		tls_client_free(meeting.client);
	meeting.client = NULL;
	assert_int_equal(pthread_join(peer->thread, NULL), 0);
}

void assert_said(const char *words)
{
	if (!strstr(meeting.why.text, words))
		fail_msg("not '%s' in: %s", words, meeting.why.text);
}
