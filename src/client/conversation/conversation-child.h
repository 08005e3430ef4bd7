/* SPDX-License-Identifier: ISC */
/* A conversation (conversation.h) as its parts see it, and the life of the child that holds it. */
#pragma once

#include "client/conversation/child.h"
#include "client/conversation/wire.h"
#include "common/deadline.h"
#include "common/must-check.h"
#include "common/outcome.h"
#include "common/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct conversation {
	struct child child;
	void (*show)(enum outcome outcome, const char *label, const char *text, void *user);
	pid_t pid; /* of the child; 0: it has been waited for, or never began */
	int fd;    /* to it */
	struct deadline deadline;
	bool is_late; /* its deadline has passed */
	bool is_stopping;
	unsigned int steps;
	bool is_named; /* the agent's name has been made of what the child has found out */
	struct wire_result result;
	size_t anchor_length, anchor_size; /* of the CA in the result's report, and of its memory */
	struct reason why;
};

/* Make the child. Returns 0, or a negative errno. */
int conversation_start(struct conversation *conversation) must_check;

/*
 * We were asked to stop, and so is the child: its waits end. It may have a key in hand already, so
 * its result still counts; but it gets a moment only.
 */
void conversation_stop(struct conversation *conversation);

/* Its result has come: it ends by itself, and is waited for by conversation_finish(). */
void conversation_leave(struct conversation *conversation);

/*
 * The child said, or did, what it cannot have to: it is not believed, and ended. Returns
 * OUTCOME_CRASHED with the conversation's reason set.
 */
int conversation_not_believed(struct conversation *conversation, const char *what) must_check;

/* It closed its end without a result. Returns as conversation_not_believed(). */
int conversation_has_died(struct conversation *conversation) must_check;

/* End the child, and wipe what has come. Suitable for cleanup(). */
void conversation_close(struct conversation *conversation);
