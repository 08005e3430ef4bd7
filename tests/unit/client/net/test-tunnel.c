/* SPDX-License-Identifier: ISC */
/* Asking a proxy for a tunnel, over a socket pair whose other end is the proxy. */
#include "tests/unit/support.h"

#include "client/net/net.h"
#include "tests/unit/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#define GRANTED "HTTP/1.1 200 Connection established\r\n\r\n"
#define BEGINNING "CONNECT m.example.org:1515 HTTP/1.1\r\n"
#define PASSWORD "sesame"
#define CREDENTIALS "dXNlcjpzZXNhbWU" /* base64 of user:sesame, whose padding may be cut off */

static const struct endpoint manager = { .host = "m.example.org", .port = 1515 };

static struct {
	struct proxy proxy;
	int client, peer; /* the ends */
	struct reason why;
} world;

static int setup(void **state)
{
	int ends[2];

	(void)state;
	fault_clear();
	world.why.text[0] = '\0';
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ||
	    fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) /* as after connecting */
		return -1;
	world.client = ends[0];
	world.peer = ends[1];
	return proxy_parse(&world.proxy, "http://user@proxy.example.org:3128");
}

static int teardown(void **state)
{
	(void)state;
	proxy_wipe(&world.proxy);
	close(world.client);
	if (world.peer >= 0)
		close(world.peer);
	return 0;
}

static void use_password(void)
{
	world.proxy.password = (struct secret){ strdup(PASSWORD), strlen(PASSWORD) };
}

static void answer(const char *text)
{
	assert_int_equal(write(world.peer, text, strlen(text)), strlen(text));
}

static int ask(uint64_t at)
{
	const struct deadline deadline = { .at = at, .stop_fd = -1 };

	return net_tunnel(world.client, &world.proxy, &manager, &deadline, &world.why);
}

static void assert_said(const char *words)
{
	if (!strstr(world.why.text, words))
		fail_msg("not '%s' in: %s", words, world.why.text);
}

/* ------------------------------------------------------------------ a tunnel */

/* What follows the header is the manager's, and stays in the socket. */
static void test_tunnel(void **state)
{
	char request[1024] = "", rest[64] = "";

	(void)state;
	use_password();
	answer(GRANTED "from the manager");
	assert_int_equal(ask(USEC_INFINITY), OUTCOME_OK);
	assert_string_equal(world.why.text, "");
	assert_true(read(world.peer, request, sizeof request - 1) > 0);
	assert_int_equal(strncmp(request, BEGINNING, strlen(BEGINNING)), 0);
	assert_non_null(strstr(request, "\r\nProxy-Authorization: Basic " CREDENTIALS "=\r\n"));
	assert_true(read(world.client, rest, sizeof rest - 1) > 0);
	assert_string_equal(rest, "from the manager");
}

/* Calls that are interrupted, do a part, or have to wait are gone on with. */
static void test_going_on(void **state)
{
	static const struct {
		const char *call;
		int error;
	} rows[] = {
		{ "send", EINTR }, { "send", FAULT_SHORT }, { "send", EAGAIN },
		{ "recv", EINTR }, { "recv", EAGAIN },
	};
	char request[1024];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		ssize_t length;

		fault_set(rows[i].call, 1, rows[i].error);
		answer(GRANTED);
		check_row(rows[i].call, ask(USEC_INFINITY) == OUTCOME_OK);
		length = read(world.peer, request, sizeof request);
		check_row(rows[i].call, length > 4);
		check_row(rows[i].call, memcmp(request, BEGINNING, strlen(BEGINNING)) == 0 &&
						memcmp(request + length - 4, "\r\n\r\n", 4) == 0);
	}
}

/* ------------------------------------------------------------------ a proxy that fails */

static void test_silence(void **state)
{
	(void)state;
	assert_int_equal(ask(1), OUTCOME_UNREACHABLE);
	assert_said("Timed out waiting for a response from proxy proxy.example.org:3128 "
		    "(for a tunnel to m.example.org:1515)");
	while (send(world.client, GRANTED, strlen(GRANTED), MSG_DONTWAIT) > 0)
		; /* until there is no room */
	assert_int_equal(ask(1), OUTCOME_UNREACHABLE);
	assert_said("Timed out sending the request to proxy");
}

/* Whoever uses this need not have ignored SIGPIPE. */
static void test_closed(void **state)
{
	void (*before)(int) = signal(SIGPIPE, SIG_DFL);

	(void)state;
	close(world.peer);
	world.peer = -1;
	assert_int_equal(ask(USEC_INFINITY), OUTCOME_UNREACHABLE);
	assert_said("Proxy proxy.example.org:3128 closed the connection instead of opening a "
		    "tunnel to m.example.org:1515");
	(void)signal(SIGPIPE, before);
}

static void test_closed_later(void **state)
{
	(void)state;
	answer("HTTP/1.1 200 Connection");
	assert_int_equal(shutdown(world.peer, SHUT_WR), 0);
	assert_int_equal(ask(USEC_INFINITY), OUTCOME_UNREACHABLE);
	assert_said("closed the connection instead of opening");
}

static void test_broken(void **state)
{
	static const char *const calls[] = { "send", "recv" };

	(void)state;
	for (size_t i = 0; i < COUNT(calls); i++) {
		fault_set(calls[i], 1, ENOBUFS);
		answer(GRANTED);
		check_row(calls[i], ask(USEC_INFINITY) == -ENOBUFS);
		assert_said("Cannot communicate with proxy proxy.example.org:3128");
	}
}

static void test_stopping(void **state)
{
	struct deadline deadline = { .at = USEC_INFINITY };
	int stop[2];

	(void)state;
	assert_int_equal(pipe2(stop, O_CLOEXEC), 0);
	deadline.stop_fd = stop[0];
	close(stop[1]);
	assert_int_equal(net_tunnel(world.client, &world.proxy, &manager, &deadline, &world.why),
			 -ECANCELED);
	assert_string_equal(world.why.text, "");
	close(stop[0]);
}

/* ------------------------------------------------------------------ a proxy that refuses */

static void test_statuses(void **state)
{
	static const struct {
		const char *answer;
		int outcome;
		const char *said;
	} rows[] = {
		{ "401 Unauthorized\r\n\r\n", OUTCOME_REFUSED, "password" },
		{ "407 Proxy Authentication Required\r\n\r\n", OUTCOME_REFUSED,
		  "the tunnel to m.example.org:1515: 407 Proxy Authentication Required -- the "
		  "proxy's user" },
		{ "407 No\r\nProxy-Authenticate: Negotiate\r\n\r\n", OUTCOME_REFUSED,
		  "other than Basic" },
		{ "407 No\r\nProxy-Authenticate: Negotiate, Basic realm=\"x\"\r\n\r\n",
		  OUTCOME_REFUSED, "is wrong" },
		{ "403\r\n\r\n", OUTCOME_REFUSED, "SSL_ports" },
		{ "404 Not Found\r\n\r\n", OUTCOME_REFUSED, "an HTTP proxy that allows CONNECT" },
		{ "501 Not Implemented\r\n\r\n", OUTCOME_REFUSED, "allows CONNECT" },
		{ "408 Timeout\r\n\r\n", OUTCOME_BUSY, "408 Timeout" },
		{ "429 Too Many\r\n\r\n", OUTCOME_BUSY, "429 Too Many" },
		{ "500 Unable to connect\r\n\r\n", OUTCOME_UNREACHABLE, "or failed itself" },
		{ "502 Bad Gateway\r\n\r\n", OUTCOME_UNREACHABLE, "cannot reach the manager" },
		{ "503 Unavailable\r\n\r\n", OUTCOME_UNREACHABLE, "cannot reach the manager" },
		{ "504 Timeout\r\n\r\n", OUTCOME_UNREACHABLE, "cannot reach the manager" },
		{ "505 No\r\n\r\n", OUTCOME_BUSY, "505 No" },
		{ "302 Found\r\n\r\n", OUTCOME_PROTOCOL_ERROR, "captive portal" },
		{ "403 for " PASSWORD "\r\n\r\n", OUTCOME_REFUSED, "403 (not shown: it echoes" },
		{ "403 for " CREDENTIALS "\r\n\r\n", OUTCOME_REFUSED, "403 (not shown: it echoes" },
		{ "403 \x1b[31m\r\n\r\n", OUTCOME_REFUSED, "403 \\x1b[31m" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		(void)setup(state);
		use_password();
		answer("HTTP/1.1 ");
		answer(rows[i].answer);
		check_row(rows[i].answer, ask(USEC_INFINITY) == rows[i].outcome);
		assert_said(rows[i].said);
		check_row(rows[i].answer, !strstr(world.why.text, PASSWORD) &&
						  !strstr(world.why.text, CREDENTIALS));
		(void)teardown(state);
	}
}

static void test_no_user(void **state)
{
	(void)state;
	assert_int_equal(proxy_parse(&world.proxy, "proxy"), 0);
	answer("HTTP/1.1 407 No\r\n\r\n");
	assert_int_equal(ask(USEC_INFINITY), OUTCOME_REFUSED);
	assert_said("it requires authentication: set proxy = http://USER@HOST:PORT");
}

static void test_no_http(void **state)
{
	char header[PROXY_HEADER_MAX + 64];

	answer("SSH-2.0-OpenSSH\r\n");
	assert_int_equal(ask(USEC_INFINITY), OUTCOME_PROTOCOL_ERROR);
	assert_said("did not respond with HTTP but with: SSH-2.0");
	(void)teardown(state);
	(void)setup(state);
	(void)snprintf(header, sizeof header, "HTTP/1.1 200 OK\r\nX: %0*d", PROXY_HEADER_MAX, 0);
	answer(header);
	assert_int_equal(ask(USEC_INFINITY), OUTCOME_PROTOCOL_ERROR);
	assert_said("sent a header of more than");
}

/* Only this machine knows what a zone means. */
static void test_zone(void **state)
{
	const struct endpoint local = { .host = "fe80::1%eth0", .port = 1515 };
	const struct deadline never = { .at = USEC_INFINITY, .stop_fd = -1 };
	char byte;

	(void)state;
	assert_int_equal(net_tunnel(world.client, &world.proxy, &local, &never, &world.why),
			 OUTCOME_MISCONFIGURED);
	assert_said("[fe80::1%eth0]:1515 cannot be reached through proxy");
	assert_int_equal(recv(world.peer, &byte, 1, MSG_DONTWAIT), -1); /* nothing was sent */
}

#define WITH_PROXY(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PROXY(test_tunnel),       WITH_PROXY(test_going_on),
		WITH_PROXY(test_silence),      WITH_PROXY(test_closed),
		WITH_PROXY(test_closed_later), WITH_PROXY(test_broken),
		WITH_PROXY(test_stopping),     cmocka_unit_test(test_statuses),
		WITH_PROXY(test_no_user),      WITH_PROXY(test_no_http),
		WITH_PROXY(test_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
