/* SPDX-License-Identifier: ISC */
/* A password or token from a file: read with care, wiped after use. */
#pragma once

#include "common/reason.h"

#include <stddef.h>

#define SECRET_MAX 4094 /* bytes; what managers read of their own password file */

struct secret {
	char *text; /* terminated, without its line end; null: none */
	size_t length;
};

/*
 * Read the only line of `path`; exactly one newline at its end is stripped. Empty, longer than
 * SECRET_MAX, several lines, a carriage return at the end or a NUL byte are refused, because no
 * manager would take such a password. `role` names the secret in messages ("password"). Returns 0,
 * or a negative errno with `why` set.
 */
int secret_read(struct secret *ret, const char *role, const char *path, struct reason *why);

/* The same for a secret of at most `maximum` bytes, which is longer than a password. */
int secret_read_long(struct secret *ret, const char *role, const char *path, size_t maximum,
		     struct reason *why);

/* The same for a manager's password file, of which only the first line counts. */
int secret_read_first_line(struct secret *ret, const char *role, const char *path,
			   struct reason *why);

/*
 * Can others than owner and group read the file? Worth a warning; false also when it cannot be
 * told.
 */
int secret_file_is_exposed(const char *path);

/* Wipe and free. Fit for cleanup(). */
void secret_wipe(struct secret *secret);

/* Keep secrets out of core dumps and away from ptrace by other processes of the same user. */
void secret_protect_process(void);
