/* SPDX-License-Identifier: ISC */
/* Packets: what is written reads the same, and what is wrong is no packet. */
#include "tests/unit/support.h"

#include "common/packet.h"

#define TYPE 7
#define NUMBER 0x1122334455667788u

/* A packet with a field of every type. */
static size_t write_all(unsigned char *buffer, size_t size)
{
	struct packet_writer writer;

	packet_begin(&writer, buffer, size, TYPE, NUMBER);
	packet_put_u8(&writer, 0xfe);
	packet_put_u16(&writer, 0xfedc);
	packet_put_u32(&writer, 0xfedcba98);
	packet_put_u64(&writer, 0xfedcba9876543210);
	packet_put_text(&writer, "web-01", 6);
	packet_put_text(&writer, NULL, 0);
	packet_put_optional(&writer, "x", 1);
	packet_put_optional(&writer, NULL, 0);
	packet_put_bytes(&writer, "\0\1\2", 3);
	return packet_end(&writer);
}

static struct packet_reader open_packet(const unsigned char *packet, size_t length)
{
	struct packet_header header;

	assert_int_equal(packet_find(&header, packet, length, length), PACKET_COMPLETE);
	return packet_open(packet, &header);
}

static void test_round_trip(void **state)
{
	unsigned char packet[128], bytes[3];
	size_t size = write_all(packet, sizeof packet), length;
	struct packet_reader reader = open_packet(packet, size);
	char text[7];
	const char *view;

	(void)state;
	assert_int_equal(packet_get_u8(&reader), 0xfe);
	assert_int_equal(packet_get_u16(&reader), 0xfedc);
	assert_int_equal(packet_get_u32(&reader), 0xfedcba98);
	assert_true(packet_get_u64(&reader) == 0xfedcba9876543210);
	packet_get_text(&reader, text, sizeof text);
	assert_string_equal(text, "web-01");
	view = packet_get_view(&reader, 0, &length);
	assert_non_null(view);
	assert_int_equal(length, 0);
	view = packet_get_optional(&reader, 1, &length);
	assert_memory_equal(view, "x", 1);
	assert_int_equal(length, 1);
	assert_null(packet_get_optional(&reader, 1, &length));
	assert_false(packet_is_done(&reader)); /* something is left */
	packet_get_bytes(&reader, bytes, sizeof bytes);
	assert_memory_equal(bytes, "\0\1\2", 3);
	assert_true(packet_is_done(&reader));
}

/* The bytes themselves, so that no machine writes them in another way. */
static void test_form(void **state)
{
	static const unsigned char expected[] = { 25,   0,    0,    0,    TYPE, 0,    0,    0, 0x88,
						  0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 3, 0,
						  0,    0,    'a',  'b',  'c',  0x34, 0x12 };
	unsigned char packet[sizeof expected];
	struct packet_writer writer;

	(void)state;
	packet_begin(&writer, packet, sizeof packet, TYPE, NUMBER);
	packet_put_text(&writer, "abc", 3);
	packet_put_u16(&writer, 0x1234);
	assert_int_equal(packet_end(&writer), sizeof expected);
	assert_memory_equal(packet, expected, sizeof expected);
}

/* In any buffer that is too small, whichever field it ends in. */
static void test_does_not_fit(void **state)
{
	unsigned char packet[128];
	size_t length = write_all(packet, sizeof packet);

	(void)state;
	for (size_t size = 0; size < length; size++)
		assert_int_equal(write_all(packet, size), 0);
	assert_int_equal(write_all(packet, length), length);
}

static void test_text_with_nul(void **state)
{
	unsigned char packet[64];
	struct packet_writer writer;
	struct packet_reader reader;
	size_t length;

	(void)state;
	packet_begin(&writer, packet, sizeof packet, TYPE, NUMBER);
	packet_put_text(&writer, "a\0b", 3);
	assert_int_equal(packet_end(&writer), 0);
	packet_begin(&writer, packet, sizeof packet, TYPE, NUMBER);
	packet_put_u32(&writer, 3);
	packet_put_bytes(&writer, "a\0b", 3);
	reader = open_packet(packet, packet_end(&writer));
	assert_null(packet_get_view(&reader, 3, &length));
	assert_int_equal(length, 0);
	assert_false(packet_is_done(&reader));
}

static void test_find(void **state)
{
	unsigned char packet[128];
	size_t length = write_all(packet, sizeof packet);
	struct packet_header header = { .number = 1 };

	(void)state;
	for (size_t have = 0; have < length; have++)
		assert_int_equal(packet_find(&header, packet, have, length), PACKET_MORE);
	assert_int_equal(header.number, 1); /* not written */
	assert_int_equal(packet_find(&header, packet, sizeof packet, length), PACKET_COMPLETE);
	assert_int_equal(header.length, length);
	assert_int_equal(header.type, TYPE);
	assert_true(header.number == NUMBER);
	/* Larger than it may be: known before the rest has come. */
	assert_int_equal(packet_find(&header, packet, PACKET_HEADER_SIZE, length - 1),
			 PACKET_MALFORMED);
	packet[6] = 1;
	assert_int_equal(packet_find(&header, packet, length, length), PACKET_MALFORMED);
	packet[6] = 0;
	packet[0] = PACKET_HEADER_SIZE - 1;
	assert_int_equal(packet_find(&header, packet, length, length), PACKET_MALFORMED);
}

/* Cut anywhere, a packet is never done, and nothing is read from behind its end. */
static void test_cut(void **state)
{
	unsigned char packet[128], bytes[3];
	size_t size = write_all(packet, sizeof packet), length;
	char text[7] = "before";

	(void)state;
	for (size_t end = PACKET_HEADER_SIZE; end < size; end++) {
		const struct packet_header header = { .length = (uint32_t)end };
		struct packet_reader reader = packet_open(packet, &header);

		(void)packet_get_u8(&reader);
		(void)packet_get_u16(&reader);
		(void)packet_get_u32(&reader);
		(void)packet_get_u64(&reader);
		packet_get_text(&reader, text, sizeof text);
		(void)packet_get_view(&reader, 0, &length);
		(void)packet_get_optional(&reader, 1, &length);
		(void)packet_get_optional(&reader, 1, &length);
		packet_get_bytes(&reader, bytes, sizeof bytes);
		assert_false(packet_is_done(&reader));
		/* Once it has failed, everything is empty. */
		assert_memory_equal(bytes, "\0\0\0", 3);
		assert_int_equal(packet_get_u8(&reader), 0);
		packet_get_text(&reader, text, sizeof text);
		assert_string_equal(text, "");
	}
}

/* What is larger than the reader takes is a failure, and not cut. */
static void test_bounds(void **state)
{
	unsigned char packet[64];
	struct packet_writer writer;
	struct packet_reader reader;
	size_t size, length;
	char text[6];

	(void)state;
	packet_begin(&writer, packet, sizeof packet, TYPE, NUMBER);
	packet_put_text(&writer, "web-01", 6);
	size = packet_end(&writer);
	reader = open_packet(packet, size);
	packet_get_text(&reader, text, sizeof text);
	assert_string_equal(text, "");
	assert_false(packet_is_done(&reader));
	reader = open_packet(packet, size);
	assert_null(packet_get_view(&reader, 5, &length));
	reader = open_packet(packet, size);
	assert_int_equal(packet_get_at_most(&reader, 6), 6);
	assert_false(reader.failed);
	reader = open_packet(packet, size);
	assert_int_equal(packet_get_at_most(&reader, 5), 0);
	assert_true(reader.failed);
	/* Present is 1, and nothing else. */
	packet[PACKET_HEADER_SIZE] = 2;
	reader = open_packet(packet, size);
	assert_null(packet_get_optional(&reader, 6, &length));
	assert_true(reader.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),   cmocka_unit_test(test_form),
		cmocka_unit_test(test_does_not_fit), cmocka_unit_test(test_text_with_nul),
		cmocka_unit_test(test_find),         cmocka_unit_test(test_cut),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
