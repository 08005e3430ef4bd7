/* SPDX-License-Identifier: ISC */
/*
 * A registration by authd's protocol, as the process that talks to a manager makes it, in which one
 * allocation fails, for every one in our code and in libraries: there is the key, or it is known
 * that memory was short; and, as a sanitizer sees it, none is lost. The real process ends too soon
 * for a sanitizer to look, and may not do what that takes.
 */
#include "tests/unit/support.h"

#include "client/methods/methods.h"
#include "common/library-memory.h"
#include "tests/unit/certificates.h"
#include "tests/unit/shortage.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEY "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
#define REPLY "OSSEC K:'001 web any " KEY "'\n\n"
#define STEP 11
#define PATIENCE (20 * USEC_PER_SEC) /* only a broken client needs it */

/* ------------------------------------------------------------------ the manager */

static struct {
	SSL_CTX *context;
	int listener;
	char address[32];
	pthread_t thread;
	atomic_bool is_ending;
} manager;

static void serve(int fd)
{
	SSL *tls = SSL_new(manager.context);
	char request[1024];

	if (!tls || SSL_set_fd(tls, fd) != 1)
		abort();
	if (SSL_accept(tls) == 1 && SSL_read(tls, request, sizeof request) > 0 &&
	    SSL_write(tls, REPLY, sizeof REPLY - 1) > 0) {
		(void)SSL_shutdown(tls);
		(void)SSL_read(tls, request, sizeof request); /* until the client has gone */
	}
	SSL_free(tls);
}

/* One connection after the other; the last one wakes it to its end. */
static void *run_manager(void *argument)
{
	(void)argument;
	while (!manager.is_ending) {
		int fd = accept4(manager.listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			abort();
		serve(fd);
		(void)close(fd);
	}
	return NULL;
}

static void listen_somewhere(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof address;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	manager.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(manager.listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(manager.listener, 16), 0);
	assert_int_equal(getsockname(manager.listener, (struct sockaddr *)&address, &size), 0);
	(void)snprintf(manager.address, sizeof manager.address, "127.0.0.1:%u",
		       ntohs(address.sin_port));
}

static void end_manager(void)
{
	struct sockaddr_in address;
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	manager.is_ending = true;
	assert_int_equal(getsockname(manager.listener, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	(void)close(fd);
	assert_int_equal(pthread_join(manager.thread, NULL), 0);
	(void)close(manager.listener);
}

static int setup(void **state)
{
	static const struct certificate_plan ca_plan = { .common_names = { "CA" }, .is_ca = true };
	static const struct certificate_plan plan = { .common_names = { "m" },
						      .alternative_names = "IP:127.0.0.1" };
	cleanup_pkey EVP_PKEY *key = make_key();
	cleanup_x509 X509 *ca = make_certificate(&ca_plan, key, NULL, NULL);
	cleanup_x509 X509 *certificate = make_certificate(&plan, key, ca, key);

	if (setup_directory(state) < 0)
		return -1;
	(void)signal(SIGPIPE, SIG_IGN);
	write_certificate(path_in(*state, "ca.pem"), ca, false);
	manager.context = SSL_CTX_new(TLS_server_method());
	assert_int_equal(SSL_CTX_use_certificate(manager.context, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(manager.context, key), 1);
	listen_somewhere();
	return pthread_create(&manager.thread, NULL, run_manager, NULL);
}

static int teardown(void **state)
{
	end_manager();
	SSL_CTX_free(manager.context);
	return teardown_directory(state);
}

/* ------------------------------------------------------------------ the client */

/* As the child does it: prepare, and run. */
static int ask(const char *ca_file, struct agent_key *ret, struct attempt_report *report)
{
	const struct tls_settings settings = { .ca_file = ca_file };
	const struct tls_trust trust = { .verify = true, .ca_file = ca_file };
	struct deadline forever = { USEC_INFINITY, -1 }, deadline = deadline_in(PATIENCE, &forever);
	struct endpoint endpoint;
	struct attempt attempt = {
		.manager = &endpoint,
		.agent = { .name = "web", .groups = "a,b", .version = "v4.9.0" },
		.connection = { .trust = &trust, .timeout = PATIENCE },
		.password = "horse",
		.deadline = &deadline,
	};
	int r = tls_context_new(&attempt.connection.context, &settings, &report->why);

	if (r < 0)
		return r;
	assert_int_equal(endpoint_parse(&endpoint, manager.address, 1515), 0);
	r = method_authd.run(&attempt, ret, report);
	SSL_CTX_free(attempt.connection.context);
	return r;
}

static bool attempt_at(const char *ca_file, unsigned int nth)
{
	struct attempt_report report = { .anchor = NULL };
	struct agent_key key = { .id = "" };
	bool has_failed;
	int r;

	library_memory_forget();
	shortage_begin(nth);
	r = ask(ca_file, &key, &report);
	has_failed = shortage_end();
	if (r == OUTCOME_REGISTERED)
		assert_string_equal(key.key, KEY);
	else if (r != -ENOMEM && !library_memory_was_short())
		fail_msg("allocation %u: %d: %s", nth, r, report.why.text);
	else
		assert_true(has_failed && report.why.text[0]);
	assert_no_leak_at_times();
	return has_failed;
}

static void test_every_allocation(void **state)
{
	const char *ca_file = path_in(*state, "ca.pem");
	unsigned int nth = 1;

	assert_false(attempt_at(ca_file, 0)); /* what libraries set up once is there */
	while (attempt_at(ca_file, nth))
		nth += shortage_step(STEP);
	assert_true(nth > 100);
	assert_no_leak();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_allocation) };

	library_memory_watch_openssl();
	return cmocka_run_group_tests(tests, setup, teardown);
}
