/* SPDX-License-Identifier: ISC */
/*
 * Opening files for root, in directories in which others may write (SECURITY.md): those of a
 * manager or an agent, whose group is not trusted. What is opened is a regular file of at most so
 * many bytes; no link has led to it but those that directory.h lets pass; and where others may make
 * entries beside it, it belongs to root, to the user of this process, or to whom the directory
 * belongs, and is no second name (hard link) of a file of root's. A named pipe never blocks.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#define TRUSTED_FILE_MIB ((off_t)1024 * 1024) /* bytes */

struct trusted_file {
	const char *path;
	const char *role; /* what it is, in messages: "password file"; null: its path alone */
	/*
	 * of open(2): O_RDONLY, O_RDWR, O_WRONLY, with O_APPEND, O_CREAT; what makes it safe is
	 * added
	 */
	int flags;
	mode_t mode; /* of a new file, less the umask */
	off_t max;   /* bytes; a larger file is refused */
	/* The last name may be a link as well, if nobody but root can have made it. */
	bool may_be_link;
	/*
	 * The directory of whoever has named the path; null: root has. What is below it is found
	 * without a way out of it (directory_open_parent_below()). Anything else must be root's,
	 * and neither it nor its directory writable for a group or for others.
	 */
	const char *home;
	bool stays_home; /* nothing else is opened */
};

/*
 * Open the file. `ret` (may be null) receives its status. Returns the descriptor, or a negative
 * errno with `why` set: -ENOENT or -ENOTDIR there is none; -ELOOP a link; -EXDEV it is not in the
 * home, or not on the way there; -EINVAL it is no regular file; -EPERM it may be somebody else's;
 * -EFBIG it is too large; or another one.
 */
int trusted_file_open(const struct trusted_file *wanted, struct stat *ret,
		      struct reason *why) must_check;

/*
 * Open and read all of the file, terminated. The caller frees `ret`, and wipes it if it holds
 * secrets. `ret_status` may be null. Returns 0, or a negative errno as trusted_file_open() does.
 */
int trusted_file_read(const struct trusted_file *wanted, char **ret, size_t *ret_length,
		      struct stat *ret_status, struct reason *why) must_check;

/*
 * The status of what `path` names, without opening it; of a link itself where the last name is one.
 * Returns 0, or a negative errno.
 */
int trusted_file_status(const char *path, struct stat *ret) must_check;

/*
 * Is it the same file as before, with the same content, as far as its status can say? Owner and
 * mode count as well.
 */
bool trusted_file_is_same(const struct stat *now, const struct stat *before) must_check;

/*
 * Remove the entry, but nothing that a link leads to. Returns 0, also if there is none, or a
 * negative errno with `why` set.
 */
int trusted_file_remove(const char *path, struct reason *why) must_check;

/* The same for a path that must stay below `home`, as directory_open_parent_below() does it. */
int trusted_file_remove_below(const char *home, const char *path, struct reason *why) must_check;

/*
 * trusted_file_remove() for many entries of one directory, which is looked for once. Goes on after
 * a failure; returns the first one.
 */
int trusted_file_remove_all(const char *directory, const char *const *names, size_t count,
			    struct reason *why) must_check;

/*
 * Rename the entry in its directory. Returns 0, or a negative errno with `why` set (-ENOENT: there
 * is none).
 */
int trusted_file_rename(const char *path, const char *name, struct reason *why) must_check;

/*
 * Refuse what is not a regular file: set `why` to what it is and what to do. Returns 0, -ELOOP for
 * a link, or -EINVAL.
 */
int trusted_file_check_kind(const char *path, mode_t mode, struct reason *why) must_check;
