/* SPDX-License-Identifier: ISC */
/* What evhttp has not read of a connection: nobody reads here, as while it writes a refusal. */
#include "tests/unit/support.h"

#include "common/tls-context.h"
#include "registrar/api/connection.h"
#include "tests/unit/certificates.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#define UNREAD_MAX 65536

struct fixture {
	struct event_base *base;
	struct offences *offences;
	struct network_list exempt;
	struct peer_rules peers;
	struct api_connections connections;
	SSL_CTX *contexts[2];
	struct bufferevent *stream;
	SSL *client;
	int client_fd;
};

static void connect_client(struct fixture *fixture)
{
	SSL *tls = SSL_new(fixture->contexts[0]);
	struct api_connection *connection = api_connection_new(&fixture->connections, tls);
	int ends[2];

	assert_non_null(connection);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends),
			 0);
	fixture->stream = bufferevent_openssl_socket_new(
		fixture->base, ends[0], tls, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	assert_non_null(fixture->stream);
	api_connection_begin(connection, fixture->stream);
	assert_int_equal(bufferevent_enable(fixture->stream, EV_READ | EV_WRITE), 0);
	fixture->client_fd = ends[1];
	fixture->client = SSL_new(fixture->contexts[1]);
	assert_int_equal(SSL_set_fd(fixture->client, ends[1]), 1);
	for (int i = 0; i < 100 && SSL_connect(fixture->client) != 1; i++)
		(void)event_base_loop(fixture->base, EVLOOP_NONBLOCK);
	assert_true(SSL_is_init_finished(fixture->client));
}

static void begin(struct fixture *fixture, const char *directory)
{
	const struct tls_settings server = { .server = true,
					     .certificate_file = path_in(directory, "certificate"),
					     .private_key_file = path_in(directory, "key") },
				  client = { .server = false };
	struct acceptor_settings acceptor = { .max_connections = 8, .target = "" };
	struct reason why = { 0 };

	*fixture = (struct fixture){ .base = event_base_new(), .offences = offences_new() };
	assert_int_equal(event_base_priority_init(fixture->base, 3), 0);
	assert_int_equal(tls_context_new(&fixture->contexts[0], &server, &why), 0);
	assert_int_equal(tls_context_new(&fixture->contexts[1], &client, &why), 0);
	fixture->peers = (struct peer_rules){ .exempt = &fixture->exempt,
					      .offences = fixture->offences,
					      .log = peer_log_new(fixture->base) };
	acceptor.base = fixture->base;
	fixture->connections = (struct api_connections){ .base = fixture->base,
							 .timeout = 60,
							 .unread_max = UNREAD_MAX,
							 .peers = &fixture->peers,
							 .acceptor = acceptor_new(&acceptor) };
	assert_true(api_connections_set_up(&fixture->connections, 8));
	connect_client(fixture);
}

static void end(struct fixture *fixture)
{
	SSL_free(fixture->client);
	close(fixture->client_fd);
	bufferevent_free(fixture->stream);
	(void)event_base_loop(fixture->base, EVLOOP_NONBLOCK);
	assert_int_equal(acceptor_count(fixture->connections.acceptor), 0);
	api_connections_tear_down(&fixture->connections);
	acceptor_free(fixture->connections.acceptor);
	peer_log_free(fixture->peers.log);
	offences_free(fixture->offences);
	SSL_CTX_free(fixture->contexts[0]);
	SSL_CTX_free(fixture->contexts[1]);
	event_base_free(fixture->base);
}

/* Returns how much is kept, at the most. */
static size_t send_all(struct fixture *fixture, const char *text, size_t times)
{
	const struct evbuffer *input = bufferevent_get_input(fixture->stream);
	size_t most = 0;

	for (size_t i = 0; i < times; i++) {
		(void)SSL_write(fixture->client, text, (int)strlen(text));
		(void)event_base_loop(fixture->base, EVLOOP_NONBLOCK);
		if (evbuffer_get_length(input) > most)
			most = evbuffer_get_length(input);
	}
	return most;
}

static bool is_closed(const struct fixture *fixture)
{
	char byte;
	ssize_t n;

	while ((n = recv(fixture->client_fd, &byte, 1, MSG_DONTWAIT)) > 0)
		;
	return n == 0;
}

static void check(void **state, const char *head, size_t times, bool is_flood)
{
	char body[4096];
	struct fixture fixture;
	size_t kept;

	begin(&fixture, *state);
	memset(body, '1', sizeof body - 1);
	body[sizeof body - 1] = '\0';
	(void)send_all(&fixture, head, 1);
	kept = send_all(&fixture, body, times);
	assert_true(kept <= UNREAD_MAX);
	assert_true(is_flood || kept >= strlen(head) + times * strlen(body));
	assert_int_equal(is_closed(&fixture), is_flood);
	end(&fixture);
}

static void test_body_that_fits(void **state)
{
	check(state, "POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n", 15, false);
}

static void test_body_without_end(void **state)
{
	check(state, "POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n", 100, true);
}

/* Of this one, evhttp alone knows whether it has a body. */
static void test_body_of_another_method(void **state)
{
	check(state, "GET / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n", 100, true);
}

/* Nothing but the line that evhttp is to refuse is kept of what comes behind. */
static void test_behind_a_fault(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture, *state);
	(void)send_all(&fixture, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 1);
	(void)send_all(&fixture, "5;a\r\n", 1);
	assert_memory_equal(evbuffer_pullup(bufferevent_get_input(fixture.stream), -1),
			    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5x\r\n", 51);
	end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_body_that_fits, setup_certificate,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_body_without_end, setup_certificate,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_body_of_another_method, setup_certificate,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_behind_a_fault, setup_certificate,
						teardown_directory),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("api-connection", tests, NULL, NULL);
}
