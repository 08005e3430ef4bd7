/* SPDX-License-Identifier: ISC */
#include "registrar/keeper/bearer-check.h"

#include "common/base64.h"
#include "common/hex.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

#define CLOCK_SKEW 30 /* seconds, either way */
/* Digits of an id of Wazuh 5, of which ours have up to AGENT_ID_MAX: no agent has a longer one. */
#define LONGEST_ID 10

/* Does the bearer have the signature of this one? Returns 1 or 0, or -EIO: it has none. */
static int has_signature_of(const struct enroll_bearer *bearer, const char *text)
{
	unsigned char mac[BEARER_MAC_SIZE];
	const char *signature = strrchr(text, '.') + 1;

	if (base64_decode(mac, sizeof mac, BASE64_URL, signature, strlen(signature)) !=
	    BEARER_MAC_SIZE)
		return -EIO;
	return CRYPTO_memcmp(mac, bearer->mac, sizeof mac) == 0;
}

/* There is one way to write a bearer, so it is written again. Returns 1, 0, or -EIO (libcrypto). */
static int is_signed_with(const struct enroll_bearer *bearer,
			  const unsigned char key[static ENROLL_KEY_SIZE])
{
	const char *key_id = bearer->key_id[0] ? bearer->key_id : NULL;
	char text[ENROLL_JWT_SIZE];

	if (enroll_jwt_sign(text, key, key_id, bearer->made, bearer->nonce) < 0)
		return -EIO;
	return has_signature_of(bearer, text);
}

bool bearer_is_of_agent(const struct enroll_bearer *bearer)
{
	size_t length = strlen(bearer->key_id);

	return length > 0 && length <= LONGEST_ID && strspn(bearer->key_id, "0123456789") == length;
}

bool bearer_is_of_token(const struct enroll_bearer *bearer)
{
	return bearer->key_id[0] && !bearer_is_of_agent(bearer);
}

static enum bearer_fault check_time(const struct enroll_bearer *bearer, uint64_t now)
{
	if (bearer->made > now + CLOCK_SKEW ||
	    now > bearer->made + ENROLL_JWT_LIFETIME + CLOCK_SKEW)
		return BEARER_STALE;
	return BEARER_OK;
}

/* What follows from the signature alone. */
static enum bearer_fault fault_of(int is_signed)
{
	if (is_signed < 0)
		return BEARER_KEY_UNAVAILABLE;
	return is_signed ? BEARER_OK : BEARER_INVALID_SIGNATURE;
}

int bearer_signing_key(const struct signing_key **ret, const struct enroll_bearer *bearer,
		       const struct secret_line *line)
{
	const struct signing_key *key = &line->key;
	int r = is_signed_with(bearer, key->bytes);

	if (r == 0 && line->has_previous) {
		key = &line->previous;
		r = is_signed_with(bearer, key->bytes);
	}
	if (r > 0)
		*ret = key;
	return r;
}

/* For which of its keys the agent has the secret, and whether it still counts, is seen later. */
static enum bearer_fault check_agent(const struct enroll_bearer *bearer,
				     const struct agent_secrets *secrets)
{
	const struct agent_secret *at = secrets ? agent_secrets_find(secrets, bearer->key_id)
						: NULL;
	enum bearer_fault fault = at ? BEARER_INVALID_SIGNATURE : BEARER_UNKNOWN_AGENT;
	const struct signing_key *key;

	for (; at && fault == BEARER_INVALID_SIGNATURE; at = at->next)
		fault = fault_of(bearer_signing_key(&key, bearer, &at->line));
	return fault;
}

static enum bearer_fault check_signature(const struct enroll_bearer *bearer,
					 enum enroll_secret kind, const void *secret, size_t length)
{
	unsigned char key[ENROLL_KEY_SIZE];
	enum bearer_fault fault = BEARER_KEY_UNAVAILABLE;

	if (enroll_jwt_derive(key, kind, secret, length) == 0)
		fault = fault_of(is_signed_with(bearer, key));
	explicit_bzero(key, sizeof key);
	return fault;
}

/* Whoever has not got the secret is not told what has become of the token. */
static enum bearer_fault check_token(const struct enroll_bearer *bearer,
				     const struct enroll_tokens *tokens, uint64_t now)
{
	const struct enroll_token *token = tokens ? enroll_tokens_find(tokens, bearer->key_id)
						  : NULL;
	enum bearer_fault fault = BEARER_UNKNOWN_TOKEN;

	if (token)
		fault = check_signature(bearer, ENROLL_TOKEN_SECRET, token->secret,
					sizeof token->secret);
	if (fault == BEARER_OK)
		fault = check_time(bearer, now);
	if (fault != BEARER_OK)
		return fault;
	switch (enroll_token_state(token, now)) {
	case ENROLL_TOKEN_REVOKED:
		return BEARER_REVOKED_TOKEN;
	case ENROLL_TOKEN_EXPIRED:
		return BEARER_EXPIRED_TOKEN;
	case ENROLL_TOKEN_ACTIVE:
	case ENROLL_TOKEN_USED_UP:
		break;
	}
	return BEARER_OK;
}

int bearer_secrets_refresh(const struct bearer_secrets *secrets, const struct enroll_bearer *bearer,
			   struct reason *why)
{
	if (secrets->agents && bearer_is_of_agent(bearer))
		return agent_secrets_refresh(secrets->agents, why);
	if (secrets->tokens && bearer_is_of_token(bearer))
		return enroll_tokens_refresh(secrets->tokens, why);
	return 0;
}

enum bearer_fault bearer_check(const struct enroll_bearer *bearer,
			       const struct bearer_secrets *secrets, uint64_t now)
{
	enum bearer_fault fault;

	if (bearer_is_of_agent(bearer))
		fault = check_agent(bearer, secrets->agents);
	else if (bearer_is_of_token(bearer))
		return check_token(bearer, secrets->tokens, now);
	else if (!secrets->password)
		return BEARER_OK;
	else
		fault = check_signature(bearer, ENROLL_PASSWORD, secrets->password,
					strlen(secrets->password));
	return fault == BEARER_OK ? check_time(bearer, now) : fault;
}

/* What 64 digits stand for, as agents write them. */
static bool read_key(unsigned char ret[static ENROLL_KEY_SIZE], const char *digits)
{
	return strlen(digits) == 2 * (size_t)ENROLL_KEY_SIZE &&
	       hex_read(ret, ENROLL_KEY_SIZE, digits);
}

enum bearer_fault bearer_check_request(const struct enroll_bearer *bearer, const char *agent_key,
				       uint64_t now)
{
	unsigned char key[ENROLL_KEY_SIZE];
	char text[ENROLL_JWT_SIZE];
	enum bearer_fault fault = BEARER_INVALID_SIGNATURE;

	if (read_key(key, agent_key))
		fault = fault_of(enroll_jwt_sign_request(text, key, bearer->key_id, bearer->made,
							 bearer->nonce) < 0
					 ? -EIO
					 : has_signature_of(bearer, text));
	explicit_bzero(key, sizeof key);
	return fault == BEARER_OK ? check_time(bearer, now) : fault;
}
