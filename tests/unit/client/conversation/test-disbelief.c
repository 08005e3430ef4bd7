/* SPDX-License-Identifier: ISC */
/* Conversations with children that do what no method should: none of it is believed or stays. */
#include "tests/unit/client/conversation/conversation-fixture.h"

#include "client/confinement/confine.h"
#include "client/confinement/syscall-filter.h"
#include "client/conversation/wire.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int exits(const struct attempt *attempt, struct agent_key *ret, struct attempt_report *own)
{
	(void)attempt, (void)ret, (void)own;
	_exit(7);
}

static int closes(const struct attempt *attempt, struct agent_key *ret, struct attempt_report *own)
{
	close(CONFINED_FD);
	return waits_for_ever(attempt, ret, own);
}

static int writes(const struct attempt *attempt, struct agent_key *ret, struct attempt_report *own)
{
	(void)attempt, (void)ret, (void)own;
	ignore_result(write(CONFINED_FD, "garbage", 7)); /* seen by the parent */
	return OUTCOME_BUSY;
}

static int writes_too_much(const struct attempt *attempt, struct agent_key *ret,
			   struct attempt_report *own)
{
	static unsigned char bytes[2 * WIRE_MAX];

	(void)attempt, (void)ret, (void)own;
	(void)wire_format_step(bytes, STEP_CONNECTING);
	ignore_result(write(CONFINED_FD, bytes, sizeof bytes)); /* seen by the parent */
	return OUTCOME_BUSY;
}

static int writes_nothing(const struct attempt *attempt, struct agent_key *ret,
			  struct attempt_report *own)
{
	ignore_result(send(CONFINED_FD, "", 0, 0)); /* seen by the parent */
	return waits_for_ever(attempt, ret, own);
}

static int says_go(const struct attempt *attempt, struct agent_key *ret, struct attempt_report *own)
{
	unsigned char bytes[WIRE_MAX];

	(void)attempt, (void)ret, (void)own;
	ignore_result(write(CONFINED_FD, bytes, wire_format_go(bytes))); /* seen by the parent */
	return OUTCOME_BUSY;
}

static int steps_for_ever(const struct attempt *attempt, struct agent_key *ret,
			  struct attempt_report *own)
{
	(void)ret, (void)own;
	while (attempt_begin_step(attempt, STEP_CONNECTING) == 0)
		;
	return OUTCOME_BUSY;
}

static int stops_unasked(const struct attempt *attempt, struct agent_key *ret,
			 struct attempt_report *own)
{
	(void)attempt, (void)ret, (void)own;
	return -ECANCELED;
}

static int cloned(const struct attempt *attempt, struct agent_key *ret, struct attempt_report *own)
{
	(void)attempt, (void)ret, (void)own;
	return OUTCOME_CLONED;
}

static int sends_an_invalid_key(const struct attempt *attempt, struct agent_key *ret,
				struct attempt_report *own)
{
	(void)attempt, (void)own;
	*ret = (struct agent_key){ "003", "web-01\n004 web-02", "any", KEY };
	return OUTCOME_REGISTERED;
}

static int sends_the_key_of_another(const struct attempt *attempt, struct agent_key *ret,
				    struct attempt_report *own)
{
	(void)attempt, (void)own;
	*ret = (struct agent_key){ "001", "web-02", "any", KEY };
	return OUTCOME_REGISTERED;
}

/* As managers may; but this is no name. */
static int sends_the_password_as_a_name(const struct attempt *attempt, struct agent_key *ret,
					struct attempt_report *own)
{
	(void)attempt, (void)own;
	*ret = (struct agent_key){ "001", "x-" PASSWORD, "any", KEY };
	return OUTCOME_REGISTERED;
}

static int sends_the_password_behind_its_name(const struct attempt *attempt, struct agent_key *ret,
					      struct attempt_report *own)
{
	int r = sends_the_password_as_a_name(attempt, ret, own);

	(void)snprintf(ret->name, sizeof ret->name, "%s-%s", attempt->agent.name, PASSWORD);
	return r;
}

static int sends_a_ca_only(const struct attempt *attempt, struct agent_key *ret,
			   struct attempt_report *own)
{
	(void)attempt, (void)ret;
	own->anchor = strdup(CA);
	return OUTCOME_BUSY;
}

static int sends_another_ca(const struct attempt *attempt, struct agent_key *ret,
			    struct attempt_report *own)
{
	anchor_to_send = "-----BEGIN CERTIFICATE----- of another one";
	return registers(attempt, ret, own);
}

static int sends_a_terminator_in_the_ca(const struct attempt *attempt, struct agent_key *ret,
					struct attempt_report *own)
{
	unsigned char bytes[WIRE_MAX];

	(void)attempt, (void)ret, (void)own;
	(void)wire_format_anchor(bytes, "a", 1);
	bytes[WIRE_MAX - 1] = 0;
	ignore_result(write(CONFINED_FD, bytes, WIRE_MAX)); /* seen by the parent */
	return OUTCOME_BUSY;
}

#ifdef __x86_64__
static int lets_the_filter_kill_it(const struct attempt *attempt, struct agent_key *ret,
				   struct attempt_report *own)
{
	(void)attempt, (void)ret, (void)own;
	return (int)syscall(SYS_getpid | 0x40000000);
}
#endif

static const struct disbelieved {
	const char *label;
	int (*run)(const struct attempt *attempt, struct agent_key *ret,
		   struct attempt_report *own);
	const char *word;
	bool has_anchors;
} disbelieved[] = {
	{ "aborts", aborts, "was killed by SIGABRT (Aborted)", false },
	{ "exits", exits, "ended with status 7 and no result", false },
	{ "closes its end", closes, "was killed by SIGKILL", false },
	{ "writes garbage", writes, "sent what is no message", false },
	{ "writes too much", writes_too_much, "sent what is no message", false },
	{ "writes nothing", writes_nothing, "was killed by SIGKILL", false },
	{ "says GO", says_go, "sent what is no message", false },
	{ "begins steps for ever", steps_for_ever, "began too many steps", false },
	{ "stops unasked", stops_unasked, "stopped without having been asked to", false },
	{ "an outcome of the parent's", cloned, "sent what is no message", false },
	{ "an invalid key", sends_an_invalid_key, "sent what is no message", false },
	{ "another agent's key", sends_the_key_of_another, "sent the key of another agent", false },
	{ "a CA, and no key", sends_a_ca_only, "sent a CA without a key", true },
	{ "a CA, of a method without", sends_a_ca_only, "sent a CA that it cannot have", false },
	{ "another CA", sends_another_ca, "sent a CA that is not the expected one", true },
	{ "no CA", sends_the_key_of_another, "sent a CA that is not the expected one", true },
	{ "a cut CA", sends_a_terminator_in_the_ca, "sent what is no message", true },
};

static void check_disbelief(const struct disbelieved *row)
{
	method.check_anchor = row->has_anchors ? accept_anchor : NULL;
	method.keeps_name = !row->has_anchors;
	check_row(row->label, hold(row->run) == OUTCOME_CRASHED);
	if (!strstr(report.why.text, row->word) ||
	    !strstr(report.why.text, "The process that talked to m:1515 "))
		fail_msg("%s: %s", row->label, report.why.text);
	check_row(row->label, key.key[0] == '\0' && !report.anchor && !report.answered);
	check_row(row->label, report.reenroll_secret.text[0] == '\0');
}

static void test_secret_as_a_name(void **state)
{
	(void)state;
	assert_int_equal(hold(sends_the_password_as_a_name), OUTCOME_CRASHED);
	assert_non_null(strstr(report.why.text, "sent one of our secrets as a name"));
	assert_null(strstr(report.why.text, PASSWORD));
	assert_int_equal(hold(sends_the_password_behind_its_name), OUTCOME_CRASHED);
	assert_int_equal(hold(sends_the_key_of_another), OUTCOME_REGISTERED);
}

/* Report these as the CA certificates to be trusted, or none. */
static const char *renewed;

static int renews(const struct attempt *attempt, struct attempt_report *own)
{
	(void)attempt;
	own->anchor = renewed ? strdup(renewed) : NULL;
	return OUTCOME_OK;
}

static int renew(const char *anchor)
{
	const struct attempt attempt = { .manager = &manager,
					 .password = PASSWORD,
					 .deadline = &deadline };

	renewed = anchor;
	method.check_anchor = method.check_renewed = accept_anchor;
	method.renew_trust = renews;
	report = (struct attempt_report){ 0 };
	return conversation_renew_trust(&method, &attempt, NULL, &report);
}

static void test_renewed_trust(void **state)
{
	static const char *const others[] = { NULL, "another CA", CA CA };

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		assert_int_equal(renew(others[i]), OUTCOME_CRASHED);
		assert_non_null(
			strstr(report.why.text, "sent CA certificates that it cannot have"));
		assert_null(report.anchor);
	}
	assert_int_equal(renew(CA), OUTCOME_OK);
	assert_string_equal(report.anchor, CA);
	free(report.anchor);
	report.anchor = NULL;
}

/* A message is always there, so that no wait for the next one ends. */
static int floods_with_steps(const struct attempt *attempt, struct agent_key *ret,
			     struct attempt_report *own)
{
	unsigned char bytes[WIRE_MAX];
	size_t length = wire_format_step(bytes, STEP_CONNECTING);

	(void)attempt, (void)ret, (void)own;
	while (send(CONFINED_FD, bytes, length, MSG_NOSIGNAL) > 0)
		;
	return OUTCOME_BUSY;
}

static void test_flood_during_a_stop(void **state)
{
	(void)state;
	deadline.stop_fd = eventfd(1, EFD_CLOEXEC);
	assert_int_equal(hold(floods_with_steps), -ECANCELED);
	close(deadline.stop_fd);
}

static void test_disbelieved(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(disbelieved); i++)
		check_disbelief(&disbelieved[i]);
}

#ifdef __x86_64__
static void test_killed_by_the_filter(void **state)
{
	static const struct disbelieved row = { "the filter", lets_the_filter_kill_it,
						"was killed by SIGSYS (Bad system call)", false };

	(void)state;
	if (syscall_filter_check() < 0) {
		print_message("seccomp is missing here\n");
		skip();
	}
	check_disbelief(&row);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_disbelieved, setup),
		cmocka_unit_test_setup(test_secret_as_a_name, setup),
		cmocka_unit_test_setup(test_renewed_trust, setup),
		cmocka_unit_test_setup(test_flood_during_a_stop, setup),
#ifdef __x86_64__
		cmocka_unit_test_setup(test_killed_by_the_filter, setup),
#endif
	};

	return cmocka_run_group_tests_name("disbelief", tests, setup_shared, NULL);
}
