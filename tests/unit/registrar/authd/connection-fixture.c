/* SPDX-License-Identifier: ISC */
#include "tests/unit/registrar/authd/connection-fixture.h"

#include "common/tls-context.h"
#include "tests/unit/certificates.h"
#include "tests/unit/support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

static void on_request(void *owner, struct connection *connection)
{
	struct fixture *fixture = owner;

	assert_ptr_equal(connection, fixture->connection);
	fixture->requests++;
}

static void on_waits(void *owner, struct connection *connection)
{
	struct fixture *fixture = owner;

	assert_ptr_equal(connection, fixture->connection);
	fixture->waits++;
}

static void on_ended(void *owner, struct connection *connection, enum connection_end end,
		     const char *detail)
{
	struct fixture *fixture = owner;

	assert_ptr_equal(connection, fixture->connection);
	fixture->connection = NULL;
	fixture->ended = true;
	fixture->end = end;
	(void)snprintf(fixture->detail, sizeof fixture->detail, "%s", detail);
}

static SSL_CTX *server_context(const char *directory)
{
	cleanup_pkey EVP_PKEY *key = make_key();
	const struct certificate_plan plan = { .common_names = { "manager" } };
	cleanup_x509 X509 *certificate = make_certificate(&plan, key, NULL, NULL);
	struct tls_settings settings = { .server = true };
	struct reason why;
	SSL_CTX *context;

	settings.certificate_file = path_in(directory, "cert");
	settings.private_key_file = path_in(directory, "key");
	write_certificate(settings.certificate_file, certificate, false);
	write_key(settings.private_key_file, key, NULL);
	assert_int_equal(tls_context_new(&context, &settings, &why), 0);
	SSL_CTX_set_num_tickets(context, 0);
	return context;
}

const struct timeval *common_timeout(struct event_base *base, time_t seconds, long usec)
{
	const struct timeval timeout = { .tv_sec = seconds, .tv_usec = usec };

	return event_base_init_common_timeout(base, &timeout);
}

void fixture_prepare(struct fixture *fixture, const char *directory)
{
	struct event_base *base = event_base_new();

	*fixture = (struct fixture){
		.settings = {
			.base = base,
			.tls = server_context(directory),
			.dialect = DIALECT_OSSEC,
			.timeout = common_timeout(base, 5, 0),
			.linger = common_timeout(base, 5, 0),
			.owner = { on_request, on_waits, on_ended, fixture },
		},
		.client_context = SSL_CTX_new(TLS_client_method()),
	};
}

void fixture_connect(struct fixture *fixture)
{
	struct sockaddr_storage storage = { .ss_family = AF_INET };
	struct sockaddr_in *address = (struct sockaddr_in *)&storage;
	int ends[2];

	address->sin_port = htons(40000);
	assert_int_equal(inet_pton(AF_INET, "192.0.2.1", &address->sin_addr), 1);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends),
			 0);
	fixture->client = ends[1];
	fixture->connection = connection_new(&fixture->settings, ends[0], &storage);
	assert_non_null(fixture->connection);
	assert_string_equal(connection_peer(fixture->connection)->text, "192.0.2.1 port 40000");
}

void fixture_begin(struct fixture *fixture, const char *directory)
{
	fixture_prepare(fixture, directory);
	fixture_connect(fixture);
}

void fixture_end(struct fixture *fixture)
{
	if (fixture->connection)
		connection_stop(fixture->connection, CONNECTION_STOPPED);
	/* libevent frees a bufferevent when the loop comes round again. */
	(void)event_base_loop(fixture->settings.base, EVLOOP_NONBLOCK);
	SSL_free(fixture->tls);
	if (fixture->client >= 0)
		close(fixture->client);
	SSL_CTX_free(fixture->client_context);
	SSL_CTX_free(fixture->settings.tls);
	event_base_free(fixture->settings.base);
}

void fixture_run_once(struct fixture *fixture)
{
	(void)event_base_loop(fixture->settings.base, EVLOOP_NONBLOCK);
}

void fixture_run_to_the_end(struct fixture *fixture)
{
	while (!fixture->ended)
		(void)event_base_loop(fixture->settings.base, EVLOOP_ONCE);
}

void fixture_handshake(struct fixture *fixture)
{
	fixture->tls = SSL_new(fixture->client_context);
	assert_non_null(fixture->tls);
	assert_int_equal(SSL_set_fd(fixture->tls, fixture->client), 1);
	while (SSL_connect(fixture->tls) != 1) {
		assert_int_equal(SSL_get_error(fixture->tls, -1), SSL_ERROR_WANT_READ);
		fixture_run_once(fixture);
	}
	fixture_run_once(fixture);
}

void fixture_send_text(struct fixture *fixture, const char *text)
{
	assert_int_equal(SSL_write(fixture->tls, text, (int)strlen(text)), strlen(text));
	for (int i = 0; i < 3; i++)
		fixture_run_once(fixture);
}

void fixture_expect_record(struct fixture *fixture, const char *expected)
{
	char buffer[4096];
	int n;

	while ((n = SSL_read(fixture->tls, buffer, sizeof buffer - 1)) <= 0 &&
	       SSL_get_error(fixture->tls, n) == SSL_ERROR_WANT_READ)
		fixture_run_once(fixture);
	buffer[n > 0 ? n : 0] = '\0';
	assert_string_equal(buffer, expected);
}

void fixture_close_client(struct fixture *fixture)
{
	close(fixture->client);
	fixture->client = -1;
}

void fixture_check_end(struct fixture *fixture, enum connection_end how, const char *detail)
{
	fixture_run_to_the_end(fixture);
	assert_int_equal(fixture->end, how);
	assert_string_equal(fixture->detail, detail);
}
