/* SPDX-License-Identifier: ISC */
#include "registrar/credentials.h"

#include "common/log.h"
#include "common/tls-context.h"

#include <errno.h>

/* What clients are told: certificates of which CAs are accepted. 0 or -ENOMEM. */
static int name_authorities(SSL_CTX *context)
{
	const STACK_OF(X509_OBJECT) *objects =
		X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));

	for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
		X509 *authority = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));

		if (authority && SSL_CTX_add_client_CA(context, authority) != 1)
			return -ENOMEM;
	}
	return 0;
}

static int open_tls(SSL_CTX **ret, const struct options *options, struct reason *why)
{
	const struct tls_settings settings = {
		.server = true,
		.ca_file = options->tls.client_ca_file,
		.certificate_file = options->tls.certificate_file,
		.private_key_file = options->tls.private_key_file,
		.ciphers = options->tls.ciphers,
	};
	int r = tls_context_new(ret, &settings, why);

	if (r < 0)
		return r;
	/* Agents register once: resumption would cost each of them two records for nothing. */
	SSL_CTX_set_session_cache_mode(*ret, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(*ret, 0);
	/* A client that closes its half without close_notify still wants its answer. */
	SSL_CTX_set_options(*ret, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
					  SSL_OP_IGNORE_UNEXPECTED_EOF |
					  SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(*ret, SSL_MODE_RELEASE_BUFFERS);
	if (options->tls.client_ca_file) {
		SSL_CTX_set_verify(*ret, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
		if (name_authorities(*ret) < 0)
			return reason_errno(why, ENOMEM, "Cannot use the CA of the clients");
	}
	return 0;
}

static int open_password(struct secret *ret, const struct options *options, struct reason *why)
{
	struct reason cause;
	int r;

	if (options->password.is_unused) {
		log_warning("No password is required%s: any client "
			    "that can connect%s can register agents",
			    options->service.called ? "" : " (-n)",
			    options->tls.client_ca_file ? " with a client certificate" : "");
		return 0;
	}
	r = secret_read_first_line(ret, "password", options->password.file, &cause);
	if (r < 0) {
		reason_set(why,
			   options->service.called
				   ? "%s; create it with 'agent-registrar -D DIRECTORY init'"
				   : "%s; set it with -P, create it with --init, "
				     "or require none with -n",
			   cause.text);
		return r;
	}
	if (secret_file_is_exposed(options->password.file))
		log_warning("The password file %s is world-readable; run: chmod 0600 %s",
			    options->password.file, options->password.file);
	return 0;
}

int credentials_open(struct credentials *ret, const struct options *options, struct reason *why)
{
	struct credentials credentials = { .tls = NULL };
	int r = open_tls(&credentials.tls, options, why);

	if (r >= 0)
		r = open_password(&credentials.password, options, why);
	if (r < 0)
		credentials_clear(&credentials);
	else
		*ret = credentials;
	return r;
}

void credentials_clear(struct credentials *credentials)
{
	secret_wipe(&credentials->password);
	SSL_CTX_free(credentials->tls);
	*credentials = (struct credentials){ .tls = NULL };
}
