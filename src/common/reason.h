/* SPDX-License-Identifier: ISC */
/*
 * Why something did not work, in one sentence for an administrator: what was tried, where, what is
 * wrong and, where there is one, the remedy.
 *
 * Functions that do not log take a `struct reason *` and fill it when they fail; the caller that
 * decides what the failure means logs it, once. Bytes that came from outside are escaped (escape.h)
 * before they get here.
 */
#pragma once

#include <stdarg.h>

struct reason {
	char text[1024]; /* empty: nothing to tell */
};

/* Set the sentence (cut to fit). A null `why` is allowed: the caller does not care. */
void reason_set(struct reason *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Set the sentence, with ": " and the description of `error` (a positive or negative errno)
 * appended. Returns the negative errno, so that `return reason_errno(why, errno, "Cannot open %s",
 * path);` reads well.
 */
int reason_errno(struct reason *why, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
