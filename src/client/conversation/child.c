/* SPDX-License-Identifier: ISC */
#include "client/conversation/child.h"

#include "client/confinement/confine.h"
#include "client/conversation/wire.h"
#include "common/cleanup.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/* ------------------------------------------------------------------ messages */

/* The parent reads until it has the result, so this waits, if at all, for a moment. */
static int send_message(const unsigned char *bytes, size_t length)
{
	ssize_t sent;

	do
		sent = send(CONFINED_FD, bytes, length, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)length ? 0 : -ECANCELED;
}

/* Wait until the parent has remembered that we are about to ask. */
static int wait_for_go(void)
{
	unsigned char bytes[WIRE_MAX];
	struct wire_message message;
	ssize_t length;

	do
		length = recv(CONFINED_FD, bytes, sizeof bytes, 0);
	while (length < 0 && errno == EINTR);
	return length > 0 && wire_parse(&message, bytes, (size_t)length) == 0 &&
			       message.kind == WIRE_GO
		       ? OUTCOME_OK
		       : -ECANCELED;
}

static int send_step(enum attempt_step step, void *user)
{
	unsigned char bytes[WIRE_MAX];
	int r = send_message(bytes, wire_format_step(bytes, step));

	(void)user;
	return r == 0 && step == STEP_SENDING ? wait_for_go() : r;
}

static int send_anchor(const char *anchor)
{
	unsigned char bytes[WIRE_MAX];
	int r = 0;

	for (size_t left = anchor ? strlen(anchor) : 0, size; r == 0 && left > 0; left -= size) {
		size = left < WIRE_PIECE_MAX ? left : WIRE_PIECE_MAX;
		r = send_message(bytes, wire_format_anchor(bytes, anchor, size));
		anchor += size;
	}
	return r;
}

static void send_result(const struct wire_result *result)
{
	unsigned char bytes[WIRE_MAX];
	int r = send_anchor(result->report.anchor);

	if (r == 0)
		(void)send_message(bytes, wire_format_result(bytes, result));
	explicit_bzero(bytes, sizeof bytes);
}

void child_report(enum outcome outcome, const char *label, const char *text)
{
	struct wire_finding finding = { .outcome = outcome };
	unsigned char bytes[WIRE_MAX];

	(void)snprintf(finding.label, sizeof finding.label, "%s", label);
	(void)snprintf(finding.text, sizeof finding.text, "%s", text);
	/* if the parent has ended, so does this process */
	(void)send_message(bytes, wire_format_finding(bytes, &finding));
}

/* ------------------------------------------------------------------ the attempt */

/* The child ends with its parent, which may have ended before it could say so. */
static void depend_on(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(EXIT_FAILURE);
}

static int hold(const struct child *child, struct wire_result *result)
{
	const struct deadline deadline = { child->attempt->deadline->at, CONFINED_FD };
	struct attempt attempt = *child->attempt;

	attempt.deadline = &deadline;
	attempt.progress = send_step;
	switch (child->task) {
	case CHILD_DEREGISTERS:
		return child->method->deregister(&attempt, child->id, &result->removed,
						 &result->report);
	case CHILD_INSPECTS:
		return child->inspect(&attempt, &result->report.why);
	default:
		return child->method->run(&attempt, &result->key, &result->report);
	}
}

_Noreturn void child_run(const struct child *child)
{
	struct wire_result result = { 0 };

	depend_on(child->parent);
	deadline_set_heartbeat(NULL, 0); /* the parent's waits say that it goes on */
	if (child->forget)
		child->forget(child->attempt->user);
	result.outcome = confine_process(child->fd, &result.report.why);
	if (result.outcome == 0)
		result.outcome = hold(child, &result);
	send_result(&result);
	wire_result_wipe(&result);
	_exit(EXIT_SUCCESS);
}
