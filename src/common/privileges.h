/* SPDX-License-Identifier: ISC */
/* The privileges of this process, given up for good. */
#pragma once

#include "common/must-check.h"

/*
 * Give up all capabilities, and gain none by executing a program (PR_SET_NO_NEW_PRIVS). The user
 * stays: to change it takes a capability that the service does not have. Returns 0 or a negative
 * errno.
 */
int privileges_drop(void) must_check;
