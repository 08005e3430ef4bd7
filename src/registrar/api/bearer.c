/* SPDX-License-Identifier: ISC */
#include "registrar/api/bearer.h"

#include "common/agent-key.h"
#include "common/base64.h"
#include "common/cleanup.h"
#include "common/enroll-jwt.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <string.h>

#define CLOCK_SKEW 30 /* seconds, either way */
#define CLAIMS_MAX 256

DEFINE_RELEASE(json, json_t *, json_decref)

/* When was it made, and with which nonce? False: its claims are not those of a bearer. */
static bool read_claims(const char *text, size_t length, uint64_t *ret_time,
			unsigned char ret_nonce[static ENROLL_NONCE_SIZE])
{
	char claims[CLAIMS_MAX];
	ssize_t size = base64_decode(claims, sizeof claims, BASE64_URL, text, length);
	cleanup(release_json) json_t *object =
		size > 0 ? json_loadb(claims, (size_t)size, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const json_t *time = json_object_get(object, "iat"),
		     *nonce = json_object_get(object, "jti");

	if (!json_is_integer(time) || json_integer_value(time) < 0 || !json_is_string(nonce) ||
	    base64_decode(ret_nonce, ENROLL_NONCE_SIZE, BASE64_URL, json_string_value(nonce),
			  json_string_length(nonce)) != ENROLL_NONCE_SIZE)
		return false;
	*ret_time = (uint64_t)json_integer_value(time);
	return true;
}

/*
 * What is wrong with a bearer that another key than the password's signed: an agent that was
 * enrolled at another manager signs with the secret that it got there, and uses its password
 * only after the answer that the secret is unknown.
 */
static enum bearer_fault check_key_id(const char *header, size_t length)
{
	char text[CLAIMS_MAX];
	ssize_t size = base64_decode(text, sizeof text, BASE64_URL, header, length);
	cleanup(release_json) json_t *object =
		size > 0 ? json_loadb(text, (size_t)size, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const json_t *id = json_object_get(object, "kid");

	return agent_id_is_valid(json_string_value(id) ?: "", json_string_length(id))
		       ? BEARER_UNKNOWN_AGENT
		       : BEARER_UNKNOWN_TOKEN;
}

/*
 * There is one way to write a bearer, so it is written again and compared: one that differs was not
 * made with this password.
 */
enum bearer_fault bearer_check(const char *bearer, const char *password, uint64_t now)
{
	const char *first = strchr(bearer, '.'), *last = strrchr(bearer, '.');
	unsigned char key[ENROLL_KEY_SIZE], nonce[ENROLL_NONCE_SIZE];
	char wanted[ENROLL_JWT_SIZE];
	uint64_t made;
	int r;

	if (!first || first == last ||
	    !read_claims(first + 1, (size_t)(last - first - 1), &made, nonce))
		return BEARER_INVALID_REQUEST;
	r = enroll_jwt_derive(key, ENROLL_PASSWORD, password, strlen(password));
	if (r == 0)
		r = enroll_jwt_sign(wanted, key, NULL, made, nonce);
	explicit_bzero(key, sizeof key);
	if (r < 0)
		return BEARER_KEY_UNAVAILABLE;
	if (strncmp(bearer, wanted, (size_t)(first - bearer) + 1) != 0)
		return check_key_id(bearer, (size_t)(first - bearer));
	if (strlen(bearer) != strlen(wanted) || CRYPTO_memcmp(bearer, wanted, strlen(wanted)) != 0)
		return BEARER_INVALID_SIGNATURE;
	if (made > now + CLOCK_SKEW || now > made + ENROLL_JWT_LIFETIME + CLOCK_SKEW)
		return BEARER_STALE;
	return BEARER_OK;
}

const char *bearer_fault_text(enum bearer_fault fault)
{
	static const char *const texts[] = {
		[BEARER_OK] = "",
		[BEARER_INVALID_REQUEST] = "invalid_request",
		[BEARER_KEY_UNAVAILABLE] = "enrollment_key_unavailable",
		[BEARER_UNKNOWN_AGENT] = "unknown_agent",
		[BEARER_UNKNOWN_TOKEN] = "token_unknown",
		[BEARER_INVALID_SIGNATURE] = "invalid_signature",
		[BEARER_STALE] = "stale_token",
	};

	return texts[fault];
}
