/* SPDX-License-Identifier: ISC */
/* What the network calls this machine, where name services and host name are made up. */
#include "tests/unit/support.h"

#include "client/net/own-names.h"
#include "common/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *the_host; /* null: gethostname() fails */
static int lookup_error;     /* of getaddrinfo(3) */
static char *canonical_name; /* null: it says none */
static unsigned lookups;
static struct addrinfo result;
static struct addrinfo *route; /* where the manager is; null: its name is not known */

int __wrap_gethostname(char *name, size_t length);
int __wrap_gethostname(char *name, size_t length)
{
	if (!the_host) {
		errno = EPERM;
		return -1;
	}
	(void)snprintf(name, length, "%s", the_host);
	return 0;
}

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **ret);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **ret)
{
	(void)service;
	if (!(hints->ai_flags & AI_CANONNAME)) {
		*ret = route;
		return route ? 0 : EAI_AGAIN;
	}
	assert_string_equal(host, the_host);
	assert_true(hints->ai_flags & AI_CANONNAME);
	lookups++;
	result.ai_canonname = canonical_name;
	if (lookup_error == 0)
		*ret = &result;
	return lookup_error;
}

void __wrap_freeaddrinfo(struct addrinfo *list);
void __wrap_freeaddrinfo(struct addrinfo *list)
{
	assert_true(list == &result || list == route);
}

static int route_fd, route_error;        /* of connect(2) to the manager, which sends nothing */
static struct sockaddr_storage at_route; /* our end of it */

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length)
{
	int type;
	socklen_t size = sizeof type;

	assert_ptr_equal(address, route->ai_addr);
	assert_int_equal(length, route->ai_addrlen);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size), 0);
	assert_int_equal(type, SOCK_DGRAM);
	route_fd = fd;
	errno = route_error;
	return route_error ? -1 : 0;
}

int __real_getsockname(int fd, struct sockaddr *address, socklen_t *length);
int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *length);
int __wrap_getsockname(int fd, struct sockaddr *address, socklen_t *length)
{
	if (fd != route_fd)
		return __real_getsockname(fd, address, length);
	memcpy(address, &at_route, *length);
	return 0;
}

/* ------------------------------------------------------------------ the FQDN */

static int find(char ret[static FQDN_SIZE], struct reason *why)
{
	struct deadline deadline = deadline_in(20 * USEC_PER_SEC, NULL);

	lookups = 0;
	return own_fqdn_find(ret, &deadline, why);
}

static void test_fqdn(void **state)
{
	static const struct {
		const char *host, *canonical;
		int error;
		const char *fqdn; /* null: none */
		enum outcome outcome;
	} rows[] = {
		{ "web-01", "web-01.example.org", 0, "web-01.example.org", OUTCOME_OK },
		{ "web-01", "web-01.example.org.", 0, "web-01.example.org", OUTCOME_OK },
		/* as "hostname --fqdn" says it */
		{ "web-01", "other.example.org", 0, "other.example.org", OUTCOME_OK },
		{ "web-01", "web-01", 0, NULL, OUTCOME_NOT_READY },
		{ "web-01", NULL, 0, NULL, OUTCOME_NOT_READY },
		{ "web-01", "", 0, NULL, OUTCOME_NOT_READY },
		{ "web-01", "localhost", 0, NULL, OUTCOME_NOT_READY },
		{ "web-01", "localhost.localdomain", 0, NULL, OUTCOME_NOT_READY },
		{ "web-01", "web 01.example.org", 0, NULL, OUTCOME_NOT_READY },
		{ "web-01", "web-01..org", 0, NULL, OUTCOME_NOT_READY },
		{ "web-01", "", EAI_NONAME, NULL, OUTCOME_NOT_READY },
		{ "web-01", "", EAI_NODATA, NULL, OUTCOME_NOT_READY },
		{ "web-01", "", EAI_AGAIN, NULL, OUTCOME_UNREACHABLE },
		{ "web-01", "", EAI_FAIL, NULL, OUTCOME_UNREACHABLE },
		{ "web-01", "", EAI_MEMORY, NULL, (enum outcome) - ENOMEM },
		{ "localhost", "localhost", 0, NULL, OUTCOME_NOT_READY },
		{ NULL, "", 0, NULL, (enum outcome) - EPERM },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char fqdn[FQDN_SIZE] = "before";
		struct reason why = { "" };
		cleanup_free char *canonical = rows[i].canonical ? strdup(rows[i].canonical) : NULL;
		const char *label = rows[i].canonical ?: "no canonical name";

		the_host = rows[i].host;
		lookup_error = rows[i].error;
		canonical_name = canonical;
		check_row(label, find(fqdn, &why) == (int)rows[i].outcome);
		check_row(label, strcmp(fqdn, rows[i].fqdn ?: "before") == 0);
		check_row(label, (why.text[0] == '\0') == (rows[i].fqdn != NULL));
	}
}

/* Nobody is asked for it. */
static void test_host_name_with_a_domain(void **state)
{
	char fqdn[FQDN_SIZE];
	struct reason why = { "" };

	(void)state;
	lookup_error = EAI_AGAIN;
	the_host = "web-01.example.org";
	assert_int_equal(find(fqdn, &why), OUTCOME_OK);
	assert_string_equal(fqdn, "web-01.example.org");
	the_host = "localhost.localdomain";
	assert_int_equal(find(fqdn, &why), OUTCOME_NOT_READY);
	assert_int_equal(lookups, 0);
}

static void test_messages(void **state)
{
	char fqdn[FQDN_SIZE], hostile[] = "\x1b[31m.org";
	struct reason why = { "" };

	(void)state;
	the_host = "web-01";
	lookup_error = EAI_AGAIN;
	assert_int_equal(find(fqdn, &why), OUTCOME_UNREACHABLE);
	assert_non_null(strstr(why.text, "The FQDN of this machine is not known: Cannot resolve "
					 "web-01: "));
	lookup_error = 0;
	canonical_name = hostile;
	assert_int_equal(find(fqdn, &why), OUTCOME_NOT_READY);
	assert_null(strchr(why.text, '\x1b'));
	assert_non_null(strstr(why.text, "'\\x1b[31m.org'"));
}

static void test_rule(void **state)
{
	static const char *const good[] = { "a.b", "web-01.example.org", "_x.y", "WEB.example",
					    "localhost-2.example.org" },
				 *const bad[] = { "",
						  "web-01",
						  ".a.b",
						  "a.b.",
						  "a..b",
						  "-a.b",
						  "a.-b",
						  "a b.c",
						  "a/b.c",
						  "localhost.x",
						  "LocalHost.localdomain" };

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		check_row(good[i], own_fqdn_is_valid(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		check_row(bad[i], !own_fqdn_is_valid(bad[i]));
}

/* ------------------------------------------------------------------ the address */

static void set_address(struct sockaddr_storage *ret, const char *text)
{
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)(void *)ret;
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)(void *)ret;

	*ret = (struct sockaddr_storage){ 0 };
	ret->ss_family = strchr(text, ':') ? AF_INET6 : AF_INET;
	assert_int_equal(inet_pton(ret->ss_family, text,
				   ret->ss_family == AF_INET6 ? (void *)&ipv6->sin6_addr
							      : (void *)&ipv4->sin_addr),
			 1);
}

/* A socket that is connected to something on this machine: a proxy, or the manager. */
static int loopback_socket(void)
{
	struct sockaddr_in loopback = { .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&loopback, sizeof loopback), 0);
	return fd;
}

static const struct endpoint manager = { .host = "m.example", .port = 1515 };

/* Every machine has a loopback address, so the way to the manager says what another one is. */
static void test_address(void **state)
{
	static const struct {
		const char *manager, *own; /* null: the name is not known; there is no way */
		const char *address;       /* null: none */
	} rows[] = {
		{ "192.0.2.1", "10.0.0.15", "10.0.0.15" },
		{ "2001:db8::1", "fd00::15", "fd00::15" },
		{ "127.0.0.1", "127.0.0.1", "127.0.0.1" },
		{ "::1", "::1", "127.0.0.1" },
		{ "::ffff:127.0.0.1", "::ffff:127.0.0.1", "127.0.0.1" },
		{ "127.0.0.5", "127.0.0.1", "127.0.0.1" },
		{ "192.0.2.1", NULL, NULL },
		{ NULL, NULL, NULL },
	};
	struct deadline deadline = deadline_in(20 * USEC_PER_SEC, NULL);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		cleanup_fd int fd = loopback_socket();
		struct sockaddr_storage at = { 0 };
		struct addrinfo to = { .ai_addr = (struct sockaddr *)&at, .ai_addrlen = sizeof at };
		char address[INET6_ADDRSTRLEN] = "before";
		struct reason why = { "" };

		route_fd = -1;
		route = rows[i].manager ? &to : NULL;
		route_error = rows[i].own ? 0 : ENETUNREACH;
		set_address(&at, rows[i].manager ?: "0.0.0.0");
		to.ai_family = at.ss_family;
		set_address(&at_route, rows[i].own ?: "0.0.0.0");
		check_row(rows[i].manager,
			  own_address_find(address, fd, &manager, &deadline, &why) ==
				  (rows[i].address ? OUTCOME_OK : OUTCOME_UNREACHABLE));
		check_row(rows[i].manager, strcmp(address, rows[i].address ?: "before") == 0);
		if (!rows[i].address) {
			assert_non_null(strstr(why.text, "m.example"));
			assert_non_null(
				strstr(why.text, "use another specifier for name in [agent]"));
		}
	}
}

static void test_socket_without_an_address(void **state)
{
	struct deadline deadline = deadline_in(20 * USEC_PER_SEC, NULL);
	char address[INET6_ADDRSTRLEN];
	struct reason why = { "" };
	cleanup_fd int local;
	int pair[2];

	(void)state;
	route_fd = -1;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	local = pair[0];
	close(pair[1]);
	assert_int_equal(own_address_find(address, local, &manager, &deadline, &why),
			 -EAFNOSUPPORT);
	assert_non_null(strstr(why.text, "this machine's address"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fqdn),     cmocka_unit_test(test_host_name_with_a_domain),
		cmocka_unit_test(test_messages), cmocka_unit_test(test_rule),
		cmocka_unit_test(test_address),  cmocka_unit_test(test_socket_without_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
