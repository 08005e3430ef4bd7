/* SPDX-License-Identifier: ISC */
#include "registrar/authd/tls-failure.h"

#include "common/escape.h"
#include "common/library-memory.h"
#include "registrar/net/handshake-limit.h"

#include <event2/bufferevent_ssl.h>
#include <event2/util.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <string.h>

const char *tls_failure_describe(char *buffer, size_t size, const SSL *tls,
				 struct bufferevent *stream, short what)
{
	long verified = SSL_get_verify_result(tls);
	unsigned long error = bufferevent_get_openssl_error(stream);
	int socket_error = EVUTIL_SOCKET_ERROR();
	bool is_short = library_memory_was_short();
	const char *text;

	library_memory_forget();
	if (handshake_limit_was_exceeded(tls))
		text = "a handshake message is too long";
	else if (error != 0 && is_short)
		text = "out of memory here";
	else if (verified != X509_V_OK)
		text = X509_verify_cert_error_string(verified);
	else if (ERR_SYSTEM_ERROR(error))
		text = strerrordesc_np(ERR_GET_REASON(error)) ?: "TLS error";
	else if (error != 0)
		text = ERR_reason_error_string(error) ?: "TLS error";
	else if (what & BEV_EVENT_EOF)
		text = "the client closed the connection";
	else
		text = socket_error ? evutil_socket_error_to_string(socket_error)
				    : "the client closed the connection";
	return escape_string(buffer, size, text);
}
