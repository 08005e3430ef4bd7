/* SPDX-License-Identifier: ISC */
#include "common/pem-kind.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <string.h>

static const char *const nouns[] = {
	[PEM_KIND_CERTIFICATE] = "a certificate",
	[PEM_KIND_TRUSTED_CERTIFICATE] = "an OpenSSL TRUSTED CERTIFICATE",
	[PEM_KIND_REQUEST] = "a certificate request",
	[PEM_KIND_CRL] = "a revocation list",
	[PEM_KIND_PUBLIC_KEY] = "a public key",
	[PEM_KIND_PRIVATE_KEY] = "a private key",
	[PEM_KIND_ENCRYPTED_KEY] = "an encrypted private key",
	[PEM_KIND_OPENSSH_KEY] = "an OpenSSH key",
	[PEM_KIND_PARAMETERS] = "key parameters",
	[PEM_KIND_PKCS7] = "a PKCS #7 bundle",
	[PEM_KIND_PKCS12] = "a PKCS #12 file",
	[PEM_KIND_OTHER_PEM] = "PEM data of another kind",
	[PEM_KIND_UNKNOWN] = "something unknown",
};

const char *pem_kind_noun(enum pem_kind kind)
{
	return nouns[kind];
}

enum pem_kind pem_kind_of_label(const char *label, size_t length)
{
	static const struct {
		const char *label;
		enum pem_kind kind;
	} labels[] = {
		{ "CERTIFICATE REQUEST", PEM_KIND_REQUEST },
		{ "NEW CERTIFICATE REQUEST", PEM_KIND_REQUEST },
		{ "CERTIFICATE", PEM_KIND_CERTIFICATE },
		{ "X509 CERTIFICATE", PEM_KIND_CERTIFICATE },
		{ "TRUSTED CERTIFICATE", PEM_KIND_TRUSTED_CERTIFICATE },
		{ "X509 CRL", PEM_KIND_CRL },
		{ "PUBLIC KEY", PEM_KIND_PUBLIC_KEY },
		{ "RSA PUBLIC KEY", PEM_KIND_PUBLIC_KEY },
		{ "ENCRYPTED PRIVATE KEY", PEM_KIND_ENCRYPTED_KEY },
		{ "PRIVATE KEY", PEM_KIND_PRIVATE_KEY },
		{ "RSA PRIVATE KEY", PEM_KIND_PRIVATE_KEY },
		{ "EC PRIVATE KEY", PEM_KIND_PRIVATE_KEY },
		{ "DSA PRIVATE KEY", PEM_KIND_PRIVATE_KEY },
		{ "OPENSSH PRIVATE KEY", PEM_KIND_OPENSSH_KEY },
		{ "EC PARAMETERS", PEM_KIND_PARAMETERS },
		{ "DH PARAMETERS", PEM_KIND_PARAMETERS },
		{ "PKCS7", PEM_KIND_PKCS7 },
		{ "PKCS #7 SIGNED DATA", PEM_KIND_PKCS7 },
	};

	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
		if (length == strlen(labels[i].label) &&
		    memcmp(label, labels[i].label, length) == 0)
			return labels[i].kind;
	return PEM_KIND_OTHER_PEM;
}

/* Can d2i_TYPE read it to its end? */
#define READS_AS(type, data, length)                                  \
	__extension__({                                               \
		const unsigned char *at_ = (data);                    \
		type *read_ = d2i_##type(NULL, &at_, (long)(length)); \
		type##_free(read_);                                   \
		read_ != NULL;                                        \
	})

static bool is_private_key(const unsigned char *data, size_t length)
{
	const unsigned char *at = data;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)length);

	EVP_PKEY_free(key);
	return key != NULL;
}

static bool is_public_key(const unsigned char *data, size_t length)
{
	const unsigned char *at = data;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)length);

	EVP_PKEY_free(key);
	return key != NULL;
}

enum pem_kind pem_kind_of_der(const void *data, size_t length)
{
	enum pem_kind kind = PEM_KIND_UNKNOWN;

	if (READS_AS(X509, data, length))
		kind = PEM_KIND_CERTIFICATE;
	else if (READS_AS(PKCS7, data, length))
		kind = PEM_KIND_PKCS7;
	else if (READS_AS(PKCS12, data, length))
		kind = PEM_KIND_PKCS12;
	else if (READS_AS(X509_REQ, data, length))
		kind = PEM_KIND_REQUEST;
	else if (READS_AS(X509_CRL, data, length))
		kind = PEM_KIND_CRL;
	else if (is_private_key(data, length))
		kind = PEM_KIND_PRIVATE_KEY;
	else if (is_public_key(data, length))
		kind = PEM_KIND_PUBLIC_KEY;
	else if (READS_AS(X509_SIG, data, length))
		kind = PEM_KIND_ENCRYPTED_KEY;
	ERR_clear_error();
	return kind;
}
