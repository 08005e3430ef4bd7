/* SPDX-License-Identifier: ISC */
/*
 * Confining a process that is about to talk to a manager: whoever takes it over can use the network
 * and the names of hosts, and nothing else of this machine.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

#include <unistd.h>

/* The only descriptor of a confined process but the standard streams, which are /dev/null. */
#define CONFINED_FD 3

/* The last of those that are; the report of a sanitizer goes to stderr, so that stays as it is. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CONFINED_LAST_STREAM STDOUT_FILENO
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
	__has_feature(undefined_behavior_sanitizer)
#define CONFINED_LAST_STREAM STDOUT_FILENO
#endif
#endif
#ifndef CONFINED_LAST_STREAM
#define CONFINED_LAST_STREAM STDERR_FILENO
#endif

#define CONFINE_GAP_SIZE 512

/*
 * Confine this process, which must have one thread, for good: no descriptor but `fd`, which becomes
 * CONFINED_FD; no capability, and no way to gain one; the files of landlock.h; the system calls of
 * syscall-filter.h. What the kernel does not have is left out (confine_gap() says so). Everything
 * that is read from other files must have been read, and every library that is outside of the
 * system's directories been loaded. Returns 0, or a negative errno with `why` set: the process is
 * then of no use any more.
 */
int confine_process(int fd, struct reason *why) must_check;

/*
 * What confine_process() cannot do here, and why, as a sentence in `buffer`; null: nothing. For an
 * administrator, once.
 */
const char *confine_gap(char buffer[static CONFINE_GAP_SIZE]) must_check;
