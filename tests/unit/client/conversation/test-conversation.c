/* SPDX-License-Identifier: ISC */
/* Conversations: what is handed over, saved before it is sent, stopped; who waits for whom. */
#include "tests/unit/client/conversation/conversation-fixture.h"

#include "client/confinement/confine.h"
#include "client/confinement/syscall-filter.h"
#include "client/conversation/wire.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ------------------------------------------------------------------ what is handed over */

static void test_registered(void **state)
{
	char *longer = malloc(100001);

	(void)state;
	assert_int_equal(hold(registers), OUTCOME_REGISTERED);
	assert_string_equal(key.key, KEY);
	assert_string_equal(key.name, "web-01");
	assert_string_equal(report.reenroll_secret.text, SECRET);
	assert_string_equal(report.warning.text, "The certificate has expired");
	assert_null(report.anchor);

	method.check_anchor = accept_anchor;
	anchor_to_send = CA;
	assert_int_equal(hold(registers), OUTCOME_REGISTERED);
	assert_string_equal(report.anchor, CA);

	memset(longer, 'c', 100000); /* many messages */
	longer[100000] = '\0';
	anchor_to_send = longer;
	assert_int_equal(hold(registers), OUTCOME_REGISTERED);
	assert_string_equal(report.anchor, longer);
	free(longer);
}

static int refuses(const struct attempt *attempt, struct agent_key *ret, struct attempt_report *own)
{
	(void)attempt, (void)ret;
	reason_set_manager_message(&own->why, "m:1515", "No", "", NULL);
	own->answered = true;
	own->subject = REFUSED_GROUP;
	own->retry_after = 5 * USEC_PER_SEC;
	strcpy(own->missing_groups, "a,b");
	return OUTCOME_REFUSED;
}

static void test_refused(void **state)
{
	(void)state;
	assert_int_equal(hold(refuses), OUTCOME_REFUSED);
	assert_string_equal(report.why.text, "m:1515 says: No");
	assert_int_equal(report.why.message_end - report.why.message_start, 2);
	assert_true(report.answered && report.subject == REFUSED_GROUP);
	assert_int_equal(report.retry_after, 5 * USEC_PER_SEC);
	assert_string_equal(report.missing_groups, "a,b");
	assert_string_equal(key.key, "");
}

static int fails(const struct attempt *attempt, struct agent_key *ret, struct attempt_report *own)
{
	(void)attempt, (void)ret;
	return reason_errno(&own->why, ENOMEM, "Cannot read");
}

static void test_local_failure(void **state)
{
	(void)state;
	assert_int_equal(hold(fails), -ENOMEM);
	assert_string_equal(report.why.text, "Cannot read: Cannot allocate memory");
}

/* As a child that cannot read does. */
static int leaves_something_unread(const struct attempt *attempt, struct agent_key *ret,
				   struct attempt_report *own)
{
	struct pollfd parent = { .fd = CONFINED_FD, .events = POLLIN };
	unsigned char bytes[WIRE_MAX];
	size_t length = wire_format_step(bytes, STEP_SENDING);

	(void)attempt, (void)ret;
	if (send(CONFINED_FD, bytes, length, MSG_NOSIGNAL) < 0 || poll(&parent, 1, -1) != 1)
		return OUTCOME_CRASHED;
	reason_set(&own->why, "That is all");
	return OUTCOME_BUSY;
}

/* What it says before it ends is heard, although it is told too late that it may go on. */
static void test_unread_order(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		assert_int_equal(hold(leaves_something_unread), OUTCOME_BUSY);
		assert_string_equal(report.why.text, "That is all");
	}
}

static int knows_the_secret(const struct attempt *attempt, struct agent_key *ret,
			    struct attempt_report *own)
{
	(void)attempt, (void)ret, (void)own;
	return secret_of_parent ? OUTCOME_REFUSED : OUTCOME_BUSY;
}

static void test_forgets_in_the_child(void **state)
{
	(void)state;
	assert_int_equal(hold(knows_the_secret), OUTCOME_BUSY);
	assert_string_equal(secret_of_parent, "secret");
}

/* It reads a file that the confined child cannot, and hands over what it has found. */
static int reads_a_file(struct attempt *attempt, struct reason *why)
{
	(void)why;
	attempt->agent.version = access("/proc/self/exe", R_OK) == 0 ? "prepared" : "confined";
	return OUTCOME_OK;
}

static int was_prepared(const struct attempt *attempt, struct agent_key *ret,
			struct attempt_report *own)
{
	(void)ret, (void)own;
	return strcmp(attempt->agent.version, "prepared") == 0 ? OUTCOME_REFUSED : OUTCOME_BUSY;
}

static void test_prepared_in_the_child(void **state)
{
	(void)state;
	prepare = reads_a_file;
	assert_int_equal(hold(was_prepared), OUTCOME_REFUSED);
}

static int finds_a_fault(struct attempt *attempt, struct reason *why)
{
	(void)attempt;
	reason_set(why, "The CA file /ca.pem is empty");
	return OUTCOME_MISCONFIGURED;
}

/* Then it does not even begin. */
static void test_cannot_be_prepared(void **state)
{
	(void)state;
	prepare = finds_a_fault;
	assert_int_equal(hold(registers), OUTCOME_MISCONFIGURED);
	assert_string_equal(report.why.text, "The CA file /ca.pem is empty");
	assert_string_equal(key.key, "");
	assert_int_equal(shared->saved, 0);
}

static int is_confined(const struct attempt *attempt, struct agent_key *ret,
		       struct attempt_report *own)
{
	(void)attempt, (void)ret, (void)own;
	if (syscall_filter_check() == 0)
		return OUTCOME_REFUSED; /* it would not know */
	return kill(getppid(), 0) < 0 && errno == EPERM ? OUTCOME_BUSY : OUTCOME_REFUSED;
}

static void test_confined(void **state)
{
	(void)state;
	if (syscall_filter_check() < 0) {
		print_message("seccomp is missing here\n");
		skip();
	}
	assert_int_equal(hold(is_confined), OUTCOME_BUSY);
}

/* ------------------------------------------------------------------ saved before it is sent */

static int sends(const struct attempt *attempt, struct agent_key *ret, struct attempt_report *own)
{
	int r = attempt_begin_step(attempt, STEP_CONNECTING);

	(void)ret, (void)own;
	if (r == 0)
		r = attempt_begin_step(attempt, STEP_SENDING);
	if (r != 0)
		return r;
	shared->sent = shared->saved & (1 << STEP_SENDING) ? 1 : -1;
	r = attempt_begin_step(attempt, STEP_WAITING);
	return r == 0 ? OUTCOME_BUSY : r;
}

static void test_sends_what_was_saved(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		assert_int_equal(hold(sends), OUTCOME_BUSY);
		assert_int_equal(shared->sent, 1);
		assert_int_equal(shared->saved,
				 1 << STEP_CONNECTING | 1 << STEP_SENDING | 1 << STEP_WAITING);
	}
}

static void test_does_not_send_what_was_not_saved(void **state)
{
	(void)state;
	progress_result = -EIO;
	assert_int_equal(hold(sends), -EIO);
	assert_int_equal(shared->sent, 0);
}

/* ------------------------------------------------------------------ being asked to stop */

static int waits(const struct attempt *attempt, struct agent_key *ret, struct attempt_report *own)
{
	(void)ret, (void)own;
	shared->child = getpid();
	return deadline_wait(attempt->deadline, -1, 0);
}

static int sends_after_a_stop(const struct attempt *attempt, struct agent_key *ret,
			      struct attempt_report *own)
{
	(void)ret, (void)own;
	if (attempt_begin_step(attempt, STEP_SENDING) == 0)
		shared->sent = 1;
	return -ECANCELED;
}

static int has_the_key_already(const struct attempt *attempt, struct agent_key *ret,
			       struct attempt_report *own)
{
	return deadline_wait(attempt->deadline, -1, 0) == -ECANCELED ? registers(attempt, ret, own)
								     : OUTCOME_BUSY;
}

static void test_stops(void **state)
{
	uint64_t begin = monotonic_usec();

	(void)state;
	deadline.stop_fd = eventfd(1, EFD_CLOEXEC);
	assert_int_equal(hold(waits), -ECANCELED);
	assert_int_equal(hold(waits_for_ever), -ECANCELED);
	assert_int_equal(hold(sends_after_a_stop), -ECANCELED);
	assert_int_equal(shared->sent, 0);
	assert_int_equal(hold(aborts), -ECANCELED);
	assert_int_equal(hold(refuses), -ECANCELED);
	assert_int_equal(hold(has_the_key_already), OUTCOME_REGISTERED);
	assert_string_equal(key.key, KEY);
	assert_true(monotonic_usec() - begin < 5 * USEC_PER_SEC);
	close(deadline.stop_fd);
}

static void test_deadline(void **state)
{
	(void)state;
	deadline.at = monotonic_usec() + 50 * USEC_PER_MSEC;
	assert_int_equal(hold(waits), -ETIMEDOUT);
	deadline.at = monotonic_usec() + 50 * USEC_PER_MSEC;
	assert_int_equal(hold(waits_for_ever), OUTCOME_CRASHED);
	assert_non_null(strstr(report.why.text, "did not end in time"));
}

/* The machine has stood still for longer than the deadline and all patience: the answer counts. */
static void test_stood_still(void **state)
{
	(void)state;
	deadline.at = monotonic_usec() - 10 * USEC_PER_SEC;
	assert_int_equal(hold(registers), OUTCOME_REGISTERED);
	assert_string_equal(key.key, KEY);
	assert_int_equal(hold(sends), OUTCOME_BUSY);
	assert_int_equal(shared->sent, 1);
}

/* A grandchild of this process, whose parent is killed, ends with it. */
static void test_ends_with_its_parent(void **state)
{
	int status;
	pid_t parent, child;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	memset((void *)shared, 0, sizeof *shared);
	parent = fork();
	if (parent == 0) {
		(void)hold(waits_for_ever);
		_exit(0);
	}
	while (!shared->child)
		sched_yield();
	child = shared->child;
	assert_int_equal(kill(parent, SIGKILL), 0);
	assert_int_equal(waitpid(parent, &status, 0), parent);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

/* ------------------------------------------------------------------ no child at all */

static bool fork_fails;

pid_t __real_fork(void);
pid_t __wrap_fork(void);
pid_t __wrap_fork(void)
{
	errno = EAGAIN;
	return fork_fails ? -1 : __real_fork();
}

static void test_no_process(void **state)
{
	(void)state;
	fork_fails = true;
	assert_int_equal(hold(waits), -EAGAIN);
	fork_fails = false;
	assert_non_null(
		strstr(report.why.text, "Cannot start a process that talks to the manager"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_registered, setup),
		cmocka_unit_test_setup(test_refused, setup),
		cmocka_unit_test_setup(test_local_failure, setup),
		cmocka_unit_test_setup(test_unread_order, setup),
		cmocka_unit_test_setup(test_forgets_in_the_child, setup),
		cmocka_unit_test_setup(test_prepared_in_the_child, setup),
		cmocka_unit_test_setup(test_cannot_be_prepared, setup),
		cmocka_unit_test_setup(test_confined, setup),
		cmocka_unit_test_setup(test_sends_what_was_saved, setup),
		cmocka_unit_test_setup(test_does_not_send_what_was_not_saved, setup),
		cmocka_unit_test_setup(test_stops, setup),
		cmocka_unit_test_setup(test_deadline, setup),
		cmocka_unit_test_setup(test_stood_still, setup),
		cmocka_unit_test_setup(test_ends_with_its_parent, setup),
		cmocka_unit_test_setup(test_no_process, setup),
	};

	return cmocka_run_group_tests_name("conversation", tests, setup_shared, NULL);
}
