/* SPDX-License-Identifier: ISC */
/* Conversations that request no key: looking at a manager, and removing an agent. */
#include "tests/unit/support.h"

#include "client/confinement/confine.h"
#include "client/conversation/child.h"
#include "client/conversation/conversation.h"
#include "client/conversation/wire.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEY "48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db"
#define PASSWORD "correct horse battery staple"

static struct endpoint manager = { "m", 1515 };
static struct deadline deadline;
static struct reason why;

static int setup(void **state)
{
	(void)state;
	deadline = (struct deadline){ monotonic_usec() + 20 * USEC_PER_SEC, -1 };
	why = (struct reason){ 0 };
	return 0;
}

static struct attempt make_attempt(void *user)
{
	return (struct attempt){
		.manager = &manager,
		.agent = { .name = "web-01" },
		.password = PASSWORD,
		.deadline = &deadline,
		.user = user,
	};
}

static void check_no_child_is_left(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* ------------------------------------------------------------------ looking at a manager */

/* What the parent was shown, one line each. */
static char shown[4096];

static void show(enum outcome outcome, const char *label, const char *text, void *user)
{
	size_t used = strlen(shown);

	assert_ptr_equal(user, shown);
	(void)snprintf(shown + used, sizeof shown - used, "%d %s: %s\n", (int)outcome, label, text);
}

static int look(int (*inspect)(const struct attempt *attempt, struct reason *own))
{
	const struct attempt attempt = make_attempt(shown);
	int r;

	shown[0] = '\0';
	r = conversation_inspect(&attempt, inspect, show, &why);
	check_no_child_is_left();
	return r;
}

static int finds(const struct attempt *attempt, struct reason *own)
{
	(void)own;
	child_report(OUTCOME_OK, "DNS", attempt->manager->host);
	child_report(OUTCOME_UNTRUSTED, "chain", "is \x1b[31mbroken");
	return OUTCOME_OK;
}

static int finds_nothing(const struct attempt *attempt, struct reason *own)
{
	(void)attempt;
	reason_set(own, "Cannot connect");
	return OUTCOME_UNREACHABLE;
}

static void test_findings(void **state)
{
	(void)state;
	assert_int_equal(look(finds), OUTCOME_OK);
	assert_string_equal(shown, "0 DNS: m\n3 chain: is \\x1b[31mbroken\n");
	assert_int_equal(look(finds_nothing), OUTCOME_UNREACHABLE);
	assert_string_equal(why.text, "Cannot connect");
	assert_string_equal(shown, "");
}

static int tells_the_password(const struct attempt *attempt, struct reason *own)
{
	child_report(OUTCOME_OK, "one", attempt->password);
	child_report(OUTCOME_OK, "two", "a key: " KEY);
	child_report(OUTCOME_OK, "three", "nothing");
	reason_set(own, "It is %s", attempt->password);
	return OUTCOME_REFUSED;
}

static void test_secrets_are_not_shown(void **state)
{
	(void)state;
	assert_int_equal(look(tells_the_password), OUTCOME_REFUSED);
	assert_null(strstr(shown, "battery"));
	assert_null(strstr(shown, KEY));
	assert_non_null(strstr(shown, "0 one: (not shown"));
	assert_non_null(strstr(shown, "0 two: (not shown"));
	assert_non_null(strstr(shown, "0 three: nothing\n"));
	assert_null(strstr(why.text, "battery"));
	assert_non_null(strstr(why.text, "(not shown"));
}

static int waits(const struct attempt *attempt, struct reason *own)
{
	(void)own;
	return deadline_wait(attempt->deadline, -1, 0);
}

static int crashes(const struct attempt *attempt, struct reason *own)
{
	(void)attempt, (void)own;
	abort();
}

static int reports_for_ever(const struct attempt *attempt, struct reason *own)
{
	(void)attempt, (void)own;
	while (getppid() != 1)
		child_report(OUTCOME_OK, "", "again");
	return OUTCOME_OK;
}

static int reports_an_outcome_of_the_parent(const struct attempt *attempt, struct reason *own)
{
	(void)attempt, (void)own;
	child_report(OUTCOME_CLONED, "key", "cloned");
	return OUTCOME_OK;
}

static int send_result(const struct wire_result *result)
{
	unsigned char bytes[WIRE_MAX];

	return (int)write(CONFINED_FD, bytes, wire_format_result(bytes, result));
}

static int sends_a_key(const struct attempt *attempt, struct reason *own)
{
	const struct wire_result result = { .key = { "003", "web-01", "any", KEY } };

	(void)own;
	ignore_result(send_result(&result)); /* seen by the parent */
	return waits(attempt, own);
}

static int says_that_it_removed_one(const struct attempt *attempt, struct reason *own)
{
	const struct wire_result result = { .removed = true };

	(void)own;
	ignore_result(send_result(&result)); /* seen by the parent */
	return waits(attempt, own);
}

static void test_disbelieved(void **state)
{
	static const struct {
		const char *label;
		int (*inspect)(const struct attempt *attempt, struct reason *own);
		const char *word;
	} rows[] = {
		{ "crashes", crashes, "was killed by SIGABRT" },
		{ "reports for ever", reports_for_ever, "reported what nobody asked for" },
		{ "an outcome of the parent's", reports_an_outcome_of_the_parent,
		  "sent what is no message" },
		{ "sends a key", sends_a_key, "sent a key that nobody asked for" },
		{ "removed an agent", says_that_it_removed_one, "removed an agent" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_row(rows[i].label, look(rows[i].inspect) == OUTCOME_CRASHED);
		if (!strstr(why.text, rows[i].word))
			fail_msg("%s: %s", rows[i].label, why.text);
	}
}

static void test_stops(void **state)
{
	(void)state;
	deadline.stop_fd = eventfd(1, EFD_CLOEXEC);
	assert_int_equal(look(waits), -ECANCELED);
	close(deadline.stop_fd);
}

/* ------------------------------------------------------------------ removing an agent */

static struct agent_key key;
static struct attempt_report report;
static bool removed;

static int removes(const struct attempt *attempt, const char *id, bool *ret_removed,
		   struct attempt_report *own)
{
	*ret_removed = strcmp(id, "003") == 0;
	reason_set(&own->warning, "The certificate has expired");
	return strcmp(attempt->agent.name, "web-01") == 0 ? OUTCOME_OK : OUTCOME_REFUSED;
}

static int has_no_such_agent(const struct attempt *attempt, const char *id, bool *ret_removed,
			     struct attempt_report *own)
{
	(void)attempt, (void)id, (void)own;
	*ret_removed = false;
	return OUTCOME_OK;
}

static int refuses(const struct attempt *attempt, const char *id, bool *ret_removed,
		   struct attempt_report *own)
{
	(void)attempt, (void)id, (void)ret_removed;
	reason_set(&own->why, "It has another key");
	return OUTCOME_REFUSED;
}

static int knows_the_key(const struct attempt *attempt, const char *id, bool *ret_removed,
			 struct attempt_report *own)
{
	const struct agent_key *known = attempt->user;

	(void)id, (void)own;
	*ret_removed = false;
	return known->key[0] ? OUTCOME_REFUSED : OUTCOME_OK;
}

static int reports_a_finding(const struct attempt *attempt, const char *id, bool *ret_removed,
			     struct attempt_report *own)
{
	(void)attempt, (void)id, (void)own;
	*ret_removed = true;
	child_report(OUTCOME_OK, "DNS", "m");
	return OUTCOME_OK;
}

static int has_a_key(const struct attempt *attempt, const char *id, bool *ret_removed,
		     struct attempt_report *own)
{
	const struct wire_result result = { .key = { "003", "web-01", "any", KEY } };

	(void)id, (void)ret_removed, (void)own;
	ignore_result(send_result(&result)); /* seen by the parent */
	return deadline_wait(attempt->deadline, -1, 0);
}

static int forget(struct attempt *attempt, struct reason *own)
{
	(void)own;
	agent_key_wipe(attempt->user);
	return OUTCOME_OK;
}

static int deregister(int (*run)(const struct attempt *attempt, const char *id, bool *ret_removed,
				 struct attempt_report *own))
{
	const struct method method = { .name = "test", .deregister = run };
	const struct attempt attempt = make_attempt(&key);
	int r;

	key = (struct agent_key){ "003", "web-01", "any", KEY };
	report = (struct attempt_report){ 0 };
	removed = false;
	r = conversation_deregister(&method, &attempt, forget, "003", &removed, &report);
	check_no_child_is_left();
	assert_string_equal(key.key, KEY);
	return r;
}

static void test_removed(void **state)
{
	(void)state;
	assert_int_equal(deregister(removes), OUTCOME_OK);
	assert_true(removed);
	assert_string_equal(report.warning.text, "The certificate has expired");
	assert_int_equal(deregister(has_no_such_agent), OUTCOME_OK);
	assert_false(removed);
	assert_int_equal(deregister(refuses), OUTCOME_REFUSED);
	assert_false(removed);
	assert_string_equal(report.why.text, "It has another key");
	assert_int_equal(deregister(knows_the_key), OUTCOME_OK);
}

static void test_removal_is_not_believed(void **state)
{
	(void)state;
	assert_int_equal(deregister(reports_a_finding), OUTCOME_CRASHED);
	assert_false(removed);
	assert_int_equal(deregister(has_a_key), OUTCOME_CRASHED);
	assert_non_null(strstr(report.why.text, "sent a key that nobody asked for"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_findings, setup),
		cmocka_unit_test_setup(test_secrets_are_not_shown, setup),
		cmocka_unit_test_setup(test_disbelieved, setup),
		cmocka_unit_test_setup(test_stops, setup),
		cmocka_unit_test_setup(test_removed, setup),
		cmocka_unit_test_setup(test_removal_is_not_believed, setup),
	};

	return cmocka_run_group_tests_name("inspect", tests, NULL, NULL);
}
