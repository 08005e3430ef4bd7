/* SPDX-License-Identifier: ISC */
/* A connection of authd through its stages. */
#include "tests/unit/support.h"

#include "registrar/net/priority.h"
#include "tests/unit/registrar/authd/connection-fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

/* ------------------------------------------------------------------ before there is a request */

static void test_port_check(void **state)
{
	struct fixture fixture;

	fixture_begin(&fixture, *state);
	fixture_close_client(&fixture);
	fixture_check_end(&fixture, CONNECTION_NOTHING, "");
	fixture_end(&fixture);
}

static void test_no_tls(void **state)
{
	struct fixture fixture;

	fixture_begin(&fixture, *state);
	assert_int_equal(write(fixture.client, "GET / HTTP/1.0\r\n\r\n", 18), 18);
	for (int i = 0; i < 5; i++)
		fixture_run_once(&fixture);
	assert_false(fixture.ended); /* the alert may still be on its way */
	fixture_close_client(&fixture);
	fixture_run_to_the_end(&fixture);
	assert_int_equal(fixture.end, CONNECTION_NO_TLS);
	assert_true(strlen(fixture.detail) > 0);
	fixture_end(&fixture);
}

static void test_gone_without_request(void **state)
{
	struct fixture fixture;

	fixture_begin(&fixture, *state);
	fixture_handshake(&fixture);
	(void)SSL_shutdown(fixture.tls);
	fixture_check_end(&fixture, CONNECTION_GONE,
			  "the client closed the connection without a request");
	assert_int_equal(fixture.requests, 0);
	fixture_end(&fixture);
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

		fixture_begin(&fixture, *state);
		assert_int_equal(write(fixture.client, rows[i].sent, (size_t)length), length);
		fixture_run_to_the_end(&fixture);
		check_row(rows[i].sent, fixture.end == CONNECTION_CLEAR_TEXT);
		check_row(rows[i].sent, strstr(fixture.detail, rows[i].detail));
		fixture_end(&fixture);
	}
}

static void test_other_host(void **state)
{
	struct fixture fixture;
	char byte;

	fixture_prepare(&fixture, *state);
	fixture.settings.verify_host = true;
	fixture_connect(&fixture);
	fixture_handshake(&fixture);
	assert_false(fixture.ended); /* the request is waited for */
	fixture_send_text(&fixture, "OSSEC A:'web'\n");
	fixture_check_end(&fixture, CONNECTION_OTHER_HOST, "");
	assert_int_equal(SSL_get_error(fixture.tls, SSL_read(fixture.tls, &byte, 1)),
			 SSL_ERROR_SSL); /* no close_notify */
	assert_int_equal(fixture.requests, 0);
	fixture_end(&fixture);
}

/* ------------------------------------------------------------------ request and answer */

static void test_request_and_answer(void **state)
{
	static const struct agent_key agent = { "001", "web", "any", "5a5a" };
	const struct authd_request_fields *fields;
	struct fixture fixture;
	struct answer answer;

	fixture_begin(&fixture, *state);
	fixture_handshake(&fixture);
	fixture_send_text(&fixture, "OSSEC A:'w");
	assert_int_equal(fixture.requests, 0);
	fixture_send_text(&fixture, "eb'\nOSSEC A:'second'\n");
	assert_int_equal(fixture.requests, 1);
	assert_int_equal(connection_request(fixture.connection, &fields), AUTHD_REQUEST_OK);
	assert_int_equal(fields->name.length, 3);
	assert_memory_equal(fields->name.text, "web", 3);
	assert_false(connection_is_answering(fixture.connection));
	answer_key(&answer, DIALECT_OSSEC, &agent, agent.ip);
	connection_answer(fixture.connection, &answer);
	fixture_expect_record(&fixture, "OSSEC K:'001 web any 5a5a'\n\n");
	fixture_expect_record(&fixture, "");
	/* It does not close first: what the client has not read yet would be lost. */
	fixture_run_once(&fixture);
	assert_false(fixture.ended);
	assert_int_equal(fixture.waits, 3); /* handshake, request, end */
	fixture_close_client(&fixture);
	fixture_check_end(&fixture, CONNECTION_DONE, "");
	fixture_end(&fixture);
}

/* Old agents take one record for one message. */
static void test_records_stay_apart(void **state)
{
	struct fixture fixture;
	struct answer answer;

	fixture_begin(&fixture, *state);
	fixture_handshake(&fixture);
	fixture_send_text(&fixture, "OSSEC A:'web'\n");
	answer_refusal(&answer, DIALECT_OSSEC, "Invalid agent name: web");
	connection_answer(fixture.connection, &answer);
	fixture_expect_record(&fixture, "ERROR: Invalid agent name: web\n\n");
	fixture_expect_record(&fixture, "ERROR: Unable to add agent.\n\n");
	fixture_end(&fixture);
	assert_int_equal(fixture.end, CONNECTION_DONE);
}

/* Leave no room for anything that is sent to the client. */
static void fill(const struct fixture *fixture)
{
	static const char bytes[4096];

	while (send(connection_descriptor(fixture->connection), bytes, sizeof bytes,
		    MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
		;
}

/* The client takes that. */
static void drain(const struct fixture *fixture)
{
	char bytes[4096];

	while (recv(fixture->client, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
		;
}

static void test_client_that_takes_its_time(void **state)
{
	struct fixture fixture;
	struct answer answer;

	fixture_begin(&fixture, *state);
	fixture.tls = SSL_new(fixture.client_context);
	assert_int_equal(SSL_set_fd(fixture.tls, fixture.client), 1);
	assert_int_equal(SSL_connect(fixture.tls), -1);
	fill(&fixture);
	fixture_run_once(&fixture);
	drain(&fixture);
	while (SSL_connect(fixture.tls) != 1)
		fixture_run_once(&fixture);
	fill(&fixture);
	fixture_send_text(&fixture, "OSSEC A:'web'\n");
	assert_int_equal(fixture.requests, 1);
	answer_refusal(&answer, DIALECT_WAZUH, "No");
	connection_answer(fixture.connection, &answer);
	fixture_run_once(&fixture);
	assert_true(connection_is_answering(fixture.connection));
	drain(&fixture);
	fixture_expect_record(&fixture, "ERROR: No. Unable to add agent");
	fixture_expect_record(&fixture, "");
	assert_false(connection_is_answering(fixture.connection));
	fixture_close_client(&fixture);
	fixture_check_end(&fixture, CONNECTION_DONE, "");
	fixture_end(&fixture);
}

static void test_client_that_takes_nothing(void **state)
{
	struct fixture fixture;
	struct answer answer;

	fixture_prepare(&fixture, *state);
	fixture.settings.linger = common_timeout(fixture.settings.base, 0, 50 * 1000);
	fixture_connect(&fixture);
	fixture_handshake(&fixture);
	fixture_send_text(&fixture, "OSSEC A:'web'\n");
	fill(&fixture);
	answer_refusal(&answer, DIALECT_WAZUH, "No");
	connection_answer(fixture.connection, &answer);
	fixture_check_end(&fixture, CONNECTION_TIMEOUT,
			  "the client did not take its answer in time");
	fixture_end(&fixture);
}

/* What the client sends after its request waits, and so does its end. */
static void test_client_that_hurries(void **state)
{
	struct fixture fixture;
	struct answer answer;

	fixture_begin(&fixture, *state);
	fixture_handshake(&fixture);
	fixture_send_text(&fixture, "OSSEC A:'web'\n");
	fixture_send_text(&fixture, "OSSEC A:'other'\n");
	assert_int_equal(shutdown(fixture.client, SHUT_WR), 0);
	fixture_run_once(&fixture);
	assert_int_equal(fixture.requests, 1);
	assert_false(fixture.ended);
	answer_refusal(&answer, DIALECT_WAZUH, "No");
	connection_answer(fixture.connection, &answer);
	fixture_expect_record(&fixture, "ERROR: No. Unable to add agent");
	fixture_check_end(&fixture, CONNECTION_DONE, "");
	fixture_end(&fixture);
}

/* More than are read at once. */
static void test_request_in_small_records(void **state)
{
	const struct authd_request_fields *fields;
	struct fixture fixture;
	char password[100];

	memset(password, 'p', sizeof password - 1);
	password[sizeof password - 1] = '\0';
	fixture_prepare(&fixture, *state);
	fixture.settings.password = password;
	fixture_connect(&fixture);
	fixture_handshake(&fixture);
	assert_int_equal(SSL_write(fixture.tls, "OSSEC PASS: ", 12), 12);
	for (size_t i = 0; i < sizeof password - 1; i++)
		assert_int_equal(SSL_write(fixture.tls, "p", 1), 1);
	fixture_send_text(&fixture, " OSSEC A:'web'\n");
	assert_int_equal(fixture.requests, 1);
	assert_int_equal(connection_request(fixture.connection, &fields), AUTHD_REQUEST_OK);
	fixture_end(&fixture);
}

static void test_request_without_newline(void **state)
{
	struct fixture fixture;

	fixture_begin(&fixture, *state);
	fixture_handshake(&fixture);
	fixture_send_text(&fixture, "OSSEC A:'web'");
	assert_int_equal(fixture.requests, 0);
	while (fixture.requests == 0) /* it waits for more for a moment */
		(void)event_base_loop(fixture.settings.base, EVLOOP_ONCE);
	fixture_end(&fixture);
	assert_int_equal(fixture.end, CONNECTION_STOPPED);
}

static void test_request_that_ends_with_the_connection(void **state)
{
	const struct authd_request_fields *fields;
	struct fixture fixture;

	fixture_begin(&fixture, *state);
	fixture_handshake(&fixture);
	assert_int_equal(SSL_write(fixture.tls, "OSSEC A:'we", 11), 11);
	(void)SSL_shutdown(fixture.tls);
	while (fixture.requests == 0)
		(void)event_base_loop(fixture.settings.base, EVLOOP_ONCE);
	assert_int_equal(connection_request(fixture.connection, &fields), AUTHD_REQUEST_MALFORMED);
	fixture_end(&fixture);
}

static void test_wrong_password(void **state)
{
	const struct authd_request_fields *fields;
	struct fixture fixture;

	fixture_prepare(&fixture, *state);
	fixture.settings.password = "secret";
	fixture_connect(&fixture);
	fixture_handshake(&fixture);
	fixture_send_text(&fixture, "OSSEC PASS: other OSSEC A:'web'\n");
	assert_int_equal(fixture.requests, 1);
	assert_int_equal(connection_request(fixture.connection, &fields), AUTHD_REQUEST_PASSWORD);
	fixture_end(&fixture);
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
		fixture_prepare(&fixture, *state);
		fixture.settings.dialect = rows[i].dialect;
		fixture.settings.password = password;
		fixture_connect(&fixture);
		fixture_handshake(&fixture);
		fixture_send_text(&fixture, request);
		assert_int_equal(fixture.requests, 1);
		assert_int_equal(connection_request(fixture.connection, &fields), rows[i].fault);
		fixture_end(&fixture);
	}
}

static void test_too_long(void **state)
{
	static char bytes[16384];
	struct fixture fixture;

	memset(bytes, 'A', sizeof bytes - 1);
	fixture_begin(&fixture, *state);
	fixture_handshake(&fixture);
	for (size_t sent = 0; sent <= REQUEST_BUFFER_MAX; sent += sizeof bytes - 1)
		fixture_send_text(&fixture, bytes);
	assert_int_equal(fixture.requests, 0);
	fixture_close_client(&fixture);
	fixture_check_end(&fixture, CONNECTION_TOO_LONG, "");
	fixture_end(&fixture);
}

/* ------------------------------------------------------------------ time, and being stopped */

static void test_deadline(void **state)
{
	struct fixture fixture;

	fixture_prepare(&fixture, *state);
	fixture.settings.timeout = common_timeout(fixture.settings.base, 0, 50 * 1000);
	fixture_connect(&fixture);
	fixture_check_end(&fixture, CONNECTION_TIMEOUT, "it sent nothing");
	fixture.ended = false;
	fixture_close_client(&fixture);
	fixture_connect(&fixture);
	assert_int_equal(write(fixture.client, "\x16\x03", 2), 2);
	fixture_check_end(&fixture, CONNECTION_TIMEOUT,
			  "the TLS handshake was not complete in time");
	fixture_end(&fixture);
}

static void note(evutil_socket_t fd, short what, void *argument)
{
	bool *has_fired = argument;

	(void)fd, (void)what;
	*has_fired = true;
}

/* The deadline is the client's: the owner may take longer for the answer. */
static void test_no_deadline_for_the_decision(void **state)
{
	const struct timeval longer = { .tv_sec = 1, .tv_usec = 200 * 1000 };
	struct fixture fixture;
	struct answer answer;
	bool has_fired = false;

	fixture_prepare(&fixture, *state);
	fixture.settings.timeout = common_timeout(fixture.settings.base, 1, 0);
	fixture_connect(&fixture);
	fixture_handshake(&fixture);
	fixture_send_text(&fixture, "OSSEC A:'web'\n");
	assert_int_equal(fixture.requests, 1);
	assert_int_equal(event_base_once(fixture.settings.base, -1, EV_TIMEOUT, note, &has_fired,
					 &longer),
			 0);
	while (!has_fired)
		(void)event_base_loop(fixture.settings.base, EVLOOP_ONCE);
	assert_false(fixture.ended);
	answer_refusal(&answer, DIALECT_WAZUH, "Later");
	connection_answer(fixture.connection, &answer);
	fixture_expect_record(&fixture, "ERROR: Later. Unable to add agent");
	fixture_close_client(&fixture);
	fixture_check_end(&fixture, CONNECTION_DONE, "");
	fixture_end(&fixture);
}

/* Who keeps the connection open after the answer does so for the time that is given for it. */
static void test_linger(void **state)
{
	struct fixture fixture;
	struct answer answer;

	fixture_prepare(&fixture, *state);
	fixture.settings.linger = common_timeout(fixture.settings.base, 0, 50 * 1000);
	fixture_connect(&fixture);
	fixture_handshake(&fixture);
	fixture_send_text(&fixture, "OSSEC A:'web'\n");
	answer_refusal(&answer, DIALECT_WAZUH, "No");
	connection_answer(fixture.connection, &answer);
	fixture_expect_record(&fixture, "ERROR: No. Unable to add agent");
	fixture_check_end(&fixture, CONNECTION_DONE, "");
	fixture_end(&fixture);
}

/* A client that goes on sending after its answer is cut off. */
static void test_endless_client(void **state)
{
	static const char bytes[16384];
	struct fixture fixture;
	struct answer answer;
	size_t sent = 0;

	fixture_begin(&fixture, *state);
	fixture_handshake(&fixture);
	fixture_send_text(&fixture, "OSSEC A:'web'\n");
	answer_refusal(&answer, DIALECT_WAZUH, "No");
	connection_answer(fixture.connection, &answer);
	fixture_expect_record(&fixture, "ERROR: No. Unable to add agent");
	while (!fixture.ended && sent < 1048576) {
		ssize_t n = send(fixture.client, bytes, sizeof bytes, MSG_NOSIGNAL);

		sent += n > 0 ? (size_t)n : 0;
		fixture_run_once(&fixture);
	}
	assert_true(fixture.ended);
	assert_int_equal(fixture.end, CONNECTION_DONE);
	assert_in_range(sent, 262144, 262144 + 65536);
	fixture_end(&fixture);
}

static void test_stopped(void **state)
{
	struct fixture fixture;

	fixture_begin(&fixture, *state);
	fixture_handshake(&fixture);
	connection_stop(fixture.connection, CONNECTION_STOPPED);
	assert_true(fixture.ended);
	assert_int_equal(fixture.end, CONNECTION_STOPPED);
	fixture_end(&fixture);
}

/* Leave the loop, whatever else is waiting in it. */
static void on_break(evutil_socket_t fd, short what, void *argument)
{
	(void)fd, (void)what;
	(void)event_base_loopbreak(argument);
}

/*
 * A connection is closed while libevent still has a callback for it, and the next one has the same
 * descriptor: it is served.
 */
static void test_next_one_has_the_descriptor(void **state)
{
	struct fixture fixture;
	struct event_base *base;
	struct event *leave;
	int ends[2], descriptor, old_client;

	fixture_begin(&fixture, *state);
	base = fixture.settings.base;
	fixture_handshake(&fixture);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	leave = event_new(base, ends[0], EV_READ, on_break, base);
	assert_int_equal(event_add(leave, NULL), 0);
	assert_int_equal(SSL_write(fixture.tls, "OSSEC A:'w", 10), 10);
	assert_int_equal(write(ends[1], "", 1), 1);
	/* The bytes are read, and the callback about them is still to come. */
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	descriptor = connection_descriptor(fixture.connection);
	connection_stop(fixture.connection, CONNECTION_GAVE_WAY);
	fixture.ended = false;
	SSL_free(fixture.tls);
	old_client = fixture.client;
	fixture_connect(&fixture);
	close(old_client);
	assert_int_equal(connection_descriptor(fixture.connection), descriptor);
	fixture_handshake(&fixture);
	event_free(leave);
	close(ends[0]);
	close(ends[1]);
	fixture_end(&fixture);
}

/* It is looked at, but TLS does not begin before its turn; and it can end before. */
static void test_turn(void **state)
{
	struct fixture fixture;
	struct turns *turns;

	fixture_prepare(&fixture, *state);
	fixture.settings.turns = turns = turns_new(fixture.settings.base, PRIORITY_LAST);
	assert_non_null(turns);
	fixture_connect(&fixture);
	connection_set_priority(fixture.connection, PRIORITY_LATER);
	assert_int_equal(write(fixture.client, "\x16\x03\x01\x00\x01?", 6), 6);
	fixture_run_once(&fixture);
	assert_int_equal(fixture.waits, 1);
	assert_false(fixture.ended); /* by what is no ClientHello */
	connection_stop(fixture.connection, CONNECTION_GAVE_WAY);
	fixture.ended = false;
	fixture_close_client(&fixture);

	fixture_connect(&fixture);
	connection_set_priority(fixture.connection, PRIORITY_LATER);
	fixture_handshake(&fixture);
	fixture_send_text(&fixture, "OSSEC A:'web'\n");
	assert_int_equal(fixture.requests, 1);
	connection_stop(fixture.connection, CONNECTION_STOPPED);
	turns_free(turns);
	fixture_end(&fixture);
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
		TEST(test_client_that_takes_its_time),
		TEST(test_client_that_takes_nothing),
		TEST(test_client_that_hurries),
		TEST(test_request_in_small_records),
		TEST(test_request_without_newline),
		TEST(test_request_that_ends_with_the_connection),
		TEST(test_wrong_password),
		TEST(test_name_far_away),
		TEST(test_too_long),
		TEST(test_deadline),
		TEST(test_no_deadline_for_the_decision),
		TEST(test_linger),
		TEST(test_endless_client),
		TEST(test_stopped),
		TEST(test_next_one_has_the_descriptor),
		TEST(test_turn),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
