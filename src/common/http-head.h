/* SPDX-License-Identifier: ISC */
/*
 * Is the head of an HTTP/1 message one that every reader takes in the same way? What two readers
 * could understand differently (where a line, the head or the body ends) is refused, instead of
 * being settled by one of them: RFC 9112, 2.2, 5, 6.3 and 11.2.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_head_state {
	HTTP_HEAD_MORE,    /* more of it is to come */
	HTTP_HEAD_DONE,    /* complete */
	HTTP_HEAD_REFUSED, /* `fault` says why */
};

enum http_head_place {
	HTTP_HEAD_START_LINE,
	HTTP_HEAD_NAME,
	HTTP_HEAD_VALUE,
};

/* Zero-initialise for each message, but for what it has to keep to. */
struct http_head {
	unsigned int fields_max; /* 0: as many as it likes */
	enum http_head_state state;
	const char *fault; /* completes "the head has": "two Content-Length fields" */
	char method[8];    /* the first word of the message, cut: "POST", "HTTP/1." */
	uint64_t length;   /* of the body, as Content-Length says */
	bool has_length;   /* there is such a field */
	bool is_chunked;   /* Transfer-Encoding: chunked */
	/* the rest is for http_head_feed() */
	enum http_head_place place;
	bool follows_return; /* the last byte was a carriage return */
	size_t line_length;
	unsigned int fields;      /* those that have begun */
	char name[24], value[24]; /* cut, in lower case; the value without blanks around it */
	size_t name_length, value_length;
};

/*
 * Feed the next bytes. Returns how many belong to the head and are right: fewer than `length` when
 * it is complete, or the next byte is refused.
 */
size_t http_head_feed(struct http_head *head, const char *bytes, size_t length) must_check;
