/* SPDX-License-Identifier: ISC */
/*
 * Why something failed, in one sentence for an administrator: what was attempted, where, what is
 * wrong and, if there is one, the remedy.
 *
 * Functions that do not log take a `struct reason *` and fill it when they fail; the caller that
 * handles the failure logs it, once. Bytes from outside must be escaped (escape.h) before.
 */
#pragma once

#include "common/negative-errno.h"

#include <stdarg.h>
#include <stddef.h>

/* Of a manager's own message, with its terminating null. */
#define REASON_MESSAGE_SIZE 400

struct reason {
	char text[1024]; /* empty: no reason */
	/*
	 * Where in `text` the manager's own message begins, and where what follows it does; equal:
	 * there is none.
	 */
	size_t message_start, message_end;
};

/* Set the sentence (truncated to fit). `why` may be null. */
void reason_set(struct reason *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Append to the sentence what is printed, truncated to fit. `why` may be null. */
void reason_append(struct reason *why, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Append a sentence, behind "; " if it is not the first one. `why` may be null. */
void reason_add(struct reason *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * For steps that are all taken, whatever comes of one: `r` is what came of those before, and `next`
 * of one more, with `problem` set if it is negative, which is added to `why`. Returns the first of
 * the two that is negative, else `next`.
 */
int reason_join(struct reason *why, int r, int next, const struct reason *problem);

/*
 * Set the sentence to "MANAGER says: MESSAGE" and, behind it, `details`, and " -- HINT" unless
 * `hint` is null. `message` (escaped, at most REASON_MESSAGE_SIZE - 1 bytes, the rest is cut) is
 * remembered as the manager's own.
 */
void reason_set_manager_message(struct reason *why, const char *manager, const char *message,
				const char *details, const char *hint);

/* Copy the manager's own message to `ret`; empty: there is none. Returns `ret`. */
const char *reason_manager_message(const struct reason *why, char ret[REASON_MESSAGE_SIZE]);

/*
 * Set the sentence, with ": " and the description of `error` (a positive or negative errno)
 * appended. Returns the negative errno (of 0, -EIO), for use as `return reason_errno(why, errno,
 * "Cannot open %s", path);`.
 */
int reason_errno(struct reason *why, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
#define reason_errno(...) negative_errno(reason_errno(__VA_ARGS__))
