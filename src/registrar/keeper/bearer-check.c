/* SPDX-License-Identifier: ISC */
#include "registrar/keeper/bearer-check.h"

#include "common/agent-key.h"
#include "common/base64.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

#define CLOCK_SKEW 30 /* seconds, either way */

/* There is one way to write a bearer, so it is written again. Returns 0, or a negative errno. */
static int make_mac(unsigned char ret[static BEARER_MAC_SIZE], const struct enroll_bearer *bearer,
		    const char *password)
{
	unsigned char key[ENROLL_KEY_SIZE];
	char text[ENROLL_JWT_SIZE];
	const char *mac;
	int r = enroll_jwt_derive(key, ENROLL_PASSWORD, password, strlen(password));

	if (r == 0)
		r = enroll_jwt_sign(text, key, NULL, bearer->made, bearer->nonce);
	explicit_bzero(key, sizeof key);
	if (r < 0)
		return r;
	mac = strrchr(text, '.') + 1;
	return base64_decode(ret, BEARER_MAC_SIZE, BASE64_URL, mac, strlen(mac)) == BEARER_MAC_SIZE
		       ? 0
		       : -EIO;
}

enum bearer_fault bearer_check(const struct enroll_bearer *bearer, const char *password,
			       uint64_t now)
{
	unsigned char mac[BEARER_MAC_SIZE];

	if (bearer->key_id[0])
		return agent_id_is_valid(bearer->key_id, strlen(bearer->key_id))
			       ? BEARER_UNKNOWN_AGENT
			       : BEARER_UNKNOWN_TOKEN;
	if (make_mac(mac, bearer, password) < 0)
		return BEARER_KEY_UNAVAILABLE;
	if (CRYPTO_memcmp(mac, bearer->mac, sizeof mac) != 0)
		return BEARER_INVALID_SIGNATURE;
	if (bearer->made > now + CLOCK_SKEW ||
	    now > bearer->made + ENROLL_JWT_LIFETIME + CLOCK_SKEW)
		return BEARER_STALE;
	return BEARER_OK;
}
