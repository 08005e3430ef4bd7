/* SPDX-License-Identifier: ISC */
#include "common/escape.h"

#include <stdio.h>
#include <string.h>

/* Write the escaped form of one byte (at most 4 characters) and return its length. */
static size_t escape_byte(char form[static 5], unsigned char byte)
{
	static const char named[] = "\nn\rr\tt\\\\";

	for (size_t i = 0; i + 1 < sizeof named; i += 2) {
		if (byte == (unsigned char)named[i]) {
			form[0] = '\\';
			form[1] = named[i + 1];
			return 2;
		}
	}
	if (byte >= 0x20 && byte <= 0x7e) {
		form[0] = (char)byte;
		return 1;
	}
	(void)snprintf(form, 5, "\\x%02x", byte);
	return 4;
}

char *escape_bytes(char *buffer, size_t size, const void *data, size_t length)
{
	static const char ellipsis[] = "...";
	const unsigned char *bytes = data;
	size_t used = 0, last_that_leaves_room = 0;

	for (size_t i = 0; i < length; i++) {
		char form[5];
		size_t n = escape_byte(form, bytes[i]);

		if (used + n >= size) {
			memcpy(buffer + last_that_leaves_room, ellipsis, sizeof ellipsis);
			return buffer;
		}
		memcpy(buffer + used, form, n);
		used += n;
		if (used + sizeof ellipsis <= size)
			last_that_leaves_room = used;
	}
	buffer[used] = '\0';
	return buffer;
}

char *escape_string(char *buffer, size_t size, const char *text)
{
	return escape_bytes(buffer, size, text, strlen(text));
}
