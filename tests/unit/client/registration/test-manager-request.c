/* SPDX-License-Identifier: ISC */
/* A request to one manager: what it says of this agent, what is remembered and logged of it. */
#include "tests/unit/support.h"

#include "client/registration/manager-request.h"
#include "tests/unit/client/registration/fixture.h"
#include "tests/unit/log-lines.h"
#include "tests/unit/residue.h"

#include <syslog.h>

static const struct deadline never = { USEC_INFINITY, -1 };

/* What the manager does, and what it was asked. */
static struct {
	int outcome;
	bool sends;    /* does the request get to it? */
	bool answered; /* and is its answer received? */
	const char *warning, *secret;
	uint64_t lost_for;
} manager;

static int answer(const struct attempt *attempt, struct agent_key *ret,
		  struct attempt_report *report)
{
	(void)ret;
	manager.lost_for = attempt->api.lost_for;
	if (manager.sends)
		assert_int_equal(attempt_begin_step(attempt, STEP_SENDING), 0);
	reason_set(&report->why, "It failed");
	if (manager.warning)
		reason_set(&report->warning, "%s", manager.warning);
	if (manager.secret)
		(void)strcpy(report->reenroll_secret.text, manager.secret);
	report->answered = manager.answered;
	return manager.outcome;
}

static int setup(void **state)
{
	struct fixture *fixture;

	memset(&manager, 0, sizeof manager);
	manager.outcome = OUTCOME_BUSY;
	if (fixture_setup(state) < 0)
		return -1;
	fixture = *state;
	fixture->answer = answer;
	(void)strcpy(fixture->run.request.name, "web-01");
	(void)strcpy(fixture->run.request.manager_text, FIXTURE_MANAGER);
	return 0;
}

static void request(struct fixture *fixture)
{
	struct reason why = { "" };

	assert_int_equal(request_from_manager(&fixture->run, &never, &why), manager.outcome);
	assert_string_equal(why.text, manager.outcome == OUTCOME_REGISTERED ? "" : "It failed");
}

static struct manager_state *remembered(struct fixture *fixture)
{
	return state_manager(&fixture->run.state, FIXTURE_MANAGER);
}

/* ------------------------------------------------------------------ requests without an answer */

/* For how long; with a clock that was set back, for the shortest time. */
static void test_lost_for(void **state)
{
	static const struct {
		const char *label, *name;
		uint64_t sent_at, lost_for;
	} rows[] = {
		{ "none", "", 0, 0 },
		{ "a minute ago", "web-01", FIXTURE_NOW - 60, 60 * USEC_PER_SEC },
		{ "now", "web-01", FIXTURE_NOW, 1 },
		{ "in the future", "web-01", FIXTURE_NOW + 60, 1 },
		{ "of another name", "web-02", FIXTURE_NOW - 60, 0 },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		(void)strcpy(remembered(fixture)->unanswered.name, rows[i].name);
		remembered(fixture)->unanswered.sent_at = rows[i].sent_at;
		request(fixture);
		check_row(rows[i].label, manager.lost_for == rows[i].lost_for);
		check_row(rows[i].label,
			  fixture->run.request.answer_was_lost == (rows[i].lost_for > 0));
	}
}

/* The request is on the disk before the manager has it, and stays there until it has answered. */
static void test_lost_request(void **state)
{
	struct fixture *fixture = *state;
	struct state saved;

	manager.sends = true;
	request(fixture);
	saved = fixture_saved_state(fixture);
	assert_string_equal(state_manager(&saved, FIXTURE_MANAGER)->unanswered.name, "web-01");
	assert_true(remembered(fixture)->unanswered.sent_at == FIXTURE_NOW);

	fixture->passed = 60 * USEC_PER_SEC; /* of two without an answer, the first counts */
	request(fixture);
	assert_true(remembered(fixture)->unanswered.sent_at == FIXTURE_NOW);

	manager.answered = true; /* it may be busy only since then */
	request(fixture);
	assert_true(remembered(fixture)->unanswered.sent_at == FIXTURE_NOW);

	manager.outcome = OUTCOME_REFUSED;
	request(fixture);
	assert_true(remembered(fixture)->unanswered.sent_at == 0);
	manager.outcome = OUTCOME_REGISTERED;
	request(fixture);
}

/* ------------------------------------------------------------------ the log */

/* What was logged of a manager once is for debugging only when it is asked again. */
static void test_levels(void **state)
{
	static const char *const warnings[] = { "verify = no", "It is old" };
	struct fixture *fixture = *state;

	fixture_set(fixture, "tls.verify=no");
	manager.warning = "It is old";
	for (unsigned again = 0; again < 2; again++) {
		log_lines_collect();
		fixture->run.request.failure_was_logged = again;
		request(fixture);
		for (size_t i = 0; i < COUNT(warnings); i++) {
			check_row(warnings[i], log_lines_count(LOG_WARNING, warnings[i]) == !again);
			check_row(warnings[i], log_lines_count(LOG_DEBUG, warnings[i]) == again);
		}
		assert_int_equal(log_lines_count(LOG_INFO, "Requesting a key"), !again);
		assert_int_equal(log_lines_count(LOG_DEBUG, "Requesting a key"), again);
	}
}

static void test_nothing_to_warn_of(void **state)
{
	request(*state);
	assert_int_equal(log_lines_count(LOG_WARNING, ""), 0);
}

/* ------------------------------------------------------------------ secrets */

static void request_secret(void *fixture)
{
	struct reason why = { "" };

	manager.outcome = request_from_manager(&((struct fixture *)fixture)->run, &never, &why);
}

/* The secret that came is in the run, which wipes it, and nowhere else. */
static void test_secret(void **state)
{
	struct fixture *fixture = *state;

	manager.outcome = OUTCOME_REGISTERED;
	manager.secret = OTHER64;
	assert_null(find_residue(request_secret, fixture, OTHER64));
	assert_int_equal(manager.outcome, OUTCOME_REGISTERED);
	assert_string_equal(fixture->run.key.new_secret.text, OTHER64);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_lost_for), WITH_FIXTURE(test_lost_request),
		WITH_FIXTURE(test_levels),   WITH_FIXTURE(test_nothing_to_warn_of),
		WITH_FIXTURE(test_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
