/* SPDX-License-Identifier: ISC */
/* Who can wait does not hold up those who cannot. */
#include "tests/unit/support.h"

#include "common/deadline.h"
#include "registrar/net/priority.h"

#include <unistd.h>

#define WAITING 100 /* events that can wait; each takes a millisecond */

struct fixture {
	struct event_base *base;
	struct event *waiting[WAITING], *urgent;
	int pipe[2];
	int served, served_before; /* of those that wait: in all, and before the other one */
};

static void on_waiting(evutil_socket_t fd, short what, void *argument)
{
	struct fixture *fixture = argument;
	uint64_t begin = monotonic_usec();

	(void)fd, (void)what;
	if (fixture->served++ == 0)
		assert_int_equal(write(fixture->pipe[1], "x", 1), 1);
	while (monotonic_usec() < begin + 1000)
		;
}

static void on_urgent(evutil_socket_t fd, short what, void *argument)
{
	struct fixture *fixture = argument;
	char byte;

	(void)what;
	assert_int_equal(read(fd, &byte, 1), 1);
	fixture->served_before = fixture->served;
}

static void test_others_come_first(void **state)
{
	struct fixture fixture = { .base = priority_base_new() };

	(void)state;
	assert_non_null(fixture.base);
	assert_int_equal(pipe(fixture.pipe), 0);
	fixture.urgent = event_new(fixture.base, fixture.pipe[0], EV_READ, on_urgent, &fixture);
	assert_int_equal(event_get_priority(fixture.urgent), PRIORITY_NORMAL);
	assert_int_equal(event_add(fixture.urgent, NULL), 0);
	for (int i = 0; i < WAITING; i++) {
		fixture.waiting[i] = evtimer_new(fixture.base, on_waiting, &fixture);
		assert_int_equal(event_priority_set(fixture.waiting[i], PRIORITY_LATER), 0);
		event_active(fixture.waiting[i], EV_TIMEOUT, 1);
	}
	assert_int_equal(event_base_dispatch(fixture.base), 1);
	assert_int_equal(fixture.served, WAITING);
	assert_in_range(fixture.served_before, 1, 10);
	for (int i = 0; i < WAITING; i++)
		event_free(fixture.waiting[i]);
	event_free(fixture.urgent);
	event_base_free(fixture.base);
	close(fixture.pipe[0]);
	close(fixture.pipe[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_others_come_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
