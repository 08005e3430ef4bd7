/* SPDX-License-Identifier: ISC */
/* Fronts that come in when there are no descriptors for them, and strangers. */
#include "tests/unit/registrar/keeper/front-fixture.h"
#include "tests/unit/support.h"

#include "registrar/front-acceptor.h"
#include "registrar/keeper-socket.h"

#include <sys/resource.h>
#include <unistd.h>

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

/* It does not try again in each round of the loop; and later, who has waited is let in. */
static void test_no_descriptors(void **state)
{
	int client = keeper_socket_connect(path_in(*state, "socket"));
	const size_t before = keeper_server_count(front_fixture.server);
	struct rlimit limit, low;

	assert_true(client >= 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = (struct rlimit){ .rlim_cur = (rlim_t)client, .rlim_max = limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	front_run();
	assert_string_equal(front_logged, "Cannot accept fronts for a moment: Too many open files");
	front_logged[0] = '\0';
	front_run();
	assert_string_equal(front_logged, "");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	while (keeper_server_count(front_fixture.server) == before)
		(void)event_base_loop(front_fixture.base, EVLOOP_ONCE);
	close(client);
	front_run();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_descriptors, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
