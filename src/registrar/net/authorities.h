/* SPDX-License-Identifier: ISC */
/*
 * The CAs that clients can know the manager by: those in a file of the registrar's own, or else
 * what stands in the file of the certificate: itself, if it was issued by itself, and what it is
 * sent with. While the CA is being changed there are several.
 */
#pragma once

#include "common/ca-bundle.h"
#include "common/must-check.h"
#include "common/reason.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Those of the certificate's file as text. `own` may be null: there is no certificate. The caller
 * frees it. Null: there are none, or there was no memory.
 */
char *authorities_print_chain(X509 *own, STACK_OF(X509) * chain) must_check;

/* The one that the others were issued by, as far as it is there. Null: there are none. */
X509 *authorities_root(X509 *own, STACK_OF(X509) * chain) must_check;

/*
 * Read those of a file of the registrar's own (ca-bundle.h): one to CA_BUNDLE_MAX. Returns 0, or a
 * negative errno with `why` set.
 */
int authorities_read_bundle(struct ca_bundle *ret, const char *path, struct reason *why) must_check;

/*
 * The one of those that the certificate (may be null) is issued by, or is. Null: it is none of
 * them; with another certificate, of an administrator's, they would lead agents astray.
 */
X509 *authorities_issuer(const struct ca_bundle *bundle, X509 *certificate) must_check;

/* Those as text, without their generation. The caller frees it. Null: out of memory. */
char *authorities_print(const struct ca_bundle *bundle) must_check;

/*
 * Read all certificates of a certificate file, of CAs or not. Returns 0, or a negative errno with
 * `why` set.
 */
int authorities_read(struct ca_bundle *ret, const char *path, struct reason *why) must_check;

/* Those that are handed out. Zero: none. Free with authorities_clear(). */
struct authorities {
	char *pem;           /* null: there are none */
	uint64_t generation; /* rises whenever they change; 0: not known */
};

/*
 * Find them for a server that uses this context: in `bundle` (ca-bundle.h, terminated, of the file
 * `path`; null: there is no such file), if the certificate is issued by one of those, or is one;
 * else in the certificate's file. Returns 0, or a negative errno with `why` set: the bundle cannot
 * be read, or -ENOMEM.
 */
int authorities_find(struct authorities *ret, SSL_CTX *tls, const char *bundle, const char *path,
		     struct reason *why) must_check;

void authorities_clear(struct authorities *authorities);
