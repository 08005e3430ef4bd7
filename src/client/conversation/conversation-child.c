/* SPDX-License-Identifier: ISC */
#include "client/conversation/conversation-child.h"

#include "client/conversation/conversation.h"
#include "common/cleanup.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* After that, who was asked to stop is killed. */
#define STOP_USEC (200 * USEC_PER_MSEC)

int conversation_start(struct conversation *conversation)
{
	struct child *child = &conversation->child;
	int pair[2];

	conversation_finish();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	conversation->fd = pair[0];
	child->fd = pair[1];
	child->parent = getpid();
	conversation->pid = fork();
	if (conversation->pid == 0)
		child_run(child);
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
void conversation_stop(struct conversation *conversation)
{
	(void)shutdown(conversation->fd, SHUT_WR);
	conversation->is_stopping = true;
	conversation->deadline = deadline_in(STOP_USEC, NULL);
}

/* Its result has come: it ends by itself, but need not be waited for now. */
static pid_t leaving;

void conversation_leave(struct conversation *conversation)
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

void conversation_close(struct conversation *conversation)
{
	(void)end(conversation);
	release_fd(&conversation->fd);
	wire_result_wipe(&conversation->result);
}

/* ------------------------------------------------------------------ what must not happen */

/* The child said, or did, what it cannot have to: it is not believed, and ended. */
int conversation_not_believed(struct conversation *conversation, const char *what)
{
	char manager[ENDPOINT_TEXT_SIZE];

	(void)end(conversation);
	reason_set(&conversation->why,
		   "The process that talked to %s %s; if this happens again, the answers of that "
		   "host should be looked at",
		   endpoint_text(conversation->child.attempt->manager, manager), what);
	return OUTCOME_CRASHED;
}

/* It closed its end without a result. */
int conversation_has_died(struct conversation *conversation)
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
	return conversation_not_believed(conversation, what);
}
