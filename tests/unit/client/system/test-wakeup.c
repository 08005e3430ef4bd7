/* SPDX-License-Identifier: ISC */
/* What wakes a wait, and what only takes tokens. The sources are sockets and pipes of the test. */
#include "tests/unit/support.h"

#include "client/system/wakeup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define EVERYTHING (WAKEUP_ON_NETWORK | WAKEUP_ON_CLOCK | WAKEUP_ON_NAME)
#define SHORT (10 * USEC_PER_MSEC) /* a wait that ends without anything */
#define LONG (20 * USEC_PER_SEC)   /* one that something must end */

static struct {
	struct wakeup_sources sources;
	int network, clock, host_name; /* our ends */
	bool clock_was_set, has_overrun;
	int timer_flags; /* of the timer that was set last */
} world;

int __real_timerfd_settime(int fd, int flags, const struct itimerspec *value,
			   struct itimerspec *old);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *value,
			   struct itimerspec *old);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *value,
			   struct itimerspec *old)
{
	world.timer_flags = flags;
	return __real_timerfd_settime(fd, flags, value, old);
}

/* The kernel had more messages than there was room for. */
ssize_t __real_recv(int fd, void *buffer, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *buffer, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *buffer, size_t size, int flags)
{
	if (!world.has_overrun)
		return __real_recv(fd, buffer, size, flags);
	world.has_overrun = false;
	errno = ENOBUFS;
	return -1;
}

/* A pipe stands for the timer: it is readable when the timer is, and cancelled when we say so. */
ssize_t __real_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
	ssize_t n = __real_read(fd, buffer, size);

	if (fd != world.sources.clock || !world.clock_was_set || n < 0)
		return n;
	world.clock_was_set = false;
	errno = ECANCELED;
	return -1;
}

/* Another pipe stands for the file with the host name, whose change is POLLPRI. */
int __real_poll(struct pollfd *polled, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *polled, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *polled, nfds_t count, int timeout)
{
	int n;

	for (nfds_t i = 0; i < count; i++)
		if (polled[i].events == POLLPRI)
			polled[i].events = POLLIN;
	n = __real_poll(polled, count, timeout);
	for (nfds_t i = 0; i < count; i++)
		if (polled[i].fd >= 0 && polled[i].fd == world.sources.host_name) {
			char byte;

			if (polled[i].revents)
				assert_int_equal(__real_read(polled[i].fd, &byte, 1), 1);
			polled[i].events = POLLPRI;
		}
	return n;
}

static int setup(void **state)
{
	int network[2], clock[2], host_name[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, network) < 0 ||
	    pipe2(clock, O_NONBLOCK | O_CLOEXEC) < 0 ||
	    pipe2(host_name, O_NONBLOCK | O_CLOEXEC) < 0)
		return -1;
	world.sources = (struct wakeup_sources){
		.network = network[0],
		.clock = clock[0],
		.host_name = host_name[0],
		.tokens = 10,
		.tokens_since = monotonic_usec(),
	};
	world.network = network[1];
	world.clock = clock[1];
	world.host_name = host_name[1];
	world.clock_was_set = world.has_overrun = false;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	wakeup_close(&world.sources);
	return close(world.network) | close(world.clock) | close(world.host_name);
}

static int wait_for(unsigned events, uint64_t usec)
{
	struct deadline deadline = deadline_in(usec, NULL);

	return wakeup_wait(&world.sources, events, &deadline);
}

/* ------------------------------------------------------------------ what happens */

struct message {
	struct nlmsghdr header;
	struct ifinfomsg link;
};

static struct message message_of(unsigned short type, unsigned flags)
{
	return (struct message){ .header = { .nlmsg_len = sizeof(struct message),
					     .nlmsg_type = type },
				 .link = { .ifi_flags = flags } };
}

static void send_network(const struct message *messages, size_t count)
{
	assert_int_equal(send(world.network, messages, count * sizeof *messages, 0),
			 count * sizeof *messages);
}

static void send_one(unsigned short type, unsigned flags)
{
	const struct message message = message_of(type, flags);

	send_network(&message, 1);
}

static void set_clock(void)
{
	world.clock_was_set = true;
	assert_int_equal(write(world.clock, "x", 1), 1);
}

static void set_host_name(void)
{
	assert_int_equal(write(world.host_name, "x", 1), 1);
}

/* ------------------------------------------------------------------ the sources */

/* The real ones. */
static void test_opening(void **state)
{
	struct wakeup_sources sources;
	struct deadline deadline = deadline_in(0, NULL);

	(void)state;
	wakeup_open(&sources, NULL);
	assert_true(sources.clock >= 0 && sources.host_name >= 0);
	assert_true(sources.tokens > 0);
	/* only such a timer is cancelled when the clock is set (timerfd_create(2)) */
	assert_int_equal(world.timer_flags, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
	assert_int_equal(wakeup_wait(&sources, 0, &deadline), WAKEUP_TIME);
	wakeup_close(&sources);
	assert_int_equal(fcntl(sources.clock, F_GETFD), -1);
	assert_int_equal(fcntl(sources.host_name, F_GETFD), -1);
}

static void test_network(void **state)
{
	static const struct {
		const char *label;
		unsigned short type;
		unsigned flags;
		bool wakes;
	} rows[] = {
		{ "address", RTM_NEWADDR, 0, true },
		{ "route", RTM_NEWROUTE, 0, true },
		{ "link with a carrier", RTM_NEWLINK, IFF_UP | IFF_LOWER_UP, true },
		{ "link without one", RTM_NEWLINK, IFF_UP, false },
		{ "address is gone", RTM_DELADDR, 0, false },
		{ "route is gone", RTM_DELROUTE, 0, false },
		{ "link is gone", RTM_DELLINK, IFF_LOWER_UP, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		send_one(rows[i].type, rows[i].flags);
		check_row(rows[i].label, wait_for(EVERYTHING, rows[i].wakes ? LONG : SHORT) ==
						 (rows[i].wakes ? WAKEUP_NETWORK : WAKEUP_TIME));
	}
}

static void test_batches(void **state)
{
	const struct message mixed[] = { message_of(RTM_DELROUTE, 0), message_of(RTM_NEWADDR, 0) };
	const struct message gone[] = { message_of(RTM_DELROUTE, 0), message_of(RTM_DELADDR, 0) };
	const struct nlmsghdr short_link = { .nlmsg_len = NLMSG_LENGTH(0),
					     .nlmsg_type = RTM_NEWLINK };

	(void)state;
	send_network(mixed, COUNT(mixed));
	assert_int_equal(wait_for(EVERYTHING, LONG), WAKEUP_NETWORK);
	send_network(gone, COUNT(gone));
	send_one(RTM_NEWROUTE, 0); /* another read */
	assert_int_equal(wait_for(EVERYTHING, LONG), WAKEUP_NETWORK);
	send_network(gone, COUNT(gone));
	assert_int_equal(wait_for(EVERYTHING, SHORT), WAKEUP_TIME);
	/* too short for what it says it is */
	assert_int_equal(send(world.network, &short_link, sizeof short_link, 0), sizeof short_link);
	assert_int_equal(wait_for(EVERYTHING, SHORT), WAKEUP_TIME);
}

/* Among the messages that were lost may be the one that is waited for. */
static void test_overrun(void **state)
{
	(void)state;
	world.has_overrun = true;
	send_one(RTM_DELADDR, 0);
	assert_int_equal(wait_for(EVERYTHING, LONG), WAKEUP_NETWORK);
	assert_int_equal(wait_for(EVERYTHING, SHORT), WAKEUP_TIME); /* the rest was read as well */
}

static void test_clock(void **state)
{
	(void)state;
	set_clock();
	assert_int_equal(wait_for(EVERYTHING, LONG), WAKEUP_CLOCK);
	assert_int_equal(write(world.clock, "x", 1), 1); /* readable, but not cancelled */
	assert_int_equal(wait_for(EVERYTHING, SHORT), WAKEUP_TIME);
}

static void test_host_name(void **state)
{
	(void)state;
	set_host_name();
	assert_int_equal(wait_for(EVERYTHING, LONG), WAKEUP_NAME);
	assert_int_equal(wait_for(EVERYTHING, SHORT), WAKEUP_TIME);
}

/* What does not matter to this wait is kept for one to which it does. */
static void test_only_what_matters(void **state)
{
	(void)state;
	send_one(RTM_NEWADDR, 0);
	set_clock();
	set_host_name();
	assert_int_equal(wait_for(0, SHORT), WAKEUP_TIME);
	assert_int_equal(wait_for(WAKEUP_ON_CLOCK, LONG), WAKEUP_CLOCK);
	assert_int_equal(wait_for(WAKEUP_ON_NETWORK, LONG), WAKEUP_NETWORK);
	assert_int_equal(wait_for(WAKEUP_ON_NAME, LONG), WAKEUP_NAME);
	assert_int_equal(wait_for(EVERYTHING, SHORT), WAKEUP_TIME);
}

static void test_draining(void **state)
{
	(void)state;
	send_one(RTM_NEWADDR, 0);
	send_one(RTM_NEWROUTE, 0);
	set_clock();
	wakeup_drain(&world.sources);
	assert_int_equal(wait_for(EVERYTHING, SHORT), WAKEUP_TIME);
	assert_int_equal(world.sources.tokens, 10);
	send_one(RTM_NEWADDR, 0);
	assert_int_equal(wait_for(EVERYTHING, LONG), WAKEUP_NETWORK);
}

/* An event is a reason to look; the change is one to wake up, with what has changed. */
static void test_files(void **state)
{
	char path[] = "/tmp/agent-register-wakeup.XXXXXX";
	struct file_watch watch;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	file_watch_open(&watch);
	file_watch_add(&watch, FILE_WATCH_CREDENTIALS, path, NULL, NULL);
	world.sources.files = &watch;
	assert_int_equal(fchmod(fd, 0600), 0); /* as it was before */
	assert_int_equal(wait_for(EVERYTHING | WAKEUP_ON_FILES, USEC_PER_SEC), WAKEUP_TIME);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(close(fd), 0);
	assert_int_equal(wait_for(EVERYTHING, SHORT), WAKEUP_TIME); /* nobody asked */
	assert_int_equal(wait_for(EVERYTHING | WAKEUP_ON_FILES, LONG), WAKEUP_FILES);
	assert_int_equal(world.sources.changed, FILE_WATCH_CREDENTIALS);
	assert_int_equal(world.sources.tokens, 9);
	assert_int_equal(unlink(path), 0);
	file_watch_close(&watch);
}

static void test_missing_sources(void **state)
{
	struct wakeup_sources none = { .network = -1, .clock = -1, .host_name = -1, .tokens = 1 };
	struct deadline deadline = deadline_in(SHORT, NULL);

	(void)state;
	wakeup_drain(&none);
	assert_int_equal(wakeup_wait(&none, EVERYTHING, &deadline), WAKEUP_TIME);
	wakeup_close(&none);
}

static void test_stopping(void **state)
{
	struct deadline deadline = { .at = USEC_INFINITY };
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	deadline.stop_fd = ends[0];
	assert_int_equal(write(ends[1], "x", 1), 1);
	send_one(RTM_NEWADDR, 0); /* loses against it */
	assert_int_equal(wakeup_wait(&world.sources, EVERYTHING, &deadline), -ECANCELED);
	assert_int_equal(close(ends[0]) | close(ends[1]), 0);
}

/* ------------------------------------------------------------------ tokens */

#define TOKEN_USEC (10 * USEC_PER_SEC)

static void test_tokens_are_spent(void **state)
{
	(void)state;
	for (unsigned left = 10; left-- > 0;) {
		send_one(RTM_NEWADDR, 0);
		assert_int_equal(wait_for(EVERYTHING, LONG), WAKEUP_NETWORK);
		assert_int_equal(world.sources.tokens, left);
	}
	send_one(RTM_NEWADDR, 0);
	assert_int_equal(wait_for(EVERYTHING, SHORT), WAKEUP_TIME);
	assert_int_equal(world.sources.tokens, 0);
}

static void test_tokens_come_back(void **state)
{
	const uint64_t then = monotonic_usec() - 3 * TOKEN_USEC;

	(void)state;
	world.sources.tokens = 0;
	world.sources.tokens_since = then;
	send_one(RTM_NEWADDR, 0);
	assert_int_equal(wait_for(EVERYTHING, LONG), WAKEUP_NETWORK);
	assert_int_equal(world.sources.tokens, 2);
	assert_true(world.sources.tokens_since == then + 3 * TOKEN_USEC);
}

static void test_tokens_have_a_limit(void **state)
{
	(void)state;
	world.sources.tokens = 5;
	world.sources.tokens_since = monotonic_usec() - 6 * TOKEN_USEC;
	send_one(RTM_NEWADDR, 0);
	assert_int_equal(wait_for(EVERYTHING, LONG), WAKEUP_NETWORK);
	assert_int_equal(world.sources.tokens, 9);
}

/* An event for which there is no token wakes as soon as one is earned. */
static void test_event_waits_for_its_token(void **state)
{
	const uint64_t start = monotonic_usec(), early = 30 * USEC_PER_MSEC;

	(void)state;
	world.sources.tokens = 0;
	world.sources.tokens_since = start - TOKEN_USEC + early;
	send_one(RTM_NEWADDR, 0);
	assert_int_equal(wait_for(EVERYTHING, LONG), WAKEUP_NETWORK);
	assert_true(monotonic_usec() - start >= early);
	assert_int_equal(world.sources.tokens, 0);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opening),
		WITH_WORLD(test_network),
		WITH_WORLD(test_batches),
		WITH_WORLD(test_overrun),
		WITH_WORLD(test_clock),
		WITH_WORLD(test_host_name),
		WITH_WORLD(test_only_what_matters),
		WITH_WORLD(test_draining),
		WITH_WORLD(test_files),
		cmocka_unit_test(test_missing_sources),
		WITH_WORLD(test_stopping),
		WITH_WORLD(test_tokens_are_spent),
		WITH_WORLD(test_tokens_come_back),
		WITH_WORLD(test_tokens_have_a_limit),
		WITH_WORLD(test_event_waits_for_its_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
