/* SPDX-License-Identifier: ISC */
/* What follows from the key that is there already. */
#include "tests/unit/support.h"

#include "client/registration/check-key.h"
#include "client/registration/policy.h"
#include "tests/unit/client/registration/fixture.h"
#include "tests/unit/log-lines.h"

#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

static const struct agent_key key = { "001", "web-01", "any", HEX64 };

/* A counter of the agent, which belongs to the key before. */
static void write_counter(const struct fixture *fixture)
{
	assert_int_equal(mkdir(path_in(fixture->agent, "queue"), 0770), 0);
	assert_int_equal(mkdir(path_in(fixture->agent, "queue/rids"), 0770), 0);
	write_text(path_in(fixture->agent, "queue/rids/001"), "0:1");
}

static bool has_counter(const struct fixture *fixture)
{
	return access(path_in(fixture->agent, "queue/rids/001"), F_OK) == 0;
}

/* A run that was killed has noted that the counters are to go with this key. */
static void note_counters(struct fixture *fixture, const struct agent_key *of)
{
	agent_key_checksum(fixture->run.state.counters_of, of);
	assert_int_equal(state_save(&fixture->run.state, fixture->state, NULL), 0);
}

/* ------------------------------------------------------------------ no key */

/*
 * The condition of the agent's unit is that the file is not empty: what is in it without being a
 * key must not start the agent.
 */
static void test_what_is_no_key(void **state)
{
	static const struct {
		const char *label, *content; /* null: no file */
		enum keystore_state found;
		bool holds;
	} rows[] = {
		{ "no file", NULL, KEYSTORE_MISSING, false },
		{ "an empty file", "", KEYSTORE_MISSING, false },
		{ "a comment", "# nothing\n", KEYSTORE_MISSING, true },
		{ "a removed entry", "001 !web-01 any " HEX64 "\n", KEYSTORE_MISSING, true },
		{ "half a record", "001 web-01 any\n", KEYSTORE_TORN, true },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].content)
			write_text(fixture->keys, rows[i].content);
		check_row(rows[i].label, check_existing_key(&fixture->run) == CONTINUE);
		check_row(rows[i].label, fixture->run.key.found == rows[i].found);
		check_row(rows[i].label, fixture_holds_agent(fixture) == rows[i].holds);
		(void)unlink(path_in(fixture->runtime, "hold"));
	}
}

/* Without a runtime directory, it is no service, which alone holds agents. */
static void test_no_service(void **state)
{
	struct fixture *fixture = *state;

	write_text(fixture->keys, "001 web-01 any\n");
	(void)unsetenv("RUNTIME_DIRECTORY");
	assert_int_equal(check_existing_key(&fixture->run), CONTINUE);
	assert_false(fixture_holds_agent(fixture));
}

/* ------------------------------------------------------------------ a key of this machine */

static void test_our_key(void **state)
{
	struct fixture *fixture = *state;

	fixture_install_key(fixture, &key);
	assert_int_equal(check_existing_key(&fixture->run), 0);
	assert_int_equal(fixture->ready_count, 1);
	assert_false(fixture_holds_agent(fixture));
	assert_int_equal(log_lines_count(LOG_INFO, "Already registered as web-01 (id 001)"), 1);
}

/* Nothing is known of it: it becomes this machine's. */
static void test_adopted_key(void **state)
{
	struct fixture *fixture = *state;

	write_text(fixture->keys, "001 web-01 any " HEX64 "\n");
	assert_int_equal(check_existing_key(&fixture->run), 0);
	assert_string_equal(fixture_saved_state(fixture).registration.agent_id, "001");
	assert_string_equal(fixture_saved_state(fixture).bound.machine, fixture->marks.machine);
}

/* A machine without marks has nothing to remember, and writes nothing at each start. */
static void test_machine_without_marks(void **state)
{
	struct fixture *fixture = *state;

	write_text(fixture->keys, "001 web-01 any " HEX64 "\n");
	fixture->marks = (struct machine_marks){ 0 };
	assert_int_equal(check_existing_key(&fixture->run), 0);
	assert_int_equal(count_entries(fixture->state), 0);
}

static void test_forced(void **state)
{
	struct fixture *fixture = *state;

	fixture_install_key(fixture, &key);
	fixture->run.mode.force = true;
	assert_int_equal(check_existing_key(&fixture->run), CONTINUE);
	assert_string_equal(fixture->run.key.old.id, "001");
	assert_int_equal(fixture->ready_count, 0);
	assert_false(fixture_holds_agent(fixture));
}

/* ------------------------------------------------------------------ counters that are to go */

/* A run was killed between storing the key and removing the counters: this one completes it. */
static void test_counters_of_our_key(void **state)
{
	struct fixture *fixture = *state;

	fixture_install_key(fixture, &key);
	write_counter(fixture);
	note_counters(fixture, &key);
	assert_int_equal(check_existing_key(&fixture->run), 0);
	assert_false(has_counter(fixture));
	assert_string_equal(fixture_saved_state(fixture).counters_of, "");
}

/* The same before the state knew whose key it is. */
static void test_counters_of_an_adopted_key(void **state)
{
	struct fixture *fixture = *state;

	write_text(fixture->keys, "001 web-01 any " HEX64 "\n");
	write_counter(fixture);
	note_counters(fixture, &key);
	assert_int_equal(check_existing_key(&fixture->run), 0);
	assert_false(has_counter(fixture));
	assert_string_equal(fixture_saved_state(fixture).counters_of, "");
}

/* It was killed before storing that key: the counters are those of the key that is there. */
static void test_counters_of_another_key(void **state)
{
	struct agent_key other = key;
	struct fixture *fixture = *state;

	(void)strcpy(other.key, OTHER64);
	fixture_install_key(fixture, &key);
	write_counter(fixture);
	note_counters(fixture, &other);
	assert_int_equal(check_existing_key(&fixture->run), 0);
	assert_true(has_counter(fixture));
	assert_string_equal(fixture_saved_state(fixture).counters_of, "");
}

/* ------------------------------------------------------------------ a key of another machine */

/* The disk, key and state included, is another machine's. */
static void copy_machine(struct fixture *fixture, const char *policy)
{
	char text[64];

	(void)snprintf(text, sizeof text, "identity.on_clone=%s", policy);
	fixture_set(fixture, text);
	fixture_install_key(fixture, &key);
	memset(fixture->marks.machine, '9', MACHINE_MARK_SIZE - 1);
}

static void test_clone_policies(void **state)
{
	static const struct {
		const char *policy;
		int result; /* CONTINUE, or an outcome */
		bool holds, is_clone;
		int level;
	} rows[] = {
		{ "register", CONTINUE, true, true, LOG_NOTICE },
		{ "keep", OUTCOME_OK, false, false, LOG_NOTICE },
		{ "refuse", OUTCOME_CLONED, true, false, LOG_ERR },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture *fixture;
		void *own;
		int r;

		assert_int_equal(fixture_setup(&own), 0);
		fixture = own;
		copy_machine(fixture, rows[i].policy);
		r = check_existing_key(&fixture->run);
		check_row(rows[i].policy,
			  r == (rows[i].result < 0
					? rows[i].result
					: outcome_policy((enum outcome)rows[i].result)->exit_code));
		check_row(rows[i].policy, fixture_holds_agent(fixture) == rows[i].holds);
		check_row(rows[i].policy, fixture->run.key.is_clone == rows[i].is_clone);
		check_row(rows[i].policy, fixture->ready_count == (r == 0));
		check_row(rows[i].policy, log_lines_count(rows[i].level, "is a copy") == 1);
		assert_int_equal(fixture_teardown(&own), 0);
	}
}

/* The key is read again behind the lock, and before each round; the log has said it once. */
static void test_clone_is_logged_once(void **state)
{
	struct fixture *fixture = *state;

	copy_machine(fixture, "register");
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(check_existing_key(&fixture->run), CONTINUE);
	assert_int_equal(log_lines_count(LOG_NOTICE, "is a copy"), 1);
}

/* ------------------------------------------------------------------ a manager */

static void make_manager(const struct fixture *fixture)
{
	write_text(path_in(fixture->agent, "etc/ossec-init.conf"), "TYPE=\"server\"\n");
}

static void test_service_on_a_manager(void **state)
{
	struct fixture *fixture = *state;

	make_manager(fixture);
	write_text(path_in(fixture->runtime, "hold"), "");
	fixture->run.mode.is_service = true;
	assert_int_equal(check_existing_key(&fixture->run), 0);
	assert_int_equal(fixture->ready_count, 1);
	assert_false(fixture_holds_agent(fixture));
	assert_file(path_in(fixture->runtime, "without-key"), "");

	/* and when it is none any more */
	write_text(path_in(fixture->agent, "etc/ossec-init.conf"), "TYPE=\"agent\"\n");
	assert_int_equal(check_existing_key(&fixture->run), CONTINUE);
	assert_file(path_in(fixture->runtime, "without-key"), NULL);
}

static void test_command_on_a_manager(void **state)
{
	struct fixture *fixture = *state;

	make_manager(fixture);
	assert_int_equal(check_existing_key(&fixture->run),
			 outcome_policy(OUTCOME_MISCONFIGURED)->exit_code);
	assert_int_equal(log_lines_count(LOG_ERR, "This machine is a manager"), 1);
	fixture->run.key.imported_from = "key.txt";
	fixture->run.mode.force = true;
	assert_int_equal(check_existing_key(&fixture->run),
			 outcome_policy(OUTCOME_MISCONFIGURED)->exit_code);
	assert_int_equal(log_lines_count(LOG_ERR, "This machine is a manager"), 2);
}

/* An agent with several entries works with the first; an imported key must not replace them. */
static void test_several_entries(void **state)
{
	struct fixture *fixture = *state;

	write_text(fixture->keys, "001 web-01 any " HEX64 "\n002 web-02 any " OTHER64 "\n");
	fixture->run.mode.force = true;
	assert_int_equal(check_existing_key(&fixture->run), CONTINUE);
	fixture->run.key.imported_from = "key.txt";
	assert_int_equal(check_existing_key(&fixture->run),
			 outcome_policy(OUTCOME_MISCONFIGURED)->exit_code);
	assert_int_equal(log_lines_count(LOG_ERR, "the entries of 2 agents"), 1);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_what_is_no_key),
		WITH_FIXTURE(test_no_service),
		WITH_FIXTURE(test_our_key),
		WITH_FIXTURE(test_adopted_key),
		WITH_FIXTURE(test_machine_without_marks),
		WITH_FIXTURE(test_forced),
		WITH_FIXTURE(test_counters_of_our_key),
		WITH_FIXTURE(test_counters_of_an_adopted_key),
		WITH_FIXTURE(test_counters_of_another_key),
		cmocka_unit_test(test_clone_policies),
		WITH_FIXTURE(test_clone_is_logged_once),
		WITH_FIXTURE(test_service_on_a_manager),
		WITH_FIXTURE(test_command_on_a_manager),
		WITH_FIXTURE(test_several_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
