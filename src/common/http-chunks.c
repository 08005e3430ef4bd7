/* SPDX-License-Identifier: ISC */
#include "common/http-chunks.h"

#include "common/hex.h"

#include <stdbool.h>

#define DIGITS_MAX 15 /* of a size: some more than make sense, and it fits */

static bool take_size(struct http_chunks *chunks, char byte)
{
	int value = hex_value(byte);

	if (value >= 0 && chunks->digits < DIGITS_MAX) {
		chunks->left = chunks->left << 4 | (uint64_t)value;
		chunks->digits++;
		return true;
	}
	chunks->place = HTTP_CHUNKS_SIZE_END;
	return byte == '\r' && chunks->digits > 0;
}

/* Take a byte that is not data. */
static bool take_byte(struct http_chunks *chunks, char byte)
{
	switch (chunks->place) {
	case HTTP_CHUNKS_SIZE:
		return take_size(chunks, byte);
	case HTTP_CHUNKS_SIZE_END:
		chunks->place = chunks->left > 0 ? HTTP_CHUNKS_DATA : HTTP_CHUNKS_LAST;
		return byte == '\n';
	case HTTP_CHUNKS_DATA_END:
		chunks->place = HTTP_CHUNKS_DATA_FEED;
		return byte == '\r';
	case HTTP_CHUNKS_DATA_FEED:
		chunks->place = HTTP_CHUNKS_SIZE;
		chunks->digits = 0;
		return byte == '\n';
	case HTTP_CHUNKS_LAST:
		chunks->place = HTTP_CHUNKS_LAST_FEED;
		return byte == '\r';
	case HTTP_CHUNKS_LAST_FEED:
		chunks->state = HTTP_CHUNKS_DONE;
		return byte == '\n';
	case HTTP_CHUNKS_DATA:
		break;
	}
	return false;
}

static size_t take_data(struct http_chunks *chunks, size_t length)
{
	size_t taken = length < chunks->left ? length : (size_t)chunks->left;

	chunks->left -= taken;
	if (chunks->left == 0)
		chunks->place = HTTP_CHUNKS_DATA_END;
	return taken;
}

size_t http_chunks_feed(struct http_chunks *chunks, const char *bytes, size_t length)
{
	size_t taken = 0;

	while (taken < length && chunks->state == HTTP_CHUNKS_MORE) {
		if (chunks->place == HTTP_CHUNKS_DATA)
			taken += take_data(chunks, length - taken);
		else if (take_byte(chunks, bytes[taken]))
			taken++;
		else
			chunks->state = HTTP_CHUNKS_REFUSED;
	}
	return taken;
}
