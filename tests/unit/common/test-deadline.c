/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/deadline.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

/* *state: two pipes, [0] [1] and [2] [3]. */
static int setup_pipes(void **state)
{
	int *pipes = malloc(4 * sizeof *pipes);

	*state = pipes;
	return pipe2(pipes, O_CLOEXEC) < 0 || pipe2(pipes + 2, O_CLOEXEC) < 0 ? -1 : 0;
}

static int teardown_pipes(void **state)
{
	int *pipes = *state;

	for (int i = 0; i < 4; i++)
		close(pipes[i]);
	free(pipes);
	return 0;
}

static void test_in(void **state)
{
	const struct deadline never = { .at = USEC_INFINITY, .stop_fd = 7 };
	uint64_t before = monotonic_usec(), after;
	struct deadline deadline = deadline_in(5 * USEC_PER_SEC, NULL), inner;

	(void)state;
	after = monotonic_usec();
	assert_true(deadline.at >= before + 5 * USEC_PER_SEC &&
		    deadline.at <= after + 5 * USEC_PER_SEC);
	assert_int_equal(deadline.stop_fd, -1);

	deadline.stop_fd = 3;
	inner = deadline_in(USEC_PER_SEC, &deadline);
	assert_true(inner.at < deadline.at);
	assert_int_equal(inner.stop_fd, 3);
	inner = deadline_in(60 * USEC_PER_SEC, &deadline);
	assert_true(inner.at == deadline.at);
	inner = deadline_in(USEC_INFINITY, &deadline);
	assert_true(inner.at == deadline.at);
	assert_true(deadline_in(USEC_INFINITY, NULL).at == USEC_INFINITY);
	assert_true(deadline_in(USEC_INFINITY - 1, &never).at == USEC_INFINITY);
	assert_int_equal(deadline_in(0, &never).stop_fd, 7);
}

static void test_ready_beats_a_past_deadline(void **state)
{
	int *pipes = *state;
	const struct deadline past = { .at = 1, .stop_fd = -1 };

	assert_int_equal(deadline_wait(&past, pipes[0], POLLIN), -ETIMEDOUT);
	assert_int_equal(deadline_wait(&past, pipes[1], POLLOUT), POLLOUT);
	assert_int_equal(write(pipes[1], "x", 1), 1);
	assert_int_equal(deadline_wait(&past, pipes[0], POLLIN), POLLIN);
}

static void test_timeout_is_not_early(void **state)
{
	int *pipes = *state;
	struct deadline deadline = deadline_in(3 * USEC_PER_MSEC + 1, NULL);

	assert_int_equal(deadline_wait(&deadline, pipes[0], POLLIN), -ETIMEDOUT);
	assert_true(monotonic_usec() >= deadline.at);
	deadline = deadline_in(USEC_PER_MSEC - 1, NULL);
	assert_int_equal(deadline_wait(&deadline, -1, 0), -ETIMEDOUT);
	assert_true(monotonic_usec() >= deadline.at);
	deadline = deadline_in(USEC_PER_MSEC, NULL);
	assert_int_equal(deadline_wait(&deadline, -1, 0), -ETIMEDOUT);
	assert_true(monotonic_usec() >= deadline.at);
}

static int stop_pipe = -1; /* the end to write to; for the signal handler */
static volatile sig_atomic_t ticks;

static void tick(int number)
{
	(void)number;
	if (++ticks == 3 && stop_pipe >= 0)
		(void)!write(stop_pipe, "x", 1);
}

/* Wait while a signal comes every 5 milliseconds. */
static int wait_under_signals(const struct deadline *deadline, int stop)
{
	const struct sigaction action = { .sa_handler = tick }, normal = { .sa_handler = SIG_DFL };
	const struct itimerval often = { { 0, 5000 }, { 0, 5000 } }, never = { 0 };
	int r;

	stop_pipe = stop;
	ticks = 0;
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	r = deadline_wait(deadline, -1, 0);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_int_equal(sigaction(SIGALRM, &normal, NULL), 0);
	return r;
}

static void test_signals_do_not_end_a_wait(void **state)
{
	struct deadline deadline = deadline_in(30 * USEC_PER_MSEC, NULL);

	(void)state;
	assert_int_equal(wait_under_signals(&deadline, -1), -ETIMEDOUT);
	assert_true(monotonic_usec() >= deadline.at);
	assert_true(ticks > 0);
}

/* 2^32 milliseconds, which poll(2) cannot count. */
static void test_long_wait(void **state)
{
	int *pipes = *state;
	struct deadline deadline = deadline_in((UINT64_C(1) << 32) * USEC_PER_MSEC, NULL);

	deadline.stop_fd = pipes[2];
	assert_int_equal(wait_under_signals(&deadline, pipes[3]), -ECANCELED);
}

/* Being asked to stop wins over everything, also over data. */
static void test_stop(void **state)
{
	int *pipes = *state;
	const struct deadline never = { .at = USEC_INFINITY, .stop_fd = pipes[2] },
			      past = { .at = 1, .stop_fd = pipes[2] };

	assert_int_equal(write(pipes[1], "x", 1), 1);
	assert_int_equal(deadline_wait(&never, pipes[0], POLLIN), POLLIN);
	assert_int_equal(write(pipes[3], "x", 1), 1);
	assert_int_equal(deadline_wait(&never, pipes[0], POLLIN), -ECANCELED);
	assert_int_equal(deadline_wait(&never, -1, 0), -ECANCELED);
	assert_int_equal(deadline_wait(&past, -1, 0), -ECANCELED);
}

static void test_hang_up(void **state)
{
	int *pipes = *state;
	const struct deadline never = { .at = USEC_INFINITY, .stop_fd = -1 };

	close(pipes[1]);
	pipes[1] = -1;
	assert_int_equal(deadline_wait(&never, pipes[0], POLLIN), POLLHUP);
}

static void test_poll_several(void **state)
{
	int *pipes = *state;
	const struct deadline never = { .at = USEC_INFINITY, .stop_fd = -1 };
	struct pollfd polled[32] = { { .fd = pipes[0], .events = POLLIN },
				     { .fd = pipes[1], .events = POLLOUT },
				     { .fd = pipes[3], .events = POLLOUT } };

	assert_int_equal(deadline_poll(&never, polled, 3), 2);
	assert_int_equal(polled[0].revents, 0);
	assert_int_equal(polled[1].revents, POLLOUT);
	assert_int_equal(polled[2].revents, POLLOUT);
	for (int i = 3; i < 32; i++)
		polled[i].fd = -1;
	assert_int_equal(deadline_poll(&never, polled, 31), 2);
	assert_int_equal(deadline_poll(&never, polled, 32), -EINVAL);
}

/* ------------------------------------------------------------------ the heartbeat */

static unsigned beats;

static void beat(void)
{
	beats++;
}

static int end_heartbeat(void **state)
{
	(void)state;
	deadline_set_heartbeat(NULL, 0);
	return 0;
}

static void wait_for(uint64_t usec)
{
	const struct deadline deadline = deadline_in(usec, NULL);

	assert_int_equal(deadline_wait(&deadline, -1, 0), -ETIMEDOUT);
	assert_true(monotonic_usec() >= deadline.at);
}

static void test_heart_beats_in_a_wait(void **state)
{
	(void)state;
	beats = 0;
	deadline_set_heartbeat(beat, 2 * USEC_PER_MSEC);
	assert_int_equal(beats, 0);
	wait_for(20 * USEC_PER_MSEC);
	assert_in_range(beats, 1, 10); /* one is certain, on a busy machine */
	deadline_set_heartbeat(NULL, 0);
	beats = 0;
	wait_for(20 * USEC_PER_MSEC);
	assert_int_equal(beats, 0);
}

/* Each of them is over before the heart must beat. */
static void test_heart_beats_between_short_waits(void **state)
{
	uint64_t start = monotonic_usec();

	(void)state;
	beats = 0;
	deadline_set_heartbeat(beat, 20 * USEC_PER_MSEC);
	while (beats == 0)
		wait_for(0);
	assert_true(monotonic_usec() - start >= 20 * USEC_PER_MSEC);
}

static void test_heart_does_not_beat_when_stopping(void **state)
{
	int *pipes = *state;
	const struct deadline never = { .at = USEC_INFINITY, .stop_fd = pipes[2] };

	beats = 0;
	assert_int_equal(write(pipes[3], "x", 1), 1);
	deadline_set_heartbeat(beat, 0);
	assert_int_equal(deadline_wait(&never, -1, 0), -ECANCELED);
	assert_int_equal(beats, 0);
	deadline_set_heartbeat(NULL, 0);
}

static void test_heart_beats_in_a_wait_without_end(void **state)
{
	int *pipes = *state;
	const struct deadline never = { .at = USEC_INFINITY, .stop_fd = pipes[2] };

	beats = 0;
	deadline_set_heartbeat(beat, USEC_PER_MSEC);
	assert_int_equal(wait_under_signals(&never, pipes[3]), -ECANCELED);
	assert_true(beats > 0);
	deadline_set_heartbeat(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in),
		cmocka_unit_test_setup_teardown(test_ready_beats_a_past_deadline, setup_pipes,
						teardown_pipes),
		cmocka_unit_test_setup_teardown(test_timeout_is_not_early, setup_pipes,
						teardown_pipes),
		cmocka_unit_test(test_signals_do_not_end_a_wait),
		cmocka_unit_test_setup_teardown(test_long_wait, setup_pipes, teardown_pipes),
		cmocka_unit_test_setup_teardown(test_stop, setup_pipes, teardown_pipes),
		cmocka_unit_test_setup_teardown(test_hang_up, setup_pipes, teardown_pipes),
		cmocka_unit_test_setup_teardown(test_poll_several, setup_pipes, teardown_pipes),
		cmocka_unit_test_teardown(test_heart_beats_in_a_wait, end_heartbeat),
		cmocka_unit_test_teardown(test_heart_beats_between_short_waits, end_heartbeat),
		cmocka_unit_test_setup_teardown(test_heart_does_not_beat_when_stopping, setup_pipes,
						teardown_pipes),
		cmocka_unit_test_setup_teardown(test_heart_beats_in_a_wait_without_end, setup_pipes,
						teardown_pipes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
