/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "client/conversation/secrets.h"
#include "common/escape.h"

#include <openssl/pem.h>
#include <unistd.h>

#define KEY "48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db"
#define OWN "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static char password[64];
static struct proxy proxy;
static struct enrollment_token token;
static struct reenroll_secret secret = { "003", OWN };
static const struct attempt attempt = {
	.password = password,
	.connection = { .proxy = &proxy },
	.enroll = { .token = &token, .secret = &secret },
};
static const struct wire_result received = {
	.key = { "003", "web-01", "any", "Abcdefghij-0123456789" },
	.report = { .reenroll_secret = { "003", "ffeeddccbbaa" } },
};

/* Whether a text holds the password, by the password's length and kind. */
static void test_password(void **state)
{
	static const struct {
		const char *label, *password, *text;
		bool is_there;
	} rows[] = {
		{ "none", "", "m:1515 says: No", false },
		{ "a short one", "T0p!", "T0p!", false },
		{ "a word", "password", "Set password_file", false },
		{ "a whole one", "T0p!secret", "m says: T0p!secret.", true },
		{ "the most of a short one", "T0p!secret", "T0p!secre", false },
		{ "a long one", "correct horse battery", "correct horse battery", true },
		{ "three quarters of it", "correct horse battery", "x ect horse battery", true },
		{ "half of it", "correct horse battery", "correct horse", false },
		{ "a long word", "correcthorsebattery", "correcthorsebattery", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		strcpy(password, rows[i].password);
		check_row(rows[i].label,
			  secrets_are_in(rows[i].text, &attempt, NULL) == rows[i].is_there);
	}
	password[0] = '\0';
}

static void test_other_secrets(void **state)
{
	char text[] = "the proxy's secret";

	(void)state;
	assert_false(secrets_are_in("nothing", &attempt, &received));
	assert_true(secrets_are_in("a " KEY, &attempt, NULL));
	assert_true(secrets_are_in(OWN, &attempt, NULL));
	assert_true(secrets_are_in("Abcdefghij-0123456789", &attempt, &received));
	assert_true(secrets_are_in("ffeeddccbbaa", &attempt, &received));
	assert_false(secrets_are_in("ffeeddccbbaa", &attempt, NULL));
	proxy.password = (struct secret){ .text = text, .length = strlen(text) };
	assert_true(secrets_are_in("it is the proxy's secret", &attempt, NULL));
	proxy.password = (struct secret){ 0 };
	assert_false(secrets_are_in("it is the proxy's secret", &attempt, NULL));
}

static void test_credential_of_a_token(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof token.secret; i++)
		token.secret[i] = (unsigned char)(0xf0 + i);
	assert_false(secrets_are_in("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", &attempt, NULL));
	token.has_credential = true;
	assert_true(secrets_are_in("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", &attempt, NULL));
	assert_true(secrets_are_in("8PHy8_T19vf4-fr7_P3-_w", &attempt, NULL));
	token.has_credential = false;
}

/* ------------------------------------------------------------------ a private key */

/* The key that OpenSSL writes, as text; the caller frees it. */
static char *write_key(const char *path)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
	assert_int_equal(fclose(file), 0);
	EVP_PKEY_free(key);
	return read_file(path, NULL);
}

/* In whatever form; but not what belongs to the file around it. */
static void test_private_key(void **state)
{
	const char *path = path_in(*state, "key.pem");
	struct attempt with_key = { .connection = { .private_key_file = path } };
	char *pem = write_key(path), *body = strchr(pem, '\n') + 1, escaped[1024], part[25];

	assert_true(secrets_are_in(pem, &with_key, NULL));
	assert_true(secrets_are_in(escape_string(escaped, sizeof escaped, pem), &with_key, NULL));
	(void)snprintf(part, sizeof part, "%s", body + 70);
	assert_true(secrets_are_in(part, &with_key, NULL));
	assert_false(secrets_are_in("-----BEGIN PRIVATE KEY-----", &with_key, NULL));
	assert_false(secrets_are_in("https://m:1515 says: No", &with_key, NULL));
	assert_false(secrets_are_in(part, &(struct attempt){ 0 }, NULL));
	assert_int_equal(unlink(path), 0);
	assert_false(secrets_are_in(part, &with_key, NULL));
	free(pem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_password),
		cmocka_unit_test(test_other_secrets),
		cmocka_unit_test(test_credential_of_a_token),
		cmocka_unit_test_setup_teardown(test_private_key, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests_name("secrets", tests, NULL, NULL);
}
