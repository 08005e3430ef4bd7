/* SPDX-License-Identifier: ISC */
/* The event loop's signs of life, by the real libsystemd and a socket of ours. */
#include "tests/unit/notify-socket.h"
#include "tests/unit/support.h"

#include "common/deadline.h"
#include "registrar/watchdog.h"

#define SILENCE_USEC (6 * USEC_PER_MSEC)

static int setup(void **state)
{
	notify_socket_silence = SILENCE_USEC;
	return setup_notify_socket(state);
}

static int setup_without_watchdog(void **state)
{
	notify_socket_silence = 0;
	return setup_notify_socket(state);
}

static void test_loop_gives_signs(void **state)
{
	struct event_base *base = event_base_new();
	struct event *watchdog;

	(void)state;
	assert_non_null(base);
	assert_int_equal(watchdog_new(&watchdog, base, NULL, NULL), 0);
	assert_non_null(watchdog);
	assert_int_equal(notify_socket_count(), 1);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
		assert_string_equal(notify_socket_message() ?: "nothing", "WATCHDOG=1");
	}
	event_free(watchdog);
	event_base_free(base);
}

static void test_unit_without_watchdog(void **state)
{
	struct event_base *base = event_base_new();
	struct event *watchdog;

	(void)state;
	assert_non_null(base);
	assert_int_equal(watchdog_new(&watchdog, base, NULL, NULL), 0);
	assert_null(watchdog);
	assert_int_equal(notify_socket_count(), 0);
	event_base_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_loop_gives_signs, setup,
						teardown_notify_socket),
		cmocka_unit_test_setup_teardown(test_unit_without_watchdog, setup_without_watchdog,
						teardown_notify_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
