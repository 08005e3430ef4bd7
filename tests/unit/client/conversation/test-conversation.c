/* SPDX-License-Identifier: ISC */
/* A conversation with methods that do what no method should: none of it is believed or stays. */
#include "tests/unit/support.h"

#include "client/confinement/confine.h"
#include "client/confinement/syscall-filter.h"
#include "client/conversation/conversation.h"
#include "client/conversation/wire.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEY "48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db"
#define SECRET "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define CA "-----BEGIN CERTIFICATE-----\n"

/* What parent and child see both. */
static volatile struct {
	int saved; /* steps that the parent has taken */
	int sent;  /* how often the child went on from STEP_SENDING */
	int child; /* its process id */
} * shared;

static struct endpoint manager = { "m", 1515 };
static struct deadline deadline;
static const char *secret_of_parent = "secret";
static const char *anchor_to_send;

/* ------------------------------------------------------------------ holding one */

static int progress_result; /* of STEP_SENDING */

static int take_step(enum attempt_step step, void *user)
{
	(void)user;
	shared->saved |= 1 << step;
	return step == STEP_SENDING ? progress_result : 0;
}

static void forget(void *user)
{
	*(const char **)user = NULL;
}

static int accept_anchor(const struct attempt *attempt, const char *anchor)
{
	(void)attempt;
	return anchor && strcmp(anchor, anchor_to_send ?: CA) == 0 ? 0 : -EBADMSG;
}

static struct method method;
static struct agent_key key;
static struct attempt_report report;

static int hold(int (*run)(const struct attempt *attempt, struct agent_key *ret,
			   struct attempt_report *own))
{
	const struct attempt attempt = {
		.manager = &manager,
		.agent = { .name = "web-01" },
		.deadline = &deadline,
		.progress = take_step,
		.user = &secret_of_parent,
	};
	int r;

	method.run = run;
	memset((void *)shared, 0, sizeof *shared);
	memset(&key, 0, sizeof key);
	free(report.anchor);
	memset(&report, 0, sizeof report);
	r = conversation_hold(&method, &attempt, forget, &key, &report);
	conversation_finish();
	/* whatever happened, the child has been waited for */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return r;
}

static int setup(void **state)
{
	(void)state;
	deadline = (struct deadline){ monotonic_usec() + 20 * USEC_PER_SEC, -1 };
	method = (struct method){ .name = "test" };
	progress_result = 0;
	anchor_to_send = NULL;
	return 0;
}

/* ------------------------------------------------------------------ what is handed over */

static int registers(const struct attempt *attempt, struct agent_key *ret,
		     struct attempt_report *own)
{
	(void)attempt;
	*ret = (struct agent_key){ "003", "web-01", "any", KEY };
	strcpy(own->reenroll_secret.id, "003");
	strcpy(own->reenroll_secret.text, SECRET);
	reason_set(&own->warning, "The certificate has expired");
	own->anchor = anchor_to_send ? strdup(anchor_to_send) : NULL;
	return OUTCOME_REGISTERED;
}

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

static int waits_for_ever(const struct attempt *attempt, struct agent_key *ret,
			  struct attempt_report *own)
{
	(void)attempt, (void)ret, (void)own;
	shared->child = getpid();
	while (poll(NULL, 0, -1) <= 0)
		;
	return OUTCOME_BUSY;
}

static int sends_after_a_stop(const struct attempt *attempt, struct agent_key *ret,
			      struct attempt_report *own)
{
	(void)ret, (void)own;
	if (attempt_begin_step(attempt, STEP_SENDING) == 0)
		shared->sent = 1;
	return -ECANCELED;
}

static int aborts(const struct attempt *attempt, struct agent_key *ret, struct attempt_report *own)
{
	(void)attempt, (void)ret, (void)own;
	abort();
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

/* ------------------------------------------------------------------ who is not believed */

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

static int setup_shared(void **state)
{
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	return shared == MAP_FAILED ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_registered, setup),
		cmocka_unit_test_setup(test_refused, setup),
		cmocka_unit_test_setup(test_local_failure, setup),
		cmocka_unit_test_setup(test_forgets_in_the_child, setup),
		cmocka_unit_test_setup(test_confined, setup),
		cmocka_unit_test_setup(test_sends_what_was_saved, setup),
		cmocka_unit_test_setup(test_does_not_send_what_was_not_saved, setup),
		cmocka_unit_test_setup(test_stops, setup),
		cmocka_unit_test_setup(test_deadline, setup),
		cmocka_unit_test_setup(test_ends_with_its_parent, setup),
		cmocka_unit_test_setup(test_disbelieved, setup),
#ifdef __x86_64__
		cmocka_unit_test_setup(test_killed_by_the_filter, setup),
#endif
		cmocka_unit_test_setup(test_no_process, setup),
	};

	return cmocka_run_group_tests_name("conversation", tests, setup_shared, NULL);
}
