/* SPDX-License-Identifier: ISC */
#include "client/conversation/secrets.h"

#include "common/cleanup.h"
#include "common/peer-text.h"
#include "common/pem-file.h"
#include "common/secret-echo.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

/* Null: there is none. */
static bool is_in(const char *text, const char *secret)
{
	return secret &&
	       secret_echo_is_in(text, strlen(text), secret, strlen(secret), SECRET_ECHO_IN_A_ROW);
}

static bool has_credential(const char *text, const struct enrollment_token *token)
{
	return token && token->has_credential &&
	       secret_echo_is_in(text, strlen(text), token->secret, sizeof token->secret,
				 SECRET_ECHO_IN_PIECES);
}

/* Is a part of what this file holds in the text? Certificates may be in it, too. */
static bool has_private_key(const char *text, const struct attempt_connection *connection)
{
	const struct pem_subject subject = { "private key file", connection->private_key_file,
					     PEM_PRIVATE_KEY, connection->private_key_home };
	cleanup(pem_file_close) struct pem_file file = { 0 };
	struct reason ignored = { 0 };
	bool found = false;

	if (!subject.path || pem_file_open(&file, &subject, &ignored) < 0)
		return false; /* then the process has not read it either */
	while (!found) {
		char *name = NULL, *header = NULL;
		unsigned char *bytes = NULL;
		long length = 0;

		if (PEM_read_bio(file.bio, &name, &header, &bytes, &length) != 1)
			break;
		found = strstr(name, "PRIVATE KEY") &&
			secret_echo_is_in(text, strlen(text), bytes, (size_t)length,
					  SECRET_ECHO_IN_PIECES);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(bytes, (size_t)length);
	}
	ERR_clear_error();
	return found;
}

bool secrets_are_in(const char *text, const struct attempt *attempt,
		    const struct wire_result *received)
{
	const struct proxy *proxy = attempt->connection.proxy;
	const struct reenroll_secret *own = attempt->enroll.secret;

	if (*text == '\0')
		return false;
	return is_in(text, attempt->password) || is_in(text, proxy ? proxy->password.text : NULL) ||
	       is_in(text, own ? own->text : NULL) || has_credential(text, attempt->enroll.token) ||
	       has_private_key(text, &attempt->connection) ||
	       (received && (is_in(text, received->key.key) ||
			     is_in(text, received->report.reenroll_secret.text))) ||
	       peer_text_may_be_key(text, strlen(text));
}
