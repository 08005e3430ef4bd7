/* SPDX-License-Identifier: ISC */
#include "tests/unit/client/conversation/conversation-fixture.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

volatile struct shared *shared;
struct deadline deadline;
const char *secret_of_parent = "secret";
const char *anchor_to_send;
char agent_name[AGENT_NAME_MAX + 1];
struct attempt_naming naming;
struct endpoint manager;
int progress_result;
int (*prepare)(struct attempt *attempt, struct reason *why);
struct method method;
struct agent_key key;
struct attempt_report report;

static int take_step(enum attempt_step step, void *user)
{
	(void)user;
	shared->saved |= 1 << step;
	return step == STEP_SENDING ? progress_result : 0;
}

static int forget(struct attempt *attempt, struct reason *why)
{
	(void)why;
	*(const char **)attempt->user = NULL;
	return OUTCOME_OK;
}

int accept_anchor(const struct attempt *attempt, const char *anchor)
{
	(void)attempt;
	return anchor && strcmp(anchor, anchor_to_send ?: CA) == 0 ? 0 : -EBADMSG;
}

int hold(int (*run)(const struct attempt *attempt, struct agent_key *ret,
		    struct attempt_report *own))
{
	const struct attempt attempt = {
		.manager = &manager,
		.agent = { .name = agent_name },
		.naming = naming,
		.password = PASSWORD,
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
	r = conversation_hold(&method, &attempt, prepare, &key, &report);
	conversation_finish();
	/* whatever happened, the child has been waited for */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return r;
}

int setup(void **state)
{
	(void)state;
	manager = (struct endpoint){ "m", 1515 };
	deadline = (struct deadline){ monotonic_usec() + 20 * USEC_PER_SEC, -1 };
	method = (struct method){ .name = "test" };
	progress_result = 0;
	prepare = forget;
	anchor_to_send = NULL;
	(void)strcpy(agent_name, "web-01");
	naming = (struct attempt_naming){ 0 };
	return 0;
}

int setup_shared(void **state)
{
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	return shared == MAP_FAILED ? -1 : 0;
}

int registers(const struct attempt *attempt, struct agent_key *ret, struct attempt_report *own)
{
	(void)attempt;
	*ret = (struct agent_key){ "003", "web-01", "any", KEY };
	strcpy(own->reenroll_secret.id, "003");
	strcpy(own->reenroll_secret.text, SECRET);
	reason_set(&own->warning, "The certificate has expired");
	own->anchor = anchor_to_send ? strdup(anchor_to_send) : NULL;
	return OUTCOME_REGISTERED;
}

int waits_for_ever(const struct attempt *attempt, struct agent_key *ret, struct attempt_report *own)
{
	(void)attempt, (void)ret, (void)own;
	shared->child = getpid();
	while (poll(NULL, 0, -1) <= 0)
		;
	return OUTCOME_BUSY;
}

int aborts(const struct attempt *attempt, struct agent_key *ret, struct attempt_report *own)
{
	(void)attempt, (void)ret, (void)own;
	abort();
}
