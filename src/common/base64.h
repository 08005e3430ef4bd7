/* SPDX-License-Identifier: ISC */
/*
 * Base64 in three forms: with padding, without, and the one for URLs (RFC 4648, 3.2, 4, 5). Pure.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

enum base64_form {
	BASE64_PADDED,   /* + / and = */
	BASE64_UNPADDED, /* + / */
	BASE64_URL,      /* - _, no padding */
};

/* What `length` bytes become, with the terminator. */
#define BASE64_SIZE(length) (((length) + 2) / 3 * 4 + 1)

/*
 * Write `length` bytes as text into `ret` (BASE64_SIZE(length) bytes). Returns the length of the
 * text.
 */
size_t base64_encode(char *ret, enum base64_form form, const void *data, size_t length);

/*
 * Read `length` characters. One text for one value: what is left over in the last character must be
 * zero. Returns the number of bytes, -EINVAL for what is not this form, -EMSGSIZE when there are
 * more than `size`.
 */
ssize_t base64_decode(void *ret, size_t size, enum base64_form form, const char *text,
		      size_t length);
