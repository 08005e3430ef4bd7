/* SPDX-License-Identifier: ISC */
/*
 * Replacing a file atomically: after a crash there is either the old content or the new. Stage
 * (create the new file with its final owner and mode, and reserve space for its content) before
 * there is anything to store; commit (write, fsync, rename, fsync the directory) once there is;
 * discard otherwise.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct atomic_file {
	int directory; /* the directory, open; -1: nothing staged */
	int fd;        /* the new file */
	char *name;    /* final name in the directory */
	char *staged;  /* the new file's name there: ".NAME.new" */
	char *path;    /* the path as given, for messages */
	size_t length; /* of what was written to it in parts */
};

#define ATOMIC_FILE_NULL ((struct atomic_file){ .directory = -1, .fd = -1 })

/*
 * Create the new file for `path`: with mode `mode` regardless of the umask, owned by this process
 * and group `gid` ((gid_t)-1: that of this process), and `room` bytes reserved on the file system.
 * A file left by an interrupted run is replaced, so callers must hold a lock or be the only writer.
 * Copies the SELinux label of an existing file. An existing file that cannot be replaced, because
 * it is immutable or a mount point, is an error; so is what is not a regular file, and a symbolic
 * link in the path that directory_open() does not follow. Returns 0, or a negative errno with `why`
 * set; then nothing is left on disk.
 */
int atomic_file_stage(struct atomic_file *file, const char *path, mode_t mode, gid_t gid,
		      size_t room, struct reason *why) must_check;

/*
 * Write a part of a long content; what atomic_file_commit() writes follows it. Returns 0, or a
 * negative errno with `why` set: then discard it.
 */
int atomic_file_write(struct atomic_file *file, const void *data, size_t length,
		      struct reason *why) must_check;

/*
 * The same with `length` bytes at `offset` of another file, which has them. They may be secrets:
 * nothing of them is left in memory.
 */
int atomic_file_copy(struct atomic_file *file, int from, off_t offset, size_t length,
		     struct reason *why) must_check;

/*
 * Flush what was written to the disk, so that atomic_file_commit() takes no longer than what it
 * writes itself. Returns as atomic_file_write() does.
 */
int atomic_file_flush(struct atomic_file *file, struct reason *why) must_check;

/*
 * Write `data`, sync it to disk and rename it over the old file; then sync the directory. With
 * `backup`, the old file (if there is one) is kept under that name in the same directory, replacing
 * an earlier one. Returns 0; 1 with `why` set when the new file is in place, but the old one could
 * not be kept, or the directory could not be synced (the new file may be lost in a power failure);
 * or a negative errno with `why` set: then the old file is unchanged and the new one is removed.
 */
int atomic_file_commit(struct atomic_file *file, const void *data, size_t length,
		       const char *backup, struct reason *why) must_check;

/* Remove the staged file, if there is one. Suitable for cleanup(). */
void atomic_file_discard(struct atomic_file *file);

/*
 * Has an interrupted run left a file that was staged for `path`, or is one staged now? It is a
 * regular file, of this process's user or of the owner of the file at `path`.
 */
bool atomic_file_has_leftover(const char *path) must_check;

/* Remove such a file. The caller must hold the lock as for atomic_file_stage(). */
void atomic_file_clean(const char *path);
