/* SPDX-License-Identifier: ISC */
#include "registrar/credentials.h"

#include "common/tls-context.h"
#include "registrar/net/handshake-limit.h"

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

static struct tls_content content_of(const struct material_file *file)
{
	return (struct tls_content){ file->bytes, file->length };
}

static int make_tls(SSL_CTX **ret, const struct material *material, struct reason *why)
{
	const struct tls_settings settings = {
		.server = true,
		.ca_file = material->client_ca.path,
		.certificate_file = material->certificate.path,
		.private_key_file = material->private_key.path,
		.ca = content_of(&material->client_ca),
		.certificate = content_of(&material->certificate),
		.private_key = content_of(&material->private_key),
		.ciphers = material->ciphers,
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
	SSL_CTX_set_max_cert_list(*ret, HANDSHAKE_MESSAGE_MAX);
	if (material->client_ca.path) {
		SSL_CTX_set_verify(*ret, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
		if (name_authorities(*ret) < 0)
			return reason_errno(why, ENOMEM, "Cannot use the CA of the clients");
	}
	return 0;
}

int credentials_make(struct credentials *ret, const struct material *material, struct reason *why)
{
	struct credentials credentials = { .tls = NULL };
	int r = make_tls(&credentials.tls, material, why);

	if (r >= 0 && secret_set(&credentials.password, material->password.text) < 0)
		r = reason_errno(why, ENOMEM, "Cannot keep the password");
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
