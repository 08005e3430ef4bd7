/* SPDX-License-Identifier: ISC */
/*
 * However the bytes of a head, and of the chunks behind it, are split over the reads, they mean the
 * same; and a head that is taken has one meaning. The first byte says how many sizes of pieces
 * follow, and whether the fields are counted; then comes the head.
 */
#include "fuzz.h"

#include "common/http-chunks.h"
#include "common/http-head.h"

#define FIELDS_MAX 3

static size_t feed_split(struct http_head *head, const char *bytes, size_t length,
			 const uint8_t *sizes, size_t count)
{
	size_t taken = 0;

	for (size_t i = 0; taken < length && head->state == HTTP_HEAD_MORE; i++) {
		size_t left = length - taken, piece = count ? sizes[i % count] : 1;

		if (piece == 0 && i < count)
			HOLDS(http_head_feed(head, bytes + taken, 0) == 0);
		piece = piece == 0 || piece > left ? left : piece;
		taken += http_head_feed(head, bytes + taken, piece);
	}
	return taken;
}

/* Lines end in CRLF, and there is at most one way to find the end of the body. */
static void check_taken(const struct http_head *head, const char *bytes, size_t taken)
{
	HOLDS(taken >= 4 && memcmp(bytes + taken - 4, "\r\n\r\n", 4) == 0);
	HOLDS(memmem(bytes, taken, "\r\n\r\n", 4) == bytes + taken - 4);
	HOLDS(!memchr(bytes, '\0', taken));
	HOLDS(!(head->has_length && head->is_chunked));
	for (size_t i = 0; i < taken; i++)
		HOLDS((bytes[i] != '\n' || bytes[i - 1] == '\r') &&
		      (bytes[i] != '\r' || bytes[i + 1] == '\n'));
	HOLDS(strlen(head->method) < sizeof head->method);
}

static void check_chunks(const char *bytes, size_t length, const uint8_t *sizes, size_t count)
{
	struct http_chunks whole = { 0 }, split = { 0 };
	size_t taken = http_chunks_feed(&whole, bytes, length), at = 0;

	for (size_t i = 0; at < length && split.state == HTTP_CHUNKS_MORE; i++) {
		size_t piece = count ? sizes[i % count] : 1;

		piece = piece == 0 || piece > length - at ? length - at : piece;
		at += http_chunks_feed(&split, bytes + at, piece);
	}
	HOLDS(taken == at && whole.state == split.state);
	HOLDS(whole.state != HTTP_CHUNKS_MORE || taken == length);
	HOLDS(whole.state != HTTP_CHUNKS_DONE ||
	      (taken >= 5 && memcmp(bytes + taken - 5, "0\r\n\r\n", 5) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t count = size ? data[0] % 8 : 0, taken;
	const struct http_head empty = { .fields_max = size && data[0] & 8 ? FIELDS_MAX : 0 };
	struct http_head whole = empty, split = empty;
	const char *bytes;

	if (size < 1 + count)
		return 0;
	bytes = (const char *)data + 1 + count;
	size -= 1 + count;
	taken = http_head_feed(&whole, bytes, size);
	HOLDS(taken <= size && feed_split(&split, bytes, size, data + 1, count) == taken);
	HOLDS(whole.state == split.state && whole.length == split.length);
	HOLDS(whole.has_length == split.has_length && whole.is_chunked == split.is_chunked);
	HOLDS(memcmp(whole.method, split.method, sizeof whole.method) == 0);
	HOLDS((whole.state == HTTP_HEAD_REFUSED) == (whole.fault != NULL));
	HOLDS(whole.fault == split.fault && whole.fields == split.fields);
	HOLDS(whole.state == HTTP_HEAD_REFUSED || !whole.fields_max || whole.fields <= FIELDS_MAX);
	HOLDS(whole.state != HTTP_HEAD_MORE || taken == size);
	if (whole.state == HTTP_HEAD_DONE) {
		check_taken(&whole, bytes, taken);
		HOLDS(http_head_feed(&whole, bytes, size) == 0);
		if (whole.is_chunked)
			check_chunks(bytes + taken, size - taken, data + 1, count);
	}
	return 0;
}
