/* SPDX-License-Identifier: ISC */
/*
 * client.keys on the disk: locked, read when it changed, appended to durably, replaced as a whole.
 *
 * Everything happens between keys_file_lock() and keys_file_unlock(). The lock is flock(2) on the
 * file's directory, because the file itself is replaced by rename; every program of this package
 * takes it. Other programs (manage_agents) do not: what they change is noticed at the next lock.
 */
#pragma once

#include "common/atomic-file.h"
#include "common/lock-holder.h"
#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/*
 * Told while all of a file is read, as often as there is something to tell: how much of the work is
 * done, in a unit of its own. The last time, `done` is `all`.
 */
struct keys_progress {
	void (*report)(void *owner, size_t done, size_t all);
	void *owner;
};

struct keys_file {
	char *path;
	int directory;           /* for the lock and for fsync */
	gid_t group;             /* of a new file */
	bool read_only;          /* set after keys_file_open(): a missing file is an error then */
	bool cleaned;            /* of what a killed program left beside the file */
	int fd;                  /* the file, open while locked; -1 otherwise */
	struct atomic_file copy; /* that takes its place: keys_file_use_copy() */
	off_t replaced_size;     /* with that: of the file, not of the copy */
	struct stat known;       /* as it was when last read or written; st_ino 0: never */
	const struct keys_progress *progress; /* of keys_file_read(); null: nobody is told */
};

#define KEYS_FILE_NULL ((struct keys_file){ .directory = -1, .fd = -1, .copy = ATOMIC_FILE_NULL })

/*
 * Name the file: DIRECTORY/client.keys, which may not be a symbolic link. `group` owns a new
 * file; (gid_t)-1: the directory's group. Returns 0, or a negative errno with `why` set.
 */
int keys_file_open(struct keys_file *file, const char *directory, gid_t group,
		   struct reason *why) must_check;

/*
 * Lock and open the file; make it, empty and 0640, when it is missing. `ret_changed` is set to
 * whether it is another than the one last read or written. Never waits: returns -EAGAIN when
 * another process holds the lock, 0, or another negative errno with `why` set.
 */
int keys_file_lock(struct keys_file *file, bool *ret_changed, struct reason *why) must_check;

/* Who holds the lock that keys_file_lock() could not get (lock_holder_describe()). */
const char *keys_file_lock_holder(const struct keys_file *file, char ret[static LOCK_HOLDER_SIZE]);

/*
 * Read all of it. The caller wipes and frees `ret`. Returns 0, or a negative errno with `why` set.
 */
int keys_file_read(struct keys_file *file, char **ret, size_t *ret_length,
		   struct reason *why) must_check;

/* What it is now: has somebody who takes no lock changed it since it was read or written? */
int keys_file_status(const struct keys_file *file, struct stat *ret, bool *ret_changed,
		     struct reason *why) must_check;

/*
 * Append with a single write and flush it to the disk. Returns 0, or a negative errno with `why`
 * set: then the file has its old length again. With keys_file_use_copy(), put that in place, with
 * the data (there may be none) at its end; on failure the file is unchanged.
 */
int keys_file_append(struct keys_file *file, const char *data, size_t length,
		     struct reason *why) must_check;

/*
 * Stage a new file beside the locked one, with its mode, owner and group, and with room for
 * `length` bytes. Returns 0, or a negative errno with `why` set.
 */
int keys_file_stage(const struct keys_file *file, struct atomic_file *ret, size_t length,
		    struct reason *why) must_check;

/*
 * Write a part of the locked file to what was staged. Returns 0, or a negative errno with `why`
 * set.
 */
int keys_file_copy_part(const struct keys_file *file, off_t offset, size_t length,
			struct atomic_file *target, struct reason *why) must_check;

/*
 * Put what was staged and written in place of the file (atomic-file.h). Returns 0, or a negative
 * errno with `why` set: then the old content stands.
 */
int keys_file_replace(struct keys_file *file, struct atomic_file *staged,
		      struct reason *why) must_check;

/*
 * Until the lock is given up, the file is this copy, which was staged and written: it is what is
 * read, and keys_file_append() puts it in place. Without that, it is removed in the end. `copy` is
 * empty afterwards.
 */
void keys_file_use_copy(struct keys_file *file, struct atomic_file *copy);

/*
 * Tell of the progress, if somebody is to be told: `read` of the file's bytes are in memory, and of
 * these `understood` are. Both are half of the work.
 */
void keys_file_report(const struct keys_file *file, size_t read, size_t understood, size_t size);

/* Is there such a copy? */
bool keys_file_has_copy(const struct keys_file *file);

/* Read `length` bytes at `offset` of the locked file. Returns 0, or a negative errno. */
int keys_file_read_at(const struct keys_file *file, off_t offset, char *buffer,
		      size_t length) must_check;

/* Close the file and give up the lock. */
void keys_file_unlock(struct keys_file *file);

/* Release everything. Fit for cleanup(). */
void keys_file_close(struct keys_file *file);
