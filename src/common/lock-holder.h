/* SPDX-License-Identifier: ISC */
/*
 * Locks on directories (flock(2)), which whoever may read a directory can hold: taking one with
 * patience, and saying who holds it.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LOCK_HOLDER_SIZE 160

/*
 * Describe for a message which process holds a lock on the open file: "process 123 (NAME)", or,
 * where /proc/locks does not show it, how to find out. Returns `ret`.
 */
const char *lock_holder_describe(char ret[static LOCK_HOLDER_SIZE], int fd);

/* The PID of that process; 0: not known. */
pid_t lock_holder(int fd);

/*
 * Lock the open directory `path` (for messages), waiting up to `patience` (microseconds). Returns
 * 0, or a negative errno with `why` set: -EAGAIN names the process that still holds it.
 */
int lock_directory(int fd, const char *path, uint64_t patience, struct reason *why) must_check;

/*
 * Open and lock the directory of the file `path`, which is changed meanwhile: two at once would
 * lose one of the changes. `role` is what the file is, in messages. Returns the descriptor, whose
 * closing releases the lock, or a negative errno with `why` set.
 */
int lock_directory_of(const char *path, const char *role, uint64_t patience,
		      struct reason *why) must_check;
