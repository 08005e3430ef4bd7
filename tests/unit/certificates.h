/* SPDX-License-Identifier: ISC */
/* Certificates made on the spot, so that none can expire in the repository. */
#pragma once

#include "common/tls-context.h"

#include <openssl/evp.h>

DEFINE_RELEASE(pkey, EVP_PKEY *, EVP_PKEY_free)
#define cleanup_pkey cleanup(release_pkey)
#define cleanup_x509 cleanup(release_x509)

/* Times are seconds from now. Null texts are left out; a zero `until` is a day. */
struct certificate_plan {
	const char *organization; /* stands before the common names */
	const char *common_names[3];
	const char *alternative_names; /* "DNS:a,IP:10.0.0.1" */
	const char *purpose;           /* "serverAuth" */
	const char *constraints;       /* "permitted;DNS:example.org" */
	long from, until;
	bool is_ca;
	bool is_weak; /* signed with SHA-1, which OpenSSL refuses above its security level 0 */
};

EVP_PKEY *make_key(void);

/* A certificate for `key`, signed by `issuer_key` as `issuer` (null: by itself). */
X509 *make_certificate(const struct certificate_plan *plan, EVP_PKEY *key, X509 *issuer,
		       EVP_PKEY *issuer_key);

/* The certificate in PEM. Free it. */
char *print_certificate(X509 *certificate);

/* Write PEM; `append` adds to the file. With a passphrase the key is encrypted. */
void write_certificate(const char *path, X509 *certificate, bool append);
void write_key(const char *path, EVP_PKEY *key, const char *passphrase);

/* A directory, with a certificate of its own for "m" in `certificate`, and its `key`. */
int setup_certificate(void **state);
