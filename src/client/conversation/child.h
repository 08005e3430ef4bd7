/* SPDX-License-Identifier: ISC */
/* The child's side of a conversation. */
#pragma once

#include "client/methods/method.h"

#include <sys/types.h>

struct child {
	const struct method *method;
	const struct attempt *attempt;
	void (*forget)(void *user); /* null: not called */
	int fd;                     /* to the parent */
	pid_t parent;
};

/*
 * Be the child, after fork(2): confine this process, hold the attempt, tell the parent by messages
 * (wire.h), and end. The end of the parent's messages means: stop.
 */
_Noreturn void child_run(const struct child *child);
