/* SPDX-License-Identifier: ISC */
/* Passwords and keys do not stay behind in memory, where a core dump or a bug would find them. */
#include "tests/unit/support.h"

#include "common/agent-key.h"
#include "common/exported-key.h"
#include "common/pem-file.h"
#include "common/secret.h"
#include "tests/unit/residue.h"

#include <fcntl.h>
#include <unistd.h>

#define HEX64 "48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db"
#define RECORD "001 web-01 any " HEX64
/* RECORD in base64, in two lines */
#define BASE64_BEGIN "MDAxIHdlYi0wMSBhbnkgNDhhOTk4NzMxNDkzNThlNDhiMTMyNzNj"
#define BASE64_END "NGFkMDdjNDRlZDQwMmJjYjcxZmM5NDg2OWYzZTc2YjJmMjc2MzdkYg=="

/* Not by stdio, whose buffers are freed with what was written. */
static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* ------------------------------------------------------------------ what is careless is found */

static void leave_on_the_stack(void *text)
{
	char copy[128];

	(void)snprintf(copy, sizeof copy, "%s", (const char *)text);
	assert_string_equal(copy, text);
}

static void leave_in_freed_memory(void *text)
{
	free(strdup(text));
}

static void leave_nothing(void *text)
{
	assert_int_equal(strlen(text), 64);
}

static void test_search(void **state)
{
	static char text[] = HEX64;

	(void)state;
	assert_string_equal(find_residue(leave_on_the_stack, text, text), "on the stack");
	assert_string_equal(find_residue(leave_in_freed_memory, text, text), "in freed memory");
	assert_null(find_residue(leave_nothing, text, text));
}

static void enlarge(void *text)
{
	const size_t size = strlen(text) + 1;
	char *memory = secret_realloc(NULL, 0, size);

	assert_non_null(memory);
	memcpy(memory, text, size);
	memory = secret_realloc(memory, size, 2 * size);
	assert_non_null(memory);
	assert_string_equal(memory, text);
	explicit_bzero(memory, 2 * size);
	free(memory);
}

static void test_enlarged_memory(void **state)
{
	static char text[] = HEX64;

	(void)state;
	assert_null(find_residue(enlarge, text, text));
}

/* ------------------------------------------------------------------ passwords and private keys */

static void use_secret(void *path)
{
	struct secret secret = { 0 };

	assert_int_equal(secret_read(&secret, "password", path, NULL), 0);
	assert_string_equal(secret.text, HEX64);
	secret_wipe(&secret);
}

static void refuse_secret(void *path)
{
	struct secret secret = { 0 };

	assert_true(secret_read(&secret, "password", path, NULL) < 0);
}

static void use_private_key_file(void *path)
{
	const struct pem_subject subject = { "private key file", path, PEM_PRIVATE_KEY };
	struct pem_file file = { 0 };

	assert_int_equal(pem_file_open(&file, &subject, NULL), 0);
	pem_file_close(&file);
}

static void test_files(void **state)
{
	char *path = strdup(path_in(*state, "secret"));

	put(path, HEX64 "\n");
	assert_null(find_residue(use_secret, path, HEX64));
	assert_null(find_residue(use_private_key_file, path, HEX64));
	put(path, HEX64 "\r\n");
	assert_null(find_residue(refuse_secret, path, HEX64));
	free(path);
}

/* ------------------------------------------------------------------ keys of agents */

static struct agent_key key; /* not on the stack that is searched */

static void receive_key(void *text)
{
	assert_int_equal(agent_key_parse_received(&key, text, strlen(text)), AGENT_KEY_OK);
	assert_string_equal(key.key, HEX64);
}

static void hash_key(void *unused)
{
	char hash[AGENT_KEY_HASH_SIZE];

	(void)unused;
	assert_int_equal(agent_key_hash(hash, &key), 0);
}

static void export_key(void *unused)
{
	static char text[EXPORTED_KEY_SIZE];

	(void)unused;
	(void)exported_key_format(text, &key);
	assert_string_equal(text, BASE64_BEGIN BASE64_END);
}

static void import_key(void *text)
{
	assert_int_equal(exported_key_parse(&key, text, strlen(text), NULL), 0);
	assert_string_equal(key.key, HEX64);
}

static void test_agent_key(void **state)
{
	static char record[] = RECORD;

	(void)state;
	assert_null(find_residue(receive_key, record, HEX64));
	assert_null(find_residue(hash_key, NULL, HEX64));
	assert_null(find_residue(export_key, NULL, HEX64));
}

static void test_imported_key(void **state)
{
	static char texts[][256] = {
		RECORD,
		RECORD "\n" RECORD,
		BASE64_BEGIN BASE64_END,
		BASE64_BEGIN "\n" BASE64_END "\n",
		BASE64_BEGIN BASE64_END "\n" BASE64_BEGIN BASE64_END,
		"{\"data\": {\"key\": \"" BASE64_BEGIN BASE64_END "\"}}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		const char *place = find_residue(import_key, texts[i], HEX64);

		if (place)
			fail_msg("'%s' leaves the key %s", texts[i], place);
		place = find_residue(import_key, texts[i], BASE64_END);
		if (place)
			fail_msg("'%s' leaves the key's base64 %s", texts[i], place);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_search),
		cmocka_unit_test_setup_teardown(test_files, setup_directory, teardown_directory),
		cmocka_unit_test(test_enlarged_memory),
		cmocka_unit_test(test_agent_key),
		cmocka_unit_test(test_imported_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
