/* SPDX-License-Identifier: ISC */
/*
 * Whatever a front or a keeper sends: what is read is within its bounds, and is the same when it is
 * written and read again. The input is a packet without its header: the first byte says of which
 * type.
 */
#include "fuzz.h"

#include "registrar/registry/registry-wire.h"

#define BODY_MAX 8192

static unsigned char again[REGISTRY_PACKET_MAX];

static struct packet_header find(const void *packet, size_t length)
{
	struct packet_header header = { 0 };

	HOLDS(packet_find(&header, packet, length, REGISTRY_PACKET_MAX) == PACKET_COMPLETE);
	return header;
}

static void check_inside(const struct agent_registration *registration,
			 const struct authd_field *field)
{
	HOLDS(!field->text ||
	      (field->text >= registration->texts &&
	       field->text + field->length <= registration->texts + registration->text_length));
}

static void check_registration(const unsigned char *packet, size_t length)
{
	struct packet_header header = find(packet, length);
	struct agent_registration *registration;
	uint64_t patience;

	if (registry_wire_read_registration(&registration, &patience, packet, &header) < 0)
		return;
	check_inside(registration, &registration->fields.name);
	check_inside(registration, &registration->fields.version);
	check_inside(registration, &registration->fields.groups);
	check_inside(registration, &registration->fields.ip);
	check_inside(registration, &registration->fields.key_hash);
	check_inside(registration, &registration->id);
	check_inside(registration, &registration->key);
	HOLDS(!registration->fields.rest.text);
	HOLDS(!strchr(registration->user, '\n') && !strchr(registration->peer.text, '\n'));
	HOLDS(registration->way == REGISTRATION_BY_API ||
	      (!registration->key.text && !registration->id.text && !registration->force.enabled));
	HOLDS(registry_wire_register(again, header.number, patience, registration) == length);
	HOLDS(memcmp(again, packet, length) == 0);
	agent_registration_free(registration);
}

static void check_answer(const unsigned char *packet, size_t length)
{
	struct packet_header header = find(packet, length);
	struct registration_decision decision;
	struct registry_answer answer = { .decision = &decision };

	if (registry_wire_read_answer(&answer.outcome, &decision, packet, &header) < 0)
		return;
	HOLDS(decision.fault != REGISTRATION_OK || answer.outcome == REGISTRY_DECIDED);
	HOLDS(decision.fault != REGISTRATION_OK || !decision.refusal[0]);
	HOLDS(decision.fault == REGISTRATION_OK || !decision.agent.key[0]);
	HOLDS(registry_wire_answer(again, header.number, &answer) == length);
	HOLDS(memcmp(again, packet, length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char packet[PACKET_HEADER_SIZE + BODY_MAX];
	struct packet_writer writer;
	struct packet_header header;
	size_t length;

	if (size < 1 || size > BODY_MAX)
		return 0;
	packet_begin(&writer, packet, sizeof packet,
		     data[0] % 2 ? REGISTRY_PACKET_REGISTER : REGISTRY_PACKET_ANSWER, 1);
	packet_put_bytes(&writer, data + 1, size - 1);
	length = packet_end(&writer);
	header = find(packet, length);
	HOLDS(!registry_wire_is_our_version(packet, &header) ||
	      length == PACKET_HEADER_SIZE + sizeof(uint32_t));
	if (data[0] % 2)
		check_registration(packet, length);
	else
		check_answer(packet, length);
	return 0;
}
