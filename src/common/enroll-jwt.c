/* SPDX-License-Identifier: ISC */
#include "common/enroll-jwt.h"

#include "common/base64.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <stdio.h>
#include <string.h>

#define SIGNATURE_SIZE 32

/* ------------------------------------------------------------------ the key */

/* Each ends in the version byte 1. */
static const char *const labels[] = {
	[ENROLL_PASSWORD] = "WAZUH-ENROLL-JWT-KEY\x01",
	[ENROLL_TOKEN_SECRET] = "WAZUH-ENROLL-TOKEN-KEY\x01",
	[ENROLL_AGENT_SECRET] = "WAZUH-REENROLL-KEY\x01",
};

int enroll_jwt_derive(unsigned char ret[static ENROLL_KEY_SIZE], enum enroll_secret kind,
		      const void *secret, size_t length)
{
	EVP_KDF *method = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_HKDF, NULL);
	EVP_KDF_CTX *context = method ? EVP_KDF_CTX_new(method) : NULL;
	unsigned char salt[32] = { 0 };
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret, length),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt, sizeof salt),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)labels[kind],
						  strlen(labels[kind])),
		OSSL_PARAM_construct_end(),
	};
	int r = context && EVP_KDF_derive(context, ret, ENROLL_KEY_SIZE, parameters) == 1 ? 0
											  : -EIO;

	EVP_KDF_CTX_free(context);
	EVP_KDF_free(method);
	return r;
}

/* ------------------------------------------------------------------ the token */

/* Append `length` bytes in base64url, leaving space for a dot. */
static int append(char ret[static ENROLL_JWT_SIZE], const void *data, size_t length)
{
	size_t used = strlen(ret);

	if (used + BASE64_SIZE(length) + 1 > ENROLL_JWT_SIZE)
		return -EINVAL;
	(void)base64_encode(ret + used, BASE64_URL, data, length);
	return 0;
}

/* Managers compare bytes: the members must be in this order, without blanks. */
static int append_header(char ret[static ENROLL_JWT_SIZE], const char *key_id, const char *type)
{
	char header[96];

	if (key_id && strlen(key_id) > ENROLL_KEY_ID_MAX)
		return -EINVAL;
	(void)snprintf(header, sizeof header, "{\"alg\":\"HS256\"%s%s%s,\"typ\":\"%s\"}",
		       key_id ? ",\"kid\":\"" : "", key_id ?: "", key_id ? "\"" : "", type);
	return append(ret, header, strlen(header));
}

/* `agent`: who makes the request; null: nobody yet. */
static int append_claims(char ret[static ENROLL_JWT_SIZE], uint64_t now,
			 const unsigned char nonce[static ENROLL_NONCE_SIZE], const char *agent)
{
	char claims[256], id[BASE64_SIZE(ENROLL_NONCE_SIZE)], issuer[64] = "", subject[64] = "";

	if (agent) {
		(void)snprintf(issuer, sizeof issuer, "\"iss\":\"wazuh-agent/%s\",", agent);
		(void)snprintf(subject, sizeof subject, ",\"sub\":\"%s\"", agent);
	}
	(void)base64_encode(id, BASE64_URL, nonce, ENROLL_NONCE_SIZE);
	(void)snprintf(claims, sizeof claims,
		       "{\"exp\":%" PRIu64 ",\"iat\":%" PRIu64 ",%s\"jti\":\"%s\",\"nbf\":%" PRIu64
		       "%s}",
		       now + ENROLL_JWT_LIFETIME, now, issuer, id, now, subject);
	return append(ret, claims, strlen(claims));
}

static int append_signature(char ret[static ENROLL_JWT_SIZE],
			    const unsigned char key[static ENROLL_KEY_SIZE])
{
	unsigned char signature[SIGNATURE_SIZE];

	if (!HMAC(EVP_sha256(), key, ENROLL_KEY_SIZE, (const unsigned char *)ret, strlen(ret),
		  signature, NULL))
		return -EIO;
	(void)strcat(ret, ".");
	return append(ret, signature, sizeof signature);
}

/* What is signed. */
static int write_parts(char ret[static ENROLL_JWT_SIZE], const char *key_id, const char *type,
		       uint64_t now, const unsigned char nonce[static ENROLL_NONCE_SIZE],
		       const char *agent)
{
	int r;

	ret[0] = '\0';
	r = append_header(ret, key_id, type);
	if (r < 0)
		return r;
	(void)strcat(ret, ".");
	return append_claims(ret, now, nonce, agent);
}

int enroll_jwt_write(char ret[static ENROLL_JWT_SIZE], const char *key_id, uint64_t now,
		     const unsigned char nonce[static ENROLL_NONCE_SIZE])
{
	return write_parts(ret, key_id, "wazuh-enroll+jwt", now, nonce, NULL);
}

int enroll_jwt_write_request(char ret[static ENROLL_JWT_SIZE], const char *id, uint64_t now,
			     const unsigned char nonce[static ENROLL_NONCE_SIZE])
{
	return write_parts(ret, id, "wazuh-agent+jwt", now, nonce, id);
}

int enroll_jwt_sign(char ret[static ENROLL_JWT_SIZE],
		    const unsigned char key[static ENROLL_KEY_SIZE], const char *key_id,
		    uint64_t now, const unsigned char nonce[static ENROLL_NONCE_SIZE])
{
	int r = enroll_jwt_write(ret, key_id, now, nonce);

	return r == 0 ? append_signature(ret, key) : r;
}

int enroll_jwt_sign_request(char ret[static ENROLL_JWT_SIZE],
			    const unsigned char key[static ENROLL_KEY_SIZE], const char *id,
			    uint64_t now, const unsigned char nonce[static ENROLL_NONCE_SIZE])
{
	int r = enroll_jwt_write_request(ret, id, now, nonce);

	return r == 0 ? append_signature(ret, key) : r;
}
