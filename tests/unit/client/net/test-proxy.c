/* SPDX-License-Identifier: ISC */
/* The proxy's address, the request for a tunnel, and what the answer to it may look like. */
#include "tests/unit/support.h"

#include "client/net/proxy.h"

#include <errno.h>

/* ------------------------------------------------------------------ the setting */

static void test_addresses(void **state)
{
	static const struct {
		const char *text, *host;
		unsigned int port;
		const char *user;
	} good[] = {
		{ "proxy", "proxy", 3128, "" },
		{ "proxy:8080", "proxy", 8080, "" },
		{ "http://proxy", "proxy", 3128, "" },
		{ "HTTP://proxy:80/", "proxy", 80, "" },
		{ "http://10.0.0.1:3128/", "10.0.0.1", 3128, "" },
		{ "http://[2001:db8::1]:8080", "2001:db8::1", 8080, "" },
		{ "[::1]", "::1", 3128, "" },
		{ "http://web@proxy:8080", "proxy", 8080, "web" },
		{ "web@[::1]:1", "::1", 1, "web" },
		{ "http://DOMAIN%5Cweb%40x@proxy", "proxy", 3128, "DOMAIN\\web@x" },
		{ "http://web@example.org@proxy", "proxy", 3128, "web@example.org" },
		{ "http://h%c3%B6st@proxy", "proxy", 3128, "h\xc3\xb6st" },
	};
	static const char *const bad[] = {
		"",
		"http://",
		"https://proxy",
		"socks5://proxy",
		"proxy:0",
		"proxy:65536",
		"proxy:",
		"@proxy",
		"http://@proxy",
		"proxy/path",
		"http://proxy//",
		"http://[::1",
		"http://[proxy]",
		"http:///proxy",
		"pro xy",
		"a%@proxy",
		"a%2@proxy",
		"a%2@3",
		"a%zz@proxy",
		"a%00@proxy",
		"a%0ab@proxy",
		"a%3ab@proxy",
		"a%7f@proxy",
	};
	static const char *const with_password[] = { "http://a:b@proxy", "a:b@proxy", "a:@proxy",
						     ":b@proxy", "http://a:b@c@proxy:1/" };

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct proxy proxy;

		check_row(good[i].text, proxy_parse(&proxy, good[i].text) == 0);
		check_row(good[i].text, strcmp(proxy.endpoint.host, good[i].host) == 0 &&
						proxy.endpoint.port == good[i].port);
		check_row(good[i].text,
			  strcmp(proxy.user, good[i].user) == 0 && !proxy.password.text);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct proxy proxy = { .user = "unchanged" };

		check_row(bad[i], proxy_parse(&proxy, bad[i]) == -EINVAL &&
					  strcmp(proxy.user, "unchanged") == 0);
	}
	for (size_t i = 0; i < COUNT(with_password); i++) {
		struct proxy proxy;

		check_row(with_password[i], proxy_parse(&proxy, with_password[i]) == -EPERM);
	}
}

/* ------------------------------------------------------------------ the request */

#define AGENT "User-Agent: agent-register/" PACKAGE_VERSION "\r\n"

static void test_requests(void **state)
{
	static const struct {
		const char *proxy, *password, *target, *request;
	} rows[] = {
		{ "proxy", NULL, "manager.example.org",
		  "CONNECT manager.example.org:1515 HTTP/1.1\r\n"
		  "Host: manager.example.org:1515\r\n" AGENT "\r\n" },
		{ "proxy", NULL, "[2001:db8::5]:99",
		  "CONNECT [2001:db8::5]:99 HTTP/1.1\r\nHost: [2001:db8::5]:99\r\n" AGENT "\r\n" },
		/* RFC 7617, 2: user Aladdin, password "open sesame" */
		{ "Aladdin@proxy", "open sesame", "m:1",
		  "CONNECT m:1 HTTP/1.1\r\nHost: m:1\r\n" AGENT
		  "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n" },
		{ "a@proxy", NULL, "m:1",
		  "CONNECT m:1 HTTP/1.1\r\nHost: m:1\r\n" AGENT
		  "Proxy-Authorization: Basic YTo=\r\n\r\n" },
		{ "proxy", "unused", "m:1", "CONNECT m:1 HTTP/1.1\r\nHost: m:1\r\n" AGENT "\r\n" },
		{ "proxy", NULL, "fe80::1%eth0", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char buffer[PROXY_REQUEST_MAX];
		struct endpoint target;
		struct proxy proxy;
		ssize_t length;

		check_row(rows[i].proxy, proxy_parse(&proxy, rows[i].proxy) == 0);
		check_row(rows[i].target, endpoint_parse(&target, rows[i].target, 1515) == 0);
		proxy.password.text = rows[i].password ? strdup(rows[i].password) : NULL;
		length = proxy_request_format(buffer, &proxy, &target);
		if (rows[i].request)
			check_row(rows[i].target, length == (ssize_t)strlen(rows[i].request) &&
							  strcmp(buffer, rows[i].request) == 0);
		else
			check_row(rows[i].target, length == -EINVAL);
		proxy_wipe(&proxy);
	}
}

/* The longest of everything fits, and is not cut. */
static void test_longest_request(void **state)
{
	char text[PROXY_USER_MAX + 16], buffer[PROXY_REQUEST_MAX], host[256];
	struct endpoint target = { .port = 65535 };
	struct proxy proxy;
	ssize_t length;

	(void)state;
	memset(text, 'u', PROXY_USER_MAX);
	memcpy(text + PROXY_USER_MAX, "@proxy", sizeof "@proxy");
	assert_int_equal(proxy_parse(&proxy, text), 0);
	memset(host, 'h', sizeof host - 1);
	host[sizeof host - 1] = '\0';
	memcpy(target.host, host, sizeof host);
	proxy.password = (struct secret){ calloc(1, SECRET_MAX + 1), SECRET_MAX };
	assert_non_null(proxy.password.text);
	memset(proxy.password.text, 'p', SECRET_MAX);
	length = proxy_request_format(buffer, &proxy, &target);
	assert_true(length > 5800 && length < PROXY_REQUEST_MAX);
	assert_int_equal(strlen(buffer), length);
	assert_string_equal(buffer + length - 4, "\r\n\r\n");
	proxy_wipe(&proxy);

	text[PROXY_USER_MAX] = 'u';
	memcpy(text + PROXY_USER_MAX + 1, "@proxy", sizeof "@proxy");
	assert_int_equal(proxy_parse(&proxy, text), -EINVAL);
}

/* ------------------------------------------------------------------ the answer */

#define OK "HTTP/1.1 200 Connection established\r\n"

static const struct {
	const char *text;
	enum proxy_answer_state state;
	int status;
	size_t left; /* bytes behind the header */
	const char *phrase;
	bool basic, other;
} answers[] = {
	{ OK "\r\n", PROXY_ANSWER_DONE, 200, 0, "Connection established", false, false },
	{ OK "\r\n\x16\x03\x03", PROXY_ANSWER_DONE, 200, 3, "Connection established", false,
	  false },
	{ OK "\r\n" OK "\r\n", PROXY_ANSWER_DONE, 200, strlen(OK) + 2, "Connection established",
	  false, false },
	{ "HTTP/1.0 200\r\n\r\n", PROXY_ANSWER_DONE, 200, 0, "", false, false },
	{ "HTTP/1.1 200 \r\n\r\n", PROXY_ANSWER_DONE, 200, 0, "", false, false },
	{ "HTTP/1.1 204 x\r\n\r\nrest", PROXY_ANSWER_DONE, 204, 4, "x", false, false },
	{ "HTTP/1.1 204 x\n\nrest", PROXY_ANSWER_INVALID, 0, 5, "", false, false },
	{ "HTTP/1.1 204 x\r\nVia: a\n\r\n", PROXY_ANSWER_INVALID, 204, 2, "x", false, false },
	{ "HTTP/1.1 204 x\r\n\n", PROXY_ANSWER_INVALID, 204, 0, "x", false, false },
	{ OK "Via: 1.1 a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nX:\r\n\r\n",
	  PROXY_ANSWER_DONE, 200, 0, "Connection established", false, false },
	{ OK "Via: 1.1 a,\r\n\t1.1 b\r\n\r\n", PROXY_ANSWER_DONE, 200, 0, "Connection established",
	  false, false },
	{ "HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 103 Early\r\n\r\n" OK "\r\n",
	  PROXY_ANSWER_DONE, 200, 0, "Connection established", false, false },
	{ "HTTP/1.1 101 Switching Protocols\r\n\r\n", PROXY_ANSWER_DONE, 101, 0,
	  "Switching Protocols", false, false },
	{ "HTTP/1.1 300 x\r\n\r\n", PROXY_ANSWER_DONE, 300, 0, "x", false, false },
	{ "HTTP/1.1 302 Found\r\nLocation: http://login/\r\n\r\n<html>", PROXY_ANSWER_DONE, 302, 6,
	  "Found", false, false },
	{ "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"x, Negotiate \\\" NTLM\"\r\n\r\n",
	  PROXY_ANSWER_DONE, 407, 0, "No", true, false },
	{ "HTTP/1.1 407 No\r\nproxy-authenticate:basic realm = Digest\r\n\r\n", PROXY_ANSWER_DONE,
	  407, 0, "No", true, false },
	{ "HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate, NTLM\r\n\r\n", PROXY_ANSWER_DONE, 407,
	  0, "No", false, true },
	{ "HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM abc==, Basic realm=\"a\"\r\n\r\n",
	  PROXY_ANSWER_DONE, 407, 0, "No", true, true },
	{ "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm=\"Basic\", qop=Basic\r\n\r\n",
	  PROXY_ANSWER_DONE, 407, 0, "No", false, true },
	{ "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm=\"cut\r\n"
	  "Proxy-Authenticate: Basic\r\n\r\n",
	  PROXY_ANSWER_DONE, 407, 0, "No", true, true },
	{ "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest a=\"\\\r\n\r\n", PROXY_ANSWER_DONE, 407, 0,
	  "No", false, true },
	{ "", PROXY_ANSWER_MORE, 0, 0, "", false, false },
	{ "HTT", PROXY_ANSWER_MORE, 0, 0, "", false, false },
	{ OK, PROXY_ANSWER_MORE, 200, 0, "Connection established", false, false },
	{ OK "Via: 1.1 a\r\n", PROXY_ANSWER_MORE, 200, 0, "Connection established", false, false },
	{ "HTTP/1.1 100 Continue\r\n\r\n", PROXY_ANSWER_MORE, 0, 0, "Continue", false, false },
	{ "HTTP/2 200\r\n\r\n", PROXY_ANSWER_INVALID, 0, 4, "", false, false },
	{ "HTTP/1.1 20 OK\r\n\r\n", PROXY_ANSWER_INVALID, 0, 2, "", false, false },
	{ "HTTP/1.1 2000 OK\r\n\r\n", PROXY_ANSWER_INVALID, 0, 2, "", false, false },
	{ "HTTP/1.1 099 OK\r\n\r\n", PROXY_ANSWER_INVALID, 0, 2, "", false, false },
	{ "HTTP/1.1  200 OK\r\n\r\n", PROXY_ANSWER_INVALID, 0, 2, "", false, false },
	{ "HTTP/1.1 200OK\r\n\r\n", PROXY_ANSWER_INVALID, 0, 2, "", false, false },
	{ "HTTP/1.x 200 OK\r\n\r\n", PROXY_ANSWER_INVALID, 0, 2, "", false, false },
	{ "HTTP/1.\r\n\r\n", PROXY_ANSWER_INVALID, 0, 2, "", false, false },
	{ "http/1.1 200 OK\r\n\r\n", PROXY_ANSWER_INVALID, 0, 2, "", false, false },
	{ "\r\n" OK "\r\n", PROXY_ANSWER_INVALID, 0, strlen(OK) + 2, "", false, false },
	{ "SSH-2.0-OpenSSH_9.2", PROXY_ANSWER_INVALID, 0, 0, "", false, false },
	{ "\x15\x03\x01", PROXY_ANSWER_INVALID, 0, 0, "", false, false },
	{ OK "no colon\r\n\r\n", PROXY_ANSWER_INVALID, 200, 2, "Connection established", false,
	  false },
	{ OK ": no name\r\n\r\n", PROXY_ANSWER_INVALID, 200, 2, "Connection established", false,
	  false },
	{ OK "A: b\rC: d\r\n\r\n", PROXY_ANSWER_INVALID, 200, 2, "Connection established", false,
	  false },
};

static void test_answers(void **state)
{
	static const size_t pieces[] = { 1, 2, 7, 100000 };

	(void)state;
	for (size_t i = 0; i < COUNT(answers) * COUNT(pieces); i++) {
		size_t row = i / COUNT(pieces), length = strlen(answers[row].text), fed = 0;
		static struct proxy_answer answer;

		memset(&answer, 0, sizeof answer);
		while (fed < length && answer.state == PROXY_ANSWER_MORE) {
			size_t piece = length - fed < pieces[i % COUNT(pieces)]
					       ? length - fed
					       : pieces[i % COUNT(pieces)];
			size_t taken = proxy_answer_feed(&answer, answers[row].text + fed, piece);

			check_row(answers[row].text,
				  taken <= piece &&
					  (taken == piece || answer.state != PROXY_ANSWER_MORE));
			fed += taken;
		}
		check_row(answers[row].text, answer.state == answers[row].state &&
						     answer.status == answers[row].status);
		check_row(answers[row].text, strcmp(answer.phrase, answers[row].phrase) == 0);
		check_row(answers[row].text, answer.offers_basic == answers[row].basic &&
						     answer.offers_other == answers[row].other);
		/* What is no HTTP may be given up early. */
		check_row(answers[row].text, answer.state == PROXY_ANSWER_INVALID ||
						     length - fed == answers[row].left);
		check_row(answers[row].text,
			  proxy_answer_is_tunnel(&answer) ==
				  (answer.state == PROXY_ANSWER_DONE && answer.status / 100 == 2));
		check_row(answers[row].text, answer.state == PROXY_ANSWER_MORE ||
						     proxy_answer_feed(&answer, "x", 1) == 0);
	}
}

static void test_nul_byte(void **state)
{
	static const char text[] = "HTTP/1.1 200 O\0K\r\n\r\n";
	struct proxy_answer answer = { 0 };

	(void)state;
	(void)proxy_answer_feed(&answer, text, sizeof text - 1);
	assert_int_equal(answer.state, PROXY_ANSWER_INVALID);
}

/*
 * A header has an end, whether it is one long line, many lines, or one interim answer after the
 * other.
 */
static void test_endless_header(void **state)
{
	static const char *const repeated[] = { "a", "a: b\r\n", "\r\nHTTP/1.1 100 Continue\r\n" };

	(void)state;
	for (size_t i = 0; i < COUNT(repeated); i++) {
		static struct proxy_answer answer;
		size_t taken = 0;

		memset(&answer, 0, sizeof answer);
		taken += proxy_answer_feed(&answer, "HTTP/1.1 100 Continue\r\n",
					   strlen("HTTP/1.1 100 Continue\r\n"));
		while (answer.state == PROXY_ANSWER_MORE && taken < 1000000)
			taken += proxy_answer_feed(&answer, repeated[i], strlen(repeated[i]));
		check_row(repeated[i],
			  answer.state == PROXY_ANSWER_INVALID && taken == PROXY_HEADER_MAX + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),       cmocka_unit_test(test_requests),
		cmocka_unit_test(test_longest_request), cmocka_unit_test(test_answers),
		cmocka_unit_test(test_nul_byte),        cmocka_unit_test(test_endless_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
