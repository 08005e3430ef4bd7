/* SPDX-License-Identifier: ISC */
/*
 * A self-signed certificate for a registrar that has none: agents trust it by its pin or by the
 * file itself.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"
#include "common/tls-context.h"

#include <stddef.h>

#define CERTIFICATE_NAMES_MAX 32
#define CERTIFICATE_DAYS 3650

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

/*
 * Make a certificate for the key and sign it with the key. Returns 0, or a negative errno with
 * `why` set.
 */
int certificate_make(X509 **ret, EVP_PKEY *key, const struct certificate_names *names,
		     struct reason *why) must_check;
