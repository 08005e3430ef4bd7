/* SPDX-License-Identifier: ISC */
/* Passwords of the API and their hashes. */
#include "tests/unit/support.h"

#include "common/base64.h"
#include "common/deadline.h"
#include "registrar/keeper/password.h"

#include <errno.h>

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
		("$scrypt$ln=99999999999999999999,r=8,p=1$U29kaXVtQ2hsb3JpZGU$"
		 "cCO9yzr9c0hGHAbNgf046w"),
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

/* What counts are the values, not the bytes around them. */
static void test_password_sameness(void **state)
{
	static const char text[] =
		"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w";
	static const char *const others[] = {
		"$scrypt$ln=15,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w",
		"$scrypt$ln=14,r=4,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w",
		"$scrypt$ln=14,r=8,p=2$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w",
		"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGV$cCO9yzr9c0hGHAbNgf046w",
		"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046x",
	};
	struct api_password one, other;

	(void)state;
	memset(&one, 0, sizeof one);
	memset(&other, 0xff, sizeof other);
	assert_int_equal(api_password_parse(&one, text, strlen(text)), 0);
	assert_int_equal(api_password_parse(&other, text, strlen(text)), 0);
	memset(other.salt + other.salt_length, 1, sizeof other.salt - other.salt_length);
	memset(other.hash + other.hash_length, 1, sizeof other.hash - other.hash_length);
	assert_true(api_password_is_same(&one, &other));
	for (size_t i = 0; i < COUNT(others); i++)
		if (api_password_parse(&other, others[i], strlen(others[i])) == 0)
			check_row(others[i], !api_password_is_same(&one, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_password_known_answer),
		cmocka_unit_test(test_password_refusals),
		cmocka_unit_test(test_password_made),
		cmocka_unit_test(test_password_sameness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
