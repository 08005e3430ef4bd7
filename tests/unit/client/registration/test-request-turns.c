/* SPDX-License-Identifier: ISC */
/* Whose turn it is: at the start, after a splay, with an earlier plan, without a name. */
#include "tests/unit/support.h"

#include "client/registration/policy.h"
#include "client/registration/request.h"
#include "client/system/identity.h"
#include "client/system/wakeup.h"
#include "tests/unit/client/registration/fixture.h"
#include "tests/unit/log-lines.h"

#include <syslog.h>

#define SECONDS(n) ((uint64_t)(n)*USEC_PER_SEC)
#define SECOND_MANAGER "second.example.org:1515"
#define OTHER_BOOT "0123456789abcdef0123456789abcdef"

static int outcome;         /* of every attempt */
static uint64_t takes;      /* an attempt, in microseconds */
static unsigned asked[2];   /* the first manager, and any other one */
static int name_outcome;    /* of looking for a name */
static unsigned name_tries; /* how often that fails */
static struct fixture *current;

int __wrap_identity_name(char ret[static AGENT_NAME_MAX + 1], const struct config *config,
			 const struct own_names *own, struct reason *why);
int __wrap_identity_name(char ret[static AGENT_NAME_MAX + 1], const struct config *config,
			 const struct own_names *own, struct reason *why)
{
	(void)config, (void)own;
	if (name_tries > 0) {
		name_tries--;
		reason_set(why, "There is no name");
		return name_outcome;
	}
	(void)strcpy(ret, "web-01");
	return OUTCOME_OK;
}

static int answer(const struct attempt *attempt, struct agent_key *ret,
		  struct attempt_report *report)
{
	asked[strcmp(attempt->manager->host, "manager.example.org") != 0]++;
	current->passed += takes;
	reason_set(&report->why, "It failed");
	if (outcome == OUTCOME_REGISTERED)
		*ret = (struct agent_key){ "002", "web-01", "any", HEX64 };
	return outcome;
}

static int setup(void **state)
{
	outcome = OUTCOME_REGISTERED;
	asked[0] = asked[1] = name_tries = 0;
	takes = 0;
	if (fixture_setup(state) < 0)
		return -1;
	current = *state;
	current->answer = answer;
	current->run.mode.is_service = true;
	fixture_set(current, "retry.budget=10min");
	return 0;
}

static int exit_code(int of)
{
	return outcome_policy((enum outcome)of)->exit_code;
}

/* An earlier start was refused by the first manager, and is to wait for an hour. */
static void plan(struct fixture *fixture, const char *boot)
{
	struct manager_state *manager = state_manager(&fixture->run.state, FIXTURE_MANAGER);

	(void)strcpy(manager->outcome, "refused");
	manager->wait = SECONDS(3600);
	manager->next_at = (FIXTURE_NOW + 3600) * USEC_PER_SEC;
	(void)strcpy(fixture->run.state.attempts.boot, boot);
}

/* ------------------------------------------------------------------ several managers */

static void test_failover(void **state)
{
	struct fixture *fixture = *state;

	fixture_set(fixture, "manager.address=" SECOND_MANAGER);
	outcome = OUTCOME_BUSY;
	fixture_set(fixture, "retry.budget=1s");
	assert_int_equal(request_key(&fixture->run), exit_code(OUTCOME_BUSY));
	assert_int_equal(asked[0], 1);
	assert_int_equal(asked[1], 1);
	assert_string_equal(fixture_saved_state(fixture).attempts.boot, FIXTURE_BOOT);
}

/* A key ends the round, and so does the budget. */
static void test_end_of_a_round(void **state)
{
	struct fixture *fixture = *state;

	fixture_set(fixture, "manager.address=" SECOND_MANAGER);
	assert_int_equal(request_key(&fixture->run), CONTINUE);
	assert_int_equal(asked[1], 0);

	key_files_unlock(&fixture->run.files);
	outcome = OUTCOME_BUSY;
	takes = SECONDS(600);
	assert_int_equal(request_key(&fixture->run), exit_code(OUTCOME_BUSY));
	assert_int_equal(asked[0], 2);
	assert_int_equal(asked[1], 0);
}

/* An earlier start's plan for one manager does not keep the other one waiting. */
static void test_plan_of_an_earlier_start(void **state)
{
	struct fixture *fixture = *state;

	fixture_set(fixture, "manager.address=" SECOND_MANAGER);
	plan(fixture, OTHER_BOOT); /* of another boot */
	assert_int_equal(request_key(&fixture->run), CONTINUE);
	assert_int_equal(asked[0], 0);
	assert_int_equal(asked[1], 1);
}

/* If nobody is asked within the budget, the next start is to try again. */
static void test_nobody_is_asked(void **state)
{
	struct fixture *fixture = *state;

	plan(fixture, OTHER_BOOT);
	assert_int_equal(request_key(&fixture->run), exit_code(OUTCOME_NOT_READY));
	assert_int_equal(asked[0], 0);
}

/* A plan of this boot holds for a restart by systemd, once that is in the background. */
static void test_plan_of_this_boot(void **state)
{
	struct fixture *fixture = *state;

	fixture->was_restarted = true;
	plan(fixture, FIXTURE_BOOT);
	assert_int_equal(request_key(&fixture->run), CONTINUE);
	assert_true(fixture->passed == 0);

	key_files_unlock(&fixture->run.files);
	plan(fixture, FIXTURE_BOOT);
	(void)strcpy(fixture->run.state.attempts.background_boot, FIXTURE_BOOT);
	assert_int_equal(request_key(&fixture->run), CONTINUE);
	assert_true(fixture->passed == SECONDS(3600));
}

static void test_taken_name_that_is_a_failure(void **state)
{
	struct fixture *fixture = *state;

	outcome = OUTCOME_DUPLICATE;
	fixture_set(fixture, "identity.on_duplicate=fail");
	assert_int_equal(request_key(&fixture->run), exit_code(OUTCOME_REFUSED));
	assert_int_equal(asked[0], 1);
	assert_int_equal(fixture->wait_count, 0);
}

/* ------------------------------------------------------------------ the splay */

/* Only the first start of a boot waits, and only within its budget. */
static void test_splay(void **state)
{
	static const struct {
		const char *label, *splay, *budget, *boot;
		bool is_service, waits;
		int result;
	} rows[] = {
		{ "none", "0", "10min", "", true, false, CONTINUE },
		{ "the first start", "5min", "10min", "", true, true, CONTINUE },
		{ "of another boot", "5min", "10min", OTHER_BOOT, true, true, CONTINUE },
		{ "a later start", "5min", "10min", FIXTURE_BOOT, true, false, CONTINUE },
		{ "by hand", "5min", "10min", "", false, false, CONTINUE },
		{ "beyond the budget", "1h", "1s", "", true, false, OUTCOME_NOT_READY },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture *fixture;
		char text[64];
		void *own;

		assert_int_equal(setup(&own), 0);
		fixture = own;
		(void)snprintf(text, sizeof text, "retry.splay=%s", rows[i].splay);
		fixture_set(fixture, text);
		(void)snprintf(text, sizeof text, "retry.budget=%s", rows[i].budget);
		fixture_set(fixture, text);
		fixture->run.mode.is_service = rows[i].is_service;
		(void)strcpy(fixture->run.state.attempts.boot, rows[i].boot);
		check_row(rows[i].label,
			  request_key(&fixture->run) ==
				  (rows[i].result < 0 ? CONTINUE : exit_code(rows[i].result)));
		check_row(rows[i].label, asked[0] == (rows[i].result < 0));
		check_row(rows[i].label, (fixture->passed > 0) == rows[i].waits);
		check_row(rows[i].label, fixture->passed <= SECONDS(300));
		assert_int_equal(fixture_teardown(&own), 0);
	}
}

/* ------------------------------------------------------------------ the name */

/* A machine that has no name yet looks for one again, when it was set at the latest. */
static void test_name_comes_later(void **state)
{
	struct fixture *fixture = *state;

	name_outcome = OUTCOME_NOT_READY;
	name_tries = 2;
	fixture->wakeup = WAKEUP_NAME;
	assert_int_equal(request_key(&fixture->run), CONTINUE);
	assert_int_equal(fixture->wait_count, 2);
	assert_int_equal(fixture->waits[0].events, WAKEUP_ON_NAME);
	assert_int_equal(asked[0], 1);
	assert_int_equal(log_lines_count(LOG_WARNING, "There is no name"), 1);
}

static void test_name_that_is_none(void **state)
{
	struct fixture *fixture = *state;

	name_outcome = OUTCOME_MISCONFIGURED;
	name_tries = 1;
	assert_int_equal(request_key(&fixture->run), exit_code(OUTCOME_MISCONFIGURED));
	assert_int_equal(fixture->wait_count, 0);
	assert_int_equal(asked[0], 0);
}

/* ------------------------------------------------------------------ files of TLS */

static void break_ca(struct fixture *fixture)
{
	const char *path = path_in(fixture->directory, "ca.pem");
	char text[512];

	write_text(path, "not a certificate\n");
	(void)snprintf(text, sizeof text, "tls.ca_file=%s", path);
	fixture_set(fixture, text);
	fixture->run.access.trust.ca_file = fixture->run.config->tls.ca_file;
}

/* Nobody waits for the splay, or for a name, to hear that the CA is none. */
static void test_fault_before_a_splay(void **state)
{
	struct fixture *fixture = *state;

	break_ca(fixture);
	fixture_set(fixture, "retry.splay=5min");
	assert_int_equal(request_key(&fixture->run), exit_code(OUTCOME_MISCONFIGURED));
	assert_int_equal(log_lines_count(LOG_ERR, "ca.pem"), 1);
	assert_int_equal(fixture->wait_count, 0);
	assert_int_equal(asked[0], 0);
}

static void test_fault_without_a_name(void **state)
{
	struct fixture *fixture = *state;

	break_ca(fixture);
	name_outcome = OUTCOME_NOT_READY;
	name_tries = 1;
	assert_int_equal(request_key(&fixture->run), exit_code(OUTCOME_MISCONFIGURED));
	assert_int_equal(fixture->wait_count, 0);
	assert_int_equal(asked[0], 0);
}

/* Otherwise the process that is to talk to the manager says so; the next start asks at once. */
static void test_fault_leaves_no_plan(void **state)
{
	struct fixture *fixture = *state;
	const struct state_attempts *attempts = &fixture->run.state.attempts;

	outcome = OUTCOME_MISCONFIGURED;
	assert_int_equal(request_key(&fixture->run), exit_code(OUTCOME_MISCONFIGURED));
	assert_int_equal(asked[0], 1);
	assert_int_equal(log_lines_count(LOG_ERR, "It failed"), 1);
	for (size_t i = 0; i < attempts->manager_count; i++)
		assert_string_equal(attempts->managers[i].outcome, "");
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_failover),
		WITH_FIXTURE(test_end_of_a_round),
		WITH_FIXTURE(test_plan_of_an_earlier_start),
		WITH_FIXTURE(test_nobody_is_asked),
		WITH_FIXTURE(test_plan_of_this_boot),
		WITH_FIXTURE(test_taken_name_that_is_a_failure),
		cmocka_unit_test(test_splay),
		WITH_FIXTURE(test_name_comes_later),
		WITH_FIXTURE(test_name_that_is_none),
		WITH_FIXTURE(test_fault_before_a_splay),
		WITH_FIXTURE(test_fault_without_a_name),
		WITH_FIXTURE(test_fault_leaves_no_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
