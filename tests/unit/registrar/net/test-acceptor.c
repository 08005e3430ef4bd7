/* SPDX-License-Identifier: ISC */
/* Accepting with a limit, by turns, and without descriptors. */
#include "tests/unit/support.h"

#include "registrar/net/acceptor.h"
#include "registrar/net/peer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <unistd.h>

#define CONNECTIONS_MAX 200

struct fixture {
	struct event_base *base;
	struct listeners listeners;
	struct acceptor *acceptor;
	size_t count;
	int accepted[CONNECTIONS_MAX], clients[CONNECTIONS_MAX];
	size_t client_count;
	struct peer peer; /* the last one */
};

static void on_accepted(void *owner, int fd, const struct sockaddr_storage *peer)
{
	struct fixture *fixture = owner;

	fixture->accepted[fixture->count++] = fd;
	peer_describe(&fixture->peer, peer);
	acceptor_opened(fixture->acceptor);
}

static void begin(struct fixture *fixture, unsigned int max_connections)
{
	static const char *const addresses[] = { "127.0.0.1" };
	struct reason why;

	*fixture = (struct fixture){ .base = event_base_new() };
	assert_non_null(fixture->base);
	assert_int_equal(listeners_make(&fixture->listeners, addresses, 1, 0, &why), 0);
	fixture->acceptor = acceptor_new(&(struct acceptor_settings){
		.base = fixture->base, .max_connections = max_connections, .target = "" });
	assert_non_null(fixture->acceptor);
	assert_int_equal(
		acceptor_listen(fixture->acceptor, &fixture->listeners, on_accepted, fixture), 0);
}

static void end(struct fixture *fixture)
{
	for (size_t i = 0; i < fixture->count; i++)
		close(fixture->accepted[i]);
	for (size_t i = 0; i < fixture->client_count; i++)
		close(fixture->clients[i]);
	acceptor_free(fixture->acceptor);
	/* Still the caller's. */
	assert_true(fcntl(fixture->listeners.fds[0], F_GETFD) >= 0);
	listeners_close(&fixture->listeners);
	event_base_free(fixture->base);
}

/* When this returns, the kernel has the connection for accept(2). */
static void connect_client(struct fixture *fixture)
{
	struct sockaddr_in address;
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(getsockname(fixture->listeners.fds[0], (struct sockaddr *)&address, &size),
			 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, size), 0);
	fixture->clients[fixture->client_count++] = fd;
}

static void run_once(struct fixture *fixture)
{
	(void)event_base_loop(fixture->base, EVLOOP_NONBLOCK);
}

static void test_limit(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture, 2);
	for (int i = 0; i < 4; i++)
		connect_client(&fixture);
	for (int i = 0; i < 3; i++)
		run_once(&fixture);
	assert_int_equal(fixture.count, 2);
	assert_int_equal(acceptor_count(fixture.acceptor), 2);
	assert_string_equal(fixture.peer.address, "127.0.0.1");
	assert_non_null(strstr(fixture.peer.text, "127.0.0.1 port "));
	assert_true(fcntl(fixture.accepted[0], F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fixture.accepted[0], F_GETFD) & FD_CLOEXEC);
	/* One for each that ends. */
	acceptor_closed(fixture.acceptor);
	run_once(&fixture);
	assert_int_equal(fixture.count, 3);
	run_once(&fixture);
	assert_int_equal(fixture.count, 3);
	acceptor_closed(fixture.acceptor);
	acceptor_closed(fixture.acceptor);
	run_once(&fixture);
	assert_int_equal(fixture.count, 4);
	end(&fixture);
}

/* Another event, which is always ready: how often was it called in between? */
struct other {
	struct fixture *fixture;
	struct event *event;
	unsigned turns;
};

static void on_turn(evutil_socket_t fd, short what, void *argument)
{
	struct other *other = argument;

	(void)fd, (void)what;
	if (other->fixture->count == other->fixture->client_count)
		(void)event_del(other->event);
	else if (other->fixture->count > 0)
		other->turns++;
}

static void test_by_turns(void **state)
{
	struct fixture fixture;
	struct other other = { .fixture = &fixture };
	int ends[2];

	(void)state;
	begin(&fixture, 1000);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], "", 1), 1);
	other.event = event_new(fixture.base, ends[0], EV_READ | EV_PERSIST, on_turn, &other);
	assert_int_equal(event_add(other.event, NULL), 0);
	for (int i = 0; i < 150; i++)
		connect_client(&fixture);
	run_once(&fixture);
	assert_int_equal(fixture.count, 150);
	assert_int_equal(other.turns, 2);
	event_free(other.event);
	close(ends[0]);
	close(ends[1]);
	end(&fixture);
}

/* The oldest one gives way at once, or when the loop comes round, or is not there. */
struct giving_way {
	struct fixture *fixture;
	bool at_once, none;
	unsigned asked;
};

static bool make_room(void *owner)
{
	struct giving_way *giving = owner;

	giving->asked++;
	if (giving->none)
		return false;
	if (giving->at_once)
		acceptor_closed(giving->fixture->acceptor);
	return true;
}

static void begin_giving_way(struct fixture *fixture, struct giving_way *giving)
{
	static const char *const addresses[] = { "127.0.0.1" };
	struct reason why;

	*fixture = (struct fixture){ .base = event_base_new() };
	assert_int_equal(listeners_make(&fixture->listeners, addresses, 1, 0, &why), 0);
	fixture->acceptor = acceptor_new(&(struct acceptor_settings){ .base = fixture->base,
								      .max_connections = 2,
								      .target = "",
								      .make_room = make_room,
								      .owner = giving });
	assert_non_null(fixture->acceptor);
	assert_int_equal(
		acceptor_listen(fixture->acceptor, &fixture->listeners, on_accepted, fixture), 0);
	for (int i = 0; i < 6; i++)
		connect_client(fixture);
}

static void test_nobody_waits_if_others_give_way(void **state)
{
	struct fixture fixture;
	struct giving_way giving = { .fixture = &fixture, .at_once = true };

	(void)state;
	begin_giving_way(&fixture, &giving);
	run_once(&fixture);
	assert_int_equal(fixture.count, 6);
	assert_int_equal(acceptor_count(fixture.acceptor), 2);
	assert_int_equal(giving.asked, 4);
	end(&fixture);
}

static void test_giving_way_takes_time(void **state)
{
	struct fixture fixture;
	struct giving_way giving = { .fixture = &fixture };

	(void)state;
	begin_giving_way(&fixture, &giving);
	for (int i = 0; i < 3; i++)
		run_once(&fixture);
	assert_int_equal(fixture.count, 3); /* one too many, whose predecessor is going */
	for (size_t count = 4; count <= 6; count++) {
		acceptor_closed(fixture.acceptor);
		run_once(&fixture);
		assert_int_equal(fixture.count, count);
	}
	end(&fixture);
}

static void test_waiting_if_nobody_gives_way(void **state)
{
	struct fixture fixture;
	struct giving_way giving = { .fixture = &fixture, .none = true };

	(void)state;
	begin_giving_way(&fixture, &giving);
	for (int i = 0; i < 3; i++)
		run_once(&fixture);
	assert_int_equal(fixture.count, 3);
	assert_int_equal(giving.asked, 1);
	/* It asks again after a while, and when one ends. */
	while (giving.asked < 3)
		(void)event_base_loop(fixture.base, EVLOOP_ONCE);
	assert_int_equal(fixture.count, 3);
	acceptor_closed(fixture.acceptor);
	run_once(&fixture);
	assert_int_equal(fixture.count, 4);
	giving.none = false;
	giving.at_once = true;
	while (fixture.count < 6)
		(void)event_base_loop(fixture.base, EVLOOP_ONCE);
	assert_int_equal(acceptor_count(fixture.acceptor), 2);
	end(&fixture);
}

static void test_stopped(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture, 1);
	connect_client(&fixture);
	connect_client(&fixture);
	run_once(&fixture);
	assert_int_equal(fixture.count, 1);
	acceptor_stop(fixture.acceptor);
	acceptor_closed(fixture.acceptor);
	run_once(&fixture);
	assert_int_equal(fixture.count, 1);
	end(&fixture);
}

/* Without descriptors it pauses, and comes back by itself. */
static void test_no_descriptors(void **state)
{
	struct fixture fixture;
	struct rlimit before, none;
	int free_fd;

	(void)state;
	begin(&fixture, 100);
	connect_client(&fixture);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	free_fd = dup(0);
	none = (struct rlimit){ .rlim_cur = (rlim_t)free_fd, .rlim_max = before.rlim_max };
	close(free_fd);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	run_once(&fixture);
	assert_int_equal(fixture.count, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	run_once(&fixture);
	assert_int_equal(fixture.count, 0); /* it does not try again at once */
	while (fixture.count == 0)
		(void)event_base_loop(fixture.base, EVLOOP_ONCE);
	end(&fixture);
}

static void test_peers(void **state)
{
	struct sockaddr_storage storage = { .ss_family = AF_INET6 };
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&storage;
	struct peer peer;

	(void)state;
	v6->sin6_port = htons(40000);
	assert_int_equal(inet_pton(AF_INET6, "::ffff:192.0.2.1", &v6->sin6_addr), 1);
	peer_describe(&peer, &storage);
	assert_string_equal(peer.address, "192.0.2.1");
	assert_string_equal(peer.text, "192.0.2.1 port 40000");
	assert_int_equal(inet_pton(AF_INET6, "2001:db8::1", &v6->sin6_addr), 1);
	peer_describe(&peer, &storage);
	assert_string_equal(peer.text, "2001:db8::1 port 40000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_by_turns),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_no_descriptors),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_nobody_waits_if_others_give_way),
		cmocka_unit_test(test_giving_way_takes_time),
		cmocka_unit_test(test_waiting_if_nobody_gives_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
