/* SPDX-License-Identifier: ISC */
/*
 * Writing over a file that cannot be replaced, because it is a mount point of its own: a single
 * file that was mounted into a container. Unlike with atomic-file.h, a crash while it is written
 * loses the old content; but what it leaves is never taken for a record: the file begins with a
 * null byte until everything behind that is on the disk.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct in_place_file {
	int fd;           /* -1: not open */
	const char *path; /* for messages; not owned */
	/* as the file was, to be restored unless something was written */
	uid_t uid;
	gid_t gid;
	mode_t mode;
	bool is_written;
};

#define IN_PLACE_FILE_NULL ((struct in_place_file){ .fd = -1 })

/*
 * Open the existing file `name` in `directory` for writing, give it owner (this process), group
 * ((gid_t)-1: as it is) and mode, and reserve `room` bytes. Its content is not changed. Returns 0,
 * or a negative errno with `why` set. Close with in_place_close().
 */
int in_place_open(struct in_place_file *file, int directory, const char *name, const char *path,
		  mode_t mode, gid_t gid, size_t room, struct reason *why) must_check;

/*
 * Write `data` over the content, and sync it to disk. With `backup` (a path; null: none), the old
 * content is stored there before, as a file with the same group and mode. Returns 0; 1 with `why`
 * set when the data is stored, but the old content could not be kept; or a negative errno with
 * `why` set, after an attempt to write the old content back.
 */
int in_place_commit(struct in_place_file *file, const void *data, size_t length, const char *backup,
		    struct reason *why) must_check;

/* Make the file empty, and sync that to disk. Returns 0, or a negative errno with `why` set. */
int in_place_empty(struct in_place_file *file, struct reason *why) must_check;

/*
 * Close the file; if nothing was written, it gets its owner, group and mode back. Suitable for
 * cleanup().
 */
void in_place_close(struct in_place_file *file);
