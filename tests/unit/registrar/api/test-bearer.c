/* SPDX-License-Identifier: ISC */
/* Which bearers prove that the client knows a secret: the registration password, for instance. */
#include "tests/unit/shortage.h"
#include "tests/unit/support.h"

#include "common/base64.h"
#include "common/enroll-jwt.h"
#include "registrar/api/bearer.h"
#include "registrar/keeper/bearer-check.h"

#include <errno.h>
#include <limits.h>

#define NOW UINT64_C(1790000000)
#define PASSWORD "registration password"

static const unsigned char nonce[ENROLL_NONCE_SIZE] = "nonce";

/* Read at the one end, checked at the other. */
static enum bearer_fault judge(const char *bearer, uint64_t now)
{
	static const struct bearer_secrets secrets = { .password = PASSWORD };
	struct enroll_bearer parsed;
	enum bearer_fault fault = bearer_parse(&parsed, bearer);

	return fault == BEARER_OK ? bearer_check(&parsed, &secrets, now) : fault;
}

static void sign(char bearer[static ENROLL_JWT_SIZE], const char *password, uint64_t made)
{
	unsigned char key[ENROLL_KEY_SIZE];

	assert_int_equal(enroll_jwt_derive(key, ENROLL_PASSWORD, password, strlen(password)), 0);
	assert_int_equal(enroll_jwt_sign(bearer, key, NULL, made, nonce), 0);
}

static void test_time_and_password(void **state)
{
	static const struct {
		const char *password;
		int64_t age;
		enum bearer_fault fault;
	} rows[] = {
		{ PASSWORD, 0, BEARER_OK },
		{ PASSWORD, -30, BEARER_OK },
		{ PASSWORD, -31, BEARER_STALE },
		{ PASSWORD, ENROLL_JWT_LIFETIME + 30, BEARER_OK },
		{ PASSWORD, ENROLL_JWT_LIFETIME + 31, BEARER_STALE },
		{ "another password", 0, BEARER_INVALID_SIGNATURE },
		{ "another password", 99999, BEARER_INVALID_SIGNATURE },
	};
	char bearer[ENROLL_JWT_SIZE], label[64];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		(void)snprintf(label, sizeof label, "%s, %lld s", rows[i].password,
			       (long long)rows[i].age);
		sign(bearer, rows[i].password, (uint64_t)((int64_t)NOW - rows[i].age));
		check_row(label, judge(bearer, NOW) == rows[i].fault);
	}
}

/* Whatever is changed, cut or added. */
static void test_altered(void **state)
{
	char bearer[ENROLL_JWT_SIZE], altered[ENROLL_JWT_SIZE + 1];
	size_t length;

	(void)state;
	sign(bearer, PASSWORD, NOW);
	length = strlen(bearer);
	for (size_t i = 0; i < length; i++) {
		memcpy(altered, bearer, length + 1);
		altered[i] = bearer[i] == 'A' ? 'B' : 'A';
		assert_int_not_equal(judge(altered, NOW), BEARER_OK);
		memcpy(altered, bearer, i);
		altered[i] = '\0';
		assert_int_not_equal(judge(altered, NOW), BEARER_OK);
	}
	(void)snprintf(altered, sizeof altered, "%sA", bearer);
	assert_int_equal(judge(altered, NOW), BEARER_INVALID_SIGNATURE);
}

/* Of an agent or of a token that another manager knows, by the id of the key in the header. */
static void test_other_keys(void **state)
{
	static const struct {
		const char *header;
		enum bearer_fault fault;
	} rows[] = {
		{ "{\"alg\":\"HS256\",\"kid\":\"001\",\"typ\":\"wazuh-enroll+jwt\"}",
		  BEARER_UNKNOWN_AGENT },
		{ "{\"alg\":\"HS256\",\"kid\":\"token\",\"typ\":\"wazuh-enroll+jwt\"}",
		  BEARER_UNKNOWN_TOKEN },
		/* there is one way to write it */
		{ "{\"alg\":\"HS256\",\"typ\":\"wazuh-enroll+jwt\",\"kid\":\"001\"}",
		  BEARER_INVALID_SIGNATURE },
		{ "{\"alg\":\"none\",\"kid\":\"001\",\"typ\":\"wazuh-enroll+jwt\"}",
		  BEARER_INVALID_SIGNATURE },
		{ "{\"alg\":\"HS256\",\"kid\":\"0\\u00301\",\"typ\":\"wazuh-enroll+jwt\"}",
		  BEARER_INVALID_SIGNATURE },
		{ "{\"alg\":\"none\"}", BEARER_UNKNOWN_TOKEN },
		{ "not JSON", BEARER_UNKNOWN_TOKEN },
	};
	char bearer[ENROLL_JWT_SIZE], text[BASE64_SIZE(96)], altered[2 * ENROLL_JWT_SIZE];

	(void)state;
	sign(bearer, PASSWORD, NOW);
	for (size_t i = 0; i < COUNT(rows); i++) {
		(void)base64_encode(text, BASE64_URL, rows[i].header, strlen(rows[i].header));
		(void)snprintf(altered, sizeof altered, "%s%s", text, strchr(bearer, '.'));
		check_row(rows[i].header, judge(altered, NOW) == rows[i].fault);
	}
}

static void test_no_bearer(void **state)
{
	static const char *const rows[] = {
		"", ".", "..", "a.b", "a.b.c", "e30.e30.e30", "a.eyJpYXQiOi0xfQ.c"
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(rows[i], judge(rows[i], NOW) == BEARER_INVALID_REQUEST);
	assert_string_equal(bearer_fault_text(BEARER_STALE), "stale_token");
	assert_string_equal(bearer_fault_text(BEARER_UNKNOWN_AGENT), "unknown_agent");
}

/* ------------------------------------------------------------------ tokens */

#define TOKEN_ID "AAECAwQFBgcICQoLDA0ODw"

/* A bearer signed with the secret that begins with `first`. */
static enum bearer_fault judge_token(struct enroll_tokens *tokens, unsigned char first,
				     uint64_t made)
{
	const struct bearer_secrets secrets = { .tokens = tokens };
	unsigned char key[ENROLL_KEY_SIZE], secret[ENROLLMENT_SECRET_SIZE] = { first };
	char bearer[ENROLL_JWT_SIZE];
	struct enroll_bearer parsed;

	assert_int_equal(enroll_jwt_derive(key, ENROLL_TOKEN_SECRET, secret, sizeof secret), 0);
	assert_int_equal(enroll_jwt_sign(bearer, key, TOKEN_ID, made, nonce), 0);
	assert_int_equal(bearer_parse(&parsed, bearer), BEARER_OK);
	return bearer_check(&parsed, &secrets, NOW);
}

/* Only who has the secret is told what has become of the token, and nobody that it is used up. */
static void test_tokens(void **state)
{
	static const struct {
		const char *label;
		struct enroll_token token;
		enum bearer_fault fault;
	} rows[] = {
		{ "good", { .id = TOKEN_ID, .expires = NOW + 1 }, BEARER_OK },
		{ "expired", { .id = TOKEN_ID, .expires = NOW }, BEARER_EXPIRED_TOKEN },
		{ "revoked",
		  { .id = TOKEN_ID, .expires = NOW, .is_revoked = true },
		  BEARER_REVOKED_TOKEN },
		{ "used up",
		  { .id = TOKEN_ID, .expires = NOW + 1, .uses = 1, .most = 1 },
		  BEARER_OK },
	};

	(void)state;
	assert_int_equal(judge_token(NULL, 1, NOW), BEARER_UNKNOWN_TOKEN);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct enroll_token token = rows[i].token;
		struct enroll_tokens tokens = { .tokens = &token, .count = 1 };

		token.secret[0] = 1;
		check_row(rows[i].label, judge_token(&tokens, 1, NOW) == rows[i].fault);
		check_row(rows[i].label, judge_token(&tokens, 2, NOW) == BEARER_INVALID_SIGNATURE);
		check_row(rows[i].label, judge_token(&tokens, 1, NOW - 91) == BEARER_STALE);
		token.id[0] = 'B';
		check_row(rows[i].label, judge_token(&tokens, 1, NOW) == BEARER_UNKNOWN_TOKEN);
	}
	assert_string_equal(bearer_fault_text(BEARER_REVOKED_TOKEN), "token_revoked");
	assert_string_equal(bearer_fault_text(BEARER_EXPIRED_TOKEN), "token_expired");
}

/* ------------------------------------------------------------------ agents */

/* Signed with the key that consists of these bytes, as it is read. */
static void sign_as_agent(struct enroll_bearer *ret, unsigned char byte)
{
	unsigned char key[ENROLL_KEY_SIZE];
	char bearer[ENROLL_JWT_SIZE];

	memset(key, byte, sizeof key);
	assert_int_equal(enroll_jwt_sign(bearer, key, "001", NOW, nonce), 0);
	assert_int_equal(bearer_parse(ret, bearer), BEARER_OK);
}

/* Where libcrypto fails, nothing is said of the agent's secret. */
static void test_agents(void **state)
{
	struct secret_line line = { .id = "001", .has_previous = true };
	const struct signing_key *key = NULL;
	struct enroll_bearer bearer;
	int r, failures = 0;

	(void)state;
	memset(line.key.bytes, 1, sizeof line.key.bytes);
	memset(line.previous.bytes, 2, sizeof line.previous.bytes);
	sign_as_agent(&bearer, 3);
	assert_int_equal(bearer_signing_key(&key, &bearer, &line), 0);
	assert_null(key);
	sign_as_agent(&bearer, 1);
	assert_int_equal(bearer_signing_key(&key, &bearer, &line), 1);
	assert_ptr_equal(key, &line.key);
	sign_as_agent(&bearer, 2);
	assert_int_equal(bearer_signing_key(&key, &bearer, &line), 1);
	assert_ptr_equal(key, &line.previous);
	line.has_previous = false;
	assert_int_equal(bearer_signing_key(&key, &bearer, &line), 0);
	sign_as_agent(&bearer, 1);
	for (unsigned int nth = 1;; nth++) {
		shortage_begin(nth);
		r = bearer_signing_key(&key, &bearer, &line);
		if (!shortage_end())
			break;
		assert_true(r == 1 || r == -EIO);
		failures += r < 0;
	}
	assert_int_equal(r, 1);
	assert_in_range(failures, 1, INT_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time_and_password), cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_altered),           cmocka_unit_test(test_other_keys),
		cmocka_unit_test(test_no_bearer),         cmocka_unit_test(test_agents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
