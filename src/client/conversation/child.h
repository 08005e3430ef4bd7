/* SPDX-License-Identifier: ISC */
/* The child's side of a conversation. */
#pragma once

#include "client/methods/method.h"

#include <sys/types.h>

enum child_task {
	CHILD_REGISTERS,
	CHILD_DEREGISTERS,
	CHILD_INSPECTS,
	CHILD_RENEWS_TRUST,
};

struct child {
	enum child_task task;
	const struct method *method; /* null where it inspects */
	const struct attempt *attempt;
	const char *id; /* of the agent that it deregisters */
	int (*inspect)(const struct attempt *attempt, struct reason *why);
	/* null: not called */
	int (*prepare)(struct attempt *attempt, struct reason *why);
	int fd; /* to the parent */
	pid_t parent;
};

/*
 * Be the child, after fork(2): prepare, confine this process, do its task, tell the parent by
 * messages (wire.h), and end. The end of the parent's messages means: stop.
 */
_Noreturn void child_run(const struct child *child);

/*
 * In a child that inspects: tell the parent what was found; see conversation_inspect(). `label` has
 * at most 31 characters, and `text` 1023.
 */
void child_report(enum outcome outcome, const char *label, const char *text);
