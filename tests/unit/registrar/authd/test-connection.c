/* SPDX-License-Identifier: ISC */
/* A connection of authd through its stages, with a real TLS client at the other end of a socket. */
#include "tests/unit/support.h"

#include "common/tls-context.h"
#include "registrar/authd/connection.h"
#include "tests/unit/certificates.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <unistd.h>

struct fixture {
	struct connection_settings settings;
	SSL_CTX *client_context;
	struct connection *connection; /* null: it has ended */
	int client;                    /* the other end */
	SSL *tls;

	int requests; /* that the owner was told of */
	int overdue;  /* of them */
	bool ended;
	enum connection_end end;
	char detail[256];
};

static void on_request(void *owner, struct connection *connection)
{
	struct fixture *fixture = owner;

	assert_ptr_equal(connection, fixture->connection);
	fixture->requests++;
}

static void on_overdue(void *owner, struct connection *connection)
{
	struct fixture *fixture = owner;
	struct answer answer;

	assert_ptr_equal(connection, fixture->connection);
	fixture->overdue++;
	answer_refusal(&answer, DIALECT_WAZUH, "Too late");
	connection_answer(connection, &answer);
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

static const struct timeval *common_timeout(struct event_base *base, time_t seconds, long usec)
{
	const struct timeval timeout = { .tv_sec = seconds, .tv_usec = usec };

	return event_base_init_common_timeout(base, &timeout);
}

static void begin_with(struct fixture *fixture, const char *directory)
{
	struct event_base *base = event_base_new();

	*fixture = (struct fixture){
		.settings = {
			.base = base,
			.tls = server_context(directory),
			.dialect = DIALECT_OSSEC,
			.timeout = common_timeout(base, 5, 0),
			.linger = common_timeout(base, 5, 0),
			.patience = common_timeout(base, 5, 0),
			.owner = { on_request, on_overdue, on_ended, fixture },
		},
		.client_context = SSL_CTX_new(TLS_client_method()),
	};
}

static void open_connection(struct fixture *fixture)
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

static void begin(struct fixture *fixture, const char *directory)
{
	begin_with(fixture, directory);
	open_connection(fixture);
}

static void end(struct fixture *fixture)
{
	if (fixture->connection)
		connection_stop(fixture->connection);
	/* libevent frees a bufferevent when the loop comes round again. */
	(void)event_base_loop(fixture->settings.base, EVLOOP_NONBLOCK);
	SSL_free(fixture->tls);
	if (fixture->client >= 0)
		close(fixture->client);
	SSL_CTX_free(fixture->client_context);
	SSL_CTX_free(fixture->settings.tls);
	event_base_free(fixture->settings.base);
}

static void run_once(struct fixture *fixture)
{
	(void)event_base_loop(fixture->settings.base, EVLOOP_NONBLOCK);
}

/* Let the loop wait for its events until the connection has ended. */
static void run_to_the_end(struct fixture *fixture)
{
	while (!fixture->ended)
		(void)event_base_loop(fixture->settings.base, EVLOOP_ONCE);
}

static void handshake(struct fixture *fixture)
{
	fixture->tls = SSL_new(fixture->client_context);
	assert_non_null(fixture->tls);
	assert_int_equal(SSL_set_fd(fixture->tls, fixture->client), 1);
	while (SSL_connect(fixture->tls) != 1) {
		assert_int_equal(SSL_get_error(fixture->tls, -1), SSL_ERROR_WANT_READ);
		run_once(fixture);
	}
	run_once(fixture);
}

static void send_text(struct fixture *fixture, const char *text)
{
	assert_int_equal(SSL_write(fixture->tls, text, (int)strlen(text)), strlen(text));
	for (int i = 0; i < 3; i++)
		run_once(fixture);
}

/* The next record of the answer; an empty text at its end. */
static void expect_record(struct fixture *fixture, const char *expected)
{
	char buffer[4096];
	int n;

	while ((n = SSL_read(fixture->tls, buffer, sizeof buffer - 1)) <= 0 &&
	       SSL_get_error(fixture->tls, n) == SSL_ERROR_WANT_READ)
		run_once(fixture);
	buffer[n > 0 ? n : 0] = '\0';
	assert_string_equal(buffer, expected);
}

static void close_client(struct fixture *fixture)
{
	close(fixture->client);
	fixture->client = -1;
}

static void check_end(struct fixture *fixture, enum connection_end how, const char *detail)
{
	run_to_the_end(fixture);
	assert_int_equal(fixture->end, how);
	assert_string_equal(fixture->detail, detail);
}

/* ------------------------------------------------------------------ before there is a request */

static void test_port_check(void **state)
{
	struct fixture fixture;

	begin(&fixture, *state);
	close_client(&fixture);
	check_end(&fixture, CONNECTION_NOTHING, "");
	end(&fixture);
}

static void test_no_tls(void **state)
{
	struct fixture fixture;

	begin(&fixture, *state);
	assert_int_equal(write(fixture.client, "GET / HTTP/1.0\r\n\r\n", 18), 18);
	for (int i = 0; i < 5; i++)
		run_once(&fixture);
	assert_false(fixture.ended); /* the alert may still be on its way */
	close_client(&fixture);
	run_to_the_end(&fixture);
	assert_int_equal(fixture.end, CONNECTION_NO_TLS);
	assert_true(strlen(fixture.detail) > 0);
	end(&fixture);
}

static void test_gone_without_request(void **state)
{
	struct fixture fixture;

	begin(&fixture, *state);
	handshake(&fixture);
	(void)SSL_shutdown(fixture.tls);
	check_end(&fixture, CONNECTION_GONE, "the client closed the connection without a request");
	assert_int_equal(fixture.requests, 0);
	end(&fixture);
}

static void test_clear_text(void **state)
{
	static const struct {
		const char *sent, *detail;
	} rows[] = {
		{ "OSSEC A:'web'\n", "a request without TLS" },
		{ "OSSEC PASS: x OSSEC A:'web'\n", "a request without TLS" },
		{ "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "the PROXY protocol" },
		{ "\r\n\r\n", "the PROXY protocol" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		ssize_t length = (ssize_t)strlen(rows[i].sent);
		struct fixture fixture;

		begin(&fixture, *state);
		assert_int_equal(write(fixture.client, rows[i].sent, (size_t)length), length);
		run_to_the_end(&fixture);
		check_row(rows[i].sent, fixture.end == CONNECTION_CLEAR_TEXT);
		check_row(rows[i].sent, strstr(fixture.detail, rows[i].detail));
		end(&fixture);
	}
}

static void test_other_host(void **state)
{
	struct fixture fixture;
	char byte;

	begin_with(&fixture, *state);
	fixture.settings.verify_host = true;
	open_connection(&fixture);
	handshake(&fixture);
	assert_false(fixture.ended); /* the request is waited for */
	send_text(&fixture, "OSSEC A:'web'\n");
	check_end(&fixture, CONNECTION_OTHER_HOST, "");
	assert_int_equal(SSL_get_error(fixture.tls, SSL_read(fixture.tls, &byte, 1)),
			 SSL_ERROR_SSL); /* no close_notify */
	assert_int_equal(fixture.requests, 0);
	end(&fixture);
}

/* ------------------------------------------------------------------ request and answer */

static void test_request_and_answer(void **state)
{
	static const struct agent_key agent = { "001", "web", "any", "5a5a" };
	const struct authd_request_fields *fields;
	struct fixture fixture;
	struct answer answer;

	begin(&fixture, *state);
	handshake(&fixture);
	send_text(&fixture, "OSSEC A:'w");
	assert_int_equal(fixture.requests, 0);
	send_text(&fixture, "eb'\nOSSEC A:'second'\n");
	assert_int_equal(fixture.requests, 1);
	assert_int_equal(connection_request(fixture.connection, &fields), AUTHD_REQUEST_OK);
	assert_int_equal(fields->name.length, 3);
	assert_memory_equal(fields->name.text, "web", 3);
	assert_false(connection_is_answering(fixture.connection));
	answer_key(&answer, DIALECT_OSSEC, &agent, agent.ip);
	connection_answer(fixture.connection, &answer);
	assert_true(connection_is_answering(fixture.connection));
	expect_record(&fixture, "OSSEC K:'001 web any 5a5a'\n\n");
	expect_record(&fixture, "");
	/* It does not close first: what the client has not read yet would be lost. */
	run_once(&fixture);
	assert_false(fixture.ended);
	close_client(&fixture);
	check_end(&fixture, CONNECTION_DONE, "");
	end(&fixture);
}

/* Old agents take one record for one message. */
static void test_records_stay_apart(void **state)
{
	struct fixture fixture;
	struct answer answer;

	begin(&fixture, *state);
	handshake(&fixture);
	send_text(&fixture, "OSSEC A:'web'\n");
	answer_refusal(&answer, DIALECT_OSSEC, "Invalid agent name: web");
	connection_answer(fixture.connection, &answer);
	expect_record(&fixture, "ERROR: Invalid agent name: web\n\n");
	expect_record(&fixture, "ERROR: Unable to add agent.\n\n");
	end(&fixture);
	assert_int_equal(fixture.end, CONNECTION_DONE);
}

static void test_request_without_newline(void **state)
{
	struct fixture fixture;

	begin(&fixture, *state);
	handshake(&fixture);
	send_text(&fixture, "OSSEC A:'web'");
	assert_int_equal(fixture.requests, 0);
	while (fixture.requests == 0) /* it waits for more for a moment */
		(void)event_base_loop(fixture.settings.base, EVLOOP_ONCE);
	end(&fixture);
	assert_int_equal(fixture.end, CONNECTION_STOPPED);
}

static void test_request_that_ends_with_the_connection(void **state)
{
	const struct authd_request_fields *fields;
	struct fixture fixture;

	begin(&fixture, *state);
	handshake(&fixture);
	assert_int_equal(SSL_write(fixture.tls, "OSSEC A:'we", 11), 11);
	(void)SSL_shutdown(fixture.tls);
	while (fixture.requests == 0)
		(void)event_base_loop(fixture.settings.base, EVLOOP_ONCE);
	assert_int_equal(connection_request(fixture.connection, &fields), AUTHD_REQUEST_MALFORMED);
	end(&fixture);
}

static void test_wrong_password(void **state)
{
	const struct authd_request_fields *fields;
	struct fixture fixture;

	begin_with(&fixture, *state);
	fixture.settings.password = "secret";
	open_connection(&fixture);
	handshake(&fixture);
	send_text(&fixture, "OSSEC PASS: other OSSEC A:'web'\n");
	assert_int_equal(fixture.requests, 1);
	assert_int_equal(connection_request(fixture.connection, &fields), AUTHD_REQUEST_PASSWORD);
	end(&fixture);
}

/* ossec-authd reads 4096 bytes; Wazuh's reads on. */
static void test_name_far_away(void **state)
{
	static const struct {
		enum dialect dialect;
		size_t password_length;
		enum authd_request_fault fault;
	} rows[] = {
		{ DIALECT_OSSEC, 4000, AUTHD_REQUEST_OK },
		{ DIALECT_OSSEC, 4090, AUTHD_REQUEST_MALFORMED },
		{ DIALECT_WAZUH, 4090, AUTHD_REQUEST_OK },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char password[4096] = "", request[5000];
		const struct authd_request_fields *fields;
		struct fixture fixture;

		memset(password, 'p', rows[i].password_length);
		(void)snprintf(request, sizeof request, "OSSEC PASS: %s OSSEC A:'web'\n", password);
		begin_with(&fixture, *state);
		fixture.settings.dialect = rows[i].dialect;
		fixture.settings.password = password;
		open_connection(&fixture);
		handshake(&fixture);
		send_text(&fixture, request);
		assert_int_equal(fixture.requests, 1);
		assert_int_equal(connection_request(fixture.connection, &fields), rows[i].fault);
		end(&fixture);
	}
}

static void test_too_long(void **state)
{
	static char bytes[16384];
	struct fixture fixture;

	memset(bytes, 'A', sizeof bytes - 1);
	begin(&fixture, *state);
	handshake(&fixture);
	for (size_t sent = 0; sent <= REQUEST_BUFFER_MAX; sent += sizeof bytes - 1)
		send_text(&fixture, bytes);
	assert_int_equal(fixture.requests, 0);
	close_client(&fixture);
	check_end(&fixture, CONNECTION_TOO_LONG, "");
	end(&fixture);
}

/* ------------------------------------------------------------------ time, and being stopped */

static void test_deadline(void **state)
{
	struct fixture fixture;

	begin_with(&fixture, *state);
	fixture.settings.timeout = common_timeout(fixture.settings.base, 0, 50 * 1000);
	open_connection(&fixture);
	check_end(&fixture, CONNECTION_TIMEOUT, "it sent nothing");
	fixture.ended = false;
	close_client(&fixture);
	open_connection(&fixture);
	assert_int_equal(write(fixture.client, "\x16\x03", 2), 2);
	check_end(&fixture, CONNECTION_TIMEOUT, "the TLS handshake was not complete in time");
	end(&fixture);
}

static void test_deadline_of_the_decision(void **state)
{
	struct fixture fixture;

	begin_with(&fixture, *state);
	fixture.settings.patience = common_timeout(fixture.settings.base, 0, 50 * 1000);
	open_connection(&fixture);
	handshake(&fixture);
	send_text(&fixture, "OSSEC A:'web'\n");
	assert_int_equal(fixture.requests, 1);
	expect_record(&fixture, "ERROR: Too late. Unable to add agent");
	assert_int_equal(fixture.overdue, 1);
	close_client(&fixture);
	check_end(&fixture, CONNECTION_DONE, "");
	end(&fixture);
}

/* Who keeps the connection open after the answer does so for the time that is given for it. */
static void test_linger(void **state)
{
	struct fixture fixture;
	struct answer answer;

	begin_with(&fixture, *state);
	fixture.settings.linger = common_timeout(fixture.settings.base, 0, 50 * 1000);
	open_connection(&fixture);
	handshake(&fixture);
	send_text(&fixture, "OSSEC A:'web'\n");
	answer_refusal(&answer, DIALECT_WAZUH, "No");
	connection_answer(fixture.connection, &answer);
	expect_record(&fixture, "ERROR: No. Unable to add agent");
	check_end(&fixture, CONNECTION_DONE, "");
	end(&fixture);
}

/* A client that goes on sending after its answer is cut off. */
static void test_endless_client(void **state)
{
	static const char bytes[16384];
	struct fixture fixture;
	struct answer answer;
	size_t sent = 0;

	begin(&fixture, *state);
	handshake(&fixture);
	send_text(&fixture, "OSSEC A:'web'\n");
	answer_refusal(&answer, DIALECT_WAZUH, "No");
	connection_answer(fixture.connection, &answer);
	expect_record(&fixture, "ERROR: No. Unable to add agent");
	while (!fixture.ended && sent < 1048576) {
		ssize_t n = send(fixture.client, bytes, sizeof bytes, MSG_NOSIGNAL);

		sent += n > 0 ? (size_t)n : 0;
		run_once(&fixture);
	}
	assert_true(fixture.ended);
	assert_int_equal(fixture.end, CONNECTION_DONE);
	assert_in_range(sent, 262144, 262144 + 65536);
	end(&fixture);
}

static void test_stopped(void **state)
{
	struct fixture fixture;

	begin(&fixture, *state);
	handshake(&fixture);
	connection_stop(fixture.connection);
	assert_true(fixture.ended);
	assert_int_equal(fixture.end, CONNECTION_STOPPED);
	end(&fixture);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_directory, teardown_directory)
	const struct CMUnitTest tests[] = {
		TEST(test_port_check),
		TEST(test_no_tls),
		TEST(test_clear_text),
		TEST(test_gone_without_request),
		TEST(test_other_host),
		TEST(test_request_and_answer),
		TEST(test_records_stay_apart),
		TEST(test_request_without_newline),
		TEST(test_request_that_ends_with_the_connection),
		TEST(test_wrong_password),
		TEST(test_name_far_away),
		TEST(test_too_long),
		TEST(test_deadline),
		TEST(test_deadline_of_the_decision),
		TEST(test_linger),
		TEST(test_endless_client),
		TEST(test_stopped),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
