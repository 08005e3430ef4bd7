/* SPDX-License-Identifier: ISC */
/*
 * The process of a front: it speaks with whoever reaches its ports, so it has no right that it can
 * be without.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

#include <stddef.h>
#include <sys/types.h>

#define FRONT_USER "agent-registrar"

/* The two ends of `serve` when one command begins both: in the keeper the front, and vice versa. */
struct front_process {
	pid_t pid; /* of the other one; 0: there is none */
	int fd;    /* to the other one: a stream socket that does not block; -1: none */
};

#define FRONT_PROCESS_NULL ((struct front_process){ .fd = -1 })

/*
 * Make the front, as a child. Returns 1 in it, 0 in the keeper, or a negative errno with `why` set.
 */
int front_process_begin(struct front_process *ret, struct reason *why) must_check;

/*
 * In the front: close all descriptors but these `count` and the standard ones, become FRONT_USER if
 * this is root's process, and give up everything else, for good. `keeper` is the process that it
 * ends with; 0: none. It then also becomes "nobody" where there is no FRONT_USER; otherwise that is
 * a failure, because the keeper lets only FRONT_USER in. Returns 0, or a negative errno with `why`
 * set.
 */
int front_process_confine(const int *descriptors, size_t count, pid_t keeper,
			  struct reason *why) must_check;

struct passwd;

/*
 * A user of this machine, in memory of the C library's; null: there is none of that name. Returns 0
 * or, when this machine is too short of something to see it, a negative errno with `why` set.
 */
int front_process_find_user(const struct passwd **ret, const char *name,
			    struct reason *why) must_check;

/* In the keeper, which does not begin: the front ends, and is waited for. Fit for cleanup(). */
void front_process_end(struct front_process *front);
