/* SPDX-License-Identifier: ISC */
/* The rounds: whom to ask when, for how long, and what is logged of it. */
#include "tests/unit/support.h"

#include "client/registration/policy.h"
#include "client/registration/request.h"
#include "client/system/wakeup.h"
#include "tests/unit/client/registration/fixture.h"
#include "tests/unit/log-lines.h"

#include <syslog.h>

#define SECONDS(n) ((uint64_t)(n)*USEC_PER_SEC)
#define HOUR SECONDS(3600)

/* What the manager answers, attempt by attempt; the last one again and again. */
static struct {
	int outcomes[4];
	const char *reasons[4];
	unsigned count; /* of them */
	unsigned asked;
	uint64_t retry_after;
} script;

static int answer(const struct attempt *attempt, struct agent_key *ret,
		  struct attempt_report *report)
{
	unsigned i = script.asked < script.count ? script.asked : script.count - 1;

	script.asked++;
	reason_set(&report->why, "%s", script.reasons[i] ?: "It failed");
	report->retry_after = script.retry_after;
	if (script.outcomes[i] == OUTCOME_REGISTERED)
		*ret = (struct agent_key){ "002", "web-01", "any", HEX64 };
	assert_string_equal(attempt->agent.name, "web-01");
	return script.outcomes[i];
}

static int setup(void **state)
{
	struct fixture *fixture;

	memset(&script, 0, sizeof script);
	if (fixture_setup(state) < 0)
		return -1;
	fixture = *state;
	fixture->answer = answer;
	return 0;
}

static void answers(int outcome)
{
	script.outcomes[script.count++] = outcome;
}

static void run_as_service(struct fixture *fixture, const char *budget)
{
	char text[64];

	(void)snprintf(text, sizeof text, "retry.budget=%s", budget);
	fixture_set(fixture, text);
	fixture->run.mode.is_service = true;
}

static int exit_code(int outcome)
{
	return outcome_policy((enum outcome)outcome)->exit_code;
}

/* ------------------------------------------------------------------ until there is a key */

static void test_registered_at_last(void **state)
{
	struct fixture *fixture = *state;

	answers(OUTCOME_UNREACHABLE);
	answers(OUTCOME_BUSY);
	answers(OUTCOME_REGISTERED);
	run_as_service(fixture, "1h");
	assert_int_equal(request_key(&fixture->run), CONTINUE);
	assert_int_equal(script.asked, 3);
	assert_string_equal(fixture->run.key.new.id, "002");
	assert_int_equal(fixture->wait_count, 2);
	assert_int_equal(fixture->waits[0].events, WAKEUP_ON_NETWORK);
	assert_int_equal(fixture->waits[1].events, 0);
	assert_string_equal(fixture_saved_state(fixture).attempts.background_boot, "");
}

static void test_never_again(void **state)
{
	struct fixture *fixture = *state;

	answers(OUTCOME_MISCONFIGURED);
	run_as_service(fixture, "1h");
	assert_int_equal(request_key(&fixture->run), exit_code(OUTCOME_MISCONFIGURED));
	assert_int_equal(script.asked, 1);
	assert_int_equal(fixture->wait_count, 0);
}

/* What a manager asks for is asked of that manager, for the next wait only. */
static void test_retry_after(void **state)
{
	struct fixture *fixture = *state;

	answers(OUTCOME_UNREACHABLE);
	answers(OUTCOME_REGISTERED);
	script.retry_after = SECONDS(1200);
	run_as_service(fixture, "1h");
	assert_int_equal(request_key(&fixture->run), CONTINUE);
	assert_true(fixture->waits[0].usec == SECONDS(1200));
}

/* ------------------------------------------------------------------ the budget */

/* A turn that is beyond the budget may come forward if an event can help; otherwise it is over. */
static void test_turn_beyond_the_budget(void **state)
{
	static const struct {
		const char *label;
		int outcome;
		enum wakeup wakeup;
		unsigned asked, waits;
		int result;
	} rows[] = {
		{ "no event helps", OUTCOME_REFUSED, WAKEUP_TIME, 1, 0, OUTCOME_REFUSED },
		{ "none came", OUTCOME_UNTRUSTED, WAKEUP_TIME, 1, 1, OUTCOME_UNTRUSTED },
		{ "one came", OUTCOME_UNTRUSTED, WAKEUP_CLOCK, 2, 1, OUTCOME_REGISTERED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture *fixture;
		void *own;
		int r;

		assert_int_equal(setup(&own), 0);
		fixture = own;
		answers(rows[i].outcome);
		answers(OUTCOME_REGISTERED);
		fixture->wakeup = rows[i].wakeup;
		run_as_service(fixture, "10s");
		r = request_key(&fixture->run);
		check_row(rows[i].label,
			  r == (rows[i].result == OUTCOME_REGISTERED ? CONTINUE
								     : exit_code(rows[i].result)));
		check_row(rows[i].label, script.asked == rows[i].asked);
		check_row(rows[i].label, fixture->wait_count == rows[i].waits);
		check_row(rows[i].label, fixture->passed <= SECONDS(10));
		/* the next start of this boot holds nothing up */
		check_row(rows[i].label,
			  strcmp(fixture_saved_state(fixture).attempts.background_boot,
				 r == CONTINUE ? "" : FIXTURE_BOOT) == 0);
		assert_int_equal(fixture_teardown(&own), 0);
	}
}

/* An event that comes with the end of the budget is not waited for again. */
static void test_end_of_the_budget(void **state)
{
	struct fixture *fixture = *state;

	answers(OUTCOME_UNREACHABLE);
	run_as_service(fixture, "3s");
	assert_int_equal(request_key(&fixture->run), exit_code(OUTCOME_UNREACHABLE));
	assert_true(fixture->passed == SECONDS(3));
	for (unsigned i = 0; i < fixture->wait_count; i++)
		assert_true(fixture->waits[i].usec > 0);
}

/* A person at a terminal gets one attempt, unless a budget is configured. */
static void test_by_hand(void **state)
{
	struct fixture *fixture = *state;

	answers(OUTCOME_UNREACHABLE);
	assert_int_equal(request_key(&fixture->run), exit_code(OUTCOME_UNREACHABLE));
	assert_int_equal(script.asked, 1);
	assert_int_equal(fixture->wait_count, 0);
}

/* ------------------------------------------------------------------ in the background */

/* A restart by systemd, in a boot in which a start has used up its budget. */
static void test_background(void **state)
{
	static const struct {
		const char *label;
		bool is_service, was_restarted;
		const char *background_boot;
		bool is_background;
	} rows[] = {
		{ "such a restart", true, true, FIXTURE_BOOT, true },
		{ "a start by a person", true, false, FIXTURE_BOOT, false },
		{ "another boot", true, true, OTHER64, false },
		{ "the first start", true, true, "", false },
		{ "no service", false, true, FIXTURE_BOOT, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture *fixture;
		void *own;

		assert_int_equal(setup(&own), 0);
		fixture = own;
		answers(OUTCOME_REFUSED);
		answers(OUTCOME_REGISTERED);
		run_as_service(fixture, "10s");
		fixture->run.mode.is_service = rows[i].is_service;
		fixture->was_restarted = rows[i].was_restarted;
		(void)snprintf(fixture->run.state.attempts.background_boot, IDENTITY_BOOT_SIZE,
			       "%s", rows[i].background_boot);
		check_row(rows[i].label,
			  (request_key(&fixture->run) == CONTINUE) == rows[i].is_background);
		check_row(rows[i].label, fixture->run.mode.is_background == rows[i].is_background);
		check_row(rows[i].label, fixture->ready_count == rows[i].is_background);
		assert_int_equal(fixture_teardown(&own), 0);
	}
}

/* ------------------------------------------------------------------ the log */

/* A failure that stays the same is logged once an hour, and at once when it is another one. */
static void test_reminders(void **state)
{
	struct fixture *fixture = *state;
	size_t logged;

	answers(OUTCOME_UNREACHABLE);
	run_as_service(fixture, "50min");
	assert_int_equal(request_key(&fixture->run), exit_code(OUTCOME_UNREACHABLE));
	assert_true(script.asked > 3);
	assert_int_equal(log_lines_count(LOG_WARNING, "It failed"), 1);
	assert_int_equal(log_lines_count(LOG_DEBUG, "It failed"), script.asked - 1);
	assert_int_equal(log_lines_count(LOG_INFO, "Requesting a key"), 1);

	/* the next start is another process, which says it again */
	log_lines_collect();
	fixture->run.state = fixture_saved_state(fixture);
	script.asked = 0;
	run_as_service(fixture, "150min");
	assert_int_equal(request_key(&fixture->run), exit_code(OUTCOME_UNREACHABLE));
	logged = log_lines_count(LOG_WARNING, "It failed");
	assert_int_equal(logged, 3);
	assert_int_equal(log_lines_count(LOG_DEBUG, "It failed"), script.asked - logged);
}

static void test_another_failure(void **state)
{
	struct fixture *fixture = *state;

	answers(OUTCOME_UNREACHABLE);
	answers(OUTCOME_UNREACHABLE);
	answers(OUTCOME_UNREACHABLE);
	answers(OUTCOME_REGISTERED);
	script.reasons[2] = "It failed in another way";
	run_as_service(fixture, "1h");
	assert_int_equal(request_key(&fixture->run), CONTINUE);
	assert_int_equal(log_lines_count(LOG_WARNING, "It failed"), 2);
	assert_int_equal(log_lines_count(LOG_WARNING, "It failed in another way"), 1);
}

/* ------------------------------------------------------------------ the confinement */

static void test_gap_is_told_once(void **state)
{
	struct fixture *fixture = *state;

	answers(OUTCOME_BUSY);
	answers(OUTCOME_REGISTERED);
	run_as_service(fixture, "1h");
	fixture->gap = "Landlock is missing";
	assert_int_equal(request_key(&fixture->run), CONTINUE);
	assert_int_equal(script.asked, 2);
	assert_int_equal(log_lines_count(LOG_NOTICE, "Landlock is missing"), 1);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_registered_at_last),
		WITH_FIXTURE(test_never_again),
		WITH_FIXTURE(test_retry_after),
		cmocka_unit_test(test_turn_beyond_the_budget),
		WITH_FIXTURE(test_end_of_the_budget),
		WITH_FIXTURE(test_by_hand),
		cmocka_unit_test(test_background),
		WITH_FIXTURE(test_reminders),
		WITH_FIXTURE(test_another_failure),
		WITH_FIXTURE(test_gap_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
