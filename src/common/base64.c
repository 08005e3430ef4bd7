/* SPDX-License-Identifier: ISC */
#include "common/base64.h"

#include <errno.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

static char letter_of(unsigned int value, enum base64_form form)
{
	if (value < 62)
		return letters[value];
	if (value == 62)
		return form == BASE64_URL ? '-' : '+';
	return form == BASE64_URL ? '_' : '/';
}

static int value_of(char c, enum base64_form form)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (form == BASE64_URL ? '-' : '+'))
		return 62;
	if (c == (form == BASE64_URL ? '_' : '/'))
		return 63;
	return -EINVAL;
}

size_t base64_encode(char *ret, enum base64_form form, const void *data, size_t length)
{
	const unsigned char *bytes = data;
	size_t n = 0;

	for (size_t i = 0; i < length; i += 3) {
		size_t have = length - i < 3 ? length - i : 3;
		unsigned int group = (unsigned int)bytes[i] << 16;

		if (have > 1)
			group |= (unsigned int)bytes[i + 1] << 8;
		if (have > 2)
			group |= bytes[i + 2];
		for (size_t k = 0; k <= have; k++)
			ret[n++] = letter_of(group >> (18 - 6 * k) & 63, form);
		for (size_t k = have; k < 3 && form == BASE64_PADDED; k++)
			ret[n++] = '=';
	}
	ret[n] = '\0';
	return n;
}

/* The length without padding, or -EINVAL when the padding is not complete. */
static ssize_t without_padding(const char *text, size_t length)
{
	size_t bare = length;

	while (bare > 0 && length - bare < 2 && text[bare - 1] == '=')
		bare--;
	return length % 4 == 0 ? (ssize_t)bare : -EINVAL;
}

ssize_t base64_decode(void *ret, size_t size, enum base64_form form, const char *text,
		      size_t length)
{
	ssize_t bare = form == BASE64_PADDED ? without_padding(text, length) : (ssize_t)length;
	unsigned char *bytes = ret;
	unsigned int bits = 0, held = 0;
	size_t n = 0;

	if (bare < 0 || bare % 4 == 1)
		return -EINVAL;
	for (ssize_t i = 0; i < bare; i++) {
		int value = value_of(text[i], form);

		if (value < 0)
			return -EINVAL;
		bits = (bits << 6 | (unsigned int)value) & 0xffff;
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		if (n == size)
			return -EMSGSIZE;
		bytes[n++] = (unsigned char)(bits >> held);
	}
	return (bits & ((1u << held) - 1)) == 0 ? (ssize_t)n : -EINVAL;
}
