/* SPDX-License-Identifier: ISC */
/*
 * The race between a manager's addresses (RFC 8305), on a network and with a clock that exist only
 * here: each address answers at its time, and waiting makes that time come.
 */
#include "tests/unit/support.h"

#include "client/net/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOSTS 20
#define NEVER UINT64_MAX
#define MSEC USEC_PER_MSEC

/* An address of the manager. */
struct host {
	const char *address;
	uint64_t delay; /* until it answers */
	int error;      /* how; 0: it accepts */
	/* of this run */
	struct sockaddr_storage name;
	struct addrinfo info;
	int fd;
	uint64_t answers_at;
};

static struct {
	uint64_t now;
	struct host hosts[HOSTS];
	size_t count;
	int socket_error, wait_error; /* 0: none */
	char starts[512];             /* "MILLISECONDS ADDRESS, ..." */
} network;

/* ------------------------------------------------------------------ the network */

static void add_host(const struct host *plan)
{
	struct host *host = &network.hosts[network.count];
	bool is_ipv6 = strchr(plan->address, ':');
	struct sockaddr_in *name4 = (struct sockaddr_in *)&host->name;
	struct sockaddr_in6 *name6 = (struct sockaddr_in6 *)&host->name;

	*host = *plan;
	host->fd = -1;
	host->name.ss_family = is_ipv6 ? AF_INET6 : AF_INET;
	assert_int_equal(inet_pton(host->name.ss_family, plan->address,
				   is_ipv6 ? (void *)&name6->sin6_addr : &name4->sin_addr),
			 1);
	host->info = (struct addrinfo){ .ai_family = host->name.ss_family,
					.ai_addr = (struct sockaddr *)&host->name,
					.ai_addrlen = is_ipv6 ? sizeof *name6 : sizeof *name4 };
	if (network.count > 0)
		network.hosts[network.count - 1].info.ai_next = &host->info;
	network.count++;
}

/* The one that the descriptor is connected to; there must be one. */
static const struct host *host_of(int fd)
{
	size_t i = 0;

	while (i < network.count && network.hosts[i].fd != fd)
		i++;
	assert_true(i < network.count);
	return &network.hosts[i];
}

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **ret);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **ret)
{
	(void)host, (void)service, (void)hints;
	*ret = &network.hosts[0].info;
	return 0;
}

void __wrap_freeaddrinfo(struct addrinfo *list);
void __wrap_freeaddrinfo(struct addrinfo *list)
{
	assert_ptr_equal(list, &network.hosts[0].info);
}

/* Of IPv4 always, which every machine has. */
int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol)
{
	(void)family;
	if (!network.socket_error)
		return __real_socket(AF_INET, type, protocol);
	errno = network.socket_error;
	return -1;
}

int __wrap_connect(int fd, const struct sockaddr *name, socklen_t length);
int __wrap_connect(int fd, const struct sockaddr *name, socklen_t length)
{
	struct host *host = network.hosts;
	size_t used = strlen(network.starts);

	for (size_t i = 0; i < network.count; i++)
		if (network.hosts[i].fd == fd)
			network.hosts[i].fd = -1; /* which was closed */
	while (memcmp(&host->name, name, length) != 0)
		host++;
	host->fd = fd;
	host->answers_at = host->delay == NEVER ? NEVER : network.now + host->delay;
	(void)snprintf(network.starts + used, sizeof network.starts - used, "%s%ju %s",
		       used ? ", " : "", (uintmax_t)(network.now / MSEC), host->address);
	errno = host->delay == 0 && host->error ? host->error : EINPROGRESS;
	return -1;
}

int __real_getsockopt(int fd, int level, int option, void *value, socklen_t *size);
int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *size);
int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *size)
{
	assert_true(level == SOL_SOCKET && option == SO_ERROR);
	(void)size;
	*(int *)value = host_of(fd)->error;
	return 0;
}

uint64_t __wrap_monotonic_usec(void);
uint64_t __wrap_monotonic_usec(void)
{
	return network.now;
}

/* Nobody else makes time pass. */
int __wrap_deadline_poll(const struct deadline *deadline, struct pollfd *polled,
			 unsigned int count);
int __wrap_deadline_poll(const struct deadline *deadline, struct pollfd *polled, unsigned int count)
{
	uint64_t next = deadline->at;
	int events = 0;

	if (network.wait_error)
		return network.wait_error;
	for (unsigned int i = 0; i < count; i++)
		if (polled[i].fd >= 0 && host_of(polled[i].fd)->answers_at < next)
			next = host_of(polled[i].fd)->answers_at;
	network.now = next > network.now ? next : network.now;
	for (unsigned int i = 0; i < count; i++) {
		bool answers = polled[i].fd >= 0 &&
			       host_of(polled[i].fd)->answers_at <= network.now;

		assert_true(polled[i].fd < 0 || polled[i].events == POLLOUT);
		polled[i].revents = answers ? POLLOUT : 0;
		events += answers;
	}
	return events > 0 ? events : -ETIMEDOUT;
}

/* ------------------------------------------------------------------ the races */

static int race(const struct host *hosts, size_t count, int *ret_fd, struct reason *why)
{
	const struct endpoint manager = { .host = "192.0.2.1", .port = 1515 };
	const struct deadline deadline = { .at = 10000 * MSEC, .stop_fd = -1 };

	network.now = 0;
	network.count = 0;
	network.starts[0] = '\0';
	for (size_t i = 0; i < count && hosts[i].address; i++)
		add_host(&hosts[i]);
	*ret_fd = -1;
	why->text[0] = '\0';
	return net_connect(&manager, &deadline, ret_fd, why);
}

static void test_races(void **state)
{
	static const struct {
		const char *label;
		struct host hosts[6];
		const char *starts, *winner; /* null: none */
		const char *said;
	} rows[] = {
		{ "one", { { "192.0.2.1", 40 * MSEC, 0 } }, "0 192.0.2.1", "192.0.2.1", "" },
		{ "the second starts when the first takes long",
		  { { "192.0.2.1", NEVER, 0 }, { "192.0.2.2", 10 * MSEC, 0 } },
		  "0 192.0.2.1, 250 192.0.2.2",
		  "192.0.2.2",
		  "" },
		{ "the first may still win",
		  { { "192.0.2.1", 300 * MSEC, 0 }, { "192.0.2.2", NEVER, 0 } },
		  "0 192.0.2.1, 250 192.0.2.2",
		  "192.0.2.1",
		  "" },
		{ "a refusal starts the next at once",
		  { { "192.0.2.1", 0, ECONNREFUSED }, { "192.0.2.2", 10 * MSEC, 0 } },
		  "0 192.0.2.1, 0 192.0.2.2",
		  "192.0.2.2",
		  "" },
		{ "a refusal that comes later, too",
		  { { "192.0.2.1", 30 * MSEC, ECONNREFUSED }, { "192.0.2.2", 10 * MSEC, 0 } },
		  "0 192.0.2.1, 30 192.0.2.2",
		  "192.0.2.2",
		  "" },
		{ "also while another is waited for",
		  { { "192.0.2.1", NEVER, 0 },
		    { "192.0.2.2", 20 * MSEC, ECONNREFUSED },
		    { "192.0.2.3", 10 * MSEC, 0 } },
		  "0 192.0.2.1, 250 192.0.2.2, 270 192.0.2.3",
		  "192.0.2.3",
		  "" },
		{ "also while another is waited for, at once",
		  { { "192.0.2.1", NEVER, 0 },
		    { "192.0.2.2", 0, ENETUNREACH },
		    { "192.0.2.3", 10 * MSEC, 0 } },
		  "0 192.0.2.1, 250 192.0.2.2, 250 192.0.2.3",
		  "192.0.2.3",
		  "" },
		{ "the families take turns",
		  { { "2001:db8::1", NEVER, 0 },
		    { "2001:db8::2", NEVER, 0 },
		    { "192.0.2.1", NEVER, 0 },
		    { "192.0.2.2", 0, 0 } },
		  "0 2001:db8::1, 250 192.0.2.1, 500 2001:db8::2, 750 192.0.2.2",
		  "192.0.2.2",
		  "" },
		{ "the family of the first begins",
		  { { "192.0.2.1", NEVER, 0 },
		    { "192.0.2.2", NEVER, 0 },
		    { "2001:db8::1", NEVER, 0 },
		    { "192.0.2.3", 0, 0 } },
		  "0 192.0.2.1, 250 2001:db8::1, 500 192.0.2.2, 750 192.0.2.3",
		  "192.0.2.3",
		  "" },
		{ "all refuse",
		  { { "192.0.2.1", 0, ECONNREFUSED },
		    { "2001:db8::1", 0, ENETUNREACH },
		    { "192.0.2.2", 5 * MSEC, EHOSTUNREACH } },
		  "0 192.0.2.1, 0 2001:db8::1, 0 192.0.2.2",
		  NULL,
		  "Cannot connect to 192.0.2.1:1515: 192.0.2.1: Connection refused, 2001:db8::1: "
		  "Network is unreachable, 192.0.2.2: No route to host; check that its service "
		  "runs, and the port" },
		{ "there is no way",
		  { { "192.0.2.1", 0, ENETUNREACH } },
		  "0 192.0.2.1",
		  NULL,
		  "Cannot connect to 192.0.2.1:1515: 192.0.2.1: Network is unreachable" },
		{ "nobody answers",
		  { { "192.0.2.1", NEVER, 0 } },
		  "0 192.0.2.1",
		  NULL,
		  "Cannot connect to 192.0.2.1:1515: timed out; check the route to it, and "
		  "firewalls" },
		{ "one refuses, one does not answer",
		  { { "192.0.2.1", NEVER, 0 }, { "192.0.2.2", 0, ECONNREFUSED } },
		  "0 192.0.2.1, 250 192.0.2.2",
		  NULL,
		  "Cannot connect to 192.0.2.1:1515: timed out (192.0.2.2: Connection refused); "
		  "check the route to it, and firewalls" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reason why;
		int fd, r = race(rows[i].hosts, COUNT(rows[i].hosts), &fd, &why);

		check_row(rows[i].label, r == (rows[i].winner ? OUTCOME_OK : OUTCOME_UNREACHABLE));
		if (strcmp(network.starts, rows[i].starts) != 0)
			fail_msg("row '%s': %s", rows[i].label, network.starts);
		if (strcmp(why.text, rows[i].said) != 0)
			fail_msg("row '%s': %s", rows[i].label, why.text);
		check_row(rows[i].label, (fd >= 0) == (rows[i].winner != NULL));
		if (fd >= 0) {
			check_row(rows[i].label, strcmp(host_of(fd)->address, rows[i].winner) == 0);
			close(fd);
		}
	}
}

/* A name with very many addresses is not a reason to try them all. */
static void test_many_addresses(void **state)
{
	static char addresses[HOSTS][16];
	struct host hosts[HOSTS];
	struct reason why;
	int fd;

	(void)state;
	for (size_t i = 0; i < HOSTS; i++) {
		(void)snprintf(addresses[i], sizeof addresses[i], "192.0.2.%zu", i + 1);
		hosts[i] = (struct host){ .address = addresses[i], .error = ECONNREFUSED };
	}
	assert_int_equal(race(hosts, HOSTS, &fd, &why), OUTCOME_UNREACHABLE);
	assert_non_null(strstr(network.starts, "0 192.0.2.16"));
	assert_null(strstr(network.starts, "0 192.0.2.17"));
}

/* ------------------------------------------------------------------ the socket */

/* The losers are closed, and only the winner is handed over. */
static void test_socket(void **state)
{
	static const struct host hosts[] = { { "192.0.2.1", NEVER, 0 }, { "192.0.2.2", 0, 0 } };
	socklen_t size = sizeof(int);
	struct reason why;
	int fd, delay = 0;

	(void)state;
	assert_int_equal(race(hosts, COUNT(hosts), &fd, &why), OUTCOME_OK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(__real_getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &delay, &size), 0);
	assert_true(delay);
	assert_int_equal(fcntl(network.hosts[0].fd, F_GETFD), -1);
	close(fd);
}

static void test_failures(void **state)
{
	static const struct host hosts[] = { { "192.0.2.1", 0, 0 } };
	struct reason why;
	int fd;

	(void)state;
	network.socket_error = EAFNOSUPPORT;
	assert_int_equal(race(hosts, COUNT(hosts), &fd, &why), OUTCOME_UNREACHABLE);
	network.socket_error = 0;
	assert_non_null(strstr(why.text, "192.0.2.1: Address family not supported"));
	network.wait_error = -ECANCELED;
	assert_int_equal(race(hosts, COUNT(hosts), &fd, &why), -ECANCELED);
	assert_string_equal(why.text, "");
	network.wait_error = -ENOMEM;
	assert_int_equal(race(hosts, COUNT(hosts), &fd, &why), -ENOMEM);
	network.wait_error = 0;
	assert_non_null(strstr(why.text, "Cannot connect to 192.0.2.1:1515"));
	assert_int_equal(fd, -1);
	assert_int_equal(fcntl(network.hosts[0].fd, F_GETFD), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_races),
		cmocka_unit_test(test_many_addresses),
		cmocka_unit_test(test_socket),
		cmocka_unit_test(test_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
