/* SPDX-License-Identifier: ISC */
/* What prevents an existing file from being replaced, though it can be read. */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>

/* The id of the mount that an open file belongs to (proc(5)); -1: not known. */
long target_file_mount(int fd);

/*
 * Is the open file a mount point of its own, so that no other file can be renamed over it? Single
 * files are mounted into containers and sandboxes.
 */
bool target_file_is_mount_point(int fd) must_check;

/*
 * Check the open file or directory for the marks immutable and append-only (chattr(1)). `path` is
 * for messages. Returns 0, or -EPERM with `why` set.
 */
int target_file_check_marks(int fd, const char *path, struct reason *why) must_check;
