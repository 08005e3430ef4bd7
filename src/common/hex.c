/* SPDX-License-Identifier: ISC */
#include "common/hex.h"

void hex_print(char *ret, const void *bytes, size_t length)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *at = bytes;

	for (size_t i = 0; i < length; i++) {
		*ret++ = digits[at[i] >> 4];
		*ret++ = digits[at[i] & 15];
	}
	*ret = '\0';
}

/* There is one way to write a byte. */
static int small_value(char digit)
{
	return digit >= 'A' && digit <= 'F' ? -1 : hex_value(digit);
}

bool hex_read(void *ret, size_t size, const char *digits)
{
	unsigned char *bytes = ret;

	for (size_t i = 0; i < size; i++) {
		int high = small_value(digits[2 * i]);
		int low = high < 0 ? -1 : small_value(digits[2 * i + 1]);

		if (low < 0)
			return false;
		bytes[i] = (unsigned char)(high * 16 + low);
	}
	return true;
}

int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}
