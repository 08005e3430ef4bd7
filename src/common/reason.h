/* SPDX-License-Identifier: ISC */
/*
 * Why something failed, in one sentence for an administrator: what was attempted, where, what is
 * wrong and, if there is one, the remedy.
 *
 * Functions that do not log take a `struct reason *` and fill it when they fail; the caller that
 * handles the failure logs it, once. Bytes from outside must be escaped (escape.h) before.
 */
#pragma once

#include <stdarg.h>

struct reason {
	char text[1024]; /* empty: no reason */
};

/* Set the sentence (truncated to fit). `why` may be null. */
void reason_set(struct reason *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Set the sentence, with ": " and the description of `error` (a positive or negative errno)
 * appended. Returns the negative errno, for use as `return reason_errno(why, errno, "Cannot open
 * %s", path);`.
 */
int reason_errno(struct reason *why, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
