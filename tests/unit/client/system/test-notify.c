/* SPDX-License-Identifier: ISC */
/* What systemd hears of a service, by the real libsystemd and a socket of ours. */
#include "tests/unit/notify-socket.h"
#include "tests/unit/support.h"

#include "client/system/notify.h"
#include "common/deadline.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a unit allows; a third of it is between two signs. */
#define SILENCE_USEC (6 * USEC_PER_MSEC)
#define SIGN "EXTEND_TIMEOUT_USEC=6000\nWATCHDOG=1"

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

static int teardown(void **state)
{
	deadline_set_heartbeat(NULL, 0);
	return teardown_notify_socket(state);
}

static void check_message(const char *expected)
{
	const char *message = notify_socket_message();

	assert_non_null(message);
	assert_string_equal(message, expected);
}

/* Longer than there may be between two signs. */
static void wait_a_while(void)
{
	const struct deadline deadline = deadline_in(SILENCE_USEC, NULL);

	assert_int_equal(deadline_wait(&deadline, -1, 0), -ETIMEDOUT);
}

static void test_status(void **state)
{
	(void)state;
	assert_true(notify_is_service());
	assert_int_equal(notify_check(), 0);
	notify_status("Waiting for %s", "the manager");
	check_message("STATUS=Waiting for the manager");
	assert_null(notify_socket_message());
}

static void test_waits_give_signs(void **state)
{
	(void)state;
	wait_a_while();
	assert_null(notify_socket_message());
	notify_begin_signs_of_life();
	check_message(SIGN);
	assert_null(notify_socket_message());
	wait_a_while();
	check_message(SIGN);
}

static void test_sign_where_the_unit_does_not_say(void **state)
{
	(void)state;
	notify_begin_signs_of_life();
	check_message("EXTEND_TIMEOUT_USEC=180000000\nWATCHDOG=1");
	wait_a_while();
	assert_null(notify_socket_message());
}

/* What would be extended then is not a start. */
static void test_sign_after_ready(void **state)
{
	(void)state;
	notify_begin_signs_of_life();
	(void)notify_socket_count();
	notify_ready("Registered");
	check_message("READY=1\nSTATUS=Registered");
	(void)notify_socket_count(); /* the barrier */
	wait_a_while();
	check_message("WATCHDOG=1");
}

static void check_hold(uint64_t usec, const char *expected)
{
	notify_begin_signs_of_life();
	(void)notify_socket_count();
	notify_hold(usec);
	check_message(expected);
	wait_a_while();
	assert_null(notify_socket_message());
	notify_release();
	check_message(SIGN);
	notify_release();
	assert_null(notify_socket_message());
	wait_a_while();
	check_message(SIGN);
}

static void test_hold(void **state)
{
	(void)state;
	check_hold(90 * USEC_PER_SEC, "EXTEND_TIMEOUT_USEC=90000000");
}

/* systemd ignores its own "infinity" here. */
static void test_hold_for_ever(void **state)
{
	(void)state;
	check_hold(USEC_INFINITY, "EXTEND_TIMEOUT_USEC=18446744073709551614");
}

/* One that talks to a manager, say: that it goes on says nothing of the service. */
static void test_child_gives_no_signs(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	notify_begin_signs_of_life();
	(void)notify_socket_count();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const struct deadline deadline = deadline_in(SILENCE_USEC, NULL);

		_exit(deadline_wait(&deadline, -1, 0) == -ETIMEDOUT ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_null(notify_socket_message());
}

static void test_no_service(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_false(notify_is_service());
	assert_int_equal(notify_check(), 0);
	notify_begin_signs_of_life();
	notify_status("Waiting");
	notify_hold(USEC_INFINITY);
	notify_release();
	notify_ready("Registered");
	wait_a_while();
	assert_null(notify_socket_message());
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_service),
		TEST(test_status),
		TEST(test_waits_give_signs),
		cmocka_unit_test_setup_teardown(test_sign_where_the_unit_does_not_say,
						setup_without_watchdog, teardown),
		TEST(test_sign_after_ready),
		TEST(test_hold),
		TEST(test_hold_for_ever),
		TEST(test_child_gives_no_signs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
