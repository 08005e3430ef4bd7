/* SPDX-License-Identifier: ISC */
/*
 * Opening the directory of a file that is to be written, replaced or removed by root, below
 * directories in which others may write.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

/*
 * Open the directory `path`. A symbolic link anywhere in it is followed only if nobody else can
 * have put it there: the link and the directory that it is in belong to root or to the user of this
 * process, and nobody else may write in that directory (or it has the sticky bit). Returns the
 * descriptor, or a negative errno with `why` set (-ELOOP: a link that is not followed).
 */
int directory_open(const char *path, struct reason *why) must_check;

/*
 * If `error` (a negative errno), of an attempt to write in the directory `path`, is -EROFS, append
 * the remedy to `why` (may be null): it may be only the sandbox of the service's unit that is
 * read-only. Names the directory as systemd must be given it, without links. Returns `error`.
 */
int directory_explain(struct reason *why, int error, const char *path);

/* The same for the directory of the file `path`. */
int directory_explain_file(struct reason *why, int error, const char *path);
