/* SPDX-License-Identifier: ISC */
/*
 * Base64 in three forms: with padding, without padding, and for URLs (RFC 4648, 3.2, 4, 5). Pure.
 */
#pragma once

#include "common/must-check.h"

#include <stddef.h>
#include <sys/types.h>

enum base64_form {
	BASE64_PADDED,   /* + / and = */
	BASE64_UNPADDED, /* + / */
	BASE64_URL,      /* - _, no padding */
};

/* The size of the text for `length` bytes, including the terminator. */
#define BASE64_SIZE(length) (((length) + 2) / 3 * 4 + 1)

/*
 * Encode `length` bytes as terminated text into `ret` (BASE64_SIZE(length) bytes). Returns the
 * length of the text.
 */
size_t base64_encode(char *ret, enum base64_form form, const void *data, size_t length);

/*
 * Decode `length` characters. Unused bits of the last character must be zero. Returns the number of
 * bytes, -EINVAL when the text is not in this form, -EMSGSIZE when there are more than `size`
 * bytes.
 */
ssize_t base64_decode(void *ret, size_t size, enum base64_form form, const char *text,
		      size_t length) must_check;
