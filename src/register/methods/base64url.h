/* SPDX-License-Identifier: ISC */
/* Base64 for URLs without padding (RFC 4648 section 5), as JWTs and enrollment tokens are written in. Pure. */
#pragma once

#include <sys/types.h>

/* Characters that `length` bytes take, without a terminator. */
#define BASE64URL_LENGTH(length) (((length) * 4 + 2) / 3)

/* Write BASE64URL_LENGTH(length) characters and a terminator. Returns their number. */
size_t base64url_encode(char *ret, const void *data, size_t length);

/*
 * Decode `length` characters into at most `size` bytes. There is one text for given bytes: padding, line ends, other
 * characters and bits that belong to no byte are refused. Returns the number of bytes, or -EINVAL, also when they do
 * not fit; then `ret` holds nothing of use.
 */
ssize_t base64url_decode(void *ret, size_t size, const char *text, size_t length);
