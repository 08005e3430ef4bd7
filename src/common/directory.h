/* SPDX-License-Identifier: ISC */
/*
 * Finding directories for root, below directories in which others may write (SECURITY.md). A
 * symbolic link is followed only if nobody else can have put it there: the link and the directory
 * that it is in belong to root or to the user of this process, and nobody else may write in that
 * directory (or it has the sticky bit).
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

/*
 * Open the directory `path`. Returns the descriptor, or a negative errno with `why` set (-ELOOP: a
 * link that is not followed).
 */
int directory_open(const char *path, struct reason *why) must_check;

/* The same to read its entries. Null with `why` set on failure. */
DIR *directory_list(const char *path, struct reason *why) must_check;

/* Is there a directory `path`, by links that are followed? It needs not be readable. */
bool directory_exists(const char *path) must_check;

/*
 * Open the directory that the last name of `path` is in, and copy that name. `follows`: if the last
 * name is a link that may be followed, go on to where it leads. Returns the descriptor, or a
 * negative errno with `why` set. Whether there is an entry of that name is not looked at.
 */
int directory_open_parent(const char *path, bool follows, char ret_name[static NAME_MAX + 1],
			  struct reason *why) must_check;

/*
 * The same for a path that somebody else has named, and that must stay below the directory `home`
 * (directory_has()): no ".." and no link with an absolute target is followed, not even of root's.
 * -EXDEV: it leads out of `home`.
 */
int directory_open_parent_below(const char *home, const char *path, bool follows,
				char ret_name[static NAME_MAX + 1], struct reason *why) must_check;

/* Is `path`, as it is written, that of something below the directory `home`? */
bool directory_has(const char *home, const char *path) must_check;

/*
 * open(2), but no symbolic link in `path` is followed. Returns the descriptor or a negative errno;
 * -ELOOP, or another one where the kernel cannot do this (before Linux 5.6), says nothing about the
 * file yet.
 */
int directory_open_without_links(const char *path, int flags, mode_t mode) must_check;

/* Is this root or the user of this process? */
bool directory_is_own_user(uid_t uid) must_check;

/*
 * May anybody else make entries in the open directory, or write to the open file, of which `status`
 * is known?
 */
bool directory_is_shared(int fd, const struct stat *status) must_check;

/*
 * If `error` (a negative errno), of an attempt to write in the directory `path`, is -EROFS, append
 * the remedy to `why` (may be null): it may be only the sandbox of the service's unit that is
 * read-only. Names the directory as systemd must be given it, without links. Returns `error`.
 */
int directory_explain(struct reason *why, int error, const char *path);

/* The same for the directory of the file `path`. */
int directory_explain_file(struct reason *why, int error, const char *path);
