/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/http-head.h"

#define GET "GET / HTTP/1.1\r\n"
#define POST "POST /agents HTTP/1.1\r\nHost: a\r\n"
#define ANSWER "HTTP/1.1 200 OK\r\n"

static const struct {
	const char *text, *fault; /* null: it is right */
	size_t behind;            /* bytes that do not belong to the head, or are refused */
	uint64_t length;
	bool is_chunked;
} heads[] = {
	{ GET "\r\n", NULL, 0, 0, false },
	{ GET "Host:\r\nX: \t \r\n\r\nbody", NULL, 4, 0, false },
	{ POST "Content-Length: 12\r\n\r\n", NULL, 0, 12, false },
	{ POST "content-LENGTH:\t12 \r\n\r\n", NULL, 0, 12, false },
	{ POST "Content-Lengths: 1\r\nContent-Length-X: 2\r\n\r\n", NULL, 0, 0, false },
	{ POST "Content-Length: 0012\r\n\r\n", NULL, 0, 12, false },
	{ POST "Transfer-Encoding: Chunked\r\n\r\n5\r\n", NULL, 3, 0, true },
	{ ANSWER "Content-Length: 3\r\n\r\nabc", NULL, 3, 3, false },
	{ "GET /\xff HTTP/1.1\r\nX: \xff\ty\r\n\r\n", NULL, 0, 0, false },
	{ POST "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "two Content-Length", 7, 0,
	  false },
	{ POST "Content-Length: 1\r\ncontent-length: 1\r\n\r\n", "two Content-Length", 7, 0,
	  false },
	{ POST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "both", 13, 0, false },
	{ POST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", "both", 7, 0, false },
	{ POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n", "two Transfer", 7, 0,
	  false },
	{ POST "Transfer-Encoding: gzip, chunked\r\n\r\n", "other than chunked", 3, 0, false },
	{ POST "Transfer-Encoding: chunked, identity\r\n\r\n", "other than chunked", 3, 0, false },
	{ POST "Transfer-Encoding: xchunked\r\n\r\n", "other than chunked", 3, 0, false },
	{ POST "Transfer-Encoding:\r\n\r\n", "other than chunked", 3, 0, false },
	{ POST "Content-Length: 1, 1\r\n\r\n", "no number", 3, 0, false },
	{ POST "Content-Length: +1\r\n\r\n", "no number", 3, 0, false },
	{ POST "Content-Length: 0x1\r\n\r\n", "no number", 3, 0, false },
	{ POST "Content-Length:\r\n\r\n", "no number", 3, 0, false },
	{ POST "Content-Length: 1 1\r\n\r\n", "no number", 3, 0, false },
	{ POST "Content-Length: 99999999999999999999\r\n\r\n", "no number", 3, 0, false },
	{ POST "Content-Length: 000000000000000000000000000001\r\n\r\n", "no number", 3, 0, false },
	{ "GET / HTTP/1.1\n", "a line feed without", 1, 0, false },
	{ GET "Host: a\nX: b\r\n\r\n", "a line feed without", 9, 0, false },
	{ GET "Host: a\r\n\n", "a line feed without", 1, 0, false },
	{ GET "Host: a\r\n\r\r\n", "a carriage return within", 2, 0, false },
	{ GET "Host: a\rX: b\r\n\r\n", "a carriage return within", 8, 0, false },
	{ GET "X: a\r\n b\r\n\r\n", "a folded line", 6, 0, false },
	{ GET "\tX: b\r\n\r\n", "a folded line", 9, 0, false },
	{ GET "Content-Length : 1\r\n\r\n", "a blank before a colon", 8, 0, false },
	{ GET "X Y: 1\r\n\r\n", "a blank before a colon", 9, 0, false },
	{ GET ": a\r\n\r\n", "a line that is no field", 7, 0, false },
	{ GET "no-colon\r\n\r\n", "a line that is no field", 3, 0, false },
	{ GET "X\x01: a\r\n\r\n", "a control character", 8, 0, false },
	{ GET "X: a\x7f\r\n\r\n", "a control character", 5, 0, false },
	{ GET "X@: a\r\n\r\n", "a line that is no field", 8, 0, false },
	{ "\r\n" GET, "a line that is no field", 17, 0, false },
};

static void check_head(size_t i, size_t step)
{
	const char *text = heads[i].text;
	size_t length = strlen(text), at = 0;
	struct http_head head = { .state = HTTP_HEAD_MORE };

	while (at < length && head.state == HTTP_HEAD_MORE) {
		size_t piece = length - at < step ? length - at : step;
		size_t taken = http_head_feed(&head, text + at, piece);

		check_row(text, taken == piece || head.state != HTTP_HEAD_MORE);
		at += taken;
	}
	check_row(text, head.state == (heads[i].fault ? HTTP_HEAD_REFUSED : HTTP_HEAD_DONE));
	check_row(text, length - at == heads[i].behind);
	check_row(text, !heads[i].fault || (head.fault && strstr(head.fault, heads[i].fault)));
	check_row(text, heads[i].fault || head.length == heads[i].length);
	check_row(text, heads[i].fault || head.is_chunked == heads[i].is_chunked);
}

static void test_heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(heads); i++)
		for (size_t step = 1; step <= 100; step += step < 8 ? 1 : 31)
			check_head(i, step);
}

static void test_nul(void **state)
{
	static const char text[] = GET "X: a\0b\r\n\r\n";
	struct http_head head = { .state = HTTP_HEAD_MORE };

	(void)state;
	assert_int_equal(http_head_feed(&head, text, sizeof text - 1), strlen(text));
	assert_int_equal(head.state, HTTP_HEAD_REFUSED);
	assert_string_equal(head.fault, "a control character");
}

static void test_number_of_fields(void **state)
{
	static const char field[] = "a:\r\n";

	(void)state;
	for (size_t more = 0; more < 3; more++) {
		bool is_refused = more == 1;
		struct http_head head = { .fields_max = more == 2 ? 0 : 100 };
		size_t taken = http_head_feed(&head, GET, strlen(GET));

		assert_int_equal(taken, strlen(GET));
		for (size_t i = 0; i < 100 + more; i++)
			taken = http_head_feed(&head, field, strlen(field));
		assert_int_equal(taken, is_refused ? 1 : strlen(field));
		assert_int_equal(head.state, is_refused ? HTTP_HEAD_REFUSED : HTTP_HEAD_MORE);
		assert_true(is_refused ? !strcmp(head.fault, "too many fields") : !head.fault);
	}
}

static void test_methods(void **state)
{
	static const char *const rows[][2] = {
		{ "POST / HTTP/1.1\r\n\r\n", "POST " },
		{ "GET / HTTP/1.1\r\n\r\n", "GET " },
		{ "OPTIONS * HTTP/1.1\r\n\r\n", "OPTIONS" },
		{ ANSWER "\r\n", "HTTP/1." },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct http_head head = { .state = HTTP_HEAD_MORE };

		check_row(rows[i][0], http_head_feed(&head, rows[i][0], strlen(rows[i][0])) ==
					      strlen(rows[i][0]));
		assert_string_equal(head.method, rows[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_number_of_fields),
		cmocka_unit_test(test_methods),
	};

	return cmocka_run_group_tests_name("http-head", tests, NULL, NULL);
}
