/* SPDX-License-Identifier: ISC */
/*
 * Replacing a file of lines by a copy in which some have changed, in pieces that take no longer
 * than they may. Whoever only appends to the file meanwhile does no harm: what has come is copied,
 * too. The caller sees to that nobody else changes it.
 */
#pragma once

#include "common/atomic-file.h"
#include "common/must-check.h"

#include <stddef.h>
#include <stdint.h>

#define LINES_COPY_MORE 64 /* bytes by which a line can grow */

/*
 * Write what is to be in the place of a line, which has a newline unless it is the last one, to
 * `target`, where there is room for it and LINES_COPY_MORE more. Returns how many bytes that is, or
 * a negative errno.
 */
typedef ssize_t lines_copy_callback(void *owner, const char *line, size_t length, char *target);

/* LINES_COPY_NULL at first; release with lines_copy_clear(). */
struct lines_copy {
	struct atomic_file file; /* the copy */
	off_t at;                /* in the old file: what is before has been copied */
	off_t end;               /* of the copy, with what is still in memory */
	char *input, *output;    /* wiped: there may be keys in them */
	size_t input_room, output_length, output_room;
	size_t unflushed; /* bytes of the copy */
	char last;        /* the last byte of it; 0: none */
	lines_copy_callback *line;
	void *owner;
};

#define LINES_COPY_NULL ((struct lines_copy){ .file = ATOMIC_FILE_NULL })

/*
 * Go on with all lines in the first `size` bytes of the old file `fd`, until `end`
 * (monotonic_usec()). Returns 1: it has all of them, but for a last one without a newline; 0: there
 * are more; or a negative errno with `why` set.
 */
int lines_copy_go_on(struct lines_copy *copy, int fd, off_t size, uint64_t end,
		     struct reason *why) must_check;

/*
 * Copy what is left, however long that takes, a last line without newline included, and hand all of
 * it to the file, for atomic_file_commit(). Returns 0, or a negative errno with `why` set.
 */
int lines_copy_finish(struct lines_copy *copy, int fd, off_t size, struct reason *why) must_check;

/* Remove the copy, if it is still there. */
void lines_copy_clear(struct lines_copy *copy);
