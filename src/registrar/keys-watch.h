/* SPDX-License-Identifier: ISC */
/*
 * Noticing that another program changed a file, by inotify(7) on its directory, since files are
 * replaced by a rename.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>

/*
 * Begin to watch. Returns a descriptor that gets readable when something happens there, or a
 * negative errno.
 */
int keys_watch_open(const char *directory) must_check;

/* Read what happened. Was `name` among what was written, replaced or removed? */
bool keys_watch_saw(int fd, const char *name) must_check;
