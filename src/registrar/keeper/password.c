/* SPDX-License-Identifier: ISC */
#include "registrar/keeper/password.h"

#include "common/base64.h"
#include "common/cleanup.h"
#include "common/must-check.h"
#include "common/random-bytes.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdint.h>
#include <string.h>

#define USUAL_LOG2_N 15
#define USUAL_R 8
#define USUAL_P 1
#define SALT_LENGTH 16
#define HASH_LENGTH 32
#define LOG2_N_MIN 10
#define MEMORY_MAX (UINT64_C(128) << 20)
#define WORK_MAX ((UINT64_C(16) << USUAL_LOG2_N) * USUAL_R * USUAL_P) /* N * r * p */

DEFINE_RELEASE(kdf, EVP_KDF *, EVP_KDF_free)
DEFINE_RELEASE(kdf_context, EVP_KDF_CTX *, EVP_KDF_CTX_free)

/* ------------------------------------------------------------------ the text */

/* "NAME=NUMBER" and what ends it. */
static bool take_number(const char **at, const char *end, const char *name, char terminator,
			unsigned int *ret)
{
	size_t length = strlen(name);
	unsigned int value = 0;
	const char *p = *at;

	if ((size_t)(end - p) <= length || memcmp(p, name, length) != 0)
		return false;
	for (p += length; p < end && *p >= '0' && *p <= '9'; p++) {
		if (value > 9999)
			return false;
		value = 10 * value + (unsigned int)(*p - '0');
	}
	if (p == end || *p != terminator)
		return false;
	*ret = value;
	*at = p + 1;
	return true;
}

static bool parameters_are_usable(const struct api_password *password)
{
	uint64_t n = password->log2_n < 32 ? UINT64_C(1) << password->log2_n : UINT64_MAX >> 20;

	return password->log2_n >= LOG2_N_MIN && password->log2_n < 32 && password->r > 0 &&
	       password->p > 0 && n * password->r * 128 <= MEMORY_MAX &&
	       n * password->r * password->p <= WORK_MAX;
}

int api_password_parse(struct api_password *ret, const char *text, size_t length)
{
	static const char prefix[] = "$scrypt$";
	const char *at = text + sizeof prefix - 1, *end = text + length, *dollar;
	struct api_password parsed = { 0 };
	ssize_t salt, hash;

	if (length < sizeof prefix || memcmp(text, prefix, sizeof prefix - 1) != 0 ||
	    !take_number(&at, end, "ln=", ',', &parsed.log2_n) ||
	    !take_number(&at, end, "r=", ',', &parsed.r) ||
	    !take_number(&at, end, "p=", '$', &parsed.p) || !parameters_are_usable(&parsed))
		return -EINVAL;
	dollar = memchr(at, '$', (size_t)(end - at));
	if (!dollar)
		return -EINVAL;
	salt = base64_decode(parsed.salt, sizeof parsed.salt, BASE64_UNPADDED, at,
			     (size_t)(dollar - at));
	hash = base64_decode(parsed.hash, sizeof parsed.hash, BASE64_UNPADDED, dollar + 1,
			     (size_t)(end - dollar - 1));
	if (salt < 8 || hash < 16)
		return -EINVAL;
	parsed.salt_length = (size_t)salt;
	parsed.hash_length = (size_t)hash;
	*ret = parsed;
	return 0;
}

bool api_password_is_same(const struct api_password *a, const struct api_password *b)
{
	return a->log2_n == b->log2_n && a->r == b->r && a->p == b->p &&
	       a->salt_length == b->salt_length && a->hash_length == b->hash_length &&
	       memcmp(a->salt, b->salt, a->salt_length) == 0 &&
	       CRYPTO_memcmp(a->hash, b->hash, a->hash_length) == 0;
}

void api_password_format(char buffer[static API_HASH_TEXT_SIZE],
			 const struct api_password *password)
{
	char salt[BASE64_SIZE(API_SALT_MAX)], hash[BASE64_SIZE(API_HASH_MAX)];

	base64_encode(salt, BASE64_UNPADDED, password->salt, password->salt_length);
	base64_encode(hash, BASE64_UNPADDED, password->hash, password->hash_length);
	(void)snprintf(buffer, API_HASH_TEXT_SIZE, "$scrypt$ln=%u,r=%u,p=%u$%s$%s",
		       password->log2_n, password->r, password->p, salt, hash);
}

/* ------------------------------------------------------------------ the hash */

static int derive(unsigned char *ret, const struct api_password *password, const char *text,
		  size_t length)
{
	cleanup(release_kdf) EVP_KDF *kdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_SCRYPT, NULL);
	cleanup(release_kdf_context) EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	uint64_t n = UINT64_C(1) << password->log2_n, r = password->r, p = password->p;
	/* OpenSSL counts its small buffers as well */
	uint64_t memory = MEMORY_MAX + (UINT64_C(4) << 20);
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, (void *)(uintptr_t)text,
						  length),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT,
						  (void *)(uintptr_t)password->salt,
						  password->salt_length),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_R, &r),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_P, &p),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
		OSSL_PARAM_construct_end(),
	};

	if (!context)
		return -ENOMEM;
	return EVP_KDF_derive(context, ret, password->hash_length, parameters) == 1 ? 0 : -ENOMEM;
}

int api_password_make(struct api_password *ret, const char *text, size_t length)
{
	struct api_password made = {
		.log2_n = USUAL_LOG2_N,
		.r = USUAL_R,
		.p = USUAL_P,
		.salt_length = SALT_LENGTH,
		.hash_length = HASH_LENGTH,
	};
	int r = random_bytes(made.salt, made.salt_length);

	if (r >= 0)
		r = derive(made.hash, &made, text, length);
	if (r >= 0)
		*ret = made;
	return r;
}

void api_password_decoy(struct api_password *ret, const struct api_password *like)
{
	*ret = (struct api_password){
		.log2_n = like ? like->log2_n : USUAL_LOG2_N,
		.r = like ? like->r : USUAL_R,
		.p = like ? like->p : USUAL_P,
		.salt_length = SALT_LENGTH,
		.hash_length = HASH_LENGTH,
	};
	/*
	 * A password that hashes to this would be a preimage; and the caller knows that there is no
	 * such user.
	 */
	ignore_result(random_bytes(ret->hash, ret->hash_length));
}

int api_password_check(const struct api_password *password, const char *text, size_t length)
{
	unsigned char hash[API_HASH_MAX];
	int r = derive(hash, password, text, length);

	if (r >= 0)
		r = CRYPTO_memcmp(hash, password->hash, password->hash_length) == 0;
	explicit_bzero(hash, sizeof hash);
	return r;
}
