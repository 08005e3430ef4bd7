/* SPDX-License-Identifier: ISC */
#include "common/tls-pin.h"

#include "common/base64.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

void tls_pin_format(char ret[static TLS_PIN_SIZE],
		    const unsigned char digest[static TLS_PIN_DIGEST_SIZE])
{
	(void)strcpy(ret, "sha256//");
	(void)base64_encode(ret + strlen(ret), BASE64_PADDED, digest, TLS_PIN_DIGEST_SIZE);
}

int tls_certificate_digest(X509 *certificate, unsigned char ret[static TLS_PIN_DIGEST_SIZE])
{
	unsigned char *der = NULL;
	int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
	int done = length > 0 &&
		   EVP_Digest(der, (size_t)length, ret, NULL, EVP_sha256(), NULL) == 1;

	OPENSSL_free(der);
	return done ? 0 : -EIO;
}

int tls_certificate_pin(X509 *certificate, char ret[static TLS_PIN_SIZE])
{
	unsigned char digest[TLS_PIN_DIGEST_SIZE];

	if (tls_certificate_digest(certificate, digest) < 0)
		return -EIO;
	tls_pin_format(ret, digest);
	return 0;
}
