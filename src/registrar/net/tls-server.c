/* SPDX-License-Identifier: ISC */
#include "registrar/net/tls-server.h"

#include "common/escape.h"
#include "common/library-memory.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <string.h>
#include <sys/socket.h>

/* ------------------------------------------------------------------ steps */

bool tls_server_begin(struct tls_server *server, SSL_CTX *context, int fd)
{
	const unsigned long shortages = library_memory_shortages();

	*server = (struct tls_server){ .tls = SSL_new(context) };
	if (!server->tls || SSL_set_fd(server->tls, fd) != 1 ||
	    !handshake_limit_watch(&server->limit, server->tls))
		return false;
	SSL_set_read_ahead(server->tls, 1); /* one call for a record instead of two */
	/* OpenSSL 3.2 and later need memory for it, and do not say that they got none. */
	SSL_set_accept_state(server->tls);
	return library_memory_shortages() == shortages;
}

void tls_server_end(struct tls_server *server)
{
	SSL_free(server->tls);
	server->tls = NULL;
}

#ifndef SSL_R_RECORD_LAYER_FAILURE /* of OpenSSL 3.2 */
#define SSL_R_RECORD_LAYER_FAILURE 313
#endif

/* The last one that says something: OpenSSL adds there that it is of the layer of records. */
static unsigned long take_error(void)
{
	unsigned long error, last = 0;

	while ((error = ERR_get_error()) != 0)
		if (last == 0 || ERR_GET_REASON(error) != SSL_R_RECORD_LAYER_FAILURE)
			last = error;
	return last;
}

/* OpenSSL looks there for what has gone wrong. */
static void forget_errors(void)
{
	ERR_clear_error();
	errno = 0;
}

/* What a call that returned this has led to. */
static enum tls_step step_of(struct tls_server *server, int result)
{
	int socket_error = errno;

	switch (SSL_get_error(server->tls, result)) {
	case SSL_ERROR_NONE:
		return TLS_STEP_DONE;
	case SSL_ERROR_WANT_READ:
		return TLS_STEP_NEEDS_BYTES;
	case SSL_ERROR_WANT_WRITE:
		return TLS_STEP_NEEDS_ROOM;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_STEP_ENDED;
	default:
		server->error = take_error();
		server->socket_error = socket_error;
		return TLS_STEP_FAILED;
	}
}

enum tls_step tls_server_shake_hands(struct tls_server *server)
{
	forget_errors();
	return step_of(server, SSL_do_handshake(server->tls));
}

enum tls_step tls_server_read(struct tls_server *server, void *buffer, size_t size, size_t *ret)
{
	int result;

	forget_errors();
	result = SSL_read(server->tls, buffer, (int)size);
	*ret = result > 0 ? (size_t)result : 0;
	return step_of(server, result);
}

bool tls_server_collect(struct tls_server *server, struct tls_output *ret)
{
	BIO *bytes = BIO_new(BIO_s_mem());

	if (!bytes)
		return false;
	(void)BIO_up_ref(bytes);
	SSL_set0_wbio(server->tls, bytes);
	*ret = (struct tls_output){ .bytes = bytes };
	return true;
}

enum tls_step tls_server_write(struct tls_server *server, const void *bytes, size_t length)
{
	forget_errors();
	return step_of(server, SSL_write(server->tls, bytes, (int)length));
}

void tls_server_write_end(struct tls_server *server)
{
	(void)SSL_shutdown(server->tls);
	ERR_clear_error();
}

/* ------------------------------------------------------------------ what has gone wrong */

static const char *text_of_failure(const struct tls_server *server, bool is_short)
{
	const char *closed = "the client closed the connection";
	unsigned long error = server->error;
	long verified = SSL_get_verify_result(server->tls);

	if (handshake_limit_was_exceeded(server->tls))
		return "a handshake message is too long";
	if (error != 0 && is_short)
		return "out of memory here";
	if (verified != X509_V_OK)
		return X509_verify_cert_error_string(verified);
	if (ERR_SYSTEM_ERROR(error))
		return strerrordesc_np(ERR_GET_REASON(error)) ?: "TLS error";
	if (error != 0)
		return ERR_reason_error_string(error) ?: "TLS error";
	return server->socket_error ? strerrordesc_np(server->socket_error) ?: closed : closed;
}

const char *tls_server_describe_failure(const struct tls_server *server, char *buffer, size_t size)
{
	bool is_short = library_memory_was_short();

	library_memory_forget();
	return escape_string(buffer, size, text_of_failure(server, is_short));
}

/* ------------------------------------------------------------------ what is to be sent */

int tls_output_send(struct tls_output *output, int fd)
{
	char *bytes = NULL;
	long length = output->bytes ? BIO_get_mem_data(output->bytes, &bytes) : 0;

	while (output->sent < (size_t)length) {
		ssize_t n = send(fd, bytes + output->sent, (size_t)length - output->sent,
				 MSG_NOSIGNAL | MSG_DONTWAIT | MSG_MORE);

		if (n < 0 && errno != EINTR)
			return -errno;
		output->sent += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

void tls_output_clear(struct tls_output *output)
{
	BIO_free(output->bytes);
	*output = (struct tls_output){ .bytes = NULL };
}
