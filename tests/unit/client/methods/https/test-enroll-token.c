/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "client/methods/enroll-token.h"
#include "common/base64.h"

#include <errno.h>

#define PIN "YJHcNmXtXoM8jZRfk-u_FLNwIMzudzNORJesLvNZCqI"
#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

/* Parse a token made of this JSON. */
static int parse(struct enrollment_token *ret, const char *json, struct reason *why)
{
	char *text = malloc(BASE64_SIZE(strlen(json)));
	size_t length = base64_encode(text, BASE64_URL, json, strlen(json));
	int r = enrollment_token_parse(ret, text, length, why);

	free(text);
	return r;
}

/* ------------------------------------------------------------------ the known answers */

static const unsigned char pin[] = {
	0x60, 0x91, 0xdc, 0x36, 0x65, 0xed, 0x5e, 0x83, 0x3c, 0x8d, 0x94,
	0x5f, 0x93, 0xeb, 0xbf, 0x14, 0xb3, 0x70, 0x20, 0xcc, 0xee, 0x77,
	0x33, 0x4e, 0x44, 0x97, 0xac, 0x2e, 0xf3, 0x59, 0x0a, 0xa2,
};

static void test_known_answers(void **state)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
		const char *prefix;
		bool has_credential;
	} rows[] = {
		{ "eyJ2ZXIiOjEsImFkciI6InNpZW0uZXhhbXBsZS5sb2NhbCIsInBpbiI6IllKSGNObVh0WG9NOGpaUmZr"
		  "LXVfRkxOd0lNenVkek5PUkplc0x2TlpDcUkifQ",
		  "siem.example.local", 1517, "wazuh-manager", false },
		{ "eyJ2ZXIiOjEsImFkciI6InNpZW0uZXhhbXBsZS5sb2NhbCIsInBpbiI6IllKSGNObVh0WG9NOGpaUmZr"
		  "LXVfRkxOd0lNenVkek5PUkplc0x2TlpDcUkiLCJrZXkiOiJBQUVDQXdRRkJnY0lDUW9MREEwT0R4QVJF"
		  "aE1VRlJZWEdCa2FHeHdkSGg4In0",
		  "siem.example.local", 1517, "wazuh-manager", true },
		{ "eyJ2ZXIiOjEsImFkciI6InNpZW0uZXhhbXBsZS5sb2NhbDo4NDQzL3dhenVoLyIsInBpbiI6IllKSGNO"
		  "bVh0WG9NOGpaUmZrLXVfRkxOd0lNenVkek5PUkplc0x2TlpDcUkifQ",
		  "siem.example.local", 8443, "wazuh", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct enrollment_token token;

		check_row(rows[i].text, enrollment_token_parse(&token, rows[i].text,
							       strlen(rows[i].text), NULL) == 0);
		assert_string_equal(token.manager.host, rows[i].host);
		assert_int_equal(token.manager.port, rows[i].port);
		assert_string_equal(token.prefix, rows[i].prefix);
		assert_memory_equal(token.pin, pin, sizeof pin);
		assert_null(token.ca);
		assert_int_equal(token.has_credential, rows[i].has_credential);
		if (token.has_credential) {
			assert_string_equal(token.id, "AAECAwQFBgcICQoLDA0ODw");
			for (size_t j = 0; j < sizeof token.secret; j++)
				assert_int_equal(token.secret[j], 16 + j);
		}
		enrollment_token_wipe(&token);
		assert_int_equal(token.secret[15], 0);
	}
}

/* ------------------------------------------------------------------ writing */

/* What is written is what a manager writes, character by character. */
static void test_known_texts(void **state)
{
	static const char expected[] =
		"eyJ2ZXIiOjEsImFkciI6InNpZW0uZXhhbXBsZS5sb2NhbCIsInBpbiI6IllKSGNObVh0WG9NOGpaUmZr"
		"LXVfRkxOd0lNenVkek5PUkplc0x2TlpDcUkiLCJrZXkiOiJBQUVDQXdRRkJnY0lDUW9MREEwT0R4QVJF"
		"aE1VRlJZWEdCa2FHeHdkSGg4In0";
	static const char without_key[] =
		"eyJ2ZXIiOjEsImFkciI6InNpZW0uZXhhbXBsZS5sb2NhbCIsInBpbiI6IllKSGNObVh0WG9NOGpaUmZr"
		"LXVfRkxOd0lNenVkek5PUkplc0x2TlpDcUkifQ";
	struct enrollment_token token = { .manager = { "siem.example.local", 1517 },
					  .prefix = "wazuh-manager",
					  .has_credential = true,
					  .id = "AAECAwQFBgcICQoLDA0ODw" };
	char *text;

	(void)state;
	memcpy(token.pin, pin, sizeof pin);
	for (size_t i = 0; i < sizeof token.secret; i++)
		token.secret[i] = (unsigned char)(16 + i);
	assert_int_equal(enrollment_token_format(&text, &token), 0);
	assert_string_equal(text, expected);
	free(text);
	token.id[21] = 'x'; /* with bits that belong to no byte */
	assert_int_equal(enrollment_token_format(&text, &token), -EINVAL);
	token.has_credential = false;
	assert_int_equal(enrollment_token_format(&text, &token), 0);
	assert_string_equal(text, without_key);
	free(text);
}

/* What is written can be read. */
static void test_written_and_read(void **state)
{
	static const struct {
		const char *host;
		uint16_t port;
		const char *prefix, *ca;
	} rows[] = {
		{ "manager.example", 1517, "wazuh-manager", NULL },
		{ "manager.example", 55000, "wazuh-manager", NULL },
		{ "2001:db8::1", 1517, "a/b", NULL },
		{ "2001:db8::1", 443, "", "-----BEGIN CERTIFICATE-----\nAB+/\n" },
		{ "192.0.2.1", 1, "x", "\"\\\x01\t \xc3\xa4\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct enrollment_token token = { .manager.port = rows[i].port,
						  .ca = rows[i].ca ? strdup(rows[i].ca) : NULL,
						  .has_credential = i % 2,
						  .id = "AAECAwQFBgcICQoLDA0ODw" },
					read;
		char *text;

		(void)strcpy(token.manager.host, rows[i].host);
		(void)strcpy(token.prefix, rows[i].prefix);
		memcpy(token.pin, pin, sizeof pin);
		memset(token.secret, (int)i, sizeof token.secret);
		assert_int_equal(enrollment_token_format(&text, &token), 0);
		check_row(text, enrollment_token_parse(&read, text, strlen(text), NULL) == 0);
		assert_string_equal(read.manager.host, rows[i].host);
		assert_int_equal(read.manager.port, rows[i].port);
		assert_string_equal(read.prefix, rows[i].prefix);
		assert_int_equal(read.has_credential, i % 2);
		if (rows[i].ca)
			assert_string_equal(read.ca, rows[i].ca);
		else
			assert_memory_equal(read.pin, pin, sizeof pin);
		if (i % 2)
			assert_memory_equal(read.secret, token.secret, sizeof read.secret);
		enrollment_token_wipe(&read);
		enrollment_token_wipe(&token);
		free(text);
	}
}

static void test_too_long_to_write(void **state)
{
	struct enrollment_token token = { .manager = { "m", 1517 }, .prefix = "wazuh-manager" };
	char *text;

	(void)state;
	token.ca = malloc(ENROLLMENT_TOKEN_MAX + 2);
	memset(token.ca, 'x', ENROLLMENT_TOKEN_MAX + 1);
	token.ca[ENROLLMENT_TOKEN_MAX + 1] = '\0';
	assert_int_equal(enrollment_token_format(&text, &token), -EMSGSIZE);
	token.ca[ENROLLMENT_TOKEN_MAX * 3 / 4] = '\0';
	assert_int_equal(enrollment_token_format(&text, &token), -EMSGSIZE);
	token.ca[ENROLLMENT_TOKEN_MAX * 3 / 4 - 100] = '\0';
	assert_int_equal(enrollment_token_format(&text, &token), 0);
	free(text);
	enrollment_token_wipe(&token);
}

/*
 * ------------------------------------------------------------------ what is accepted, and what not
 */

static void test_addresses(void **state)
{
	static const struct {
		const char *address, *host;
		uint16_t port;
		const char *prefix; /* null: refused */
	} rows[] = {
		{ "manager", "manager", 1517, "wazuh-manager" },
		{ "10.0.0.1:443", "10.0.0.1", 443, "wazuh-manager" },
		{ "[2001:db8::1]:8443/x", "2001:db8::1", 8443, "x" },
		{ "[::1]/a/b", "::1", 1517, "a/b" },
		{ "h/a-b_c.d~e/", "h", 1517, "a-b_c.d~e" },
		{ "h/", "h", 1517, "" },
		{ "", NULL, 0, NULL },
		{ "/x", NULL, 0, NULL },
		{ "h:0", NULL, 0, NULL },
		{ "h:65536", NULL, 0, NULL },
		{ "h:x", NULL, 0, NULL },
		{ "h//", NULL, 0, NULL },
		{ "h//x", NULL, 0, NULL },
		{ "h/x//", NULL, 0, NULL },
		{ "h/a//b", NULL, 0, NULL },
		{ "h/..", NULL, 0, NULL },
		{ "h/./x", NULL, 0, NULL },
		{ "h/a/../b", NULL, 0, NULL },
		{ "h/a?b", NULL, 0, NULL },
		{ "h/a b", NULL, 0, NULL },
		{ "h/a%2fb", NULL, 0, NULL },
		{ "h/a#b", NULL, 0, NULL },
		{ "u@h/x", NULL, 0, NULL },
		{ "https://h/x", NULL, 0, NULL },
		{ "h\\r\\nX: y", NULL, 0, NULL },
		{ "h/\\u00e9", NULL, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct enrollment_token token = { 0 };
		char json[256];
		int r;

		(void)snprintf(json, sizeof json, "{\"ver\":1,\"adr\":\"%s\",\"pin\":\"" PIN "\"}",
			       rows[i].address);
		r = parse(&token, json, NULL);
		check_row(rows[i].address, r == (rows[i].prefix ? 0 : -EINVAL));
		if (r == 0) {
			assert_string_equal(token.manager.host, rows[i].host);
			assert_int_equal(token.manager.port, rows[i].port);
			assert_string_equal(token.prefix, rows[i].prefix);
		}
		enrollment_token_wipe(&token);
	}
}

static void test_embedded_ca(void **state)
{
	struct enrollment_token token;

	(void)state;
	assert_int_equal(parse(&token,
			       "{\"ver\":1,\"adr\":\"h\",\"ca\":\"-----BEGIN\\nX\",\"key\":\"" KEY
			       "\"}",
			       NULL),
			 0);
	assert_string_equal(token.ca, "-----BEGIN\nX");
	assert_true(token.has_credential);
	enrollment_token_wipe(&token);
	assert_null(token.ca);
}

static void test_refuses(void **state)
{
	static const struct {
		const char *json, *word; /* in the reason */
	} rows[] = {
		{ "{}", "version" },
		{ "", "empty" },
		{ "[]", "JSON object" },
		{ "1", "JSON object" },
		{ "null", "JSON object" },
		{ "{\"ver\":1,\"adr\":\"h\",\"pin\":\"" PIN "\"", "JSON object" },
		{ "{\"ver\":1,\"adr\":\"h\",\"pin\":\"" PIN "\"}x", "JSON object" },
		{ "{\"ver\":1,\"adr\":\"h\",\"pin\":\"" PIN "\",\"ver\":1}", "duplicate member" },
		{ "{\"ver\":1,\"adr\":\"h\",\"pin\":\"" PIN "\",\"pin\":\"" PIN "\"}",
		  "duplicate member" },
		{ "{\"ver\":1,\"adr\":\"h\",\"pin\":\"" PIN "\",\"exp\":0}", "member" },
		{ "{\"ver\":1,\"adr\":\"h\",\"pin\":\"" PIN "\",\"Key\":\"" KEY "\"}", "member" },
		{ "{\"ver\":2,\"adr\":\"h\",\"pin\":\"" PIN "\"}", "version" },
		{ "{\"ver\":\"1\",\"adr\":\"h\",\"pin\":\"" PIN "\"}", "version" },
		{ "{\"ver\":1.0,\"adr\":\"h\",\"pin\":\"" PIN "\"}", "version" },
		{ "{\"ver\":true,\"adr\":\"h\",\"pin\":\"" PIN "\"}", "version" },
		{ "{\"adr\":\"h\",\"pin\":\"" PIN "\"}", "version" },
		{ "{\"ver\":1,\"pin\":\"" PIN "\"}", "address" },
		{ "{\"ver\":1,\"adr\":7,\"pin\":\"" PIN "\"}", "address" },
		{ "{\"ver\":1,\"adr\":\"h\\u0000x\",\"pin\":\"" PIN "\"}", "JSON object" },
		{ "{\"ver\":1,\"adr\":\"h\"}", "neither" },
		{ "{\"ver\":1,\"adr\":\"h\",\"key\":\"" KEY "\"}", "neither" },
		{ "{\"ver\":1,\"adr\":\"h\",\"pin\":\"" PIN "\",\"ca\":\"x\"}", "both" },
		{ "{\"ver\":1,\"adr\":\"h\",\"pin\":\"\"}", "pin" },
		{ "{\"ver\":1,\"adr\":\"h\",\"pin\":\"AAAA\"}", "pin" },
		{ "{\"ver\":1,\"adr\":\"h\",\"pin\":\"" PIN "AA\"}", "pin" },
		{ "{\"ver\":1,\"adr\":\"h\",\"pin\":\"" PIN "=\"}", "pin" },
		{ "{\"ver\":1,\"adr\":\"h\",\"pin\":null}", "pin" },
		{ "{\"ver\":1,\"adr\":\"h\",\"ca\":\"\"}", "CA" },
		{ "{\"ver\":1,\"adr\":\"h\",\"ca\":[]}", "CA" },
		{ "{\"ver\":1,\"adr\":\"h\",\"pin\":\"" PIN "\",\"key\":"
		  "\"AAECAwQFBgcICQoLDA0ODw\"}",
		  "key" },
		{ "{\"ver\":1,\"adr\":\"h\",\"pin\":\"" PIN "\",\"key\":\"" KEY "AA\"}", "key" },
		{ "{\"ver\":1,\"adr\":\"h\",\"pin\":\"" PIN "\",\"key\":false}", "key" },
		{ "{\"ver\":1,\"adr\":\"h\",\"pin\":\"" PIN "\",\"key\":null}", "key" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct enrollment_token token = { 0 }, untouched = { 0 };
		struct reason why = { 0 };

		check_row(rows[i].json, parse(&token, rows[i].json, &why) == -EINVAL);
		if (!strstr(why.text, rows[i].word))
			fail_msg("row '%s': the reason '%s' lacks '%s'", rows[i].json, why.text,
				 rows[i].word);
		check_row(rows[i].json, !strstr(why.text, KEY) && !strstr(why.text, PIN));
		assert_memory_equal(&token, &untouched, sizeof token);
	}
}

/* An error says where it is. */
static void test_places(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "eyJ2ZXIiOjF9=", "character 13 is padding" },
		{ "eyJ2 ZXIiOjF9", "character 5 is a blank" },
		{ "eyJ2ZXIi\n", "character 9 is a blank or a line end" },
		{ "eyJ2ZX+i", "character 7 is one of ordinary base64" },
		{ "eyJ2Z/Ii", "character 6 is one of ordinary base64" },
		{ "$TOKEN", "character 1 is not among its letters" },
		{ "eyJ2ZXIiO", "a character is missing" },
		{ "eyJ2ZXIiOjF", "last character" },
	};
	struct enrollment_token token;
	struct reason why;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *text = rows[i].text;

		assert_int_equal(enrollment_token_parse(&token, text, strlen(text), &why), -EINVAL);
		if (!strstr(why.text, rows[i].words))
			fail_msg("'%s' lacks '%s'", why.text, rows[i].words);
	}
	assert_int_equal(parse(&token, "{\"ver\":1,\"adr\":\"h\",\"x\":1,\"pin\":\"" PIN "\"}",
			       &why),
			 -EINVAL);
	assert_non_null(strstr(why.text, "member 3 of 4"));
	assert_int_equal(parse(&token, "{\"ver\":1,\"ver\":1}", &why), -EINVAL);
	assert_non_null(strstr(why.text, "before byte 15"));
	assert_int_equal(parse(&token, "{\"ver\":1,,}", &why), -EINVAL);
	assert_non_null(strstr(why.text, "wrong at byte 11"));
}

/* What happens to tokens on their way: padding, line ends, a missing part. */
static void test_damaged(void **state)
{
	static const char text[] = "eyJ2ZXIiOjEsImFkciI6ImgiLCJwaW4iOiJZSkhjTm1YdFhvTThqWlJmay11X0Z"
				   "MTndJTXp1ZHpOT1JKZXNMdk5aQ3FJIn0";
	static const char *const behind[] = { "=", "==", "\n", "\r", " ", "A", "." };
	struct enrollment_token token;
	char damaged[sizeof text + 4];

	(void)state;
	assert_int_equal(enrollment_token_parse(&token, text, strlen(text), NULL), 0);
	for (size_t i = 0; i < COUNT(behind); i++) {
		(void)snprintf(damaged, sizeof damaged, "%s%s", text, behind[i]);
		check_row(behind[i], enrollment_token_parse(&token, damaged, strlen(damaged),
							    NULL) == -EINVAL);
	}
	for (size_t length = 0; length < strlen(text); length++)
		assert_int_equal(enrollment_token_parse(&token, text, length, NULL), -EINVAL);
}

static void test_too_long(void **state)
{
	char *text = malloc(ENROLLMENT_TOKEN_MAX + 1);
	struct enrollment_token token;
	struct reason why;

	(void)state;
	memset(text, 'A', ENROLLMENT_TOKEN_MAX + 1);
	assert_int_equal(enrollment_token_parse(&token, text, ENROLLMENT_TOKEN_MAX + 1, &why),
			 -EINVAL);
	assert_non_null(strstr(why.text, "too long"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_answers),    cmocka_unit_test(test_known_texts),
		cmocka_unit_test(test_written_and_read), cmocka_unit_test(test_too_long_to_write),
		cmocka_unit_test(test_addresses),        cmocka_unit_test(test_embedded_ca),
		cmocka_unit_test(test_refuses),          cmocka_unit_test(test_places),
		cmocka_unit_test(test_damaged),          cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
