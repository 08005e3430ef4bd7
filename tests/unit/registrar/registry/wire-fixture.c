/* SPDX-License-Identifier: ISC */
#include "tests/unit/registrar/registry/wire-fixture.h"

#include "tests/unit/support.h"

unsigned char wire_packet[REGISTRY_PACKET_MAX];

const struct registry_user wire_admin = {
	.client = { .address = "192.0.2.1", .text = "192.0.2.1 port 40000", .port = 40000 },
	.token = "token",
};

void wire_assert_user(const struct registry_user *user)
{
	assert_string_equal(user->client.address, "192.0.2.1");
	assert_string_equal(user->client.text, "192.0.2.1 port 40000");
	assert_string_equal(user->token, "token");
}

struct packet_header wire_find(size_t length)
{
	struct packet_header header = { 0 };

	assert_int_equal(packet_find(&header, wire_packet, length, REGISTRY_PACKET_MAX),
			 PACKET_COMPLETE);
	return header;
}

const void *wire_pass_request(const struct registry_request *request, uint64_t patience)
{
	struct packet_header header =
		wire_find(registry_wire_request(wire_packet, 7, patience, request));
	enum registry_type type;
	uint64_t read_patience;
	const void *read;

	assert_int_equal(header.type, REGISTRY_PACKET_REQUEST);
	assert_true(header.number == 7);
	assert_int_equal(
		registry_wire_read_request(&type, &read, &read_patience, wire_packet, &header), 0);
	assert_int_equal(type, request->type);
	assert_true(read_patience == patience);
	return read;
}

int wire_read_request(size_t length)
{
	struct packet_header header = wire_find(length);
	struct registry_request read = { .content = NULL };
	uint64_t patience;
	int r = registry_wire_read_request(&read.type, &read.content, &patience, wire_packet,
					   &header);

	assert_true((r == 0) == (read.content != NULL));
	registry_request_clear(&read);
	return r;
}

int wire_pass_answer(struct registry_answer *read, const struct registry_answer *sent)
{
	struct packet_header header = wire_find(registry_wire_answer(wire_packet, 9, sent));

	assert_int_equal(header.type, REGISTRY_PACKET_ANSWER);
	assert_true(header.number == 9);
	return registry_wire_read_answer(read, wire_packet, &header);
}
