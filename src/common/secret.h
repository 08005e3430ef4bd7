/* SPDX-License-Identifier: ISC */
/* A password or token from a file, wiped after use; and memory for other secrets. */
#pragma once

#include "common/deadline.h"
#include "common/must-check.h"
#include "common/reason.h"

#include <stddef.h>

#define SECRET_MAX 4094 /* bytes; the maximum that managers read of their own password file */

struct secret {
	char *text; /* terminated, without its line end; null: none */
	size_t length;
};

/*
 * Read the only line of `path`; a byte order mark before it and one newline at its end are removed.
 * An empty file, more than SECRET_MAX bytes, several lines, a carriage return at the end and a NUL
 * byte are errors, because no manager accepts such a password. `role` names the secret in messages
 * ("password"). Returns 0, or a negative errno with `why` set.
 */
int secret_read(struct secret *ret, const char *role, const char *path,
		struct reason *why) must_check;

/*
 * The same for a path that somebody else has named, in `home` (trusted-file.h), which it must not
 * lead out of. Only the first line is used, as by the agents.
 */
int secret_read_below(struct secret *ret, const char *home, const char *role, const char *path,
		      struct reason *why) must_check;

/* The same for a secret of up to `maximum` bytes, which may be longer than a password. */
int secret_read_long(struct secret *ret, const char *role, const char *path, size_t maximum,
		     struct reason *why) must_check;

/*
 * The same from standard input, to its end. Returns -ECANCELED, without a reason, when asked to
 * stop.
 */
int secret_read_input(struct secret *ret, const char *role, size_t maximum,
		      const struct deadline *deadline, struct reason *why) must_check;

/* The same for a manager's password file, of which only the first line is used. */
int secret_read_first_line(struct secret *ret, const char *role, const char *path,
			   struct reason *why) must_check;

/*
 * Keep a copy of a text (null: none) in place of what is kept. Returns 0, or -ENOMEM: then nothing
 * has changed.
 */
int secret_set(struct secret *secret, const char *text) must_check;

/* Is the file world-readable? Worth a warning; false also when this cannot be determined. */
int secret_file_is_exposed(const char *path) must_check;

/* Wipe and free. Suitable for cleanup(). */
void secret_wipe(struct secret *secret);

/*
 * Memory of `size` bytes in place of `old`, which has fewer, `old_size` (null: none), as from
 * realloc(), but nothing of what is in it stays behind. Null: out of memory; `old` stays as it is.
 */
void *secret_realloc(void *old, size_t old_size, size_t size) must_check;

/* Disable core dumps, and ptrace by other processes of the same user, for this process. */
void secret_protect_process(void);
