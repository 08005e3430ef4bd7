/* SPDX-License-Identifier: ISC */
/*
 * Where does the chunked body of an HTTP/1 message end (RFC 9112, 7.1)? Only what every reader
 * takes in the same way, and with little memory, is accepted: chunks without extensions, whose size
 * is a number of few digits, and no trailers, which some readers take for fields of the head.
 */
#pragma once

#include "common/must-check.h"

#include <stddef.h>
#include <stdint.h>

enum http_chunks_state {
	HTTP_CHUNKS_MORE,    /* more of them are to come */
	HTTP_CHUNKS_DONE,    /* complete */
	HTTP_CHUNKS_REFUSED, /* the next byte has no place there */
};

enum http_chunks_place {
	HTTP_CHUNKS_SIZE,
	HTTP_CHUNKS_SIZE_END, /* the line feed behind the size */
	HTTP_CHUNKS_DATA,
	HTTP_CHUNKS_DATA_END, /* the carriage return behind the data */
	HTTP_CHUNKS_DATA_FEED,
	HTTP_CHUNKS_LAST, /* the same two behind the last size */
	HTTP_CHUNKS_LAST_FEED,
};

/* Zero-initialise for each body. */
struct http_chunks {
	enum http_chunks_state state;
	/* the rest is for http_chunks_feed() */
	enum http_chunks_place place;
	unsigned int digits; /* of the size, so far */
	uint64_t left;       /* bytes of the chunk; its size, while that is read */
};

/*
 * Feed the next bytes. Returns how many belong to the body and are right: fewer than `length` when
 * it is complete, or the next byte is refused.
 */
size_t http_chunks_feed(struct http_chunks *chunks, const char *bytes, size_t length) must_check;
