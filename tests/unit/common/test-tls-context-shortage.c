/* SPDX-License-Identifier: ISC */
/* A context for which one allocation failed: there is none, or it is good for a handshake. */
#include "tests/unit/certificates.h"
#include "tests/unit/shortage.h"
#include "tests/unit/support.h"

#include "common/library-memory.h"
#include "common/tls-context.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEP 5
#define ROUNDS_MAX 10

enum { DONE, FAILED, NO_SHORTAGE, NOT_TOLD, NO_HANDSHAKE };

static bool can_shake_hands(SSL_CTX *server_context)
{
	SSL_CTX *client_context = SSL_CTX_new(TLS_client_method());
	SSL *server = SSL_new(server_context), *client = SSL_new(client_context);
	BIO *of_server, *of_client;
	bool is_done = false;

	SSL_CTX_set_verify(client_context, SSL_VERIFY_NONE, NULL);
	if (BIO_new_bio_pair(&of_server, 0, &of_client, 0) != 1)
		return false;
	SSL_set_bio(server, of_server, of_server);
	SSL_set_bio(client, of_client, of_client);
	for (int i = 0; !is_done && i < ROUNDS_MAX; i++) {
		bool is_connected = SSL_connect(client) == 1;

		is_done = SSL_accept(server) == 1 && is_connected;
	}
	return is_done;
}

/* In a process of its own: what OpenSSL sets up, or could not, is so for good. */
static int make_context(const char *directory, unsigned int nth)
{
	const struct tls_settings settings = {
		.server = true,
		.certificate_file = path_in(directory, "certificate"),
		.private_key_file = path_in(directory, "key"),
	};
	struct reason why = { 0 };
	SSL_CTX *context = NULL;
	bool has_failed;
	int r;

	shortage_begin(nth);
	r = tls_context_new(&context, &settings, &why);
	has_failed = shortage_end();
	if (r < 0)
		return r == -ENOMEM && has_failed && why.text[0] ? FAILED : NOT_TOLD;
	if (!can_shake_hands(context))
		return NO_HANDSHAKE;
	return has_failed ? DONE : NO_SHORTAGE;
}

static int status_of(const char *directory, unsigned int nth)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(make_context(directory, nth));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_each_allocation(void **state)
{
	unsigned int nth = 1;
	int status;

	while ((status = status_of(*state, nth)) != NO_SHORTAGE) {
		if (status != DONE && status != FAILED)
			fail_msg("allocation %u: %s", nth,
				 status == NO_HANDSHAKE ? "no handshake succeeds" : "not told");
		nth += shortage_step(STEP);
	}
	assert_true(nth > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_allocation, setup_certificate,
						teardown_directory),
	};

	library_memory_watch_openssl();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
