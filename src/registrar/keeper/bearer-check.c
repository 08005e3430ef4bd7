/* SPDX-License-Identifier: ISC */
#include "registrar/keeper/bearer-check.h"

#include "common/agent-key.h"
#include "common/base64.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

#define CLOCK_SKEW 30 /* seconds, either way */

/* The key that belongs to the secret that the bearer names. BEARER_OK: it is there. */
static enum bearer_fault find_key(unsigned char ret[static ENROLL_KEY_SIZE],
				  const struct enroll_bearer *bearer,
				  const struct bearer_secrets *secrets)
{
	const char *password = secrets->password;

	if (bearer->key_id[0])
		return agent_id_is_valid(bearer->key_id, strlen(bearer->key_id))
			       ? BEARER_UNKNOWN_AGENT
			       : BEARER_UNKNOWN_TOKEN;
	return enroll_jwt_derive(ret, ENROLL_PASSWORD, password, strlen(password)) == 0
		       ? BEARER_OK
		       : BEARER_KEY_UNAVAILABLE;
}

/* There is one way to write a bearer, so it is written again. Returns 0, or a negative errno. */
static int make_mac(unsigned char ret[static BEARER_MAC_SIZE], const struct enroll_bearer *bearer,
		    const unsigned char key[static ENROLL_KEY_SIZE])
{
	const char *key_id = bearer->key_id[0] ? bearer->key_id : NULL;
	char text[ENROLL_JWT_SIZE];
	const char *mac;
	int r = enroll_jwt_sign(text, key, key_id, bearer->made, bearer->nonce);

	if (r < 0)
		return r;
	mac = strrchr(text, '.') + 1;
	return base64_decode(ret, BEARER_MAC_SIZE, BASE64_URL, mac, strlen(mac)) == BEARER_MAC_SIZE
		       ? 0
		       : -EIO;
}

static enum bearer_fault check_with(const unsigned char key[static ENROLL_KEY_SIZE],
				    const struct enroll_bearer *bearer, uint64_t now)
{
	unsigned char mac[BEARER_MAC_SIZE];

	if (make_mac(mac, bearer, key) < 0)
		return BEARER_KEY_UNAVAILABLE;
	if (CRYPTO_memcmp(mac, bearer->mac, sizeof mac) != 0)
		return BEARER_INVALID_SIGNATURE;
	if (bearer->made > now + CLOCK_SKEW ||
	    now > bearer->made + ENROLL_JWT_LIFETIME + CLOCK_SKEW)
		return BEARER_STALE;
	return BEARER_OK;
}

enum bearer_fault bearer_check(const struct enroll_bearer *bearer,
			       const struct bearer_secrets *secrets, uint64_t now)
{
	unsigned char key[ENROLL_KEY_SIZE];
	enum bearer_fault fault;

	if (!secrets->password)
		return BEARER_OK;
	fault = find_key(key, bearer, secrets);
	if (fault == BEARER_OK)
		fault = check_with(key, bearer, now);
	explicit_bzero(key, sizeof key);
	return fault;
}
