/* SPDX-License-Identifier: ISC */
/*
 * Packets: what two processes of one program say to each other over a stream, when one of them must
 * not have to trust the other. A packet is a header and fields of fixed types in a fixed order; the
 * receiver says how large each may be. Pure.
 *
 *	header    u32 length of all, u16 type, u16 zero, u64 number: 16 bytes
 *	u8, u16, u32, u64     little-endian
 *	text      u32 length, bytes without NUL
 *	optional  u8 1 and the text, or u8 0
 *	bytes     as many as both sides know
 *
 * There is one way to write anything, so that what was read and is written again is the same.
 * Writer and reader remember a failure: a whole packet is written or read, and asked once at its
 * end whether that went well. Whatever was read is zero or empty after a failure.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_HEADER_SIZE 16
#define PACKET_STREAM_MOST ((size_t)128 * 1024) /* bytes of one on a stream, with the header */

struct packet_header {
	uint32_t length; /* of the packet, with the header */
	uint16_t type;
	uint64_t number; /* distinguishes an answer from others */
};

/* ------------------------------------------------------------------ writing */

struct packet_writer {
	unsigned char *bytes;
	size_t size, length;
	bool failed; /* it does not fit */
};

/* Begin a packet in a buffer of the caller's. What is written is wiped by the caller if need be. */
void packet_begin(struct packet_writer *writer, void *buffer, size_t size, uint16_t type,
		  uint64_t number);

void packet_put_u8(struct packet_writer *writer, uint8_t value);
void packet_put_u16(struct packet_writer *writer, uint16_t value);
void packet_put_u32(struct packet_writer *writer, uint32_t value);
void packet_put_u64(struct packet_writer *writer, uint64_t value);

/* Put a text of `length` bytes without NUL; a NUL is a failure. */
void packet_put_text(struct packet_writer *writer, const char *text, size_t length);

/* Put a text that may be absent: null. */
void packet_put_optional(struct packet_writer *writer, const char *text, size_t length);

/* Put as many bytes as both sides know. */
void packet_put_bytes(struct packet_writer *writer, const void *bytes, size_t length);

/* Complete the packet. Returns its length, or 0: it did not fit, or had a text with a NUL. */
size_t packet_end(struct packet_writer *writer) must_check;

/* ------------------------------------------------------------------ reading */

enum packet_state {
	PACKET_MORE, /* it is not complete: more bytes are needed */
	PACKET_COMPLETE,
	PACKET_MALFORMED, /* its header is none, or the packet is larger than `most` */
};

/*
 * Is there a whole packet at the beginning of what has come, of at most `most` bytes? `ret` is
 * written if so. What is malformed is known from the header: nobody waits for the rest of it.
 */
enum packet_state packet_find(struct packet_header *ret, const void *bytes, size_t length,
			      size_t most) must_check;

/*
 * The header at the beginning of what has come, of a packet that need not be complete, nor short
 * enough. False: it is none, or not there yet.
 */
bool packet_find_header(struct packet_header *ret, const void *bytes, size_t length) must_check;

struct packet_reader {
	const unsigned char *at, *end;
	bool failed;
	bool lacks_memory; /* it has failed because what was read could not be kept */
};

/* Begin to read the fields of a complete packet, which outlives the reader. */
struct packet_reader packet_open(const void *packet, const struct packet_header *header);

uint8_t packet_get_u8(struct packet_reader *reader);
uint16_t packet_get_u16(struct packet_reader *reader);
uint32_t packet_get_u32(struct packet_reader *reader);
uint64_t packet_get_u64(struct packet_reader *reader);

/* Get a number that is at most `most`, for an enumeration or a truth value (`most` 1). */
uint8_t packet_get_at_most(struct packet_reader *reader, uint8_t most);

/* Get a text of less than `size` bytes, and terminate it. */
void packet_get_text(struct packet_reader *reader, char *ret, size_t size);

/* Get a text of at most `most` bytes that stays in the packet, unterminated. Null: a failure. */
const char *packet_get_view(struct packet_reader *reader, size_t most, size_t *ret_length);

/* The same for one that may be absent: null, too, but without a failure. */
const char *packet_get_optional(struct packet_reader *reader, size_t most, size_t *ret_length);

void packet_get_bytes(struct packet_reader *reader, void *ret, size_t length);

/* There is no memory to keep what was read: that is a failure, too. */
void packet_lack_memory(struct packet_reader *reader);

/* Has everything been read that was asked for, and is there nothing left? */
bool packet_is_done(const struct packet_reader *reader) must_check;
