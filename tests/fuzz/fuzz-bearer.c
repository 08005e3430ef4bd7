/* SPDX-License-Identifier: ISC */
/*
 * The bearers of Wazuh 5: those of an enrollment, with the password, a token or an agent's secret,
 * and those of an agent's own request. The first byte says what the rest is: a bearer as it came;
 * header and claims that one of the secrets signs; or time, nonce and a change to a good one. If a
 * call fails (faults.h), nothing is good.
 */
#include "faults.h"
#include "fuzz.h"

#include "common/base64.h"
#include "common/enroll-jwt.h"
#include "registrar/api/bearer.h"
#include "registrar/keeper/bearer-check.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#define PASSWORD "Correct-Horse"
#define TOKEN_SECRET "secret of tokens"
#define AGENT_SECRET "the secret that an agent was sent"
#define AGENT_KEY "30313233343536373839616263646566303132333435363738396162636465ff"
#define NOW 1700000000
#define SKEW 30
#define TEXT_MAX 1000
#define GOODS (sizeof goods / sizeof *goods)

/* Who signs a bearer. */
enum signer { BY_PASSWORD, BY_TOKEN, BY_AGENT, BY_REQUEST, SIGNERS };

static unsigned char keys[SIGNERS][ENROLL_KEY_SIZE];

static struct enroll_token token_list[] = {
	{ .id = "AAECAwQFBgcICQoLDA0ODw", .secret = TOKEN_SECRET, .expires = UINT64_MAX },
	{ .id = "used-upAAAAAAAAAAAAAAA",
	  .secret = TOKEN_SECRET,
	  .expires = UINT64_MAX,
	  .uses = 1,
	  .most = 1 },
	{ .id = "revokedAAAAAAAAAAAAAAA",
	  .secret = TOKEN_SECRET,
	  .expires = UINT64_MAX,
	  .is_revoked = true },
	{ .id = "expiredAAAAAAAAAAAAAAA", .secret = TOKEN_SECRET, .expires = NOW - 1 },
};

/* What there may be of good ones, and what is said of them in time. */
static const struct good {
	enum signer signer;
	const char *key_id;
	enum bearer_fault fault;
} goods[] = {
	{ BY_PASSWORD, NULL, BEARER_OK },
	{ BY_TOKEN, token_list[0].id, BEARER_OK },
	{ BY_TOKEN, token_list[1].id, BEARER_OK },
	{ BY_TOKEN, token_list[2].id, BEARER_REVOKED_TOKEN },
	{ BY_TOKEN, token_list[3].id, BEARER_EXPIRED_TOKEN },
	{ BY_AGENT, "001", BEARER_OK },
	{ BY_REQUEST, "001", BEARER_OK },
};

static void make_keys(void)
{
	const char *digits = AGENT_KEY;

	HOLDS(enroll_jwt_derive(keys[BY_PASSWORD], ENROLL_PASSWORD, PASSWORD, strlen(PASSWORD)) ==
	      0);
	HOLDS(enroll_jwt_derive(keys[BY_TOKEN], ENROLL_TOKEN_SECRET, TOKEN_SECRET,
				ENROLLMENT_SECRET_SIZE) == 0);
	HOLDS(enroll_jwt_derive(keys[BY_AGENT], ENROLL_AGENT_SECRET, AGENT_SECRET,
				ENROLL_AGENT_SECRET_SIZE) == 0);
	for (size_t i = 0; i < ENROLL_KEY_SIZE; i++) {
		const char pair[] = { digits[2 * i], digits[2 * i + 1], '\0' };

		keys[BY_REQUEST][i] = (unsigned char)strtoul(pair, NULL, 16);
	}
}

/* ------------------------------------------------------------------ what is said of it */

/* Was the secret right? */
static bool is_known(enum bearer_fault fault)
{
	return fault == BEARER_OK || fault == BEARER_REVOKED_TOKEN || fault == BEARER_EXPIRED_TOKEN;
}

/*
 * What is good can only be written in one way: the one in which we write it. The claims are read
 * here once more. `key_id` null: it is one with the password.
 */
static void check_canonical(const char *bearer, enum signer signer, const char *key_id)
{
	char claims[512], again[ENROLL_JWT_SIZE];
	const char *first = strchr(bearer, '.'), *last = strrchr(bearer, '.'), *member;
	unsigned char nonce[ENROLL_NONCE_SIZE];
	unsigned long long made;
	ssize_t length;

	HOLDS(first && last);
	length = base64_decode(claims, sizeof claims - 1, BASE64_URL, first + 1,
			       (size_t)(last - first - 1));
	HOLDS(length > 0);
	claims[length] = '\0';
	member = strstr(claims, "\"iat\":");
	HOLDS(member && sscanf(member, "\"iat\":%llu", &made) == 1);
	member = strstr(claims, "\"jti\":\"");
	HOLDS(member && base64_decode(nonce, sizeof nonce, BASE64_URL, member + 7, 22) == 16);
	if (signer == BY_REQUEST)
		HOLDS(enroll_jwt_sign_request(again, keys[signer], key_id, made, nonce) == 0);
	else
		HOLDS(enroll_jwt_sign(again, keys[signer], key_id, made, nonce) == 0);
	HOLDS(strcmp(bearer, again) == 0);
}

/* That of an agent, which has got another secret since: its time is not looked at here. */
static enum bearer_fault check_agent(const struct enroll_bearer *bearer)
{
	struct secret_line line = { .id = "001", .has_previous = true };
	const struct signing_key *key = NULL;
	int r;

	memcpy(line.previous.bytes, keys[BY_AGENT], sizeof line.previous.bytes);
	r = bearer_signing_key(&key, bearer, &line);
	if (r < 0)
		return BEARER_KEY_UNAVAILABLE;
	HOLDS((r > 0) == (key == &line.previous));
	return r ? BEARER_OK : BEARER_INVALID_SIGNATURE;
}

/* What the registrar says of it: first by its form, then with the secrets. */
static enum bearer_fault check_with(const char *bearer, const char *password)
{
	struct enroll_tokens tokens = { .tokens = token_list,
					.count = sizeof token_list / sizeof *token_list };
	const struct bearer_secrets secrets = { .password = password, .tokens = &tokens };
	struct enroll_bearer parsed;
	enum bearer_fault fault;

	fuzz_faults_begin();
	fault = bearer_parse(&parsed, bearer);
	if (fault == BEARER_OK)
		fault = bearer_check(&parsed, &secrets, NOW);
	if (fault == BEARER_UNKNOWN_AGENT)
		fault = check_agent(&parsed);
	fuzz_faults_end();
	HOLDS(fault != BEARER_KEY_UNAVAILABLE || fuzz_fault_happened());
	HOLDS((fault == BEARER_OK) == (bearer_fault_text(fault)[0] == '\0'));
	if (is_known(fault) && parsed.key_id[0])
		check_canonical(bearer, bearer_is_of_agent(&parsed) ? BY_AGENT : BY_TOKEN,
				parsed.key_id);
	else if (is_known(fault))
		check_canonical(bearer, BY_PASSWORD, NULL);
	return fault;
}

/* The same for an agent's own request. */
static enum bearer_fault check_request(const char *bearer)
{
	struct enroll_bearer parsed;
	enum bearer_fault fault;

	fuzz_faults_begin();
	fault = bearer_parse_request(&parsed, bearer);
	if (fault == BEARER_OK)
		fault = bearer_check_request(&parsed, AGENT_KEY, NOW);
	fuzz_faults_end();
	HOLDS(fault != BEARER_KEY_UNAVAILABLE || fuzz_fault_happened());
	if (fault == BEARER_OK)
		check_canonical(bearer, BY_REQUEST, parsed.key_id);
	return fault;
}

/* One that is good for the one is never good for the other. */
static enum bearer_fault check(const char *bearer)
{
	enum bearer_fault fault = check_with(bearer, PASSWORD), request = check_request(bearer);

	HOLDS(!is_known(fault) || request != BEARER_OK);
	return request == BEARER_OK ? request : fault;
}

/* ------------------------------------------------------------------ what it may be */

static void check_raw(const uint8_t *data, size_t size)
{
	char text[TEXT_MAX + 1];

	memcpy(text, data, size);
	text[size] = '\0';
	(void)check(text);
}

/* Header and claims with a line feed between them. */
static void check_signed(enum signer signer, const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t header = end ? (size_t)(end - data) : size, claims = end ? size - header - 1 : 0;
	char text[2 * TEXT_MAX + 100];
	unsigned char mac[32];
	size_t length = base64_encode(text, BASE64_URL, data, header);

	text[length++] = '.';
	length += base64_encode(text + length, BASE64_URL, end ? end + 1 : data, claims);
	HOLDS(HMAC(EVP_sha256(), keys[signer], ENROLL_KEY_SIZE, (unsigned char *)text, length, mac,
		   NULL));
	text[length++] = '.';
	(void)base64_encode(text + length, BASE64_URL, mac, sizeof mac);
	(void)check(text);
}

static enum bearer_fault wanted(const struct good *good, int offset)
{
	if (good->signer != BY_AGENT && (offset > SKEW || offset < -ENROLL_JWT_LIFETIME - SKEW))
		return BEARER_STALE;
	return good->fault;
}

static void check_good(const struct good *good, const uint8_t *data, size_t size)
{
	unsigned char nonce[ENROLL_NONCE_SIZE] = { 0 };
	char bearer[ENROLL_JWT_SIZE];
	int offset = size > 1 ? (int)(data[0] * 256 + data[1]) - 32768 : 0;
	enum bearer_fault fault;
	bool is_signature;
	size_t at;

	memcpy(nonce, data, size < sizeof nonce ? size : sizeof nonce);
	if (good->signer == BY_REQUEST)
		HOLDS(enroll_jwt_sign_request(bearer, keys[good->signer], good->key_id,
					      (uint64_t)(NOW + offset), nonce) == 0);
	else
		HOLDS(enroll_jwt_sign(bearer, keys[good->signer], good->key_id,
				      (uint64_t)(NOW + offset), nonce) == 0);
	fault = good->signer == BY_REQUEST ? check_request(bearer) : check(bearer);
	HOLDS_WITHOUT_FAULT(fault == wanted(good, offset));
	if (good->signer == BY_PASSWORD) {
		fault = check_with(bearer, "another");
		HOLDS_WITHOUT_FAULT(fault == BEARER_INVALID_SIGNATURE);
		HOLDS(fault != BEARER_OK);
	}
	if (size < 4)
		return;
	at = (data[2] * 256U + data[3]) % strlen(bearer);
	if (bearer[at] == (char)data[0])
		return;
	is_signature = bearer + at >= strrchr(bearer, '.');
	bearer[at] = (char)data[0];
	fault = check(bearer);
	if (is_signature || good->signer == BY_PASSWORD || good->signer == BY_REQUEST)
		HOLDS(!is_known(fault));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool are_made;
	size_t what;

	if (!are_made)
		make_keys();
	are_made = true;
	size = fuzz_faults_read(data, size);
	if (size < 1 || size > TEXT_MAX)
		return 0;
	/* 0: raw, 1: signed with the password, 2: good with the password, and others */
	what = data[0] % (2 + SIGNERS + GOODS - 1);
	if (what == 0)
		check_raw(data + 1, size - 1);
	else if (what == 1)
		check_signed(BY_PASSWORD, data + 1, size - 1);
	else if (what < 2 + GOODS)
		check_good(&goods[what - 2], data + 1, size - 1);
	else
		check_signed((enum signer)(what - 1 - GOODS), data + 1, size - 1);
	return 0;
}
