/* SPDX-License-Identifier: ISC */
#include "registrar/registry/registry-wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

/* Bytes of one text: authd's limit for a request as a whole. */
#define TEXT_MAX ((size_t)65536 + 4096)

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

size_t registry_wire_hello(void *buffer, enum registry_packet type)
{
	struct packet_writer writer;

	packet_begin(&writer, buffer, REGISTRY_PACKET_MAX, (uint16_t)type, 0);
	packet_put_u32(&writer, REGISTRY_WIRE_VERSION);
	return packet_end(&writer);
}

bool registry_wire_is_our_version(const void *packet, const struct packet_header *header)
{
	struct packet_reader reader = packet_open(packet, header);

	return packet_get_u32(&reader) == REGISTRY_WIRE_VERSION && packet_is_done(&reader);
}

size_t registry_wire_withdraw(void *buffer, uint64_t number)
{
	struct packet_writer writer;

	packet_begin(&writer, buffer, REGISTRY_PACKET_MAX, REGISTRY_PACKET_WITHDRAW, number);
	return packet_end(&writer);
}

bool registry_wire_is_empty(const struct packet_header *header)
{
	return header->length == PACKET_HEADER_SIZE;
}

/* ------------------------------------------------------------------ the client */

/* An address that is none is written as ::, which no client has. */
static void put_peer(struct packet_writer *writer, const struct peer *peer)
{
	struct in6_addr address = IN6ADDR_ANY_INIT;
	struct in_addr v4;

	if (inet_pton(AF_INET, peer->address, &v4) == 1) {
		address.s6_addr[10] = address.s6_addr[11] = 0xff;
		memcpy(address.s6_addr + 12, &v4, sizeof v4);
	} else if (inet_pton(AF_INET6, peer->address, &address) != 1) {
		address = (struct in6_addr)IN6ADDR_ANY_INIT;
	}
	packet_put_bytes(writer, &address, sizeof address);
	packet_put_u16(writer, peer->port);
}

static void get_peer(struct packet_reader *reader, struct peer *ret)
{
	struct sockaddr_storage storage = { .ss_family = AF_INET6 };
	struct sockaddr_in6 *address = (struct sockaddr_in6 *)&storage;

	packet_get_bytes(reader, &address->sin6_addr, sizeof address->sin6_addr);
	address->sin6_port = htons(packet_get_u16(reader));
	peer_describe(ret, &storage);
}

/* ------------------------------------------------------------------ registrations */

static void put_field(struct packet_writer *writer, const struct authd_field *field)
{
	packet_put_optional(writer, field->text, field->length);
}

static struct authd_field get_field(struct packet_reader *reader)
{
	struct authd_field field;

	field.text = packet_get_optional(reader, TEXT_MAX, &field.length);
	return field;
}

static void put_force(struct packet_writer *writer, const struct registration_force *force)
{
	packet_put_u8(writer, force->enabled);
	packet_put_u8(writer, force->check_disconnected);
	packet_put_u32(writer, force->disconnected_time);
	packet_put_u32(writer, force->after_registration_time);
}

static struct registration_force get_force(struct packet_reader *reader)
{
	struct registration_force force;

	force.enabled = packet_get_at_most(reader, 1);
	force.check_disconnected = packet_get_at_most(reader, 1);
	force.disconnected_time = packet_get_u32(reader);
	force.after_registration_time = packet_get_u32(reader);
	return force;
}

size_t registry_wire_register(void *buffer, uint64_t number, uint64_t patience,
			      const struct agent_registration *registration)
{
	const struct authd_request_fields *fields = &registration->fields;
	struct packet_writer writer;

	packet_begin(&writer, buffer, REGISTRY_PACKET_MAX, REGISTRY_PACKET_REGISTER, number);
	packet_put_u64(&writer, patience);
	packet_put_u8(&writer, (uint8_t)registration->way);
	put_peer(&writer, &registration->peer);
	packet_put_text(&writer, fields->name.text, fields->name.length);
	put_field(&writer, &fields->version);
	put_field(&writer, &fields->groups);
	put_field(&writer, &fields->ip);
	put_field(&writer, &fields->key_hash);
	if (registration->way == REGISTRATION_BY_API) {
		packet_put_text(&writer, registration->user, strlen(registration->user));
		put_field(&writer, &registration->id);
		put_field(&writer, &registration->key);
		put_force(&writer, &registration->force);
	}
	return packet_end(&writer);
}

/* What only a user of the API may say. The name goes into the log. */
static bool get_users_part(struct packet_reader *reader, struct agent_registration *ret)
{
	packet_get_text(reader, ret->user, sizeof ret->user);
	ret->id = get_field(reader);
	ret->key = get_field(reader);
	ret->force = get_force(reader);
	return strspn(ret->user, NAME_CHARACTERS) == strlen(ret->user);
}

int registry_wire_read_registration(struct agent_registration **ret, uint64_t *ret_patience,
				    const void *packet, const struct packet_header *header)
{
	struct packet_reader reader = packet_open(packet, header);
	struct agent_registration registration = { 0 }, *copy;
	struct authd_request_fields *fields = &registration.fields;
	uint64_t patience = packet_get_u64(&reader);

	registration.way = (enum registration_way)packet_get_at_most(&reader, REGISTRATION_BY_API);
	get_peer(&reader, &registration.peer);
	fields->name.text = packet_get_view(&reader, TEXT_MAX, &fields->name.length);
	fields->version = get_field(&reader);
	fields->groups = get_field(&reader);
	fields->ip = get_field(&reader);
	fields->key_hash = get_field(&reader);
	if ((registration.way == REGISTRATION_BY_API && !get_users_part(&reader, &registration)) ||
	    !packet_is_done(&reader))
		return -EBADMSG;
	copy = agent_registration_copy(&registration);
	if (!copy)
		return -ENOMEM;
	*ret = copy;
	*ret_patience = patience;
	return 0;
}

/* ------------------------------------------------------------------ answers */

static void put_string(struct packet_writer *writer, const char *text)
{
	packet_put_text(writer, text, strlen(text));
}

size_t registry_wire_answer(void *buffer, uint64_t number, const struct registry_answer *answer)
{
	const struct registration_decision *decision = answer->decision;
	struct packet_writer writer;

	packet_begin(&writer, buffer, REGISTRY_PACKET_MAX, REGISTRY_PACKET_ANSWER, number);
	packet_put_u8(&writer, (uint8_t)answer->outcome);
	packet_put_u8(&writer, (uint8_t)decision->fault);
	if (decision->fault == REGISTRATION_OK) {
		put_string(&writer, decision->agent.id);
		put_string(&writer, decision->agent.name);
		put_string(&writer, decision->agent.ip);
		put_string(&writer, decision->agent.key);
		put_string(&writer, decision->shown_ip);
	} else {
		put_string(&writer, decision->refusal);
	}
	return packet_end(&writer);
}

static void get_agent(struct packet_reader *reader, struct registration_decision *ret)
{
	struct agent_key *agent = &ret->agent;

	packet_get_text(reader, agent->id, sizeof agent->id);
	packet_get_text(reader, agent->name, sizeof agent->name);
	packet_get_text(reader, agent->ip, sizeof agent->ip);
	packet_get_text(reader, agent->key, sizeof agent->key);
	packet_get_text(reader, ret->shown_ip, sizeof ret->shown_ip);
}

int registry_wire_read_answer(enum registry_outcome *ret_outcome,
			      struct registration_decision *ret_decision, const void *packet,
			      const struct packet_header *header)
{
	struct packet_reader reader = packet_open(packet, header);
	enum registry_outcome outcome = (enum registry_outcome)packet_get_at_most(&reader,
										  REGISTRY_FAILED);
	struct registration_decision decision = {
		.fault = (enum registration_fault)packet_get_at_most(&reader,
								     REGISTRATION_INTERNAL),
	};
	bool is_whole;

	if (decision.fault == REGISTRATION_OK)
		get_agent(&reader, &decision);
	else
		packet_get_text(&reader, decision.refusal, sizeof decision.refusal);
	/* What was not decided was not granted. */
	is_whole = packet_is_done(&reader) &&
		   (outcome == REGISTRY_DECIDED || decision.fault == REGISTRATION_INTERNAL);
	if (is_whole) {
		*ret_outcome = outcome;
		*ret_decision = decision;
	}
	explicit_bzero(&decision, sizeof decision);
	return is_whole ? 0 : -EBADMSG;
}
