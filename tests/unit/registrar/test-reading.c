/* SPDX-License-Identifier: ISC */
/* What is told while client.keys is read: nothing where that is quick. */
#include "tests/unit/log-lines.h"
#include "tests/unit/notify-socket.h"
#include "tests/unit/roster.h"
#include "tests/unit/support.h"

#include "common/deadline.h"
#include "common/log.h"
#include "registrar/reading.h"

static uint64_t now;

uint64_t __wrap_monotonic_usec(void);
uint64_t __wrap_monotonic_usec(void)
{
	return now;
}

static int setup(void **state)
{
	now = 1000 * USEC_PER_SEC;
	log_lines_collect();
	return setup_notify_socket(state);
}

static int teardown(void **state)
{
	log_lines_stop();
	return teardown_notify_socket(state);
}

/* So many seconds, with a report at the end of each hundredth of one. */
static void read_for(struct reading *reading, unsigned int seconds)
{
	for (unsigned int i = 0; i < 100 * seconds; i++) {
		reading_report(reading, i, 100 * seconds);
		now += USEC_PER_SEC / 100;
	}
	reading_report(reading, 100 * seconds, 100 * seconds);
	reading_end(reading, 1000);
}

static void test_quick(void **state)
{
	struct reading reading = { .directory = "/etc" };

	(void)state;
	read_for(&reading, 1);
	assert_int_equal(notify_socket_count(), 0);
	assert_int_equal(log_lines_count(LOG_INFO, ""), 0);
}

static void test_slow(void **state)
{
	struct reading reading = { .directory = "/etc" };

	(void)state;
	read_for(&reading, 4);
	assert_string_equal(notify_socket_message() ?: "nothing",
			    "STATUS=Reading /etc/client.keys: 25 %\nEXTEND_TIMEOUT_USEC=60000000");
	assert_string_equal(notify_socket_message() ?: "nothing",
			    "STATUS=Reading /etc/client.keys: 50 %\nEXTEND_TIMEOUT_USEC=60000000");
	assert_int_equal(notify_socket_count(), 1);
	assert_int_equal(log_lines_count(LOG_INFO, "Reading /etc/client.keys: 25 %;"), 1);
	assert_int_equal(log_lines_count(LOG_INFO, "Read /etc/client.keys: 1000 agents in 4 s"), 1);
	assert_int_equal(log_lines_count(LOG_INFO, ""), 2);
}

/* A line every ten seconds, and so often to systemd that no time limit ends it. */
static void test_very_slow(void **state)
{
	struct reading reading = { .directory = "/etc" };
	size_t told = 0;

	(void)state;
	for (size_t done = 0; done <= 100; done++) {
		reading_report(&reading, done, 100);
		now += USEC_PER_SEC;
		told += notify_socket_count();
	}
	assert_int_equal(told, 99);
	assert_int_equal(log_lines_count(LOG_INFO, "Reading"), 10);
}

static void on_report(void *owner, size_t done, size_t all)
{
	size_t *last = owner;

	assert_true(done > *last || *last == 0);
	assert_true(done <= all);
	*last = done == all ? SIZE_MAX : done;
}

/* Reports go up, and the last one says that all is done. */
static void test_of_a_roster(void **state)
{
	size_t last = 0;
	const struct keys_progress progress = { .report = on_report, .owner = &last };
	struct roster *roster;
	struct reason why;

	write_text(path_in(*state, "client.keys"), "001 web any " KEY "\n002 db any " KEY);
	assert_int_equal(roster_open_telling(&roster, *state, (gid_t)-1, NULL, &progress, &why), 0);
	assert_true(last == SIZE_MAX);
	begin(roster);
	assert_non_null(roster_find_name(roster, "db"));
	roster_cancel(roster);
	roster_close(roster);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_quick, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_very_slow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_of_a_roster, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
