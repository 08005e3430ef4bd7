/* SPDX-License-Identifier: ISC */
/* Finding a manager's addresses, with a getaddrinfo(3) that answers as the test says. */
#include "tests/unit/support.h"

#include "client/net/net.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#define PATIENCE (20 * USEC_PER_SEC) /* only a broken resolver needs it */

static struct {
	int with_addrconfig, without; /* what the lookups return */
	int saved_errno;
	int wait_for; /* a descriptor to read before; -1: none */
	unsigned lookups;
	int last_flags;
	bool is_detached; /* the thread, if there is one */
} resolver;

static struct addrinfo result;

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **ret);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **ret)
{
	pthread_attr_t attributes;
	int detached, error;
	char byte;

	(void)host, (void)service;
	resolver.lookups++;
	resolver.last_flags = hints->ai_flags;
	if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
		(void)pthread_attr_getdetachstate(&attributes, &detached);
		pthread_attr_destroy(&attributes);
		resolver.is_detached = detached == PTHREAD_CREATE_DETACHED;
	}
	if (resolver.wait_for >= 0)
		(void)!read(resolver.wait_for, &byte, 1);
	error = hints->ai_flags & AI_ADDRCONFIG ? resolver.with_addrconfig : resolver.without;
	if (error == 0)
		*ret = &result;
	errno = resolver.saved_errno;
	return error;
}

void __wrap_freeaddrinfo(struct addrinfo *list);
void __wrap_freeaddrinfo(struct addrinfo *list)
{
	assert_ptr_equal(list, &result);
}

static int resolve(const char *host, uint64_t usec, struct addrinfo **ret, struct reason *why)
{
	struct deadline deadline = deadline_in(usec, NULL);
	struct endpoint endpoint;

	assert_int_equal(endpoint_parse(&endpoint, host, 1515), 0);
	resolver.lookups = 0;
	return net_resolve(&endpoint, &deadline, ret, why);
}

/*
 * On a machine that has only IPv6, AI_ADDRCONFIG hides a manager on 127.0.0.1, and the other way
 * round. A name server that does not answer is not asked twice.
 */
static void test_lookups(void **state)
{
	static const struct {
		const char *label;
		int with_addrconfig, without;
		unsigned lookups;
		int outcome;
	} rows[] = {
		{ "found", 0, EAI_FAIL, 1, OUTCOME_OK },
		{ "hidden: no address family", EAI_ADDRFAMILY, 0, 2, OUTCOME_OK },
		{ "hidden: no data", EAI_NODATA, 0, 2, OUTCOME_OK },
		{ "hidden: no name", EAI_NONAME, 0, 2, OUTCOME_OK },
		{ "unknown", EAI_NONAME, EAI_NONAME, 2, OUTCOME_UNREACHABLE },
		{ "no answer", EAI_AGAIN, 0, 1, OUTCOME_UNREACHABLE },
		{ "failure", EAI_FAIL, 0, 1, OUTCOME_UNREACHABLE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addrinfo *found = NULL;
		struct reason why = { "" };
		int r;

		resolver.with_addrconfig = rows[i].with_addrconfig;
		resolver.without = rows[i].without;
		resolver.wait_for = -1;
		r = resolve("m.example.org", PATIENCE, &found, &why);
		check_row(rows[i].label, r == rows[i].outcome);
		check_row(rows[i].label, resolver.lookups == rows[i].lookups);
		check_row(rows[i].label, found == (r == OUTCOME_OK ? &result : NULL));
		check_row(rows[i].label, (why.text[0] == '\0') == (r == OUTCOME_OK));
		check_row(rows[i].label, resolver.is_detached);
	}
}

static void test_failures(void **state)
{
	struct addrinfo *found = NULL;
	struct reason why;

	(void)state;
	resolver.wait_for = -1;
	resolver.with_addrconfig = EAI_AGAIN;
	assert_int_equal(resolve("m", PATIENCE, &found, &why), OUTCOME_UNREACHABLE);
	assert_string_equal(
		why.text,
		"Cannot resolve m: Temporary failure in name resolution; check the network, "
		"and /etc/resolv.conf");
	resolver.with_addrconfig = EAI_NONAME;
	resolver.without = EAI_NONAME;
	assert_int_equal(resolve("m", PATIENCE, &found, &why), OUTCOME_UNREACHABLE);
	assert_string_equal(why.text, "Cannot resolve m: Name or service not known; check its "
				      "spelling, and add it to DNS or /etc/hosts");
	resolver.with_addrconfig = EAI_SYSTEM;
	resolver.saved_errno = EACCES;
	assert_int_equal(resolve("m", PATIENCE, &found, &why), OUTCOME_UNREACHABLE);
	assert_string_equal(why.text, "Cannot resolve m: Permission denied");
	/* What this machine is short of says nothing about the name. */
	resolver.saved_errno = EMFILE;
	assert_int_equal(resolve("m", PATIENCE, &found, &why), -EMFILE);
	assert_string_equal(why.text, "Cannot resolve m: Too many open files");
	resolver.with_addrconfig = EAI_MEMORY;
	assert_int_equal(resolve("m", PATIENCE, &found, &why), -ENOMEM);
	assert_null(found);
}

static void test_literal(void **state)
{
	struct addrinfo *found = NULL;
	struct reason why;

	(void)state;
	resolver.wait_for = -1;
	resolver.without = 0;
	assert_int_equal(resolve("192.0.2.1", PATIENCE, &found, &why), OUTCOME_OK);
	assert_ptr_equal(found, &result);
	assert_true(resolver.last_flags & AI_NUMERICHOST);
	assert_true(resolver.last_flags & AI_NUMERICSERV);
}

/* The deadline holds although getaddrinfo(3) knows none. */
static void test_silence(void **state)
{
	struct addrinfo *found = NULL;
	struct reason why;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	resolver.wait_for = ends[0];
	resolver.with_addrconfig = 0;
	assert_int_equal(resolve("m", 20 * USEC_PER_MSEC, &found, &why), OUTCOME_UNREACHABLE);
	assert_string_equal(why.text, "Cannot resolve m: no name server answered in time; check "
				      "the network, and /etc/resolv.conf");
	assert_null(found);
	/* The thread is left to itself: it ends with the process, or when it has its answer. */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookups),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_literal),
		cmocka_unit_test(test_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
