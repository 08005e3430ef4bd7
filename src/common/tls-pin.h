/* SPDX-License-Identifier: ISC */
/* Pins of certificates' keys, as curl writes them: "sha256//" and a digest in base64. */
#pragma once

#include "common/must-check.h"

#include <openssl/x509.h>

#define TLS_PIN_DIGEST_SIZE 32                 /* of SHA-256 */
#define TLS_PIN_SIZE (sizeof("sha256//") + 44) /* with the terminator */

/* Write the pin of a digest: "sha256//" and the digest in base64. */
void tls_pin_format(char ret[static TLS_PIN_SIZE],
		    const unsigned char digest[static TLS_PIN_DIGEST_SIZE]);

/* The SHA-256 of a certificate's SubjectPublicKeyInfo. Returns 0 or -EIO. */
int tls_certificate_digest(X509 *certificate,
			   unsigned char ret[static TLS_PIN_DIGEST_SIZE]) must_check;

/*
 * The pin of a certificate's key: that of the SHA-256 of its SubjectPublicKeyInfo. Returns 0 or
 * -EIO.
 */
int tls_certificate_pin(X509 *certificate, char ret[static TLS_PIN_SIZE]) must_check;
