/* SPDX-License-Identifier: ISC */
/* What must be right before a manager is asked, and what is read and noted on the way. */
#include "tests/unit/support.h"

#include "client/registration/policy.h"
#include "client/registration/prepare.h"
#include "client/system/identity.h"
#include "tests/unit/client/registration/fixture.h"
#include "tests/unit/log-lines.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define PIN "tls.pin=sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

/* The outcome of looking for a name. */
static int name_outcome;

int __real_identity_name(char ret[static AGENT_NAME_MAX + 1], const struct config *config,
			 const struct own_names *own, struct reason *why);
int __wrap_identity_name(char ret[static AGENT_NAME_MAX + 1], const struct config *config,
			 const struct own_names *own, struct reason *why);
int __wrap_identity_name(char ret[static AGENT_NAME_MAX + 1], const struct config *config,
			 const struct own_names *own, struct reason *why)
{
	if (name_outcome == OUTCOME_OK)
		return __real_identity_name(ret, config, own, why);
	reason_set(why, "There is no name");
	return name_outcome;
}

static int setup(void **state)
{
	name_outcome = OUTCOME_OK;
	if (fixture_setup(state) < 0)
		return -1;
	fixture_set(*state, PIN);
	return 0;
}

static int exit_code(int outcome)
{
	return outcome_policy((enum outcome)outcome)->exit_code;
}

/* Write a file that the configuration names with `key`, and return its path. */
static const char *configure_file(struct fixture *fixture, const char *key, const char *name)
{
	const char *path = path_in(fixture->directory, name);
	char text[512];

	write_text(path, "TopSecret\n");
	(void)snprintf(text, sizeof text, "%s=%s", key, path);
	fixture_set(fixture, text);
	return path;
}

/* ------------------------------------------------------------------ what has changed */

#define CHANGED 2000 /* when a file was written; the rest of the configuration was at 1000 */

static void set_time(const char *path, time_t when)
{
	const struct timespec times[2] = { { .tv_sec = when }, { .tv_sec = when } };

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static const struct {
	const char *key, *with[2]; /* which other settings it needs */
} files[] = {
	{ "auth.password_file", { NULL } },
	{ "auth.api_password_file", { "manager.method=api", "auth.api_user=u" } },
	{ "auth.token_file", { "manager.method=enroll" } },
	{ "auth.proxy_password_file", { "manager.proxy=http://u@proxy:3128" } },
	{ "tls.ca_file", { NULL } },
	{ "tls.certificate_file", { "tls.private_key_file=/nonexistent" } },
	{ "tls.private_key_file", { "tls.certificate_file=/nonexistent" } },
};

/* When the configuration has changed last, with that file changed. */
static time_t changed_at(size_t i, time_t config_changed_at)
{
	struct fixture *fixture;
	const char *path;
	void *own;
	time_t seen;

	assert_int_equal(setup(&own), 0);
	fixture = own;
	fixture->config.changed_at = config_changed_at;
	for (size_t k = 0; k < COUNT(files[i].with) && files[i].with[k]; k++)
		fixture_set(fixture, files[i].with[k]);
	(void)setenv("CREDENTIALS_DIRECTORY", path_in(fixture->directory, "other"), 1);
	path = configure_file(fixture, files[i].key, "file");
	set_time(path, CHANGED);
	/* what is in it is none of the formats, so this is not said of all of them */
	(void)!prepare_registration(&fixture->run);
	seen = fixture->run.changed_at;
	(void)setenv("CREDENTIALS_DIRECTORY", fixture->directory, 1);
	access_close(&fixture->run.access);
	(void)!prepare_registration(&fixture->run);
	/* systemd writes a credential at each start */
	check_row(files[i].key, fixture->run.changed_at == config_changed_at);
	(void)unsetenv("CREDENTIALS_DIRECTORY");
	assert_int_equal(fixture_teardown(&own), 0);
	return seen;
}

static void test_changed_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		check_row(files[i].key, changed_at(i, 1000) == CHANGED);
		check_row(files[i].key, changed_at(i, 3000) == 3000);
	}
}

/* ------------------------------------------------------------------ who may read it */

static void test_exposed_files(void **state)
{
	static const struct {
		const char *key, *what;
	} secrets[] = {
		{ "auth.password_file", "The password file" },
		{ "auth.proxy_password_file", "The proxy's password file" },
		{ "auth.token_file", "The enrollment token file" },
	};
	struct fixture *fixture = *state;
	const char *paths[COUNT(secrets)];

	fixture_set(fixture, "manager.method=enroll");
	fixture_set(fixture, "manager.proxy=http://user@proxy:3128");
	for (size_t i = 0; i < COUNT(secrets); i++) {
		paths[i] = configure_file(fixture, secrets[i].key, secrets[i].key);
		assert_int_equal(chmod(paths[i], 0600), 0);
	}
	assert_int_equal(prepare_registration(&fixture->run), CONTINUE);
	assert_int_equal(log_lines_count(LOG_WARNING, ""), 0);
	for (size_t i = 0; i < COUNT(secrets); i++) {
		log_lines_collect();
		assert_int_equal(chmod(paths[i], 0604), 0);
		access_close(&fixture->run.access);
		check_row(secrets[i].key, prepare_registration(&fixture->run) == CONTINUE);
		check_row(secrets[i].key, log_lines_count(LOG_WARNING, secrets[i].what) == 1);
		check_row(secrets[i].key, log_lines_count(LOG_WARNING, "") == 1);
		assert_int_equal(chmod(paths[i], 0600), 0);
	}
}

/* ------------------------------------------------------------------ the agent's own secret */

/* Only that of an agent that the state knows, and that is this machine's. */
static void test_own_secret(void **state)
{
	static const struct {
		const char *label, *secret, *method;
		bool is_known, is_copy, has_changed, is_used;
	} rows[] = {
		{ "ours", "001 " HEX64 "\n", "enroll", true, false, false, true },
		{ "changed", "001 " HEX64 "\n", "enroll", true, false, true, true },
		{ "of the copied machine", "001 " HEX64 "\n", "enroll", true, true, false, false },
		{ "nothing is known of it", "001 " HEX64 "\n", "enroll", false, false, false,
		  false },
		{ "of another agent", "002 " HEX64 "\n", "enroll", true, false, false, false },
		{ "another method", "001 " HEX64 "\n", "authd", true, false, false, false },
	};
	static const struct agent_key key = { "001", "web-01", "any", HEX64 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture *fixture;
		char text[64];
		void *own;

		assert_int_equal(setup(&own), 0);
		fixture = own;
		(void)snprintf(text, sizeof text, "manager.method=%s", rows[i].method);
		fixture_set(fixture, text);
		write_text(path_in(fixture->agent, "etc/reenroll.secret"), rows[i].secret);
		(void)strcpy(fixture->marks.instance, "i-0123");
		if (rows[i].is_known)
			fixture_install_key(fixture, &key);
		if (rows[i].is_copy || rows[i].has_changed)
			memset(fixture->marks.machine, '9', MACHINE_MARK_SIZE - 1);
		if (rows[i].is_copy)
			(void)strcpy(fixture->marks.instance, "i-4567");
		check_row(rows[i].label, prepare_registration(&fixture->run) == CONTINUE);
		check_row(rows[i].label,
			  (fixture->run.key.old_secret.text[0] != '\0') == rows[i].is_used);
		assert_int_equal(fixture_teardown(&own), 0);
	}
}

/* ------------------------------------------------------------------ the name */

/* A machine without a name yet gets one later; a name that no manager takes does not get better. */
static void test_no_name(void **state)
{
	struct fixture *fixture = *state;

	name_outcome = OUTCOME_NOT_READY;
	assert_int_equal(prepare_registration(&fixture->run), CONTINUE);
	assert_string_equal(fixture->run.request.name, "");
	assert_int_equal(log_lines_count(LOG_WARNING, ""), 0);

	access_close(&fixture->run.access);
	name_outcome = OUTCOME_MISCONFIGURED;
	assert_int_equal(prepare_registration(&fixture->run), exit_code(OUTCOME_MISCONFIGURED));
	assert_int_equal(log_lines_count(LOG_ERR, "There is no name"), 1);
}

/* What a manager made of the name is requested again, as long as it is still the configured one. */
static void test_assigned_name(void **state)
{
	static const struct register_observer observer;
	static const struct agent_key key = { "001", "web-012", "any", HEX64 };
	static const struct {
		const char *label, *requested;
		bool is_copy, is_observed;
		const char *name;
	} rows[] = {
		{ "renamed", "web-01", false, false, "web-012" },
		{ "not renamed", "", false, false, "web-01" },
		{ "another name since", "web-00", false, false, "web-01" },
		{ "of the copied machine", "web-01", true, false, "web-01" },
		{ "as agent-auth", "web-01", false, true, "web-01" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture *fixture;
		void *own;

		assert_int_equal(setup(&own), 0);
		fixture = own;
		fixture_install_key(fixture, &key);
		(void)strcpy(fixture->run.state.registration.requested_name, rows[i].requested);
		fixture->run.key.found = KEYSTORE_KEY;
		fixture->run.key.old = key;
		fixture->run.mode.observer = rows[i].is_observed ? &observer : NULL;
		if (rows[i].is_copy)
			memset(fixture->marks.machine, '9', MACHINE_MARK_SIZE - 1);
		check_row(rows[i].label, prepare_registration(&fixture->run) == CONTINUE);
		check_row(rows[i].label, strcmp(fixture->run.request.name, rows[i].name) == 0);
		check_row(rows[i].label, fixture->run.key.old_hash[0] != '\0');
		assert_int_equal(fixture_teardown(&own), 0);
	}
}

/* With each connection it may be another one; what came of the same one stays. */
static void test_name_of_the_network(void **state)
{
	struct own_names first = { .address = "10.0.0.1" }, second = { .address = "fd00::2" };
	struct fixture *fixture = *state;
	struct request *request = &fixture->run.request;
	struct reason why = { "" };

	fixture_set(fixture, "agent.name=ip-%a");
	assert_int_equal(prepare_registration(&fixture->run), CONTINUE);
	assert_int_equal(prepare_name(&fixture->run, NULL, &why), OUTCOME_OK);
	assert_string_equal(request->name, "");
	assert_int_equal(prepare_name(&fixture->run, &first, &why), OUTCOME_OK);
	assert_string_equal(request->name, "ip-10.0.0.1");
	assert_string_equal(request->configured_name, "ip-10.0.0.1");

	(void)strcpy(request->name, "ip-10.0.0.1-12345678");
	request->is_suffixed = true;
	assert_int_equal(prepare_name(&fixture->run, NULL, &why), OUTCOME_OK);
	assert_int_equal(prepare_name(&fixture->run, &first, &why), OUTCOME_OK);
	assert_string_equal(request->name, "ip-10.0.0.1-12345678");
	assert_true(request->is_suffixed);
	assert_int_equal(prepare_name(&fixture->run, &second, &why), OUTCOME_OK);
	assert_string_equal(request->name, "ip-fd00--2");
	assert_false(request->is_suffixed);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changed_files), WITH_FIXTURE(test_exposed_files),
		cmocka_unit_test(test_own_secret),    WITH_FIXTURE(test_no_name),
		cmocka_unit_test(test_assigned_name), WITH_FIXTURE(test_name_of_the_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
