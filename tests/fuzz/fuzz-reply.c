/* SPDX-License-Identifier: ISC */
/*
 * However the bytes of a reply are split over the reads, it means the same. The first byte says how
 * many sizes of pieces follow; what comes after them is the reply.
 */
#include "fuzz.h"

#include "common/authd-message.h"

static struct authd_reply whole, split;

static void feed_whole(const uint8_t *bytes, size_t length)
{
	authd_reply_init(&whole);
	HOLDS(authd_reply_feed(&whole, bytes, length) == whole.state);
	HOLDS(authd_reply_finish(&whole) == whole.state);
}

static void feed_split(const uint8_t *bytes, size_t length, const uint8_t *sizes, size_t count)
{
	authd_reply_init(&split);
	for (size_t i = 0; length > 0; i++) {
		size_t piece = count ? sizes[i % count] : 1;
		enum authd_reply_state before = split.state;

		if (piece == 0 || piece > length)
			piece = i < count ? piece % (length + 1) : length;
		HOLDS(authd_reply_feed(&split, bytes, piece) != AUTHD_REPLY_SILENT);
		HOLDS(before == AUTHD_REPLY_MORE || before == AUTHD_REPLY_ERROR_OPEN ||
		      before == split.state);
		bytes += piece;
		length -= piece;
	}
	HOLDS(authd_reply_finish(&split) == split.state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t count = size ? data[0] % 8 : 0, length, split_length;
	const char *text, *split_text, *hint;

	if (size < 1 + count)
		return 0;
	feed_whole(data + 1 + count, size - 1 - count);
	feed_split(data + 1 + count, size - 1 - count, data + 1, count);

	HOLDS(whole.state == split.state);
	HOLDS(whole.state != AUTHD_REPLY_MORE && whole.state != AUTHD_REPLY_ERROR_OPEN);
	HOLDS((whole.state == AUTHD_REPLY_SILENT) == (size == 1 + count));
	if (whole.state == AUTHD_REPLY_KEY || whole.state == AUTHD_REPLY_ERROR) {
		text = authd_reply_text(&whole, &length);
		split_text = authd_reply_text(&split, &split_length);
		HOLDS(length == split_length && memcmp(text, split_text, length) == 0);
		HOLDS(!memchr(text, '\n', length));
		HOLDS(whole.state == AUTHD_REPLY_ERROR || !memchr(text, '\'', length));
		HOLDS(authd_error_outcome(text, length, NULL) != OUTCOME_OK);
		HOLDS(authd_error_subject(text, length) == REFUSED_OTHER ||
		      authd_error_outcome(text, length, &hint) != OUTCOME_BUSY);
	}
	authd_reply_wipe(&whole);
	authd_reply_wipe(&split);
	return 0;
}
