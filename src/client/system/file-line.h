/* SPDX-License-Identifier: ISC */
/* A line of a file that a script or cloud-init has written, for the name of the agent. */
#pragma once

#include "common/must-check.h"
#include "common/outcome.h"
#include "common/reason.h"

#include <stddef.h>

#define FILE_LINE_MAX 4096 /* bytes of the file that are looked at */

/*
 * Read the first line of `path`, without its line end, blanks around it and a byte order mark. Only
 * root, or the user of this process, may be able to write there: what others can put in its place
 * (trusted-file.h) is no name. Returns OUTCOME_OK; OUTCOME_NOT_READY if there is no file, or
 * nothing in that line, yet; OUTCOME_MISCONFIGURED if it cannot be used: it is somebody else's, no
 * regular file, or has no line of less than `size` bytes; or a negative errno, for want of memory
 * and the like; in each case with `why` set and `ret` untouched.
 */
int file_line_read(const char *path, char *ret, size_t size, struct reason *why) must_check;
