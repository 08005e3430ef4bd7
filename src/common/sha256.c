/* SPDX-License-Identifier: ISC */
/*
 * OpenSSL's functions of its first versions: newer ones look the algorithm up, for which all of the
 * library is made ready.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "common/sha256.h"

#include <assert.h>
#include <openssl/sha.h>
#include <string.h>

void sha256(unsigned char ret[static SHA256_SIZE], const void *data, size_t length)
{
	SHA256_CTX context;

	(void)SHA256_Init(&context);
	(void)SHA256_Update(&context, data, length);
	(void)SHA256_Final(ret, &context);
	explicit_bzero(&context, sizeof context);
}

/* The hash of the key, padded to a block and each byte changed, and of the data. */
static void hash_behind_key(unsigned char ret[static SHA256_SIZE], const void *key,
			    size_t key_length, unsigned char change, const void *data,
			    size_t length)
{
	unsigned char block[SHA256_BLOCK] = { 0 };
	SHA256_CTX context;

	memcpy(block, key, key_length);
	for (size_t i = 0; i < sizeof block; i++)
		block[i] ^= change;
	(void)SHA256_Init(&context);
	(void)SHA256_Update(&context, block, sizeof block);
	(void)SHA256_Update(&context, data, length);
	(void)SHA256_Final(ret, &context);
	explicit_bzero(&context, sizeof context);
	explicit_bzero(block, sizeof block);
}

void sha256_hmac(unsigned char ret[static SHA256_SIZE], const void *key, size_t key_length,
		 const void *data, size_t length)
{
	unsigned char inner[SHA256_SIZE];

	assert(key_length <= SHA256_BLOCK);
	hash_behind_key(inner, key, key_length, 0x36, data, length);
	hash_behind_key(ret, key, key_length, 0x5c, inner, sizeof inner);
}
