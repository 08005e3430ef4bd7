/* SPDX-License-Identifier: ISC */
/*
 * Making untrusted bytes safe to show: nothing from the network reaches a log or a terminal
 * unescaped.
 */
#pragma once

#include <stddef.h>

/*
 * Write `length` bytes of `data` into `buffer` (of `size` bytes, at least 8) as printable ASCII: a
 * backslash becomes \\, newline, carriage return and tab become \n, \r and \t, every other byte
 * outside 0x20..0x7e becomes \xHH. What does not fit is cut at a whole escape and ends in "...".
 * Always terminated. Returns `buffer`.
 */
char *escape_bytes(char *buffer, size_t size, const void *data, size_t length);

/* The same for a terminated string. */
char *escape_string(char *buffer, size_t size, const char *text);
