/* SPDX-License-Identifier: ISC */
/* What is said and saved of a failure. */
#include "tests/unit/support.h"

#include "client/registration/policy.h"
#include "client/registration/report.h"
#include "tests/unit/client/registration/fixture.h"
#include "tests/unit/log-lines.h"

#include <syslog.h>

static const struct reason why = { .text = "It failed" };

/* How often an observer was told of one. */
static unsigned observed;

static void note_failure(int outcome, const char *name, const struct reason *reason)
{
	(void)outcome, (void)name;
	assert_string_equal(reason->text, "It failed");
	observed++;
}

/* The level is the outcome's; of what was logged before, it is that for debugging. */
static void test_levels(void **state)
{
	static const struct {
		const char *name;
		int outcome, level, exit_code;
	} rows[] = {
		{ "busy", OUTCOME_BUSY, LOG_WARNING, 75 },
		{ "refused", OUTCOME_REFUSED, LOG_ERR, 77 },
		{ "local-error", -ENOMEM, LOG_ERR, EXIT_LOCAL_ERROR },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++)
		for (int should_log = 0; should_log < 2; should_log++) {
			log_lines_collect();
			check_row(rows[i].name,
				  report_note_failure(&fixture->run, rows[i].outcome, &why,
						      should_log) == rows[i].exit_code);
			check_row(rows[i].name,
				  log_lines_count(should_log ? rows[i].level : LOG_DEBUG,
						  "It failed") == 1);
			check_row(rows[i].name,
				  log_lines_count(rows[i].level, "") == (should_log ? 1u : 0u));
			check_row(rows[i].name,
				  strcmp(fixture_saved_state(fixture).attempts.last.outcome,
					 rows[i].name) == 0);
		}
}

/* Somebody who watches says it in words of his own, but what is for debugging is in the log. */
static void test_observer(void **state)
{
	static const struct register_observer observer = { .failed = note_failure };
	struct fixture *fixture = *state;

	observed = 0;
	fixture->run.mode.observer = &observer;
	(void)!report_note_failure(&fixture->run, OUTCOME_BUSY, &why, true);
	assert_int_equal(observed, 1);
	assert_int_equal(log_lines_count(LOG_WARNING, ""), 0);
	(void)!report_note_failure(&fixture->run, OUTCOME_BUSY, &why, false);
	assert_int_equal(observed, 1);
	assert_int_equal(log_lines_count(LOG_DEBUG, "It failed"), 1);
}

/* To be stopped is no failure. */
static void test_stopped(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(report_failure(&fixture->run, -ECANCELED, &why), -ECANCELED);
	assert_int_equal(log_lines_count(LOG_ERR, ""), 0);
	assert_int_equal(count_entries(fixture->state), 0);
}

/* A state that cannot be saved is worth one warning in a run, which goes on. */
static void test_state_is_lost(void **state)
{
	struct fixture *fixture = *state;

	write_text(path_in(fixture->directory, "file"), "");
	fixture->run.mode.state_directory = path_in(fixture->directory, "file");
	for (unsigned i = 0; i < 3; i++)
		report_save_state(&fixture->run);
	assert_int_equal(log_lines_count(LOG_WARNING, "going on without"), 1);
	assert_int_equal(log_lines_count(LOG_WARNING, ""), 1);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_levels),
		WITH_FIXTURE(test_observer),
		WITH_FIXTURE(test_stopped),
		WITH_FIXTURE(test_state_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
