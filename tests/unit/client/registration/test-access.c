/* SPDX-License-Identifier: ISC */
/* What the configuration and a token say of the managers. */
#include "tests/unit/support.h"

#include "client/registration/access.h"
#include "tests/unit/client/registration/fixture.h"

#define PASSWORD "TopSecret"

/* The memory that must be wiped before it is freed. */
static struct {
	const char *memory;
	bool was_freed, was_wiped;
} watched;

void __real_free(void *memory);
void __wrap_free(void *memory);
void __wrap_free(void *memory)
{
	if (memory && memory == watched.memory) {
		watched.was_freed = true;
		watched.was_wiped = memcmp(memory, PASSWORD, 4) != 0;
	}
	__real_free(memory);
}

static void configure_file(struct fixture *fixture, const char *key, const char *content)
{
	const char *path = path_in(fixture->directory, key);
	char text[512];

	write_text(path, content);
	(void)snprintf(text, sizeof text, "%s=%s", key, path);
	fixture_set(fixture, text);
}

static void open_access(struct fixture *fixture)
{
	struct reason why = { "" };

	if (access_open(&fixture->run.access, &fixture->config, &why) < 0)
		fail_msg("%s", why.text);
}

/* ------------------------------------------------------------------ secrets */

static void test_secrets_are_wiped(void **state)
{
	struct fixture *fixture = *state;
	struct access *access = &fixture->run.access;
	struct secret *const secrets[] = { &access->password, &access->proxy.password };

	fixture_set(fixture, "manager.proxy=http://user@proxy:3128");
	configure_file(fixture, "auth.password_file", PASSWORD "\n");
	configure_file(fixture, "auth.proxy_password_file", PASSWORD "\n");
	for (size_t i = 0; i < COUNT(secrets); i++) {
		open_access(fixture);
		assert_string_equal(secrets[i]->text, PASSWORD);
		watched.memory = secrets[i]->text;
		watched.was_freed = watched.was_wiped = false;
		access_close(access);
		watched.memory = NULL;
		assert_true(watched.was_freed && watched.was_wiped);
		assert_null(secrets[i]->text);
	}
}

/* ------------------------------------------------------------------ the token */

/* What a person wrote for this machine takes precedence over the token. */
static void test_prefix(void **state)
{
	static const struct {
		const char *label, *configured; /* null: not */
		bool has_token;
		const char *in_token, *prefix;
	} rows[] = {
		{ "neither", NULL, false, "", ENROLLMENT_PREFIX },
		{ "configured", "mine", false, "", "mine" },
		{ "in the token", NULL, true, "theirs", "theirs" },
		{ "none in the token", NULL, true, "", "" },
		{ "both", "mine", true, "theirs", "mine" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture *fixture;
		void *own;

		assert_int_equal(fixture_setup(&own), 0);
		fixture = own;
		fixture_set(fixture, "manager.method=enroll");
		(void)strcpy(fixture->token.prefix, rows[i].in_token);
		if (rows[i].configured) {
			char text[64];

			(void)snprintf(text, sizeof text, "manager.prefix=%s", rows[i].configured);
			fixture_set(fixture, text);
		}
		if (rows[i].has_token)
			configure_file(fixture, "auth.token_file", "token\n");
		open_access(fixture);
		check_row(rows[i].label, fixture->run.access.has_token == rows[i].has_token);
		check_row(rows[i].label, strcmp(fixture->run.access.prefix, rows[i].prefix) == 0);
		assert_int_equal(fixture_teardown(&own), 0);
	}
}

/* ------------------------------------------------------------------ the managers */

static void test_managers(void **state)
{
	struct fixture *fixture = *state;
	const struct access *access = &fixture->run.access;
	struct endpoint endpoint = { "untouched", 1 };

	fixture_set(fixture, "manager.address=second.example.org");
	open_access(fixture);
	assert_true(access_manager_at(access, 0, &endpoint));
	assert_string_equal(endpoint.host, "manager.example.org");
	assert_true(access_manager_at(access, 1, &endpoint));
	assert_string_equal(endpoint.host, "second.example.org");
	assert_int_equal(endpoint.port, 1515);
	assert_false(access_manager_at(access, 2, &endpoint));
	assert_string_equal(endpoint.host, "second.example.org");
}

/* The token's manager is asked if no other one is configured. */
static void test_manager_of_the_token(void **state)
{
	struct fixture *fixture = *state;
	const struct access *access = &fixture->run.access;
	struct endpoint endpoint;

	fixture->token.manager = (struct endpoint){ "token.example.org", 1517 };
	fixture_set(fixture, "manager.method=enroll");
	configure_file(fixture, "auth.token_file", "token\n");
	open_access(fixture);
	assert_true(access_manager_at(access, 0, &endpoint));
	assert_string_equal(endpoint.host, "manager.example.org");
	access_close(&fixture->run.access);
	fixture_set(fixture, "manager.address=");
	open_access(fixture);
	assert_true(access_manager_at(access, 0, &endpoint));
	assert_string_equal(endpoint.host, "token.example.org");
	assert_false(access_manager_at(access, 1, &endpoint));
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_secrets_are_wiped),
		cmocka_unit_test(test_prefix),
		WITH_FIXTURE(test_managers),
		WITH_FIXTURE(test_manager_of_the_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
