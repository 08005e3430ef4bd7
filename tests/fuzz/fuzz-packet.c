/* SPDX-License-Identifier: ISC */
/*
 * What is read from a packet, whatever is in it, stays within it; and written again it is the same
 * packet. The first byte says how many fields are read, and as many bytes say of which types.
 */
#include "fuzz.h"

#include "common/packet.h"

#define PACKET_MAX 4096
#define TEXT_MAX 300

static void copy_number(struct packet_reader *reader, struct packet_writer *writer, uint8_t kind)
{
	switch (kind) {
	case 0:
		packet_put_u8(writer, packet_get_u8(reader));
		break;
	case 1:
		packet_put_u16(writer, packet_get_u16(reader));
		break;
	case 2:
		packet_put_u32(writer, packet_get_u32(reader));
		break;
	case 3:
		packet_put_u64(writer, packet_get_u64(reader));
		break;
	default:
		packet_put_u8(writer, packet_get_at_most(reader, 9));
		break;
	}
}

static void copy_text(struct packet_reader *reader, struct packet_writer *writer, uint8_t kind)
{
	char text[TEXT_MAX];
	const char *view;
	size_t length;

	switch (kind) {
	case 5:
		packet_get_text(reader, text, sizeof text);
		HOLDS(strlen(text) < sizeof text);
		packet_put_text(writer, text, strlen(text));
		break;
	case 6:
		view = packet_get_view(reader, TEXT_MAX, &length);
		HOLDS(length <= TEXT_MAX && (view || reader->failed));
		packet_put_text(writer, view, length);
		break;
	case 7:
		view = packet_get_optional(reader, TEXT_MAX, &length);
		packet_put_optional(writer, view, length);
		break;
	default:
		packet_get_bytes(reader, text, 5);
		packet_put_bytes(writer, text, 5);
		break;
	}
}

/* Whatever is put into however little room, it fits or there is no packet. */
static void check_room(const uint8_t *data, size_t size, size_t room)
{
	static unsigned char bytes[PACKET_MAX];
	const char *text = (const char *)data;
	struct packet_writer writer;
	size_t length, needed = PACKET_HEADER_SIZE + 4 + size;

	packet_begin(&writer, bytes, room, 1, 1);
	packet_put_text(&writer, text, size);
	length = packet_end(&writer);
	HOLDS(length == (needed <= room && !memchr(data, '\0', size) ? needed : 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char again[PACKET_MAX];
	size_t count = size ? data[0] % 32 : 0;
	const uint8_t *kinds = data + 1, *packet = kinds + count;
	struct packet_header header;
	struct packet_reader reader;
	struct packet_writer writer;

	if (size > 0)
		check_room(data + 1, size - 1, data[0] * 8U);
	if (size < 1 + count ||
	    packet_find(&header, packet, size - 1 - count, PACKET_MAX) != PACKET_COMPLETE)
		return 0;
	HOLDS(header.length >= PACKET_HEADER_SIZE && header.length <= size - 1 - count);
	reader = packet_open(packet, &header);
	packet_begin(&writer, again, sizeof again, header.type, header.number);
	for (size_t i = 0; i < count; i++)
		if (kinds[i] % 9 < 5)
			copy_number(&reader, &writer, kinds[i] % 9);
		else
			copy_text(&reader, &writer, kinds[i] % 9);
	HOLDS(reader.at >= packet && reader.at <= reader.end);
	if (!packet_is_done(&reader))
		return 0;
	HOLDS(packet_end(&writer) == header.length);
	HOLDS(memcmp(again, packet, header.length) == 0);
	return 0;
}
