/* SPDX-License-Identifier: ISC */
/* Beside the examples of the standards, OpenSSL's is what it must agree with. */
#include "tests/unit/support.h"

#include "common/sha256.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

static void check_digits(const unsigned char hash[static SHA256_SIZE], const char *expected)
{
	char digits[2 * SHA256_SIZE + 1];

	for (size_t i = 0; i < SHA256_SIZE; i++)
		(void)snprintf(digits + 2 * i, 3, "%02x", hash[i]);
	assert_string_equal(digits, expected);
}

/* FIPS 180-2, appendix B; RFC 4231, 4.3. */
static void test_examples(void **state)
{
	static const char long_example[] =
		"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	unsigned char hash[SHA256_SIZE];

	(void)state;
	sha256(hash, "abc", 3);
	check_digits(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256(hash, long_example, strlen(long_example));
	check_digits(hash, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	sha256_hmac(hash, "Jefe", 4, "what do ya want for nothing?", 28);
	check_digits(hash, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

/* Every length around the ends of the first blocks. */
static void test_as_openssl(void **state)
{
	unsigned char data[300], hash[SHA256_SIZE], expected[EVP_MAX_MD_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (unsigned char)(i * 7 + i / 256);
	for (size_t length = 0; length <= sizeof data; length++) {
		sha256(hash, data, length);
		assert_int_equal(EVP_Digest(data, length, expected, NULL, EVP_sha256(), NULL), 1);
		assert_memory_equal(hash, expected, sizeof hash);
		for (size_t key = 0; key <= SHA256_BLOCK; key += 8) {
			sha256_hmac(hash, data, key, data, length);
			assert_non_null(
				HMAC(EVP_sha256(), data, (int)key, data, length, expected, NULL));
			assert_memory_equal(hash, expected, sizeof hash);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_as_openssl),
	};

	return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
