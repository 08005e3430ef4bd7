/* SPDX-License-Identifier: ISC */
/*
 * The bearer of an enrollment. The first byte says what the rest is: a bearer as it came; header
 * and claims that the right password signs; or time, nonce and a change to a good one. If a call
 * fails (faults.h), nothing is good.
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
#define NOW 1700000000
#define SKEW 30
#define TEXT_MAX 1000

static const unsigned char *password_key(void)
{
	static unsigned char key[ENROLL_KEY_SIZE];
	static int is_made;

	if (!is_made)
		HOLDS(enroll_jwt_derive(key, ENROLL_PASSWORD, PASSWORD, strlen(PASSWORD)) == 0);
	is_made = 1;
	return key;
}

/* What the registrar says of it: first by its form, then with the password. */
static enum bearer_fault check_with(const char *bearer, const char *password)
{
	const struct bearer_secrets secrets = { .password = password };
	struct enroll_bearer parsed;
	enum bearer_fault fault;

	fuzz_faults_begin();
	fault = bearer_parse(&parsed, bearer);
	if (fault == BEARER_OK)
		fault = bearer_check(&parsed, &secrets, NOW);
	fuzz_faults_end();
	HOLDS(fault != BEARER_KEY_UNAVAILABLE || fuzz_fault_happened());
	HOLDS((fault == BEARER_OK) == (bearer_fault_text(fault)[0] == '\0'));
	return fault;
}

static enum bearer_fault check(const char *bearer)
{
	return check_with(bearer, PASSWORD);
}

/* What is good can only be written in one way: the one in which we write it. */
static void check_canonical(const char *bearer)
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
	HOLDS(enroll_jwt_sign(again, password_key(), NULL, made, nonce) == 0);
	HOLDS(strcmp(bearer, again) == 0);
}

static void check_raw(const uint8_t *data, size_t size)
{
	char text[TEXT_MAX + 1];

	memcpy(text, data, size);
	text[size] = '\0';
	if (check(text) == BEARER_OK)
		check_canonical(text);
}

/* Header and claims with a line feed between them. */
static void check_signed(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t header = end ? (size_t)(end - data) : size, claims = end ? size - header - 1 : 0;
	char text[2 * TEXT_MAX + 100];
	unsigned char mac[32];
	size_t length = base64_encode(text, BASE64_URL, data, header);

	text[length++] = '.';
	length += base64_encode(text + length, BASE64_URL, end ? end + 1 : data, claims);
	HOLDS(HMAC(EVP_sha256(), password_key(), ENROLL_KEY_SIZE, (unsigned char *)text, length,
		   mac, NULL));
	text[length++] = '.';
	(void)base64_encode(text + length, BASE64_URL, mac, sizeof mac);
	if (check(text) == BEARER_OK)
		check_canonical(text);
}

static void check_good(const uint8_t *data, size_t size)
{
	unsigned char nonce[ENROLL_NONCE_SIZE] = { 0 };
	char bearer[ENROLL_JWT_SIZE];
	int offset = size > 1 ? (int)(data[0] * 256 + data[1]) - 32768 : 0;
	size_t at;

	memcpy(nonce, data, size < sizeof nonce ? size : sizeof nonce);
	HOLDS(enroll_jwt_sign(bearer, password_key(), NULL, (uint64_t)(NOW + offset), nonce) == 0);
	HOLDS_WITHOUT_FAULT(
		check(bearer) ==
		(offset > SKEW || offset < -ENROLL_JWT_LIFETIME - SKEW ? BEARER_STALE : BEARER_OK));
	HOLDS_WITHOUT_FAULT(check_with(bearer, "another") == BEARER_INVALID_SIGNATURE);
	HOLDS(check_with(bearer, "another") != BEARER_OK);
	if (size < 4)
		return;
	at = (data[2] * 256U + data[3]) % strlen(bearer);
	if (bearer[at] == (char)data[0])
		return;
	bearer[at] = (char)data[0];
	HOLDS(check(bearer) != BEARER_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size = fuzz_faults_read(data, size);
	if (size < 1 || size > TEXT_MAX)
		return 0;
	switch (data[0] % 3) {
	case 0:
		check_raw(data + 1, size - 1);
		break;
	case 1:
		check_signed(data + 1, size - 1);
		break;
	default:
		check_good(data + 1, size - 1);
		break;
	}
	return 0;
}
