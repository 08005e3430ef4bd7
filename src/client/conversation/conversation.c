/* SPDX-License-Identifier: ISC */
#include "client/conversation/conversation.h"

#include "client/config/name-template.h"
#include "client/conversation/conversation-child.h"
#include "client/conversation/conversation-result.h"
#include "client/conversation/secrets.h"
#include "common/cleanup.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* When the deadline has passed, the child is given this long to say how it ended. */
#define GRACE_USEC (2 * USEC_PER_SEC)
/* More steps than an attempt with many groups has, each with a connection of its own. */
#define STEPS_MAX 2000

/* ------------------------------------------------------------------ its messages */

/* It waits for this. If it has died meanwhile, that is seen next. */
static int answer(struct conversation *conversation, const unsigned char *bytes, size_t length)
{
	ssize_t sent;

	do
		sent = send(conversation->fd, bytes, length, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0 || errno == EPIPE || errno == ECONNRESET)
		return OUTCOME_OK;
	return reason_errno(&conversation->why, errno,
			    "Cannot answer the process that talks to the manager");
}

static int send_go(struct conversation *conversation)
{
	unsigned char bytes[WIRE_MAX];

	size_t length = wire_format_go(bytes);

	return answer(conversation, bytes, length);
}

static int take_step(struct conversation *conversation, enum attempt_step step)
{
	const struct attempt *attempt = conversation->child.attempt;
	int r;

	if (++conversation->steps > STEPS_MAX)
		return conversation_not_believed(conversation, "began too many steps");
	if (conversation->is_stopping)
		return OUTCOME_OK; /* it gets no GO */
	if (step == STEP_SENDING && attempt->naming.needs && !conversation->is_named)
		return conversation_not_believed(conversation,
						 "was about to send a request without a name");
	r = attempt_begin_step(attempt, step);
	return r == OUTCOME_OK && step == STEP_SENDING ? send_go(conversation) : r;
}

/* Is that what the name needs, and nothing else? */
static bool is_needed(const struct attempt_naming *naming, const struct own_names *own)
{
	return !own->fqdn[0] == !(naming->needs & NAME_NEEDS_FQDN) &&
	       !own->address[0] == !(naming->needs & NAME_NEEDS_ADDRESS);
}

static int take_own(struct conversation *conversation, const struct own_names *own)
{
	const struct attempt *attempt = conversation->child.attempt;
	struct wire_name name = { 0 };
	unsigned char bytes[WIRE_MAX];
	size_t length;
	int r;

	if (!attempt->naming.needs || conversation->is_named || !is_needed(&attempt->naming, own))
		return conversation_not_believed(conversation,
						 "found a name that nobody asked for");
	if (secrets_are_in(own->fqdn, attempt, NULL))
		return conversation_not_believed(conversation, "sent one of our secrets as a name");
	if (conversation->is_stopping)
		return OUTCOME_OK; /* it gets none */
	r = attempt->naming.complete(own, &name.lost_for, &conversation->why, attempt->user);
	if (r != OUTCOME_OK)
		return r;
	conversation->is_named = true;
	(void)snprintf(name.text, sizeof name.text, "%s", attempt->agent.name);
	length = wire_format_name(bytes, &name);
	return answer(conversation, bytes, length);
}

static int take_anchor(struct conversation *conversation, const char *piece, size_t length)
{
	struct attempt_report *report = &conversation->result.report;
	size_t needed = conversation->anchor_length + length + 1;

	if (needed > WIRE_ANCHOR_MAX || !conversation->child.method ||
	    !conversation->child.method->check_anchor)
		return conversation_not_believed(conversation, "sent a CA that it cannot have");
	if (!report->anchor || needed > conversation->anchor_size) {
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

static int take_finding(struct conversation *conversation, struct wire_finding *finding)
{
	const struct attempt *attempt = conversation->child.attempt;

	if (!conversation->show || ++conversation->steps > STEPS_MAX)
		return conversation_not_believed(conversation, "reported what nobody asked for");
	if (secrets_are_in(finding->text, attempt, NULL))
		(void)snprintf(finding->text, sizeof finding->text, "%s", SECRETS_HIDDEN);
	conversation->show(finding->outcome, finding->label, finding->text, attempt->user);
	return OUTCOME_OK;
}

static void take_result(struct conversation *conversation, struct wire_result *result)
{
	result->report.anchor = take_pointer(conversation->result.report.anchor);
	conversation->result = *result;
	explicit_bzero(result, sizeof *result);
}

/*
 * The child keeps to the deadline too, and says what it was doing then: it gets a moment for that.
 * From now on, and not from the deadline: when this machine or its disk has stood still for longer,
 * the answer is there, and the child has yet to read it.
 */
static int take_timeout(struct conversation *conversation)
{
	if (conversation->is_late || conversation->is_stopping)
		return conversation_not_believed(conversation, "did not end in time");
	conversation->is_late = true;
	conversation->deadline = (struct deadline){ monotonic_usec() + GRACE_USEC,
						    conversation->deadline.stop_fd };
	return OUTCOME_OK;
}

/*
 * ECONNRESET comes first, once, when the child has ended with something unread; what it had sent
 * before is still there.
 */
static ssize_t receive(int fd, unsigned char bytes[static WIRE_MAX])
{
	ssize_t length = recv(fd, bytes, WIRE_MAX, MSG_DONTWAIT | MSG_TRUNC);

	return length < 0 && errno == ECONNRESET
		       ? recv(fd, bytes, WIRE_MAX, MSG_DONTWAIT | MSG_TRUNC)
		       : length;
}

static int take_content(struct conversation *conversation, struct wire_message *message)
{
	switch (message->kind) {
	case WIRE_STEP:
		return take_step(conversation, message->step);
	case WIRE_ANCHOR:
		return take_anchor(conversation, message->piece, message->length);
	case WIRE_FINDING:
		return take_finding(conversation, &message->finding);
	case WIRE_OWN:
		return take_own(conversation, &message->own);
	case WIRE_RESULT:
		take_result(conversation, &message->result);
		return OUTCOME_OK;
	default:
		return conversation_not_believed(conversation, "sent what is no message");
	}
}

/* Wait for the next message, and take it. `*ret_done` is set to whether it was the result. */
static int take_message(struct conversation *conversation, bool *ret_done)
{
	unsigned char bytes[WIRE_MAX];
	struct wire_message message;
	ssize_t length;
	int r = deadline_wait(&conversation->deadline, conversation->fd, POLLIN);

	if (r == -ECANCELED) {
		conversation_stop(conversation);
		return OUTCOME_OK;
	}
	if (r == -ETIMEDOUT)
		return take_timeout(conversation);
	if (r < 0)
		return reason_errno(&conversation->why, r,
				    "Cannot wait for the process that talks to the manager");
	length = receive(conversation->fd, bytes);
	if (length < 0 && (errno == EINTR || errno == EAGAIN))
		return OUTCOME_OK;
	if (length < 0 && errno != ECONNRESET)
		return reason_errno(&conversation->why, errno,
				    "Cannot hear the process that talks to the manager");
	if (length <= 0)
		return conversation_has_died(conversation);
	if ((size_t)length <= sizeof bytes && wire_parse(&message, bytes, (size_t)length) == 0) {
		r = take_content(conversation, &message);
		*ret_done = r == OUTCOME_OK && message.kind == WIRE_RESULT;
	} else {
		r = conversation_not_believed(conversation, "sent what is no message");
	}
	explicit_bzero(bytes, sizeof bytes);
	return r;
}

/* All of it: until the child has said how it ended, and is believed. */
static int hold(struct conversation *conversation)
{
	bool is_done = false;
	int r;

	conversation->deadline = *conversation->child.attempt->deadline;
	r = conversation_start(conversation);
	if (r < 0)
		return reason_errno(&conversation->why, r,
				    "Cannot start a process that talks to the manager");
	while (r == OUTCOME_OK && !is_done)
		r = take_message(conversation, &is_done);
	if (r == OUTCOME_OK)
		r = conversation_check_result(conversation);
	if (r == OUTCOME_OK)
		conversation_hide_secrets(conversation);
	return r;
}

/* ------------------------------------------------------------------ what is handed over */

/* Its key counts even when it was asked to stop; nothing else does. */
static bool was_stopped(const struct conversation *conversation, int r)
{
	return conversation->is_stopping &&
	       (r != OUTCOME_OK || conversation->result.outcome != OUTCOME_OK);
}

/* Returns the outcome. */
static int hand_over(struct conversation *conversation, int r, struct attempt_report *report)
{
	struct wire_result *result = &conversation->result;

	if (was_stopped(conversation, r))
		return -ECANCELED;
	if (r != OUTCOME_OK) {
		report->why = conversation->why;
		return r;
	}
	*report = result->report;
	result->report.anchor = NULL;
	return result->outcome;
}

int conversation_hold(const struct method *method, const struct attempt *attempt,
		      int (*prepare)(struct attempt *attempt, struct reason *why),
		      struct agent_key *ret, struct attempt_report *report)
{
	cleanup(conversation_close) struct conversation conversation = {
		.child = { CHILD_REGISTERS, .method = method, .attempt = attempt,
			   .prepare = prepare },
		.fd = -1,
	};
	int r = hold(&conversation);

	r = hand_over(&conversation, r, report);
	if (r == OUTCOME_REGISTERED) {
		*ret = conversation.result.key;
		conversation_leave(&conversation);
	}
	return r;
}

int conversation_deregister(const struct method *method, const struct attempt *attempt,
			    int (*prepare)(struct attempt *attempt, struct reason *why),
			    const char *id, bool *ret_removed, struct attempt_report *report)
{
	cleanup(conversation_close) struct conversation conversation = {
		.child = { CHILD_DEREGISTERS, .method = method, .attempt = attempt, .id = id,
			   .prepare = prepare },
		.fd = -1,
	};
	int r = hold(&conversation);

	r = hand_over(&conversation, r, report);
	if (r == OUTCOME_OK)
		*ret_removed = conversation.result.removed;
	return r;
}

int conversation_renew_trust(const struct method *method, const struct attempt *attempt,
			     int (*prepare)(struct attempt *attempt, struct reason *why),
			     struct attempt_report *report)
{
	cleanup(conversation_close) struct conversation conversation = {
		.child = { CHILD_RENEWS_TRUST, .method = method, .attempt = attempt,
			   .prepare = prepare },
		.fd = -1,
	};
	int r = hold(&conversation);

	return hand_over(&conversation, r, report);
}

int conversation_inspect(const struct attempt *attempt,
			 int (*inspect)(const struct attempt *attempt, struct reason *why),
			 void (*show)(enum outcome outcome, const char *label, const char *text,
				      void *user),
			 struct reason *why)
{
	cleanup(conversation_close) struct conversation conversation = {
		.child = { CHILD_INSPECTS, .attempt = attempt, .inspect = inspect },
		.show = show,
		.fd = -1,
	};
	struct attempt_report report = { 0 };
	int r = hold(&conversation);

	r = hand_over(&conversation, r, &report);
	*why = report.why;
	return r;
}
