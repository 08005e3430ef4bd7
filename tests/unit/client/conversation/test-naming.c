/* SPDX-License-Identifier: ISC */
/* The part of the agent's name that the child finds out, and the parent makes a name of. */
#include "tests/unit/client/conversation/conversation-fixture.h"

#include "client/config/name-template.h"
#include "client/confinement/confine.h"
#include "client/conversation/wire.h"
#include "common/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOST_FOR 77

static struct own_names heard; /* by the parent */
static unsigned completions;
static int completion;     /* its result */
static int fqdn_result;    /* of the child's look at it */
static const char *a_fqdn; /* that it finds */

int __wrap_own_fqdn_find(char ret[static FQDN_SIZE], const struct deadline *until,
			 struct reason *why);
int __wrap_own_fqdn_find(char ret[static FQDN_SIZE], const struct deadline *until,
			 struct reason *why)
{
	assert_true(until->stop_fd == CONFINED_FD);
	if (fqdn_result == OUTCOME_OK)
		(void)snprintf(ret, FQDN_SIZE, "%s", a_fqdn);
	else
		reason_set(why, "There is no FQDN");
	return fqdn_result;
}

static int complete(const struct own_names *own, uint64_t *ret_lost_for, struct reason *why,
		    void *user)
{
	assert_ptr_equal(user, &secret_of_parent);
	heard = *own;
	completions++;
	reason_set(why, "%s", completion ? "It is no name" : "");
	(void)snprintf(agent_name, sizeof agent_name, "made-%u", completions);
	*ret_lost_for = LOST_FOR;
	return completion;
}

static int setup_naming(void **state)
{
	if (setup(state) < 0)
		return -1;
	agent_name[0] = '\0';
	/* whose address on the way to the manager is a loopback address, too */
	(void)snprintf(manager.host, sizeof manager.host, "127.0.0.1");
	naming = (struct attempt_naming){ NAME_NEEDS_FQDN | NAME_NEEDS_ADDRESS, complete };
	heard = (struct own_names){ 0 };
	completions = 0;
	completion = fqdn_result = OUTCOME_OK;
	a_fqdn = "web-01.example.org";
	return 0;
}

/* As method_connect() does it, at an address of this machine. */
static int connect_somehow(const struct attempt *attempt, struct attempt_report *own)
{
	struct sockaddr_in loopback = { .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	cleanup_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&loopback, sizeof loopback) < 0)
		return -errno;
	return attempt->connected ? attempt->connected(fd, &own->why) : OUTCOME_OK;
}

static int registers_once_named(const struct attempt *attempt, struct agent_key *ret,
				struct attempt_report *own)
{
	int r = attempt->agent.name[0] ? -EINVAL : connect_somehow(attempt, own);

	if (r == OUTCOME_OK)
		r = connect_somehow(attempt, own); /* the second connection changes nothing */
	if (r == OUTCOME_OK)
		r = attempt_begin_step(attempt, STEP_SENDING);
	if (r != OUTCOME_OK)
		return r;
	if (attempt->api.lost_for != LOST_FOR)
		return -EINVAL;
	*ret = (struct agent_key){ .id = "003", .ip = "any", .key = KEY };
	(void)snprintf(ret->name, sizeof ret->name, "%s", attempt->agent.name);
	return OUTCOME_REGISTERED;
}

static void test_named(void **state)
{
	(void)state;
	method.keeps_name = true;
	assert_int_equal(hold(registers_once_named), OUTCOME_REGISTERED);
	assert_string_equal(key.name, "made-1");
	assert_string_equal(heard.fqdn, "web-01.example.org");
	assert_string_equal(heard.address, "127.0.0.1");
	assert_int_equal(completions, 1);

	naming.needs = NAME_NEEDS_ADDRESS;
	agent_name[0] = '\0';
	assert_int_equal(hold(registers_once_named), OUTCOME_REGISTERED);
	assert_string_equal(heard.fqdn, "");
	naming.needs = NAME_NEEDS_FQDN;
	assert_int_equal(hold(registers_once_named), OUTCOME_REGISTERED);
	assert_string_equal(heard.address, "");
}

/* The method is not called, and no manager asked. */
static void test_no_fqdn(void **state)
{
	static const int outcomes[] = { OUTCOME_NOT_READY, OUTCOME_UNREACHABLE, -ENOMEM };

	(void)state;
	for (size_t i = 0; i < COUNT(outcomes); i++) {
		fqdn_result = outcomes[i];
		assert_int_equal(hold(registers_once_named), outcomes[i]);
		assert_string_equal(report.why.text, "There is no FQDN");
		assert_int_equal(shared->saved | (int)completions, 0);
	}
}

/* What is found makes no name: the attempt ends before a request. */
static void test_no_name(void **state)
{
	(void)state;
	completion = OUTCOME_MISCONFIGURED;
	assert_int_equal(hold(registers_once_named), OUTCOME_MISCONFIGURED);
	assert_string_equal(report.why.text, "It is no name");
	assert_int_equal(shared->saved, 0);
}

/* ------------------------------------------------------------------ what is not believed */

static int sends_without_a_name(const struct attempt *attempt, struct agent_key *ret,
				struct attempt_report *own)
{
	(void)ret, (void)own;
	return attempt_begin_step(attempt, STEP_SENDING);
}

static int finds(const struct own_names *own)
{
	unsigned char bytes[WIRE_MAX];

	/* seen by the parent */
	ignore_result(write(CONFINED_FD, bytes, wire_format_own(bytes, own)));
	return OUTCOME_BUSY;
}

static int finds_an_address_only(const struct attempt *attempt, struct agent_key *ret,
				 struct attempt_report *own)
{
	(void)attempt, (void)ret, (void)own;
	return finds(&(struct own_names){ .address = "10.0.0.1" });
}

static int finds_too_much(const struct attempt *attempt, struct agent_key *ret,
			  struct attempt_report *own)
{
	(void)attempt, (void)ret, (void)own;
	return finds(&(struct own_names){ "web-01.example.org", "10.0.0.1" });
}

static int finds_no_fqdn(const struct attempt *attempt, struct agent_key *ret,
			 struct attempt_report *own)
{
	(void)attempt, (void)ret, (void)own;
	return finds(&(struct own_names){ "web 01.example.org", "10.0.0.1" });
}

static int finds_another_name(const struct attempt *attempt, struct agent_key *ret,
			      struct attempt_report *own)
{
	int r = connect_somehow(attempt, own);

	return r == OUTCOME_OK ? finds_too_much(attempt, ret, own) : r;
}

static int says_its_own_name(const struct attempt *attempt, struct agent_key *ret,
			     struct attempt_report *own)
{
	unsigned char bytes[WIRE_MAX];

	(void)attempt, (void)ret, (void)own;
	/* seen by the parent */
	ignore_result(write(CONFINED_FD, bytes,
			    wire_format_name(bytes, &(struct wire_name){ .text = "root" })));
	return OUTCOME_BUSY;
}

static int is_not_ready_when_named(const struct attempt *attempt, struct agent_key *ret,
				   struct attempt_report *own)
{
	int r = connect_somehow(attempt, own);

	(void)ret;
	return r == OUTCOME_OK ? OUTCOME_NOT_READY : r;
}

static int is_not_ready(const struct attempt *attempt, struct agent_key *ret,
			struct attempt_report *own)
{
	(void)attempt, (void)ret, (void)own;
	return OUTCOME_NOT_READY;
}

static void test_disbelief(void **state)
{
	static const struct {
		const char *label;
		int (*run)(const struct attempt *attempt, struct agent_key *ret,
			   struct attempt_report *own);
		unsigned int needs;
		const char *word;
	} rows[] = {
		{ "no name", sends_without_a_name, NAME_NEEDS_ADDRESS, "without a name" },
		{ "a key for no name", registers, NAME_NEEDS_ADDRESS, "without a name" },
		{ "too little", finds_an_address_only, NAME_NEEDS_ADDRESS | NAME_NEEDS_FQDN,
		  "nobody asked for" },
		{ "too much", finds_too_much, NAME_NEEDS_ADDRESS, "nobody asked for" },
		{ "unasked", finds_too_much, 0, "nobody asked for" },
		{ "no FQDN", finds_no_fqdn, NAME_NEEDS_ADDRESS | NAME_NEEDS_FQDN, "no message" },
		{ "twice", finds_another_name, NAME_NEEDS_ADDRESS | NAME_NEEDS_FQDN,
		  "nobody asked for" },
		{ "as the parent", says_its_own_name, NAME_NEEDS_ADDRESS, "no message" },
		{ "not ready", is_not_ready_when_named, NAME_NEEDS_FQDN, "nobody asked for" },
		{ "not ready, unasked", is_not_ready, NAME_NEEDS_ADDRESS, "nobody asked for" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		naming.needs = rows[i].needs;
		check_row(rows[i].label, hold(rows[i].run) == OUTCOME_CRASHED);
		if (!strstr(report.why.text, rows[i].word))
			fail_msg("%s: %s", rows[i].label, report.why.text);
		check_row(rows[i].label, !(shared->saved & 1 << STEP_SENDING));
	}
}

/* Whoever has taken over the child would have it logged as a name. */
static void test_secret_as_a_name(void **state)
{
	(void)state;
	a_fqdn = PASSWORD ".example.org";
	assert_int_equal(hold(registers_once_named), OUTCOME_CRASHED);
	assert_non_null(strstr(report.why.text, "sent one of our secrets as a name"));
	assert_int_equal(completions, 0);
}

#define NAMING(test) cmocka_unit_test_setup(test, setup_naming)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NAMING(test_named),     NAMING(test_no_fqdn),          NAMING(test_no_name),
		NAMING(test_disbelief), NAMING(test_secret_as_a_name),
	};

	return cmocka_run_group_tests(tests, setup_shared, NULL);
}
