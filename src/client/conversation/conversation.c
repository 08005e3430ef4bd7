/* SPDX-License-Identifier: ISC */
#include "client/conversation/conversation.h"

#include "client/conversation/child.h"
#include "client/conversation/wire.h"
#include "common/cleanup.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* The child keeps to the deadline itself, and says what it was doing then. */
#define GRACE_USEC (2 * USEC_PER_SEC)
/* After that, who was asked to stop is killed. */
#define STOP_USEC (200 * USEC_PER_MSEC)
/* More steps than an attempt with many groups has, each with a connection of its own. */
#define STEPS_MAX 2000

struct conversation {
	const struct method *method;
	const struct attempt *attempt;
	pid_t pid; /* of the child; 0: it has been waited for, or never began */
	int fd;    /* to it */
	struct deadline deadline;
	bool is_stopping;
	unsigned int steps;
	struct wire_result result;
	size_t anchor_length, anchor_size; /* of the CA in the result's report, and of its memory */
	struct reason why;
};

/* ------------------------------------------------------------------ the child's life */

static int start(struct conversation *conversation, void (*forget)(void *user))
{
	struct child child = {
		.method = conversation->method,
		.attempt = conversation->attempt,
		.forget = forget,
		.parent = getpid(),
	};
	int pair[2];

	conversation_finish();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	conversation->fd = pair[0];
	child.fd = pair[1];
	conversation->pid = fork();
	if (conversation->pid == 0)
		child_run(&child);
	close(pair[1]);
	if (conversation->pid < 0) {
		conversation->pid = 0;
		return -errno;
	}
	return 0;
}

static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/*
 * End the child and wait for it. One that has ended by itself, or is about to, is not affected by
 * the signal: its status, which is returned, says how it ended.
 */
static int end(struct conversation *conversation)
{
	pid_t pid = conversation->pid;

	conversation->pid = 0;
	if (pid == 0)
		return 0;
	(void)kill(pid, SIGKILL);
	return wait_for(pid);
}

/*
 * We were asked to stop, and so is the child: its waits end. It may have a key in hand already, so
 * its result still counts; but it gets a moment only.
 */
static void stop(struct conversation *conversation)
{
	(void)shutdown(conversation->fd, SHUT_WR);
	conversation->is_stopping = true;
	conversation->deadline = deadline_in(STOP_USEC, NULL);
}

/* Its result has come: it ends by itself, but need not be waited for now. */
static pid_t leaving;

static void leave(struct conversation *conversation)
{
	(void)kill(conversation->pid, SIGKILL);
	leaving = conversation->pid;
	conversation->pid = 0;
}

void conversation_finish(void)
{
	if (leaving > 0)
		wait_for(leaving);
	leaving = 0;
}

static void close_conversation(struct conversation *conversation)
{
	(void)end(conversation);
	release_fd(&conversation->fd);
	wire_result_wipe(&conversation->result);
}

/* ------------------------------------------------------------------ what must not happen */

/* The child said, or did, what it cannot have to: it is not believed, and ended. */
static int not_believed(struct conversation *conversation, const char *what)
{
	char manager[ENDPOINT_TEXT_SIZE];

	(void)end(conversation);
	reason_set(&conversation->why,
		   "The process that talked to %s %s; if this happens again, the answers of that "
		   "host should be looked at",
		   endpoint_text(conversation->attempt->manager, manager), what);
	return OUTCOME_CRASHED;
}

/* It closed its end without a result. */
static int has_died(struct conversation *conversation)
{
	int status = end(conversation);
	char what[128];

	if (WIFSIGNALED(status))
		(void)snprintf(what, sizeof what, "was killed by SIG%s (%s)",
			       sigabbrev_np(WTERMSIG(status)) ?: "?",
			       sigdescr_np(WTERMSIG(status)) ?: "unknown signal");
	else
		(void)snprintf(what, sizeof what, "ended with status %d and no result",
			       WEXITSTATUS(status));
	return not_believed(conversation, what);
}

/* ------------------------------------------------------------------ its messages */

static int take_step(struct conversation *conversation, enum attempt_step step)
{
	const struct attempt *attempt = conversation->attempt;
	unsigned char bytes[WIRE_MAX];
	int r;

	if (conversation->is_stopping)
		return OUTCOME_OK; /* it gets no GO */
	if (++conversation->steps > STEPS_MAX)
		return not_believed(conversation, "began too many steps");
	r = attempt_begin_step(attempt, step);
	/* if that cannot be sent, the child has died, which is seen next */
	if (r == OUTCOME_OK && step == STEP_SENDING)
		(void)send(conversation->fd, bytes, wire_format_go(bytes), MSG_NOSIGNAL);
	return r;
}

static int take_anchor(struct conversation *conversation, const char *piece, size_t length)
{
	struct attempt_report *report = &conversation->result.report;
	size_t needed = conversation->anchor_length + length + 1;

	if (needed > WIRE_ANCHOR_MAX || !conversation->method->check_anchor)
		return not_believed(conversation, "sent a CA that it cannot have");
	if (needed > conversation->anchor_size) {
		char *longer = realloc(report->anchor, needed * 2);

		if (!longer)
			return reason_errno(&conversation->why, ENOMEM, "Cannot keep the CA");
		report->anchor = longer;
		conversation->anchor_size = needed * 2;
	}
	memcpy(report->anchor + conversation->anchor_length, piece, length);
	conversation->anchor_length += length;
	report->anchor[conversation->anchor_length] = '\0';
	return OUTCOME_OK;
}

static void take_result(struct conversation *conversation, struct wire_result *result)
{
	result->report.anchor = take_pointer(conversation->result.report.anchor);
	conversation->result = *result;
	explicit_bzero(result, sizeof *result);
}

/* Wait for the next message, and take it. `*ret_done` is set to whether it was the result. */
static int take_message(struct conversation *conversation, bool *ret_done)
{
	unsigned char bytes[WIRE_MAX];
	struct wire_message message;
	ssize_t length;
	int r = deadline_wait(&conversation->deadline, conversation->fd, POLLIN);

	if (r == -ECANCELED) {
		stop(conversation);
		return OUTCOME_OK;
	}
	if (r == -ETIMEDOUT)
		return not_believed(conversation, "did not end in time");
	if (r < 0)
		return reason_errno(&conversation->why, r,
				    "Cannot wait for the process that talks to the manager");
	length = recv(conversation->fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_TRUNC);
	if (length < 0 && (errno == EINTR || errno == EAGAIN))
		return OUTCOME_OK;
	if (length <= 0)
		return has_died(conversation);
	r = (size_t)length > sizeof bytes ? -EBADMSG : wire_parse(&message, bytes, (size_t)length);
	if (r == 0 && message.kind == WIRE_STEP)
		r = take_step(conversation, message.step);
	else if (r == 0 && message.kind == WIRE_ANCHOR)
		r = take_anchor(conversation, message.piece, message.length);
	else if (r == 0 && message.kind == WIRE_RESULT)
		take_result(conversation, &message.result);
	else
		r = not_believed(conversation, "sent what is no message");
	*ret_done = r == OUTCOME_OK && message.kind == WIRE_RESULT;
	explicit_bzero(bytes, sizeof bytes);
	return r;
}

/* ------------------------------------------------------------------ its result */

/* What each message cannot be checked for by itself. */
static int check_result(struct conversation *conversation)
{
	const struct attempt *attempt = conversation->attempt;
	const struct method *method = conversation->method;
	const struct wire_result *result = &conversation->result;

	if (result->outcome == -ECANCELED)
		return not_believed(conversation, "stopped without having been asked to");
	if (result->outcome != OUTCOME_REGISTERED)
		return result->report.anchor ? not_believed(conversation, "sent a CA without a key")
					     : OUTCOME_OK;
	if (method->keeps_name && strcmp(result->key.name, attempt->agent.name) != 0)
		return not_believed(conversation, "sent the key of another agent");
	if (method->check_anchor && method->check_anchor(attempt, result->report.anchor) < 0)
		return not_believed(conversation, "sent a CA that is not the expected one");
	return OUTCOME_OK;
}

static int hand_over(struct conversation *conversation, struct agent_key *ret,
		     struct attempt_report *report)
{
	struct wire_result *result = &conversation->result;

	if (result->outcome == OUTCOME_REGISTERED) {
		*ret = result->key;
		leave(conversation);
	}
	*report = result->report;
	result->report.anchor = NULL;
	return result->outcome;
}

int conversation_hold(const struct method *method, const struct attempt *attempt,
		      void (*forget)(void *user), struct agent_key *ret,
		      struct attempt_report *report)
{
	cleanup(close_conversation) struct conversation conversation = {
		.method = method,
		.attempt = attempt,
		.fd = -1,
		.deadline = *attempt->deadline,
	};
	bool is_done = false;
	int r;

	if (attempt->deadline->at < USEC_INFINITY - GRACE_USEC)
		conversation.deadline.at += GRACE_USEC;
	r = start(&conversation, forget);
	if (r < 0)
		return reason_errno(&report->why, r,
				    "Cannot start a process that talks to the manager");
	while (r == OUTCOME_OK && !is_done)
		r = take_message(&conversation, &is_done);
	if (r == OUTCOME_OK)
		r = check_result(&conversation);
	if (conversation.is_stopping &&
	    (r != OUTCOME_OK || conversation.result.outcome != OUTCOME_REGISTERED))
		return -ECANCELED;
	if (r == OUTCOME_OK)
		return hand_over(&conversation, ret, report);
	report->why = conversation.why;
	return r;
}
