/* SPDX-License-Identifier: ISC */
#include "register/methods/base64url.h"

#include <errno.h>
#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t base64url_encode(char *ret, const void *data, size_t length)
{
	const unsigned char *bytes = data;
	unsigned int bits = 0, count = 0;
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		bits = bits << 8 | bytes[i];
		for (count += 8; count >= 6; count -= 6)
			ret[used++] = alphabet[bits >> (count - 6) & 63];
	}
	if (count > 0)
		ret[used++] = alphabet[bits << (6 - count) & 63];
	ret[used] = '\0';
	return used;
}

static int value_of(char character)
{
	if (character >= 'A' && character <= 'Z')
		return character - 'A';
	if (character >= 'a' && character <= 'z')
		return character - 'a' + 26;
	if (character >= '0' && character <= '9')
		return character - '0' + 52;
	return character == '-' ? 62 : character == '_' ? 63 : -1;
}

ssize_t base64url_decode(void *ret, size_t size, const char *text, size_t length)
{
	unsigned char *bytes = ret;
	unsigned int bits = 0, count = 0;
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		int value = value_of(text[i]);

		if (value < 0)
			return -EINVAL;
		bits = bits << 6 | (unsigned int)value;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		if (used == size)
			return -EINVAL;
		bytes[used++] = (unsigned char)(bits >> count);
	}
	/* A lone character is no byte, and what is left of the last one must be zero. */
	if (count == 6 || (bits & ((1u << count) - 1)) != 0)
		return -EINVAL;
	return (ssize_t)used;
}
