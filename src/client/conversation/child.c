/* SPDX-License-Identifier: ISC */
#include "client/conversation/child.h"

#include "client/config/name-template.h"
#include "client/confinement/confine.h"
#include "client/conversation/wire.h"
#include "client/net/net.h"
#include "common/cleanup.h"
#include "common/library-memory.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/* ------------------------------------------------------------------ messages */

/* Why the parent could not be told something, or be heard; 0: it could. */
static int broken;

/* After -1. Its end is our order to stop. Returns -ECANCELED, or what is wrong here. */
static int note_broken(void)
{
	broken = errno == EPIPE || errno == ECONNRESET ? -ECANCELED : -errno;
	return broken;
}

/* The parent reads until it has the result, so this waits, if at all, for a moment. */
static int send_message(const unsigned char *bytes, size_t length)
{
	ssize_t sent;

	do
		sent = send(CONFINED_FD, bytes, length, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? note_broken() : 0;
}

/* Wait for a message of this kind. */
static int wait_for(enum wire_kind kind, struct wire_message *ret)
{
	unsigned char bytes[WIRE_MAX];
	ssize_t length;

	do
		length = recv(CONFINED_FD, bytes, sizeof bytes, 0);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return note_broken();
	return length > 0 && wire_parse(ret, bytes, (size_t)length) == 0 && ret->kind == kind
		       ? OUTCOME_OK
		       : -ECANCELED;
}

/* Wait until the parent has remembered that we are about to ask. */
static int wait_for_go(void)
{
	struct wire_message message;

	return wait_for(WIRE_GO, &message);
}

static int send_step(enum attempt_step step, void *user)
{
	unsigned char bytes[WIRE_MAX];
	size_t length = wire_format_step(bytes, step);
	int r = send_message(bytes, length);

	(void)user;
	return r == 0 && step == STEP_SENDING ? wait_for_go() : r;
}

static int send_anchor(const char *anchor)
{
	unsigned char bytes[WIRE_MAX];
	int r = 0;

	for (size_t left = anchor ? strlen(anchor) : 0, size; r == 0 && left > 0; left -= size) {
		size_t length;

		size = left < WIRE_PIECE_MAX ? left : WIRE_PIECE_MAX;
		length = wire_format_anchor(bytes, anchor, size);
		r = send_message(bytes, length);
		anchor += size;
	}
	return r;
}

static int send_result(const struct wire_result *result)
{
	unsigned char bytes[WIRE_MAX];
	int r = send_anchor(result->report.anchor);
	size_t length;

	if (r == 0) {
		length = wire_format_result(bytes, result);
		r = send_message(bytes, length);
	}
	explicit_bzero(bytes, sizeof bytes);
	return r;
}

void child_report(enum outcome outcome, const char *label, const char *text)
{
	struct wire_finding finding = { .outcome = outcome };
	unsigned char bytes[WIRE_MAX];
	size_t length;

	(void)snprintf(finding.label, sizeof finding.label, "%s", label);
	(void)snprintf(finding.text, sizeof finding.text, "%s", text);
	length = wire_format_finding(bytes, &finding);
	/* that it did not arrive is in `broken` */
	(void)send_message(bytes, length);
}

/* ------------------------------------------------------------------ the agent's name */

/* What the parent makes the name of, if it needs that. */
static struct {
	struct attempt *attempt; /* null: the name is known */
	struct own_names own;
	char name[AGENT_NAME_MAX + 1];
} naming;

/* Have the parent make the name; once, also if there are more connections. */
static int complete_name(int fd, struct reason *why)
{
	struct attempt *attempt = naming.attempt;
	unsigned char bytes[WIRE_MAX];
	struct wire_message message = { .kind = WIRE_NAME };
	int r = OUTCOME_OK;

	if (!attempt)
		return OUTCOME_OK;
	if (attempt->naming.needs & NAME_NEEDS_ADDRESS)
		r = own_address_find(naming.own.address, fd, attempt->manager, attempt->deadline,
				     why);
	if (r == OUTCOME_OK)
		r = send_message(bytes, wire_format_own(bytes, &naming.own));
	if (r == OUTCOME_OK)
		r = wait_for(WIRE_NAME, &message);
	if (r != OUTCOME_OK)
		return r;
	memcpy(naming.name, message.name.text, sizeof naming.name);
	attempt->api.lost_for = message.name.lost_for;
	naming.attempt = NULL;
	return OUTCOME_OK;
}

/* The rest of the name is found out when there is a connection. */
static int begin_name(struct attempt *attempt, struct reason *why)
{
	if (!attempt->naming.needs)
		return OUTCOME_OK;
	naming.attempt = attempt;
	attempt->agent.name = naming.name;
	attempt->connected = complete_name;
	return attempt->naming.needs & NAME_NEEDS_FQDN
		       ? own_fqdn_find(naming.own.fqdn, attempt->deadline, why)
		       : OUTCOME_OK;
}

/* ------------------------------------------------------------------ the manager's agents */

/*
 * A manager that registers agents and cannot serve them would have their identities used up: the
 * agents register again and again (attempt, `probe_port`).
 */
static int probe_manager(const struct attempt *attempt, struct reason *why)
{
	struct deadline deadline = deadline_in(attempt->connection.timeout, attempt->deadline);
	struct endpoint agents = *attempt->manager;
	struct reason cause = { 0 };
	cleanup_fd int fd = -1;
	int r;

	if (attempt->probe_port == 0)
		return OUTCOME_OK;
	agents.port = attempt->probe_port;
	/* not through the proxy, which the agent does not use either */
	r = net_connect(&agents, &deadline, &fd, &cause);
	if (r != OUTCOME_OK && r != -ECANCELED)
		reason_set(why,
			   "%s serves no agents (probe in [manager]), so no key is requested: %s",
			   agents.host, cause.text);
	return r;
}

/* ------------------------------------------------------------------ the attempt */

/* The child ends with its parent, which may have ended before it could say so. */
static void depend_on(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(EXIT_FAILURE);
}

static int do_task(const struct child *child, const struct attempt *attempt,
		   struct wire_result *result)
{
	switch (child->task) {
	case CHILD_DEREGISTERS:
		return child->method->deregister(attempt, child->id, &result->removed,
						 &result->report);
	case CHILD_INSPECTS:
		return child->inspect(attempt, &result->report.why);
	case CHILD_RENEWS_TRUST:
		return child->method->renew_trust(attempt, &result->report);
	default:
		return child->method->run(attempt, &result->key, &result->report);
	}
}

/* To where it is when this process is confined. */
static void move_pipe(int fd)
{
	if (fd != CONFINED_FD && dup3(fd, CONFINED_FD, O_CLOEXEC) < 0)
		_exit(EXIT_FAILURE);
}

/* Read what is to be read from files, give up the right to read more, and talk. */
static int hold(const struct child *child, struct wire_result *result)
{
	const struct deadline deadline = { child->attempt->deadline->at, CONFINED_FD };
	struct reason *why = &result->report.why;
	struct attempt attempt = *child->attempt;
	int r = child->prepare ? child->prepare(&attempt, why) : OUTCOME_OK;

	if (r == OUTCOME_OK)
		r = confine_process(CONFINED_FD, why);
	attempt.deadline = &deadline;
	attempt.progress = send_step;
	if (r == OUTCOME_OK)
		r = begin_name(&attempt, why);
	if (r == OUTCOME_OK)
		r = probe_manager(&attempt, why);
	return r == OUTCOME_OK ? do_task(child, &attempt, result) : r;
}

/*
 * What a library makes of it when it has no memory, or had none when it was set up, says nothing
 * about the manager.
 */
static int hold_unless_short(const struct child *child, struct wire_result *result)
{
	struct reason *why = &result->report.why, said;
	int r = hold(child, result);

	if ((r == OUTCOME_OK && child->task != CHILD_INSPECTS) || r == -ECANCELED || r == -ENOMEM ||
	    !library_memory_was_short())
		return r;
	said = *why;
	if (r == OUTCOME_OK)
		reason_set(why, "Out of memory: what was found may be wrong");
	else
		reason_set(why, "Out of memory, which may be why: %s", said.text);
	return -ENOMEM;
}

_Noreturn void child_run(const struct child *child)
{
	struct wire_result result = { 0 };
	int r;

	depend_on(child->parent);
	deadline_set_heartbeat(NULL, 0); /* the parent's waits say that it goes on */
	move_pipe(child->fd);
	result.outcome = hold_unless_short(child, &result);
	if (broken < 0 && broken != -ECANCELED)
		result.outcome = reason_errno(&result.report.why, broken,
					      "Cannot talk to the process that waits for the key");
	r = send_result(&result);
	wire_result_wipe(&result);
	_exit(r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}
