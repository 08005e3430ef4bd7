/* SPDX-License-Identifier: ISC */
/* Who may use the API: passwords, users, tokens, limits. */
#include "tests/unit/support.h"

#include "common/base64.h"
#include "common/deadline.h"
#include "registrar/api/limits.h"
#include "registrar/api/password.h"
#include "registrar/api/token.h"
#include "registrar/api/users.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW INT64_C(1700000000)

/* ------------------------------------------------------------------ passwords */

static void test_password_known_answer(void **state)
{
	/* RFC 7914, section 12: scrypt("pleaseletmein", "SodiumChloride", 16384, 8, 1, 64) */
	static const char text[] = "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$"
				   "cCO9yzr9c0hGHAbNgf046/"
				   "2o+7qQT44+"
				   "qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw";
	char formatted[API_HASH_TEXT_SIZE];
	struct api_password password;

	(void)state;
	assert_int_equal(api_password_parse(&password, text, strlen(text)), 0);
	assert_int_equal(api_password_check(&password, "pleaseletmein", 13), 1);
	assert_int_equal(api_password_check(&password, "pleaseletmeiN", 13), 0);
	assert_int_equal(api_password_check(&password, "", 0), 0);
	api_password_format(formatted, &password);
	assert_string_equal(formatted, text);
}

static void test_password_refusals(void **state)
{
	static const char *const rows[] = {
		"",
		"$scrypt$",
		"secret",
		"$2b$12$abcdefghijklmnopqrstuv",
		"$scrypt$ln=9,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w",  /* too cheap */
		"$scrypt$ln=18,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w", /* 256 MiB */
		"$scrypt$ln=63,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w",
		"$scrypt$ln=64,r=1,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w",
		/* too much work */
		"$scrypt$ln=14,r=8,p=99$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w",
		"$scrypt$ln=14,r=0,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w",
		"$scrypt$ln=14,r=8,p=0$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w",
		"$scrypt$ln=14,r=8$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w",
		"$scrypt$ln=,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w",
		/* salt of 3 bytes */
		"$scrypt$ln=14,r=8,p=1$U29k$cCO9yzr9c0hGHAbNgf046w",
		"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$",
		"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU",
		"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w==",
		"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w ",
		"$scrypt$ln=99999999999999999999,r=8,p=1$U29kaXVtQ2hsb3JpZGU$"
		"cCO9yzr9c0hGHAbNgf046w",
	};
	struct api_password password;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(rows[i],
			  api_password_parse(&password, rows[i], strlen(rows[i])) == -EINVAL);
}

static void test_password_made(void **state)
{
	struct api_password first, second, decoy;
	char text[API_HASH_TEXT_SIZE];

	(void)state;
	assert_int_equal(api_password_make(&first, "same password", 13), 0);
	assert_int_equal(api_password_make(&second, "same password", 13), 0);
	assert_memory_not_equal(first.salt, second.salt, first.salt_length);
	assert_memory_not_equal(first.hash, second.hash, first.hash_length);
	assert_int_equal(api_password_check(&first, "same password", 13), 1);
	api_password_format(text, &first);
	assert_int_equal(api_password_parse(&second, text, strlen(text)), 0);
	assert_int_equal(api_password_check(&second, "same password", 13), 1);
	first.log2_n = 11;
	api_password_decoy(&decoy, &first);
	assert_int_equal(decoy.log2_n, 11);
	assert_int_equal(api_password_check(&decoy, "same password", 13), 0);
	assert_int_equal(api_password_check(&decoy, "", 0), 0);
}

/* ------------------------------------------------------------------ users */

#define HASH "$scrypt$ln=10,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w"

static void test_users_file(void **state)
{
	struct api_users users = { .path = path_in(*state, "users") };
	struct reason why;

	assert_int_equal(api_users_refresh(&users, &why), 1); /* there is no file */
	assert_int_equal(users.count, 0);
	write_text(users.path, "# comment\n\nadmin:" HASH "\n \nsite.ops_2-x:" HASH);
	assert_int_equal(api_users_refresh(&users, &why), 1);
	assert_int_equal(api_users_refresh(&users, &why), 0);
	assert_int_equal(users.count, 2);
	assert_non_null(api_users_find(&users, "admin"));
	assert_non_null(api_users_find(&users, "site.ops_2-x"));
	assert_null(api_users_find(&users, "admi"));
	assert_null(api_users_find(&users, ""));
	write_text(users.path, "admin:" HASH "\n");
	assert_int_equal(api_users_refresh(&users, &why), 1);
	assert_null(api_users_find(&users, "site.ops_2-x"));
	assert_int_equal(unlink(users.path), 0);
	assert_int_equal(api_users_refresh(&users, &why), 1);
	assert_null(api_users_find(&users, "admin"));
	api_users_clear(&users);
}

static uint64_t epoch_of(const struct api_users *users, const char *name)
{
	const struct api_user *user = api_users_find(users, name);

	assert_non_null(user);
	return user->epoch;
}

/* An epoch lasts while the user is in the file without a break. */
static void test_users_epochs(void **state)
{
	struct api_users users = { .path = path_in(*state, "users") };
	uint64_t first, second;
	struct reason why;

	write_text(users.path, "admin:" HASH "\n");
	assert_int_equal(api_users_refresh(&users, &why), 1);
	first = epoch_of(&users, "admin");
	write_text(users.path, "second:" HASH "\nadmin:" HASH "\n");
	assert_int_equal(api_users_refresh(&users, &why), 1);
	assert_int_equal(epoch_of(&users, "admin"), first);
	second = epoch_of(&users, "second");
	assert_int_not_equal(second, first);
	api_users_end_tokens(&users, "admin");
	assert_int_not_equal(epoch_of(&users, "admin"), first);
	assert_int_not_equal(epoch_of(&users, "admin"), second);
	assert_int_equal(epoch_of(&users, "second"), second);
	write_text(users.path, "admin:" HASH "\n");
	assert_int_equal(api_users_refresh(&users, &why), 1);
	write_text(users.path, "admin\n");
	assert_int_equal(api_users_refresh(&users, &why), -EINVAL);
	write_text(users.path, "second:" HASH "\nadmin:" HASH "\n");
	assert_int_equal(api_users_refresh(&users, &why), 1);
	assert_int_not_equal(epoch_of(&users, "admin"), first);
	assert_int_not_equal(epoch_of(&users, "second"), second);
	assert_int_not_equal(epoch_of(&users, "second"), epoch_of(&users, "admin"));
	api_users_clear(&users);
}

static void test_users_refusals(void **state)
{
	static const char *const rows[] = {
		"admin\n",
		"admin:\n",
		"admin:secret\n",
		"adm:" HASH "\n",
		"ad min:" HASH "\n",
		":" HASH "\n",
		"admin:" HASH "\r\n",
		"admin:" HASH "\nadmin:" HASH "\n",
		"admin:" HASH ":x\n",
		"a23456789012345678901234567890123456789012345678901234567890123456:" HASH "\n",
	};
	struct api_users users = { .path = path_in(*state, "users") };
	struct reason why;

	for (size_t i = 0; i < COUNT(rows); i++) {
		write_text(users.path, rows[i]);
		check_row(rows[i], api_users_refresh(&users, &why) == -EINVAL);
		check_row(rows[i], users.count == 0 && strstr(why.text, users.path));
		check_row(rows[i], !strstr(why.text, "secret"));
	}
	assert_int_equal(unlink(users.path), 0);
	assert_int_equal(mkdir(users.path, 0700), 0);
	assert_int_equal(api_users_refresh(&users, &why), -EINVAL);
	assert_int_equal(rmdir(users.path), 0);
	api_users_clear(&users);
}

static void test_users_stored(void **state)
{
	char path[256];
	struct api_users users = { .path = path };
	struct api_password password;
	struct reason why;
	struct stat status;

	(void)snprintf(path, sizeof path, "%s", path_in(*state, "users"));
	assert_int_equal(api_password_parse(&password, HASH, strlen(HASH)), 0);
	/* nobody to remove */
	assert_int_equal(api_users_store(path, (gid_t)-1, "admin", NULL, &why), 0);
	assert_file(path, NULL);
	assert_int_equal(api_users_store(path, (gid_t)-1, "admin", &password, &why), 0);
	assert_file(path, "admin:" HASH "\n");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
	assert_int_equal(chmod(path, 0600), 0);

	write_text(path, "# mine\nadmin:old\nadministrator:" HASH); /* no newline at the end */
	assert_int_equal(api_users_store(path, (gid_t)-1, "admin", &password, &why), 1);
	assert_file(path, "# mine\nadministrator:" HASH "\nadmin:" HASH "\n");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(api_users_refresh(&users, &why), 1);
	assert_int_equal(users.count, 2);
	assert_int_equal(api_users_store(path, (gid_t)-1, "administrator", NULL, &why), 1);
	assert_file(path, "# mine\nadmin:" HASH "\n");
	assert_int_equal(api_users_refresh(&users, &why), 1);
	assert_int_equal(users.count, 1);
	assert_int_equal(count_entries(*state), 1);
	api_users_clear(&users);
}

/* ------------------------------------------------------------------ tokens */

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
	struct api_user user = user_called("a.user-name_of-64-characters-which-is-the-longest-"
					   "there-can-be12");
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
	assert_non_null(strstr(bytes, "\"iss\":\"wazuh\",\"aud\":\"Wazuh API "
				      "REST\",\"nbf\":1700000000,\"exp\":1700000900,\"sub\":"
				      "\"admin\""));
	assert_null(strstr(bytes, "scrypt"));
}

/* ------------------------------------------------------------------ limits */

#define SECOND USEC_PER_SEC

static struct api_limits *limits_of(unsigned int requests, unsigned int failures,
				    unsigned int block_time)
{
	const struct api_limits_settings settings = { requests, failures, block_time };
	struct api_limits *limits = api_limits_new(&settings);

	assert_non_null(limits);
	return limits;
}

static void test_request_limit(void **state)
{
	struct api_limits *limits = limits_of(3, 50, 300);

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(api_limits_request(limits, "192.0.2.1", SECOND * 10));
	assert_false(api_limits_request(limits, "192.0.2.1", SECOND * 20));
	assert_false(api_limits_request(limits, "::ffff:192.0.2.1", SECOND * 20));
	assert_true(api_limits_request(limits, "192.0.2.2", SECOND * 20));
	assert_false(api_limits_request(limits, "192.0.2.1", SECOND * 70 - 1));
	assert_true(api_limits_request(limits, "192.0.2.1", SECOND * 70));
	api_limits_free(limits);
}

static void test_no_request_limit(void **state)
{
	struct api_limits *limits = limits_of(0, 50, 300);

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_true(api_limits_request(limits, "192.0.2.1", SECOND));
	api_limits_free(limits);
}

static void test_networks_of_ipv6(void **state)
{
	struct api_limits *limits = limits_of(1, 50, 300);

	(void)state;
	assert_true(api_limits_request(limits, "2001:db8::1", SECOND));
	assert_false(api_limits_request(limits, "2001:db8::ffff:1", SECOND));
	assert_true(api_limits_request(limits, "2001:db8:0:1::1", SECOND));
	assert_true(api_limits_request(limits, "", SECOND));
	assert_false(api_limits_request(limits, "nonsense", SECOND)); /* the same as none */
	api_limits_free(limits);
}

static void test_lock_out(void **state)
{
	struct api_limits *limits = limits_of(0, 3, 300);

	(void)state;
	assert_false(api_limits_failure(limits, "192.0.2.1", SECOND));
	assert_false(api_limits_failure(limits, "192.0.2.1", SECOND * 2));
	assert_true(api_limits_may_log_in(limits, "192.0.2.1", SECOND * 3));
	assert_true(api_limits_failure(limits, "192.0.2.1", SECOND * 3));
	/* a try that was under way */
	assert_false(api_limits_failure(limits, "192.0.2.1", SECOND * 4));
	assert_false(api_limits_may_log_in(limits, "192.0.2.1", SECOND * 4));
	assert_true(api_limits_may_log_in(limits, "192.0.2.2", SECOND * 4));
	assert_false(api_limits_may_log_in(limits, "192.0.2.1", SECOND * 303 - 1));
	assert_true(api_limits_may_log_in(limits, "192.0.2.1", SECOND * 303));
	assert_false(api_limits_failure(limits, "192.0.2.1", SECOND * 304)); /* counted anew */
	api_limits_free(limits);
}

static void test_old_failures_are_forgotten(void **state)
{
	struct api_limits *limits = limits_of(0, 2, 300);

	(void)state;
	assert_false(api_limits_failure(limits, "192.0.2.1", SECOND));
	assert_false(api_limits_failure(limits, "192.0.2.1", SECOND * 301));
	assert_true(api_limits_failure(limits, "192.0.2.1", SECOND * 302));
	api_limits_free(limits);
}

/* Many networks push out what has done nothing, not who is locked out. */
static void test_table_is_bounded(void **state)
{
	struct api_limits *limits = limits_of(0, 1, 300);
	char address[64];

	(void)state;
	assert_true(api_limits_failure(limits, "192.0.2.1", SECOND));
	for (unsigned int i = 0; i < 8 * API_ADDRESSES_MAX; i++) {
		(void)snprintf(address, sizeof address, "2001:db8:%x:%x::1", i >> 16, i & 0xffff);
		assert_true(api_limits_may_log_in(limits, address, SECOND));
	}
	assert_false(api_limits_may_log_in(limits, "192.0.2.1", SECOND));
	api_limits_free(limits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_password_known_answer),
		cmocka_unit_test(test_password_refusals),
		cmocka_unit_test(test_password_made),
		cmocka_unit_test_setup_teardown(test_users_file, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_users_epochs, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_users_refusals, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_users_stored, setup_directory,
						teardown_directory),
		cmocka_unit_test(test_token_times),
		cmocka_unit_test(test_token_users),
		cmocka_unit_test(test_token_forgeries),
		cmocka_unit_test(test_token_is_a_jwt),
		cmocka_unit_test(test_request_limit),
		cmocka_unit_test(test_no_request_limit),
		cmocka_unit_test(test_networks_of_ipv6),
		cmocka_unit_test(test_lock_out),
		cmocka_unit_test(test_old_failures_are_forgotten),
		cmocka_unit_test(test_table_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
