/* SPDX-License-Identifier: ISC */
/* Tokens of the API. */
#include "tests/unit/support.h"

#include "common/base64.h"
#include "common/deadline.h"
#include "registrar/keeper/token.h"

#define NOW INT64_C(1700000000)

#define HASH "$scrypt$ln=10,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w"

static struct api_user user_called(const char *name)
{
	struct api_user user = { .name = "" };

	(void)snprintf(user.name, sizeof user.name, "%s", name);
	assert_int_equal(api_password_parse(&user.password, HASH, strlen(HASH)), 0);
	return user;
}

static void test_token_times(void **state)
{
	struct api_user user = user_called("admin");
	const struct api_users users = { .users = &user, .count = 1 };
	struct api_token_key key;
	char token[API_TOKEN_SIZE];

	(void)state;
	assert_int_equal(api_token_key_make(&key), 0);
	assert_int_equal(api_token_make(token, &key, &user, NOW), 0);
	assert_ptr_equal(api_token_check(&key, &users, token, NOW), &user);
	assert_ptr_equal(api_token_check(&key, &users, token, NOW - 5), &user);
	assert_null(api_token_check(&key, &users, token, NOW - 6));
	assert_ptr_equal(api_token_check(&key, &users, token, NOW + 899), &user);
	assert_null(api_token_check(&key, &users, token, NOW + 900));
}

static void test_token_users(void **state)
{
	struct api_user user =
		user_called("a.user-name_of-64-characters-which-is-the-longest-there-can-be12");
	struct api_users users = { .users = &user, .count = 1 };
	struct api_token_key key, other;
	char token[API_TOKEN_SIZE];

	(void)state;
	assert_int_equal(strlen(user.name), API_USER_NAME_MAX);
	assert_int_equal(api_token_key_make(&key), 0);
	assert_int_equal(api_token_key_make(&other), 0);
	assert_int_equal(api_token_make(token, &key, &user, NOW), 0);
	assert_ptr_equal(api_token_check(&key, &users, token, NOW), &user);
	assert_null(api_token_check(&other, &users, token, NOW));
	user.password.hash[0] ^= 1; /* another password */
	assert_null(api_token_check(&key, &users, token, NOW));
	user.password.hash[0] ^= 1;
	assert_ptr_equal(api_token_check(&key, &users, token, NOW), &user);
	api_users_end_tokens(&users, "somebody.else");
	assert_ptr_equal(api_token_check(&key, &users, token, NOW), &user);
	api_users_end_tokens(&users, user.name);
	assert_null(api_token_check(&key, &users, token, NOW));
	assert_int_equal(api_token_make(token, &key, &user, NOW), 0);
	assert_ptr_equal(api_token_check(&key, &users, token, NOW), &user);
	users.count = 0; /* removed */
	assert_null(api_token_check(&key, &users, token, NOW));
}

static void test_token_forgeries(void **state)
{
	static const char none[] = "eyJhbGciOiJub25lIn0."; /* {"alg":"none"} */
	struct api_user user = user_called("admin");
	const struct api_users users = { .users = &user, .count = 1 };
	struct api_token_key key;
	char token[API_TOKEN_SIZE], forged[2 * API_TOKEN_SIZE];

	(void)state;
	assert_int_equal(api_token_key_make(&key), 0);
	assert_int_equal(api_token_make(token, &key, &user, NOW), 0);
	for (size_t i = 0; i < strlen(token); i++) {
		memcpy(forged, token, sizeof token);
		forged[i] = forged[i] == 'A' ? 'B' : 'A';
		check_row(forged, !api_token_check(&key, &users, forged, NOW));
		memcpy(forged, token, i);
		forged[i] = '\0';
		check_row(forged, !api_token_check(&key, &users, forged, NOW));
	}
	(void)snprintf(forged, sizeof forged, "%sA", token);
	assert_null(api_token_check(&key, &users, forged, NOW));
	(void)snprintf(forged, sizeof forged, "%s%.*s.", none,
		       (int)strcspn(strchr(token, '.') + 1, "."), strchr(token, '.') + 1);
	assert_null(api_token_check(&key, &users, forged, NOW));
	assert_null(api_token_check(&key, &users, "", NOW));
	assert_null(api_token_check(&key, &users, "..", NOW));
	assert_null(api_token_check(&key, &users, ".", NOW));
}

/* What a client that looks into the token finds. */
static void test_token_is_a_jwt(void **state)
{
	struct api_user user = user_called("admin");
	struct api_token_key key;
	char token[API_TOKEN_SIZE], bytes[512] = "";
	const char *payload;

	(void)state;
	assert_int_equal(api_token_key_make(&key), 0);
	assert_int_equal(api_token_make(token, &key, &user, NOW), 0);
	assert_true(base64_decode(bytes, sizeof bytes - 1, BASE64_URL, token, strcspn(token, ".")) >
		    0);
	assert_string_equal(bytes, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
	payload = strchr(token, '.') + 1;
	assert_true(base64_decode(bytes, sizeof bytes - 1, BASE64_URL, payload,
				  strcspn(payload, ".")) > 0);
	assert_non_null(strstr(bytes, "\"iss\":\"wazuh\",\"aud\":\"Wazuh API REST\","
				      "\"nbf\":1700000000,\"exp\":1700000900,"
				      "\"sub\":\"admin\""));
	assert_null(strstr(bytes, "scrypt"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_token_times),
		cmocka_unit_test(test_token_users),
		cmocka_unit_test(test_token_forgeries),
		cmocka_unit_test(test_token_is_a_jwt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
