/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/enroll-jwt.h"

#include <errno.h>

/* ------------------------------------------------------------------ the known answers */

#define NOW 1700000000
#define CLAIMS                                                                                     \
	"eyJleHAiOjE3MDAwMDAwNjAsImlhdCI6MTcwMDAwMDAwMCwianRpIjoiQUFFQ0F3UUZCZ2NJQ1FvTERBME9EdyIs" \
	"Im5iZiI6MTcwMDAwMDAwMH0"

static unsigned char sequence[64]; /* 0, 1, 2, ... */

static int fill_sequence(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof sequence; i++)
		sequence[i] = (unsigned char)i;
	return 0;
}

static const struct {
	const char *label;
	enum enroll_secret kind;
	const void *secret;
	size_t length;
	const char *key_id;
	const char *key; /* in hexadecimal */
	const char *bearer;
} answers[] = {
	{ "password", ENROLL_PASSWORD, "MyEnrollmentSecret123", 21, NULL,
	  "eeecc651648436211783381e38d0a661bfecc2888a4e23b28c94f415f98616b6",
	  "eyJhbGciOiJIUzI1NiIsInR5cCI6IndhenVoLWVucm9sbCtqd3QifQ." CLAIMS
	  ".Ll9rqCc4D0emY3xUV99-yD-ep0Xp7CI1qKG8Rzkvm8o" },
	{ "token", ENROLL_TOKEN_SECRET, sequence + 16, 16, "AAECAwQFBgcICQoLDA0ODw",
	  "5da72b786a15757caa8d825a74a3474c3f15b048fd1064b49863ffc715a95860",
	  "eyJhbGciOiJIUzI1NiIsImtpZCI6IkFBRUNBd1FGQmdjSUNRb0xEQTBPRHciLCJ0eXAiOiJ3YXp1aC1lbnJvbGwr"
	  "and0In0." CLAIMS ".7sTfFRpPNoSg7QPO1h6FWCvY2Islau-E0gQnP1PWelk" },
	{ "agent", ENROLL_AGENT_SECRET, sequence, 32, "001",
	  "68b01ea65fc441951a17e3fd9b7e2dedc846d364f38596630ea3f69f60482ae9",
	  "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAwMSIsInR5cCI6IndhenVoLWVucm9sbCtqd3QifQ." CLAIMS
	  ".waWOzsJ3GP5kj1tOAEdpWNBzjqbjGPSqE039h8irCKc" },
};

static void test_known_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		unsigned char key[ENROLL_KEY_SIZE];
		char bearer[ENROLL_JWT_SIZE], hex[2 * sizeof key + 1];

		check_row(answers[i].label,
			  enroll_jwt_derive(key, answers[i].kind, answers[i].secret,
					    answers[i].length) == 0);
		for (size_t j = 0; j < sizeof key; j++)
			(void)snprintf(hex + 2 * j, 3, "%02x", key[j]);
		assert_string_equal(hex, answers[i].key);
		check_row(answers[i].label,
			  enroll_jwt_sign(bearer, key, answers[i].key_id, NOW, sequence) == 0);
		assert_string_equal(bearer, answers[i].bearer);
	}
}

/* The same bytes make another key for each purpose. */
static void test_kinds_are_apart(void **state)
{
	unsigned char keys[3][ENROLL_KEY_SIZE];

	(void)state;
	for (int kind = 0; kind < 3; kind++)
		assert_int_equal(
			enroll_jwt_derive(keys[kind], (enum enroll_secret)kind, sequence, 32), 0);
	assert_memory_not_equal(keys[0], keys[1], ENROLL_KEY_SIZE);
	assert_memory_not_equal(keys[0], keys[2], ENROLL_KEY_SIZE);
	assert_memory_not_equal(keys[1], keys[2], ENROLL_KEY_SIZE);
}

static void test_signing_limits(void **state)
{
	char bearer[ENROLL_JWT_SIZE];

	(void)state;
	assert_int_equal(enroll_jwt_sign(bearer, sequence, "AAAAAAAAAAAAAAAAAAAAAA",
					 UINT64_MAX - 60, sequence),
			 0);
	assert_int_equal(enroll_jwt_sign(bearer, sequence, "AAAAAAAAAAAAAAAAAAAAAAA", NOW,
					 sequence),
			 -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_answers),
		cmocka_unit_test(test_kinds_are_apart),
		cmocka_unit_test(test_signing_limits),
	};

	return cmocka_run_group_tests(tests, fill_sequence, NULL);
}
