/* SPDX-License-Identifier: ISC */
/*
 * Certificates for a registrar that has none: a self-signed one, which agents trust by its pin or
 * by the file itself; or, once its CA was changed, one of a CA of its own.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"
#include "common/tls-context.h"

#include <stdbool.h>
#include <stddef.h>

#define CERTIFICATE_NAMES_MAX 32
#define CERTIFICATE_DAYS 3650
#define AUTHORITY_DAYS (2 * CERTIFICATE_DAYS) /* so that a CA outlives what it issues */

/*
 * The names of a certificate, host names and address literals; not owned. The first becomes the
 * common name.
 */
struct certificate_names {
	const char *names[CERTIFICATE_NAMES_MAX];
	size_t count;
};

/*
 * Add a name unless it is there already or there are too many. Returns 0, or -EINVAL: this is no
 * name or address.
 */
int certificate_names_add(struct certificate_names *names, const char *name) must_check;

/* Make a P-256 key. Null: OpenSSL failed. */
EVP_PKEY *certificate_make_key(void) must_check;

/* Make an RSA key of so many bits. Null: OpenSSL failed, or there is no such key. */
EVP_PKEY *certificate_make_rsa_key(unsigned int bits) must_check;

/*
 * Make the certificate of a CA, as wazuh-authd -C makes it: with the subject "/C=US/CN=Wazuh",
 * valid for `days` from now on. Returns 0, or a negative errno with `why` set.
 */
int certificate_make_ca(X509 **ret, EVP_PKEY *key, const char *subject, unsigned int days,
			struct reason *why) must_check;

/* A CA, and its key. */
struct certificate_issuer {
	X509 *certificate;
	EVP_PKEY *key;
};

/*
 * Make a certificate for the key, issued by a CA or, with null, by itself. Returns 0, or a negative
 * errno with `why` set.
 */
int certificate_make(X509 **ret, EVP_PKEY *key, const struct certificate_names *names,
		     const struct certificate_issuer *issuer, struct reason *why) must_check;

/*
 * Make another certificate for the key and the names of an old one, issued by a CA. Returns as
 * certificate_make().
 */
int certificate_renew(X509 **ret, X509 *old, const struct certificate_issuer *issuer,
		      struct reason *why) must_check;

/* Make a CA for the key. Returns as certificate_make(). */
int certificate_make_authority(X509 **ret, EVP_PKEY *key, const char *common_name,
			       struct reason *why) must_check;

/* Was it issued by this certificate, which may be the same one? */
bool certificate_is_issued_by(X509 *certificate, X509 *authority) must_check;
