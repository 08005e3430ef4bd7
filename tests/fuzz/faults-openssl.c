/* SPDX-License-Identifier: ISC */
/*
 * Calls of OpenSSL that fail for want of memory, where our own code makes them (faults.h). For
 * targets that are linked with $(fuzz_openssl_fault_wraps) as well.
 */
#include "faults-library.h"

#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/ssl.h>

LIBRARY(SSL *, NULL, SSL_new, (SSL_CTX * context), (context))
LIBRARY(int, 0, SSL_set_ex_data, (SSL * tls, int index, void *data), (tls, index, data))
LIBRARY(BIO *, NULL, BIO_new, (const BIO_METHOD *method), (method))
LIBRARY(EVP_KDF *, NULL, EVP_KDF_fetch,
	(OSSL_LIB_CTX * library, const char *algorithm, const char *properties),
	(library, algorithm, properties))
LIBRARY(EVP_KDF_CTX *, NULL, EVP_KDF_CTX_new, (EVP_KDF * method), (method))
LIBRARY(unsigned char *, NULL, HMAC,
	(const EVP_MD *digest, const void *key, int key_length, const unsigned char *data,
	 size_t length, unsigned char *ret, unsigned int *ret_length),
	(digest, key, key_length, data, length, ret, ret_length))
