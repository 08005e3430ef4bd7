/* SPDX-License-Identifier: ISC */
/* When which manager is asked again, by a clock of our own. */
#include "tests/unit/support.h"

#include "client/registration/schedule.h"
#include "client/system/identity.h"
#include "client/system/wakeup.h"

#define NOW (UINT64_C(1795291200) * USEC_PER_SEC)
#define SECONDS(n) ((n)*USEC_PER_SEC)
#define BOOT "fedcba9876543210fedcba9876543210"

static const struct retry_bounds bounds = { SECONDS(1), SECONDS(300) };
static uint64_t now;

uint64_t __wrap_realtime_usec(void);
uint64_t __wrap_realtime_usec(void)
{
	return now;
}

void __wrap_identity_boot(char ret[static IDENTITY_BOOT_SIZE]);
void __wrap_identity_boot(char ret[static IDENTITY_BOOT_SIZE])
{
	(void)strcpy(ret, BOOT);
}

static struct manager_state planned(const char *address, const char *outcome, uint64_t wait)
{
	struct manager_state manager = { .wait = wait, .next_at = now + wait };

	(void)strcpy(manager.address, address);
	(void)strcpy(manager.outcome, outcome);
	return manager;
}

static int setup(void **state)
{
	(void)state;
	now = NOW;
	return 0;
}

/* ------------------------------------------------------------------ one manager */

static void test_wait_left(void **state)
{
	struct manager_state manager = planned("m:1515", "busy", SECONDS(30));

	(void)state;
	assert_true(schedule_wait_left(&manager) == SECONDS(30));
	now = NOW + SECONDS(10);
	assert_true(schedule_wait_left(&manager) == SECONDS(20));
	now = NOW + SECONDS(31);
	assert_true(schedule_wait_left(&manager) == 0);
	now = NOW;
	manager.outcome[0] = '\0'; /* never asked */
	assert_true(schedule_wait_left(&manager) == 0);
}

static void test_clock_set_back(void **state)
{
	struct manager_state manager = planned("m:1515", "busy", SECONDS(30));

	(void)state;
	now = NOW - SECONDS(3600);
	assert_true(schedule_wait_left(&manager) == SECONDS(30));
}

static void test_next(void **state)
{
	struct manager_state manager = { .address = "m:1515" };

	(void)state;
	for (uint64_t attempt = 1; attempt < 100; attempt++) {
		schedule_next(&manager, OUTCOME_UNREACHABLE, &bounds,
			      &(struct retry_advice){ .after = 0 }, attempt);
		assert_string_equal(manager.outcome, "unreachable");
		assert_true(manager.wait >= bounds.initial && manager.wait <= bounds.max);
		assert_true(manager.next_at == NOW + manager.wait);
	}
	/* another class begins anew */
	manager.wait = bounds.max;
	schedule_next(&manager, OUTCOME_BUSY, &bounds, &(struct retry_advice){ .after = 0 }, 100);
	(void)strcpy(manager.outcome, "refused");
	manager.wait = 12 * bounds.max;
	schedule_next(&manager, OUTCOME_UNREACHABLE, &bounds, &(struct retry_advice){ .after = 0 },
		      101);
	assert_true(manager.wait <= 3 * bounds.initial);
}

/* A token that is not known yet is no reason to wait as for a manager that was busy before. */
static void test_shortly_begins_anew(void **state)
{
	const struct retry_advice soon = { .is_soon = true }, later = { 0 };
	struct manager_state manager = { .address = "m:1515" };

	(void)state;
	for (uint64_t attempt = 1; attempt < 100; attempt++) {
		manager = planned("m:1515", "busy", bounds.max);
		schedule_next(&manager, OUTCOME_BUSY, &bounds, &soon, attempt);
		assert_in_range(manager.wait, 5 * bounds.initial, 15 * bounds.initial);
		manager.wait = SECONDS(100);
		schedule_next(&manager, OUTCOME_BUSY, &bounds, &soon, attempt);
		assert_in_range(manager.wait, 5 * bounds.initial, bounds.max);
		schedule_next(&manager, OUTCOME_BUSY, &bounds, &later, attempt);
		assert_in_range(manager.wait, 30 * bounds.initial, 90 * bounds.initial);
	}
}

/* A manager may ask for more patience than the policy has, but not for any. */
static void test_retry_after(void **state)
{
	struct manager_state manager = { .address = "m:1515" };

	(void)state;
	schedule_next(&manager, OUTCOME_UNREACHABLE, &bounds,
		      &(struct retry_advice){ .after = SECONDS(77) }, 1);
	assert_true(manager.wait == SECONDS(77));
	schedule_next(&manager, OUTCOME_REFUSED, &bounds, &(struct retry_advice){ .after = 1 }, 2);
	assert_true(manager.wait >= 3 * bounds.max);
	schedule_next(&manager, OUTCOME_BUSY, &bounds,
		      &(struct retry_advice){ .after = SECONDS(365 * 86400) }, 3);
	assert_true(manager.wait == 12 * bounds.max);
	assert_true(manager.next_at == NOW + 12 * bounds.max);
	schedule_next(&manager, OUTCOME_BUSY, &bounds,
		      &(struct retry_advice){ .after = UINT64_MAX }, 4);
	assert_true(manager.wait == 12 * bounds.max);
}

/* A state file of another version may name an outcome that this one does not know. */
static void test_unknown_outcome(void **state)
{
	struct manager_state manager = planned("m:1515", "hungry", SECONDS(30));

	(void)state;
	assert_ptr_equal(schedule_policy(&manager), outcome_policy(OUTCOME_BUSY));
	(void)strcpy(manager.outcome, "refused");
	assert_ptr_equal(schedule_policy(&manager), outcome_policy(OUTCOME_REFUSED));
}

/* ------------------------------------------------------------------ turns */

static void test_next_turn(void **state)
{
	struct state_attempts plans = { .manager_count = 4 };
	unsigned int events;

	(void)state;
	plans.managers[0] = planned("", "not-ready", SECONDS(1));
	plans.managers[1] = planned("a:1515", "unreachable", SECONDS(20));
	plans.managers[2] = planned("b:1515", "untrusted", SECONDS(30));
	plans.managers[3] = planned("c:1515", "", 0); /* not asked yet */
	assert_true(schedule_next_turn(&plans, true, &events) == SECONDS(20));
	assert_int_equal(events, WAKEUP_ON_NETWORK | WAKEUP_ON_CLOCK);
	assert_true(schedule_next_turn(&plans, false, &events) == SECONDS(1));
	assert_int_equal(events, WAKEUP_ON_NAME);
	plans.manager_count = 0;
	assert_true(schedule_next_turn(&plans, true, &events) == USEC_INFINITY);
	assert_int_equal(events, 0);
}

/* An event ends a wait, and what follows it is not longer than what it ended. */
static void test_bring_forward(void **state)
{
	const uint64_t wait = SECONDS(9);

	(void)state;
	for (uint64_t attempt = 1; attempt <= 200; attempt++) {
		struct state_attempts plans = { .manager_count = 2 };

		plans.managers[0] = planned("a:1515", "unreachable", wait);
		plans.managers[1] = planned("b:1515", "refused", SECONDS(1000));
		schedule_bring_forward(&plans, WAKEUP_ON_NETWORK);
		assert_true(schedule_wait_left(&plans.managers[0]) == 0);
		assert_true(schedule_wait_left(&plans.managers[1]) == SECONDS(1000));
		schedule_next(&plans.managers[0], OUTCOME_UNREACHABLE, &bounds,
			      &(struct retry_advice){ .after = 0 }, attempt);
		assert_true(plans.managers[0].wait <= wait);
	}
}

/* ------------------------------------------------------------------ a new start */

static char address_a[] = "a:1515", address_b[] = "b:1515";
static char *addresses[] = { address_a, address_b };
static const struct config config = {
	.manager = { .address = { addresses, 2 } },
	.retry = { .initial = SECONDS(1), .max = SECONDS(300) },
};

static struct registration start(bool is_service, bool is_restart, const char *boot)
{
	struct registration run = {
		.config = &config,
		.access = { .config = &config },
		.mode = { .is_service = is_service, .is_restart = is_restart },
	};

	(void)strcpy(run.state.attempts.boot, boot);
	return run;
}

static void test_stale_plans(void **state)
{
	struct registration run = start(true, true, BOOT);

	(void)state;
	run.state.attempts.managers[0] = planned("old:1515", "busy", SECONDS(10));
	run.state.attempts.managers[1] = planned("b:1515", "busy", SECONDS(20));
	run.state.attempts.managers[2] = planned("", "not-ready", SECONDS(30));
	run.state.attempts.managers[3] = planned("b:1516", "busy", SECONDS(40));
	run.state.attempts.manager_count = 4;
	schedule_take_over(&run);
	assert_int_equal(run.state.attempts.manager_count, 2);
	assert_string_equal(run.state.attempts.managers[0].address, "b:1515");
	assert_true(schedule_wait_left(&run.state.attempts.managers[0]) == SECONDS(20));
	assert_string_equal(run.state.attempts.managers[1].address, "");
}

static void test_take_over(void **state)
{
	static const struct {
		const char *label;
		bool is_service, is_restart;
		const char *boot, *outcome;
		int changed; /* the configuration, in seconds after the last attempt; 0: long ago */
		bool holds;
	} rows[] = {
		{ "restart by systemd", true, true, BOOT, "refused", 0, true },
		{ "next boot", true, false, "another", "refused", 0, true },
		{ "systemctl start", true, false, BOOT, "refused", 0, false },
		{ "a person", false, false, "another", "refused", 0, false },
		{ "no network then", true, true, BOOT, "unreachable", 0, false },
		{ "configuration changed", true, true, BOOT, "refused", 1, false },
		{ "changed before", true, true, BOOT, "refused", -1, true },
		{ "unknown outcome", true, true, BOOT, "hungry", 0, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct registration run = start(rows[i].is_service, rows[i].is_restart,
						rows[i].boot);
		uint64_t left;

		run.state.attempts.managers[0] = planned("a:1515", rows[i].outcome, SECONDS(1000));
		run.state.attempts.manager_count = 1;
		run.changed_at = rows[i].changed ? (time_t)(NOW / USEC_PER_SEC) + rows[i].changed
						 : 0;
		schedule_take_over(&run);
		left = schedule_wait_left(&run.state.attempts.managers[0]);
		check_row(rows[i].label, left == (rows[i].holds ? SECONDS(1000) : 0));
	}
}

/* The longest wait may have become shorter since. */
static void test_shorter_max(void **state)
{
	struct registration run = start(true, true, BOOT);

	(void)state;
	run.state.attempts.managers[0] = planned("a:1515", "refused", SECONDS(100 * 86400));
	run.state.attempts.manager_count = 1;
	schedule_take_over(&run);
	assert_true(schedule_wait_left(&run.state.attempts.managers[0]) == 12 * SECONDS(300));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_wait_left, setup),
		cmocka_unit_test_setup(test_clock_set_back, setup),
		cmocka_unit_test_setup(test_next, setup),
		cmocka_unit_test_setup(test_shortly_begins_anew, setup),
		cmocka_unit_test_setup(test_retry_after, setup),
		cmocka_unit_test_setup(test_unknown_outcome, setup),
		cmocka_unit_test_setup(test_next_turn, setup),
		cmocka_unit_test_setup(test_bring_forward, setup),
		cmocka_unit_test_setup(test_stale_plans, setup),
		cmocka_unit_test_setup(test_take_over, setup),
		cmocka_unit_test_setup(test_shorter_max, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
