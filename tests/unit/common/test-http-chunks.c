/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/http-chunks.h"

static const struct {
	const char *text;
	enum http_chunks_state state;
	size_t behind; /* bytes that do not belong to the body, or are refused */
} bodies[] = {
	{ "0\r\n\r\n", HTTP_CHUNKS_DONE, 0 },
	{ "0\r\n\r\nGET / HTTP/1.1\r\n", HTTP_CHUNKS_DONE, 16 },
	{ "5\r\nhello\r\n0\r\n\r\n", HTTP_CHUNKS_DONE, 0 },
	{ "005\r\nhel\r\n\r\n000\r\n\r\n", HTTP_CHUNKS_DONE, 0 },
	{ "1\r\na\r\nA\r\n0123456789\r\n0\r\n\r\n", HTTP_CHUNKS_DONE, 0 },
	{ "1f\r\n0123456789abcdef0123456789abcde\r\n0\r\n\r\n\r\n", HTTP_CHUNKS_DONE, 2 },
	{ "", HTTP_CHUNKS_MORE, 0 },
	{ "5\r\nhello", HTTP_CHUNKS_MORE, 0 },
	{ "0\r\n\r", HTTP_CHUNKS_MORE, 0 },
	{ "fffffffffffffff\r\n", HTTP_CHUNKS_MORE, 0 },
	{ "ffffffffffffffff\r\n", HTTP_CHUNKS_REFUSED, 3 },
	{ "0000000000000000\r\n", HTTP_CHUNKS_REFUSED, 3 },
	{ "\r\n", HTTP_CHUNKS_REFUSED, 2 },
	{ "5\nhello\r\n", HTTP_CHUNKS_REFUSED, 8 },
	{ "5\r\r\n", HTTP_CHUNKS_REFUSED, 2 },
	{ "5;name=value\r\nhello", HTTP_CHUNKS_REFUSED, 18 },
	{ "5 \r\nhello", HTTP_CHUNKS_REFUSED, 8 },
	{ " 5\r\nhello", HTTP_CHUNKS_REFUSED, 9 },
	{ "+5\r\nhello", HTTP_CHUNKS_REFUSED, 9 },
	{ "-5\r\nhello", HTTP_CHUNKS_REFUSED, 9 },
	{ "0x5\r\nhello", HTTP_CHUNKS_REFUSED, 9 },
	{ "g\r\n", HTTP_CHUNKS_REFUSED, 3 },
	{ "5\r\nhello0\r\n\r\n", HTTP_CHUNKS_REFUSED, 5 },
	{ "5\r\nhello\n0\r\n\r\n", HTTP_CHUNKS_REFUSED, 6 },
	{ "5\r\nhello\r0\r\n\r\n", HTTP_CHUNKS_REFUSED, 5 },
	{ "5\r\nhello\r\n\r\n", HTTP_CHUNKS_REFUSED, 2 },
	{ "0\r\nTrailer: x\r\n\r\n", HTTP_CHUNKS_REFUSED, 14 },
	{ "0\r\n\n", HTTP_CHUNKS_REFUSED, 1 },
	{ "0\r\n\rx", HTTP_CHUNKS_REFUSED, 1 },
};

static void check_body(size_t i, size_t step)
{
	const char *text = bodies[i].text;
	size_t length = strlen(text), at = 0;
	struct http_chunks chunks = { .state = HTTP_CHUNKS_MORE };

	while (at < length && chunks.state == HTTP_CHUNKS_MORE) {
		size_t piece = length - at < step ? length - at : step;
		size_t taken = http_chunks_feed(&chunks, text + at, piece);

		check_row(text, taken == piece || chunks.state != HTTP_CHUNKS_MORE);
		at += taken;
	}
	check_row(text, chunks.state == bodies[i].state);
	check_row(text, length - at == bodies[i].behind);
	/* Nothing more is taken then. */
	if (chunks.state != HTTP_CHUNKS_MORE)
		check_row(text, http_chunks_feed(&chunks, "5\r\n", 3) == 0);
}

static void test_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++)
		for (size_t step = 1; step <= 100; step += step < 8 ? 1 : 31)
			check_body(i, step);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
	};

	return cmocka_run_group_tests_name("http-chunks", tests, NULL, NULL);
}
