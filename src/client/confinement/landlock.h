/* SPDX-License-Identifier: ISC */
/*
 * The files of a confined process, by Landlock (landlock(7)): it reads the system's libraries and
 * what says how names are resolved, and writes nothing.
 */
#pragma once

#include "common/must-check.h"

/*
 * The version of Landlock's interface, 1 or more; or a negative errno: the kernel has none
 * (-ENOSYS), has not enabled it (-EOPNOTSUPP), or a filter of system calls forbids it (-EPERM).
 */
int landlock_version(void) must_check;

/*
 * Restrict this process, as far as the kernel's version of Landlock can; without one, do nothing.
 * Needs PR_SET_NO_NEW_PRIVS. Returns 0 or a negative errno.
 */
int landlock_restrict(void) must_check;
