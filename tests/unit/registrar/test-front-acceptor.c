/* SPDX-License-Identifier: ISC */
/* Fronts that come in when there are no descriptors or no memory for them. */
#include "tests/unit/registrar/keeper/front-fixture.h"
#include "tests/unit/support.h"

#include "registrar/front-acceptor.h"
#include "registrar/keeper-socket.h"

#include <sys/resource.h>
#include <unistd.h>

/* Events with a time or without one cannot be added, which is counted. */
static bool no_timers, no_sockets;
static int failures;

int __real_event_add(struct event *event, const struct timeval *time);
int __wrap_event_add(struct event *event, const struct timeval *time);
int __wrap_event_add(struct event *event, const struct timeval *time)
{
	if (!(time ? no_timers : no_sockets))
		return __real_event_add(event, time);
	failures++;
	return -1;
}

static struct front_acceptor acceptor;
static struct listeners listeners;

static int begin(void **state)
{
	struct reason why;

	if (setup_directory(state) != 0 || front_begin(NULL) != 0)
		return -1;
	assert_int_equal(keeper_socket_listen(&listeners, path_in(*state, "socket"), &why), 0);
	assert_int_equal(front_acceptor_begin(&acceptor, front_fixture.base, &listeners,
					      front_fixture.server),
			 0);
	return 0;
}

static int end(void **state)
{
	front_acceptor_end(&acceptor);
	close(listeners.fds[0]);
	(void)front_end(NULL);
	return teardown_directory(state);
}

struct shortage {
	struct rlimit limit; /* of before */
	int client;          /* waits to be let in */
	size_t before;       /* fronts */
};

/* Somebody comes when there is no descriptor for him, and it has been tried. */
static struct shortage run_out(const char *directory)
{
	struct shortage shortage = { .before = keeper_server_count(front_fixture.server) };
	struct rlimit low;

	shortage.client = keeper_socket_connect(path_in(directory, "socket"));
	assert_true(shortage.client >= 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &shortage.limit), 0);
	low = shortage.limit;
	low.rlim_cur = (rlim_t)shortage.client;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	(void)event_base_loop(front_fixture.base, EVLOOP_ONCE); /* he is always ready */
	assert_string_equal(front_logged, "Cannot accept fronts for a moment: Too many open files");
	front_logged[0] = '\0';
	return shortage;
}

static bool is_let_in(const struct shortage *shortage)
{
	return keeper_server_count(front_fixture.server) > shortage->before;
}

static void loop_until_let_in(const struct shortage *shortage)
{
	while (!is_let_in(shortage))
		(void)event_base_loop(front_fixture.base, EVLOOP_ONCE);
	close(shortage->client);
	front_run();
}

/* It does not try again in each round of the loop; and later, who has waited is let in. */
static void test_no_descriptors(void **state)
{
	struct shortage shortage = run_out(*state);

	front_run();
	assert_string_equal(front_logged, "");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &shortage.limit), 0);
	front_run();
	assert_false(is_let_in(&shortage));
	loop_until_let_in(&shortage);
}

/* Without memory for the end of a pause there is none. */
static void test_no_memory_to_pause(void **state)
{
	struct shortage shortage;

	failures = 0;
	no_timers = true;
	shortage = run_out(*state);
	no_timers = false;
	assert_true(failures > 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &shortage.limit), 0);
	front_run();
	assert_true(is_let_in(&shortage));
	loop_until_let_in(&shortage);
}

/* Without memory to listen again, the pause goes on. */
static void test_no_memory_to_resume(void **state)
{
	struct shortage shortage = run_out(*state);

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &shortage.limit), 0);
	failures = 0;
	no_sockets = true;
	while (failures == 0)
		(void)event_base_loop(front_fixture.base, EVLOOP_ONCE);
	no_sockets = false;
	assert_false(is_let_in(&shortage));
	loop_until_let_in(&shortage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_descriptors, begin, end),
		cmocka_unit_test_setup_teardown(test_no_memory_to_pause, begin, end),
		cmocka_unit_test_setup_teardown(test_no_memory_to_resume, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
