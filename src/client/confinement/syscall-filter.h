/* SPDX-License-Identifier: ISC */
/*
 * The system calls of a confined process, by seccomp (seccomp(2)): a list of those that it may
 * make, for x86_64 and arm64. Calls that are not on it fail with EPERM; those that are newer than
 * the list with ENOSYS, so that libraries use the older ones; calls of another architecture end
 * the process.
 */
#pragma once

#include "common/must-check.h"

/* Can calls be filtered here? Returns 0, or a negative errno. */
int syscall_filter_check(void) must_check;

/*
 * Filter the calls of this process from now on; where that is impossible, do nothing. Needs
 * PR_SET_NO_NEW_PRIVS. Returns 0 or a negative errno.
 */
int syscall_filter_install(void) must_check;
