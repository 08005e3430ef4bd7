/* SPDX-License-Identifier: ISC */
/*
 * Undoing the escapes of others, in a text of which nobody says how it is written: those of URLs
 * (RFC 3986), JSON (RFC 8259), C and HTML.
 */
#pragma once

#include <stddef.h>

/*
 * Write `text` to `ret` (of `length` bytes) with each escape replaced by what it stands for: a byte
 * (%41, \x41, \101), a character, in UTF-8 (\u00e9, %u00e9, &#233;, &#xe9;), or a sign that has an
 * escape of its own (\n, \", &amp;). Once: \\x41 becomes \x41. What is no escape stays as it is.
 * `ret` may be `text`. Returns the length of the result. Pure.
 */
size_t unescape(char *ret, const char *text, size_t length);
