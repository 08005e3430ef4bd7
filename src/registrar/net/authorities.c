/* SPDX-License-Identifier: ISC */
#include "registrar/net/authorities.h"

#include "common/cleanup.h"
#include "common/library-memory.h"
#include "common/pem-file.h"
#include "common/tls-context.h"
#include "registrar/net/certificate.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ of the registrar's own */

static int parse_bundle(struct ca_bundle *ret, const char *text, size_t length, const char *path,
			struct reason *why)
{
	cleanup(ca_bundle_clear) struct ca_bundle found = { 0 };
	int r = ca_bundle_read(&found, text, length);

	if (r < 0)
		return reason_errno(why, r, "Cannot read %s", path);
	if (found.is_damaged || ca_bundle_count(&found) == 0 ||
	    ca_bundle_count(&found) > CA_BUNDLE_MAX) {
		reason_set(why, "%s does not hold one to %d certificates", path, CA_BUNDLE_MAX);
		return -EINVAL;
	}
	*ret = found;
	found = (struct ca_bundle){ 0 };
	return 0;
}

int authorities_read_bundle(struct ca_bundle *ret, const char *path, struct reason *why)
{
	const struct pem_subject subject = { "CA file", path, PEM_CERTIFICATE };
	cleanup(pem_file_close) struct pem_file file = { 0 };
	int r = pem_file_open(&file, &subject, why);

	return r < 0 ? r : parse_bundle(ret, file.bytes, file.length, path, why);
}

X509 *authorities_issuer(const struct ca_bundle *bundle, X509 *certificate)
{
	for (size_t i = 0; certificate && i < ca_bundle_count(bundle); i++)
		if (certificate_is_issued_by(certificate, ca_bundle_at(bundle, i)))
			return ca_bundle_at(bundle, i);
	return NULL;
}

char *authorities_print(const struct ca_bundle *bundle)
{
	const struct ca_bundle plain = { .certificates = bundle->certificates };

	return ca_bundle_format(&plain);
}

/* ------------------------------------------------------------------ of the certificate's file */

static bool is_own_issuer(X509 *certificate)
{
	return X509_check_issued(certificate, certificate) == X509_V_OK;
}

static bool write_chain(BIO *pem, X509 *own, STACK_OF(X509) * chain)
{
	int written = 0;

	if (own && is_own_issuer(own)) {
		if (PEM_write_bio_X509(pem, own) != 1)
			return false;
		written++;
	}
	for (int i = 0; i < sk_X509_num(chain); i++, written++)
		if (PEM_write_bio_X509(pem, sk_X509_value(chain, i)) != 1)
			return false;
	return written > 0;
}

X509 *authorities_root(X509 *own, STACK_OF(X509) * chain)
{
	int count = sk_X509_num(chain);

	if (own && is_own_issuer(own))
		return own;
	for (int i = 0; i < count; i++)
		if (is_own_issuer(sk_X509_value(chain, i)))
			return sk_X509_value(chain, i);
	return count > 0 ? sk_X509_value(chain, count - 1) : NULL;
}

char *authorities_print_chain(X509 *own, STACK_OF(X509) * chain)
{
	cleanup(release_bio) BIO *pem = BIO_new(BIO_s_mem());
	char *text;
	long length;

	if (!pem || !write_chain(pem, own, chain))
		return NULL;
	length = BIO_get_mem_data(pem, &text);
	return strndup(text, (size_t)length);
}

/* Null, with *ret_failed set: out of memory; or there are none. */
static char *print_chain_of(SSL_CTX *tls, bool *ret_failed)
{
	X509 *own = SSL_CTX_get0_certificate(tls);
	STACK_OF(X509) *chain = NULL;
	char *text;

	(void)SSL_CTX_get0_chain_certs(tls, &chain);
	text = authorities_print_chain(own, chain);
	*ret_failed = !text && authorities_root(own, chain);
	return text;
}

/* ------------------------------------------------------------------ both */

int authorities_find(struct authorities *ret, SSL_CTX *tls, const char *text, const char *path,
		     struct reason *why)
{
	cleanup(ca_bundle_clear) struct ca_bundle bundle = { 0 };
	struct authorities found = { .pem = NULL };
	const unsigned long shortages = library_memory_shortages();
	bool has_failed;
	int r = text ? parse_bundle(&bundle, text, strlen(text), path, why) : 0;

	if (r < 0)
		return r;
	if (authorities_issuer(&bundle, SSL_CTX_get0_certificate(tls))) {
		found.pem = authorities_print(&bundle);
		found.generation = bundle.generation;
		has_failed = !found.pem;
	} else {
		found.pem = print_chain_of(tls, &has_failed);
	}
	/* Without memory, a certificate is of none of them. */
	if (has_failed || library_memory_shortages() != shortages) {
		authorities_clear(&found);
		return reason_errno(why, ENOMEM, "Cannot keep the CAs");
	}
	*ret = found;
	return 0;
}

void authorities_clear(struct authorities *authorities)
{
	free(authorities->pem);
	*authorities = (struct authorities){ .pem = NULL };
}

int authorities_read(struct ca_bundle *ret, const char *path, struct reason *why)
{
	const struct pem_subject subject = { "certificate file", path, PEM_CERTIFICATE };
	cleanup(pem_file_close) struct pem_file file = { 0 };
	cleanup(ca_bundle_clear) struct ca_bundle found = { 0 };
	int r = pem_file_open(&file, &subject, why);

	if (r < 0)
		return r;
	r = ca_bundle_read(&found, file.bytes, file.length);
	if (r < 0)
		return reason_errno(why, r, "Cannot read %s", path);
	if (found.is_damaged || ca_bundle_count(&found) == 0) {
		reason_set(why, "The certificate in %s cannot be read", path);
		return -EINVAL;
	}
	*ret = found;
	found = (struct ca_bundle){ 0 };
	return 0;
}
