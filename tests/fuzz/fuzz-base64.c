/* SPDX-License-Identifier: ISC */
/*
 * Base64 in its three forms: what is decoded was written in the only way there is, and everything
 * can be encoded. The first byte says which form, and how much room there is.
 */
#include "fuzz.h"

#include "common/base64.h"

#include <errno.h>

#define DATA_MAX 4096

static void check_decoding(enum base64_form form, const char *text, size_t length, size_t room)
{
	static unsigned char bytes[DATA_MAX];
	static char again[BASE64_SIZE(DATA_MAX)];
	ssize_t n = base64_decode(bytes, room, form, text, length);

	HOLDS(n >= 0 || n == -EINVAL || n == -EMSGSIZE);
	if (n < 0)
		return;
	HOLDS((size_t)n <= room);
	HOLDS(base64_encode(again, form, bytes, (size_t)n) == length);
	HOLDS(memcmp(again, text, length) == 0);
}

static void check_encoding(enum base64_form form, const uint8_t *data, size_t size)
{
	static unsigned char bytes[DATA_MAX];
	static char text[BASE64_SIZE(DATA_MAX)];
	size_t length = base64_encode(text, form, data, size);

	HOLDS(length == strlen(text) && length < BASE64_SIZE(size));
	HOLDS(base64_decode(bytes, size, form, text, length) == (ssize_t)size);
	HOLDS(memcmp(bytes, data, size) == 0);
	if (size > 0)
		HOLDS(base64_decode(bytes, size - 1, form, text, length) == -EMSGSIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum base64_form form;

	if (size < 1 || size > DATA_MAX)
		return 0;
	form = (enum base64_form)(data[0] % (BASE64_URL + 1));
	check_decoding(form, (const char *)data + 1, size - 1, data[0] < 128 ? DATA_MAX : 3);
	check_encoding(form, data + 1, size - 1);
	return 0;
}
