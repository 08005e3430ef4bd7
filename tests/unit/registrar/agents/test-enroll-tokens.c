/* SPDX-License-Identifier: ISC */
/* The file with the enrollment tokens. */
#include "tests/unit/support.h"

#include "registrar/agents/enroll-tokens.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "agent-registrar enrollment tokens 1\n"
#define ID "AAECAwQFBgcICQoLDA0ODw"
#define OTHER "EBESExQVFhcYGRobHB0eHw"
#define SECRET "EBESExQVFhcYGRobHB0eHw"
#define LINE ID " " SECRET " 1700000000 1800000000 0 0 valid manager.example"

static const struct enroll_token example = {
	.id = ID,
	.created = 1000,
	.expires = 2000,
	.most = 2,
	.address = "manager.example:55000",
	.description = "web servers",
};

static void test_states(void **state)
{
	struct enroll_token token = example;

	(void)state;
	assert_int_equal(enroll_token_state(&token, 1999), ENROLL_TOKEN_ACTIVE);
	assert_int_equal(enroll_token_state(&token, 2000), ENROLL_TOKEN_EXPIRED);
	token.uses = 1;
	assert_int_equal(enroll_token_state(&token, 1999), ENROLL_TOKEN_ACTIVE);
	token.uses = 2;
	assert_int_equal(enroll_token_state(&token, 1999), ENROLL_TOKEN_USED_UP);
	assert_int_equal(enroll_token_state(&token, 2000), ENROLL_TOKEN_EXPIRED);
	token.is_revoked = true;
	assert_int_equal(enroll_token_state(&token, 2000), ENROLL_TOKEN_REVOKED);
	token = example;
	token.most = 0;
	token.uses = UINT32_MAX;
	assert_int_equal(enroll_token_state(&token, 1999), ENROLL_TOKEN_ACTIVE);
}

/* What one process stores, another one finds. */
static void test_stored_and_read(void **state)
{
	const char *path = path_in(*state, "enrollment.tokens");
	struct enroll_tokens one = { .path = path }, other = { .path = path };
	struct enroll_token *token;
	struct stat status;
	struct reason why;

	assert_int_equal(enroll_tokens_refresh(&one, &why), 0);
	assert_int_equal(enroll_tokens_add(&one, &example, &why), 0);
	assert_int_equal(enroll_tokens_store(&one, (gid_t)-1, &why), 0);
	assert_file(path, HEAD ID " AAAAAAAAAAAAAAAAAAAAAA 1000 2000 0 2 valid "
				  "manager.example:55000 web servers\n");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(enroll_tokens_refresh(&other, &why), 0);
	token = enroll_tokens_find(&other, ID);
	assert_non_null(token);
	assert_string_equal(token->description, "web servers");
	enroll_tokens_count_use(&other, token);
	assert_int_equal(enroll_tokens_refresh(&other, &why), 0); /* keeps what is not stored */
	assert_int_equal(enroll_tokens_find(&other, ID)->uses, 1);
	assert_int_equal(enroll_tokens_store(&other, (gid_t)-1, &why), 0);
	assert_int_equal(enroll_tokens_refresh(&one, &why), 0);
	assert_int_equal(enroll_tokens_find(&one, ID)->uses, 1);
	enroll_tokens_revoke(&one, enroll_tokens_find(&one, ID));
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(enroll_tokens_store(&one, (gid_t)-1, &why), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	assert_int_equal(enroll_tokens_refresh(&other, &why), 0);
	assert_true(enroll_tokens_find(&other, ID)->is_revoked);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(enroll_tokens_refresh(&other, &why), 0);
	assert_null(enroll_tokens_find(&other, ID));
	enroll_tokens_clear(&one);
	enroll_tokens_clear(&other);
}

static void test_refusals(void **state)
{
	static const char *const rows[] = {
		"",
		"{\"tokens\":[]}\n", /* another program's */
		"agent-registrar enrollment tokens 2\n",
		HEAD "\n",
		HEAD LINE,
		HEAD LINE "\r\n",
		HEAD LINE " \n",
		HEAD LINE " d\xc3\xa4\n",
		HEAD LINE "\n" LINE "\n", /* twice */
		HEAD "AAECAwQFBgcICQoLDA0ODx " SECRET " 1 2 0 0 valid m\n",
		HEAD "001 " SECRET " 1 2 0 0 valid m\n",
		HEAD ID " " SECRET "A 1 2 0 0 valid m\n",
		HEAD ID " " SECRET " 01 2 0 0 valid m\n",
		HEAD ID " " SECRET " 1 -2 0 0 valid m\n",
		HEAD ID " " SECRET " 1 2 4294967296 0 valid m\n",
		HEAD ID " " SECRET " 1 2 0 0 used m\n",
		HEAD ID " " SECRET " 1 2 0 0 valid\n",
		HEAD ID " " SECRET " 1 2 0 0 valid m:1517\n", /* is written without */
		HEAD ID " " SECRET " 1 2 0 0 valid a@b\n",
		HEAD ID "  1 2 0 0 valid m\n",
	};
	const char *path = path_in(*state, "enrollment.tokens");

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct enroll_tokens tokens = { .path = path };
		struct reason why = { "" };

		write_text(path, rows[i]);
		check_row(rows[i], enroll_tokens_refresh(&tokens, &why) == -EINVAL);
		check_row(rows[i], strstr(why.text, path) && strstr(why.text, "move it away"));
		assert_int_equal(tokens.count, 0);
		assert_file(path, rows[i]);
		enroll_tokens_clear(&tokens);
	}
}

static void test_purge(void **state)
{
	struct enroll_tokens tokens = { .path = "" };
	struct reason why;

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct enroll_token token = example;

		token.id[0] = (char)('A' + i);
		token.expires = i == 1 ? 3 : 9;
		token.uses = i == 2 ? 2 : 0;
		token.is_revoked = i == 3;
		assert_int_equal(enroll_tokens_add(&tokens, &token, &why), 0);
	}
	assert_int_equal(enroll_tokens_purge(&tokens, false, 5), 3);
	assert_int_equal(tokens.count, 1);
	assert_non_null(enroll_tokens_find(&tokens, ID));
	assert_int_equal(enroll_tokens_purge(&tokens, false, 5), 0);
	assert_int_equal(enroll_tokens_purge(&tokens, true, 5), 1);
	assert_int_equal(tokens.count, 0);
	enroll_tokens_clear(&tokens);
}

static void test_too_many(void **state)
{
	struct enroll_tokens tokens = { .path = "" };
	struct enroll_token token = example;
	struct reason why;

	(void)state;
	for (int i = 0; i < ENROLL_TOKENS_MAX; i++) {
		(void)snprintf(token.id, sizeof token.id, "%022d", i);
		assert_int_equal(enroll_tokens_add(&tokens, &token, &why), 0);
	}
	assert_int_equal(enroll_tokens_make_room(&tokens, 5), 0);
	assert_int_equal(tokens.count, ENROLL_TOKENS_MAX);
	assert_int_equal(enroll_tokens_add(&tokens, &example, &why), -E2BIG);
	assert_non_null(strstr(why.text, "token revoke"));
	assert_non_null(strstr(why.text, "token purge"));
	enroll_tokens_revoke(&tokens, &tokens.tokens[7]);
	assert_int_equal(enroll_tokens_make_room(&tokens, 5), 1);
	assert_int_equal(enroll_tokens_add(&tokens, &example, &why), 0);
	enroll_tokens_clear(&tokens);
}

/* The list shows what has become of tokens, as long as there is room. */
static void test_room_enough(void **state)
{
	struct enroll_tokens tokens = { .path = "" };
	struct enroll_token token = example;
	struct reason why;

	(void)state;
	token.is_revoked = true;
	assert_int_equal(enroll_tokens_add(&tokens, &token, &why), 0);
	assert_int_equal(enroll_tokens_make_room(&tokens, 5), 0);
	assert_int_equal(tokens.count, 1);
	enroll_tokens_clear(&tokens);
}

/* What cannot be stored is not taken for stored. */
static void test_not_stored(void **state)
{
	const char *path = path_in(*state, "enrollment.tokens");
	struct enroll_tokens tokens = { .path = path };
	struct reason why;

	write_text(path, HEAD LINE "\n");
	assert_int_equal(enroll_tokens_refresh(&tokens, &why), 0);
	enroll_tokens_count_use(&tokens, enroll_tokens_find(&tokens, ID));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(enroll_tokens_store(&tokens, (gid_t)-1, &why) < 0);
	assert_int_equal(rmdir(path), 0);
	write_text(path, HEAD LINE "\n");
	assert_int_equal(enroll_tokens_refresh(&tokens, &why), 0);
	assert_int_equal(enroll_tokens_find(&tokens, ID)->uses, 0);
	enroll_tokens_clear(&tokens);
}

static void test_descriptions(void **state)
{
	char text[ENROLL_TOKEN_DESCRIPTION_MAX + 2];

	(void)state;
	memset(text, ' ', sizeof text);
	text[sizeof text - 1] = '\0';
	assert_false(enroll_token_description_is_valid(text));
	assert_true(enroll_token_description_is_valid(text + 1));
	assert_true(enroll_token_description_is_valid(""));
	assert_false(enroll_token_description_is_valid("a\n"));
	assert_false(enroll_token_description_is_valid("\x7f"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test_setup_teardown(test_stored_and_read, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_refusals, setup_directory, teardown_directory),
		cmocka_unit_test(test_purge),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_room_enough),
		cmocka_unit_test_setup_teardown(test_not_stored, setup_directory,
						teardown_directory),
		cmocka_unit_test(test_descriptions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
