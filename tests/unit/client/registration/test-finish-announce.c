/* SPDX-License-Identifier: ISC */
/* What happens when the key is stored: what is said, remembered and forgotten, and when. */
#include "tests/unit/support.h"

#include "client/registration/finish.h"
#include "tests/unit/client/registration/fixture.h"
#include "tests/unit/log-lines.h"

#include <syslog.h>

#define PASSWORD "TopSecret"

static const struct agent_key key = { "002", "web-01", "any", HEX64 };

static int setup(void **state)
{
	struct fixture *fixture;

	if (fixture_setup(state) < 0)
		return -1;
	fixture = *state;
	fixture->run.key.new = key;
	(void)strcpy(fixture->run.request.name, "web-01");
	(void)strcpy(fixture->run.request.configured_name, "web-01");
	(void)strcpy(fixture->run.request.manager_text, FIXTURE_MANAGER);
	return 0;
}

/* The manager may need a while to know its own key; who imports one has seen it there. */
static void test_settling(void **state)
{
	static const struct {
		const char *label, *settle, *imported_from;
		uint64_t waited;
	} rows[] = {
		{ "no wait", "0", NULL, 0 },
		{ "a wait", "30s", NULL, 30 * USEC_PER_SEC },
		{ "an imported key", "30s", "key.txt", 0 },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[64];

		(void)snprintf(text, sizeof text, "identity.settle=%s", rows[i].settle);
		fixture_set(fixture, text);
		fixture->run.key.imported_from = rows[i].imported_from;
		fixture->passed = 0;
		check_row(rows[i].label, finish_announce(&fixture->run) == 0);
		check_row(rows[i].label, fixture->passed == rows[i].waited);
		check_row(rows[i].label, fixture->ready_count == i + 1);
	}
}

static void test_what_is_remembered(void **state)
{
	struct fixture *fixture = *state;
	struct state saved;

	assert_int_equal(finish_announce(&fixture->run), 0);
	saved = fixture_saved_state(fixture);
	assert_string_equal(saved.registration.agent_id, "002");
	assert_string_equal(saved.registration.agent_name, "web-01");
	assert_string_equal(saved.registration.requested_name, "");
	assert_string_equal(saved.registration.manager, FIXTURE_MANAGER);
	assert_string_equal(saved.registration.method, "authd");
	assert_string_equal(saved.bound.machine, fixture->marks.machine);
	assert_int_equal(log_lines_count(LOG_WARNING, ""), 0);
}

static void test_renamed(void **state)
{
	struct fixture *fixture = *state;

	(void)strcpy(fixture->run.key.new.name, "web-012");
	assert_int_equal(finish_announce(&fixture->run), 0);
	assert_string_equal(fixture_saved_state(fixture).registration.agent_name, "web-012");
	assert_string_equal(fixture_saved_state(fixture).registration.requested_name, "web-01");
	assert_int_equal(log_lines_count(LOG_WARNING, "as web-012, not as web-01"), 1);
}

/* The password has done its work; what the configuration does not want forgotten stays. */
static void test_forgetting(void **state)
{
	struct fixture *fixture = *state;
	const char *path = path_in(fixture->directory, "password");
	char text[512];

	(void)snprintf(text, sizeof text, "auth.password_file=%s", path);
	fixture_set(fixture, text);
	write_text(path, PASSWORD);
	assert_int_equal(finish_announce(&fixture->run), 0);
	assert_file(path, PASSWORD);
	fixture_set(fixture, "auth.forget_secret=yes");
	assert_int_equal(finish_announce(&fixture->run), 0);
	assert_file(path, NULL);
	assert_int_equal(finish_announce(&fixture->run), 0); /* it need not be there */
	assert_int_equal(log_lines_count(LOG_WARNING, ""), 0);
}

/* A credential is systemd's file. */
static void test_credential(void **state)
{
	struct fixture *fixture = *state;
	const char *path = path_in(fixture->directory, "agent-register.password");
	char text[512];

	(void)setenv("CREDENTIALS_DIRECTORY", fixture->directory, 1);
	(void)snprintf(text, sizeof text, "auth.password_file=%s", path);
	fixture_set(fixture, text);
	fixture_set(fixture, "auth.forget_secret=yes");
	write_text(path, PASSWORD);
	assert_int_equal(finish_announce(&fixture->run), 0);
	assert_file(path, PASSWORD);
	(void)unsetenv("CREDENTIALS_DIRECTORY");
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_settling),   WITH_FIXTURE(test_what_is_remembered),
		WITH_FIXTURE(test_renamed),    WITH_FIXTURE(test_forgetting),
		WITH_FIXTURE(test_credential),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
