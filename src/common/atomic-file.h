/* SPDX-License-Identifier: ISC */
/*
 * Replacing a file so that after a crash there is the old content or the new one, never a mixture:
 * stage (make the new file, with its final owner and mode, and room for its content) before there
 * is anything to store; commit (write, fsync, rename, fsync the directory) when there is; discard
 * when there will not be.
 */
#pragma once

#include "common/reason.h"

#include <stddef.h>
#include <sys/types.h>

struct atomic_file {
	int directory; /* the directory, open; -1: nothing staged */
	int fd;        /* the new file */
	char *name;    /* final name in the directory */
	char *staged;  /* the new file's name there: ".NAME.new" */
	char *path;    /* for messages: directory and name as given */
};

#define ATOMIC_FILE_NULL ((struct atomic_file){ .directory = -1, .fd = -1 })

/*
 * Make the new file for `path`: mode `mode` whatever the umask, owned by this process and group
 * `gid` ((gid_t)-1: this process's), `room` bytes reserved on the file system. A file left behind
 * by a crashed run is replaced, so callers must hold a lock or be the only writer. Copies the
 * SELinux label of an existing file. Returns 0, or a negative errno with `why` set; on failure
 * nothing is left behind.
 */
int atomic_file_stage(struct atomic_file *file, const char *path, mode_t mode, gid_t gid,
		      size_t room, struct reason *why);

/*
 * Write `data`, flush it to the disk and put it in place of the old file; then flush the directory.
 * With `aside`, the old file (if there is one) stays under that name in the same directory,
 * replacing an earlier one. Returns 0; 1 with `why` set when the new file is in place, but the old
 * one could not be kept aside, or the directory not be flushed (the new one may be gone after a
 * power cut); or a negative errno with `why` set: then the old file is untouched and the new one is
 * gone.
 */
int atomic_file_commit(struct atomic_file *file, const void *data, size_t length, const char *aside,
		       struct reason *why);

/* Remove the staged file, if there is one. Fit for cleanup(). */
void atomic_file_discard(struct atomic_file *file);

/*
 * Remove what a killed run may have staged for `path`. The caller holds the lock that
 * atomic_file_stage() wants.
 */
void atomic_file_clean(const char *path);
