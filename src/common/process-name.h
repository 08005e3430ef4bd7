/* SPDX-License-Identifier: ISC */
/* What a process is called. */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <sys/types.h>

#define PROCESS_NAME_SIZE 32 /* the kernel's have 16 bytes */

/*
 * Read the name of the process (/proc/PID/comm), which it has chosen itself: escape it before it is
 * shown. False, and an empty text: there is no such process, or it is not shown to us.
 */
bool process_name_read(char ret[static PROCESS_NAME_SIZE], pid_t pid) must_check;
