/* SPDX-License-Identifier: ISC */
#include "registrar/credentials.h"

#include "common/cleanup.h"
#include "common/tls-context.h"
#include "registrar/net/handshake-limit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

/* "NAME:LIST" or "LIST:NAME". False: out of memory. */
static bool join(char **list, const char *name, bool in_front)
{
	cleanup_free char *old = *list;

	*list = NULL;
	if (!old)
		return (*list = strdup(name)) != NULL;
	if (asprintf(list, "%s:%s", in_front ? name : old, in_front ? old : name) >= 0)
		return true;
	*list = NULL;
	return false;
}

/*
 * Of the suites of TLS 1.3 that OpenSSL's configuration allows, the one with the cheapest hash
 * comes first: SHA-384, with which all keys of a handshake would be derived, takes a tenth of it.
 * Keys of AES-128 are as strong as the curves that their secret comes from. 0 or -ENOMEM.
 */
static int prefer_light_suite(SSL_CTX *context)
{
	const STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(context);
	cleanup_free char *list = NULL;

	for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
		const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, i);
		bool is_light = SSL_CIPHER_get_id(cipher) == TLS1_3_CK_AES_128_GCM_SHA256;

		if (SSL_CIPHER_get_protocol_id(cipher) >> 8 == 0x13 && /* of TLS 1.3 */
		    !join(&list, SSL_CIPHER_get_name(cipher), is_light))
			return -ENOMEM;
	}
	return !list || SSL_CTX_set_ciphersuites(context, list) == 1 ? 0 : -ENOMEM;
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
	if (prefer_light_suite(*ret) < 0)
		return reason_errno(why, ENOMEM, "Cannot set up TLS");
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
	if (r >= 0)
		r = authorities_find(&credentials.authorities, credentials.tls,
				     material->authorities.bytes, material->authorities.path, why);
	if (r < 0)
		credentials_clear(&credentials);
	else
		*ret = credentials;
	return r;
}

void credentials_clear(struct credentials *credentials)
{
	secret_wipe(&credentials->password);
	authorities_clear(&credentials->authorities);
	SSL_CTX_free(credentials->tls);
	*credentials = (struct credentials){ .tls = NULL };
}
