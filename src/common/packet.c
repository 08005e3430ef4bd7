/* SPDX-License-Identifier: ISC */
#include "common/packet.h"

#include <string.h>

enum { AT_LENGTH = 0, AT_TYPE = 4, AT_ZERO = 6, AT_NUMBER = 8 };

static void store(unsigned char *at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		at[i] = (unsigned char)(value >> 8 * i);
}

static uint64_t load(const unsigned char *at, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)at[i] << 8 * i;
	return value;
}

/* ------------------------------------------------------------------ writing */

/* Where the next `length` bytes go. Null: they do not fit. */
static unsigned char *reserve(struct packet_writer *writer, size_t length)
{
	unsigned char *at = writer->bytes + writer->length;

	if (writer->failed || length > writer->size - writer->length) {
		writer->failed = true;
		return NULL;
	}
	writer->length += length;
	return at;
}

static void put_number(struct packet_writer *writer, uint64_t value, size_t size)
{
	unsigned char *at = reserve(writer, size);

	if (at)
		store(at, value, size);
}

void packet_begin(struct packet_writer *writer, void *buffer, size_t size, uint16_t type,
		  uint64_t number)
{
	*writer = (struct packet_writer){ .bytes = buffer, .size = size };
	put_number(writer, 0, AT_TYPE - AT_LENGTH);
	put_number(writer, type, AT_ZERO - AT_TYPE);
	put_number(writer, 0, AT_NUMBER - AT_ZERO);
	put_number(writer, number, PACKET_HEADER_SIZE - AT_NUMBER);
}

void packet_put_u8(struct packet_writer *writer, uint8_t value)
{
	put_number(writer, value, sizeof value);
}

void packet_put_u16(struct packet_writer *writer, uint16_t value)
{
	put_number(writer, value, sizeof value);
}

void packet_put_u32(struct packet_writer *writer, uint32_t value)
{
	put_number(writer, value, sizeof value);
}

void packet_put_u64(struct packet_writer *writer, uint64_t value)
{
	put_number(writer, value, sizeof value);
}

void packet_put_text(struct packet_writer *writer, const char *text, size_t length)
{
	if (length > UINT32_MAX || (length > 0 && memchr(text, '\0', length))) {
		writer->failed = true;
		return;
	}
	packet_put_u32(writer, (uint32_t)length);
	packet_put_bytes(writer, text, length);
}

void packet_put_optional(struct packet_writer *writer, const char *text, size_t length)
{
	packet_put_u8(writer, text != NULL);
	if (text)
		packet_put_text(writer, text, length);
}

void packet_put_bytes(struct packet_writer *writer, const void *bytes, size_t length)
{
	unsigned char *at = reserve(writer, length);

	if (at && length > 0)
		memcpy(at, bytes, length);
}

size_t packet_end(struct packet_writer *writer)
{
	if (writer->failed || writer->length > UINT32_MAX)
		return 0;
	store(writer->bytes + AT_LENGTH, writer->length, AT_TYPE - AT_LENGTH);
	return writer->length;
}

/* ------------------------------------------------------------------ reading */

bool packet_find_header(struct packet_header *ret, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;
	struct packet_header header;

	if (length < PACKET_HEADER_SIZE)
		return false;
	header = (struct packet_header){
		.length = (uint32_t)load(at + AT_LENGTH, AT_TYPE - AT_LENGTH),
		.type = (uint16_t)load(at + AT_TYPE, AT_ZERO - AT_TYPE),
		.number = load(at + AT_NUMBER, PACKET_HEADER_SIZE - AT_NUMBER),
	};
	if (header.length < PACKET_HEADER_SIZE || load(at + AT_ZERO, AT_NUMBER - AT_ZERO) != 0)
		return false;
	*ret = header;
	return true;
}

enum packet_state packet_find(struct packet_header *ret, const void *bytes, size_t length,
			      size_t most)
{
	struct packet_header header;

	if (length < PACKET_HEADER_SIZE)
		return PACKET_MORE;
	if (!packet_find_header(&header, bytes, length) || header.length > most)
		return PACKET_MALFORMED;
	if (length < header.length)
		return PACKET_MORE;
	*ret = header;
	return PACKET_COMPLETE;
}

struct packet_reader packet_open(const void *packet, const struct packet_header *header)
{
	const unsigned char *at = packet;

	return (struct packet_reader){ .at = at + PACKET_HEADER_SIZE, .end = at + header->length };
}

/* The next `length` bytes. Null: there are not so many. */
static const unsigned char *take(struct packet_reader *reader, size_t length)
{
	const unsigned char *at = reader->at;

	if (reader->failed || length > (size_t)(reader->end - at)) {
		reader->failed = true;
		return NULL;
	}
	reader->at += length;
	return at;
}

static uint64_t get_number(struct packet_reader *reader, size_t size)
{
	const unsigned char *at = take(reader, size);

	return at ? load(at, size) : 0;
}

uint8_t packet_get_u8(struct packet_reader *reader)
{
	return (uint8_t)get_number(reader, sizeof(uint8_t));
}

uint16_t packet_get_u16(struct packet_reader *reader)
{
	return (uint16_t)get_number(reader, sizeof(uint16_t));
}

uint32_t packet_get_u32(struct packet_reader *reader)
{
	return (uint32_t)get_number(reader, sizeof(uint32_t));
}

uint64_t packet_get_u64(struct packet_reader *reader)
{
	return get_number(reader, sizeof(uint64_t));
}

uint8_t packet_get_at_most(struct packet_reader *reader, uint8_t most)
{
	uint8_t value = packet_get_u8(reader);

	if (value <= most)
		return value;
	reader->failed = true;
	return 0;
}

const char *packet_get_view(struct packet_reader *reader, size_t most, size_t *ret_length)
{
	uint32_t length = packet_get_u32(reader);
	const unsigned char *text = length <= most ? take(reader, length) : NULL;

	*ret_length = 0;
	if (!text || (length > 0 && memchr(text, '\0', length))) {
		reader->failed = true;
		return NULL;
	}
	*ret_length = length;
	return (const char *)text;
}

const char *packet_get_optional(struct packet_reader *reader, size_t most, size_t *ret_length)
{
	*ret_length = 0;
	return packet_get_at_most(reader, 1) ? packet_get_view(reader, most, ret_length) : NULL;
}

void packet_get_text(struct packet_reader *reader, char *ret, size_t size)
{
	size_t length;
	const char *text = packet_get_view(reader, size - 1, &length);

	if (length > 0)
		memcpy(ret, text, length);
	ret[length] = '\0';
}

void packet_get_bytes(struct packet_reader *reader, void *ret, size_t length)
{
	const unsigned char *at = take(reader, length);

	if (at)
		memcpy(ret, at, length);
	else
		memset(ret, 0, length);
}

void packet_lack_memory(struct packet_reader *reader)
{
	reader->failed = reader->lacks_memory = true;
}

bool packet_is_done(const struct packet_reader *reader)
{
	return !reader->failed && reader->at == reader->end;
}
