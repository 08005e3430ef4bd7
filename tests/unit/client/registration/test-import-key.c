/* SPDX-License-Identifier: ISC */
/* A key that is brought, and what speaks against it. */
#include "tests/unit/support.h"

#include "client/agent-files/keystore.h"
#include "client/registration/import-key.h"
#include "client/registration/policy.h"
#include "tests/unit/client/registration/fixture.h"
#include "tests/unit/log-lines.h"

#include <syslog.h>

#define RECORD "001 web-01 any " HEX64 "\n"

static const struct agent_key key = { "001", "web-01", "any", HEX64 };
static const struct agent_key other = { "002", "web-02", "any", OTHER64 };

/* What another process writes before it gives up the lock; null: nothing. */
static const char *written_meanwhile;

int __real_keystore_lock(struct keystore *store, const struct deadline *deadline,
			 keystore_waiting_callback *waiting, struct reason *why);
int __wrap_keystore_lock(struct keystore *store, const struct deadline *deadline,
			 keystore_waiting_callback *waiting, struct reason *why);
int __wrap_keystore_lock(struct keystore *store, const struct deadline *deadline,
			 keystore_waiting_callback *waiting, struct reason *why)
{
	if (written_meanwhile)
		write_text(store->path, written_meanwhile);
	return __real_keystore_lock(store, deadline, waiting, why);
}

static unsigned questions;

static int confirm(const struct agent_key *old, const char *path, void *user)
{
	(void)path;
	assert_string_equal(old->id, "002");
	questions++;
	return *(const int *)user;
}

static int setup(void **state)
{
	written_meanwhile = NULL;
	questions = 0;
	return fixture_setup(state);
}

/* By hand; whoever is asked answers `answer`. */
static int import(struct fixture *fixture, bool force, int answer)
{
	const struct import import = {
		.key = &key, .from = "key.txt", .force = force, .confirm = confirm, .user = &answer
	};

	key_files_unlock(&fixture->run.files); /* of the time before */
	return import_key_given(&fixture->run, &import);
}

/* ------------------------------------------------------------------ a new key */

static void test_new_key(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(import(fixture, false, 1), CONTINUE);
	assert_string_equal(fixture->run.key.new.id, "001");
	assert_int_equal(questions, 0);
}

/* Another key is only replaced if somebody says so. */
static void test_another_key(void **state)
{
	struct fixture *fixture = *state;

	fixture_install_key(fixture, &other);
	assert_int_equal(import(fixture, false, 1), 1);
	assert_int_equal(questions, 1);
	assert_int_equal(import(fixture, false, 0), CONTINUE);
	assert_int_equal(questions, 2);
	assert_int_equal(import(fixture, true, 1), CONTINUE);
	assert_int_equal(questions, 2);
}

/* ------------------------------------------------------------------ a key that is there */

/* It is this machine's from now on, and what was known of its registration stays known. */
static void test_same_key(void **state)
{
	static const struct {
		const char *label;
		bool is_known, is_copy, has_new_mark;
		const char *method; /* that the state still knows */
	} rows[] = {
		{ "ours", true, false, false, "authd" },
		{ "ours, with another mark", true, false, true, "authd" },
		{ "of the copied machine", true, true, false, "" },
		{ "nothing is known of it", false, false, false, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture *fixture;
		struct state saved;
		void *own;

		assert_int_equal(setup(&own), 0);
		fixture = own;
		fixture_install_key(fixture, rows[i].is_known ? &key : &other);
		write_text(fixture->keys, RECORD);
		(void)strcpy(fixture->run.state.registration.method, "authd");
		assert_int_equal(state_save(&fixture->run.state, fixture->state, NULL), 0);
		if (rows[i].is_copy)
			memset(fixture->marks.machine, '9', MACHINE_MARK_SIZE - 1);
		if (rows[i].has_new_mark)
			(void)strcpy(fixture->marks.instance, "i-0123");
		check_row(rows[i].label, import(fixture, false, 1) == 0);
		/* there was no need to wait for others */
		check_row(rows[i].label, fixture->run.files.store.lock < 0);
		check_row(rows[i].label, questions == 0 && fixture->ready_count == 1);
		saved = fixture_saved_state(fixture);
		check_row(rows[i].label, strcmp(saved.registration.agent_id, "001") == 0);
		check_row(rows[i].label, strcmp(saved.bound.machine, fixture->marks.machine) == 0);
		check_row(rows[i].label,
			  strcmp(saved.bound.instance, fixture->marks.instance) == 0);
		check_row(rows[i].label, strcmp(saved.registration.method, rows[i].method) == 0);
		assert_int_equal(fixture_teardown(&own), 0);
	}
}

/* Another process had the lock, and has stored this key: there is nothing to replace. */
static void test_same_key_meanwhile(void **state)
{
	struct fixture *fixture = *state;

	written_meanwhile = RECORD;
	assert_int_equal(import(fixture, false, 1), 0);
	assert_int_equal(questions, 0);
	assert_int_equal(log_lines_count(LOG_INFO, "Already registered as web-01 (id 001)"), 1);
}

static void test_another_key_meanwhile(void **state)
{
	struct fixture *fixture = *state;

	written_meanwhile = "002 web-02 any " OTHER64 "\n";
	assert_int_equal(import(fixture, false, 1), 1);
	assert_int_equal(questions, 1);
}

/* ------------------------------------------------------------------ from the key_file */

static const char *configure_key_file(struct fixture *fixture, const char *content)
{
	const char *path = path_in(fixture->directory, "key.txt");
	char text[512];

	write_text(path, content);
	(void)snprintf(text, sizeof text, "auth.key_file=%s", path);
	fixture_set(fixture, "manager.method=import");
	fixture_set(fixture, text);
	return path;
}

static void test_key_file(void **state)
{
	struct fixture *fixture = *state;
	const char *path = configure_key_file(fixture, RECORD);

	assert_int_equal(import_key_from_file(&fixture->run), CONTINUE);
	assert_string_equal(fixture->run.key.new.id, "001");
	assert_string_equal(fixture->run.key.imported_from, path);
}

static void test_key_file_is_stored_already(void **state)
{
	struct fixture *fixture = *state;

	configure_key_file(fixture, RECORD);
	fixture_install_key(fixture, &key);
	fixture->run.key.found = KEYSTORE_KEY;
	fixture->run.key.old = key;
	assert_int_equal(import_key_from_file(&fixture->run), 0);
	assert_int_equal(fixture->ready_count, 1);
}

static void test_bad_key_file(void **state)
{
	struct fixture *fixture = *state;

	configure_key_file(fixture, "nothing\n");
	assert_int_equal(import_key_from_file(&fixture->run),
			 outcome_policy(OUTCOME_MISCONFIGURED)->exit_code);
	assert_null(fixture->run.key.imported_from);
}

/* The copy of a disk has the original's key_file as well. */
static void test_key_file_of_the_copied_machine(void **state)
{
	struct fixture *fixture = *state;

	configure_key_file(fixture, RECORD);
	fixture->run.key.is_clone = true;
	fixture->run.key.found = KEYSTORE_KEY;
	fixture->run.key.old = key;
	assert_int_equal(import_key_from_file(&fixture->run),
			 outcome_policy(OUTCOME_CLONED)->exit_code);
	fixture->run.key.old = other; /* then it has got a key of its own */
	assert_int_equal(import_key_from_file(&fixture->run), CONTINUE);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_new_key),
		WITH_FIXTURE(test_another_key),
		cmocka_unit_test(test_same_key),
		WITH_FIXTURE(test_same_key_meanwhile),
		WITH_FIXTURE(test_another_key_meanwhile),
		WITH_FIXTURE(test_key_file),
		WITH_FIXTURE(test_key_file_is_stored_already),
		WITH_FIXTURE(test_bad_key_file),
		WITH_FIXTURE(test_key_file_of_the_copied_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
