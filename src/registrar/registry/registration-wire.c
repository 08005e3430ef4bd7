/* SPDX-License-Identifier: ISC */
/* Registrations and decisions about them, as fields of packets. */
#include "registrar/registry/wire-parts.h"

#include <errno.h>
#include <string.h>

/* Bytes of one text: authd's limit for a request as a whole. */
#define TEXT_MAX ((size_t)65536 + 4096)

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

void wire_put_registration(struct packet_writer *writer,
			   const struct agent_registration *registration)
{
	const struct authd_request_fields *fields = &registration->fields;

	packet_put_u8(writer, (uint8_t)registration->way);
	wire_put_peer(writer, &registration->peer);
	packet_put_text(writer, fields->name.text, fields->name.length);
	put_field(writer, &fields->version);
	put_field(writer, &fields->groups);
	put_field(writer, &fields->ip);
	put_field(writer, &fields->key_hash);
	if (registration->way == REGISTRATION_BY_AUTHD)
		packet_put_u8(writer, (uint8_t)registration->fault);
	if (registration->way == REGISTRATION_BY_ENROLL)
		wire_put_bearer(writer, &registration->bearer);
	if (registration->way != REGISTRATION_BY_API)
		return;
	wire_put_text(writer, registration->token);
	put_field(writer, &registration->id);
	put_field(writer, &registration->key);
	put_force(writer, &registration->force);
}

/* What only a user of the API may say. */
static void get_users_part(struct packet_reader *reader, struct agent_registration *ret)
{
	packet_get_text(reader, ret->token, sizeof ret->token);
	ret->id = get_field(reader);
	ret->key = get_field(reader);
	ret->force = get_force(reader);
}

int wire_get_registration(struct packet_reader *reader, const void **ret)
{
	struct agent_registration registration = { 0 }, *copy;
	struct authd_request_fields *fields = &registration.fields;
	bool is_whole;

	registration.way = (enum registration_way)packet_get_at_most(reader, REGISTRATION_BY_API);
	wire_get_peer(reader, &registration.peer);
	fields->name.text = packet_get_view(reader, TEXT_MAX, &fields->name.length);
	fields->version = get_field(reader);
	fields->groups = get_field(reader);
	fields->ip = get_field(reader);
	fields->key_hash = get_field(reader);
	if (registration.way == REGISTRATION_BY_AUTHD)
		registration.fault = (enum authd_request_fault)packet_get_at_most(
			reader, AUTHD_REQUEST_OPEN_KEY_HASH);
	if (registration.way == REGISTRATION_BY_ENROLL)
		wire_get_bearer(reader, &registration.bearer);
	if (registration.way == REGISTRATION_BY_API)
		get_users_part(reader, &registration);
	is_whole = packet_is_done(reader) && authd_request_has_fields(registration.fault);
	copy = is_whole ? agent_registration_copy(&registration) : NULL;
	explicit_bzero(&registration, sizeof registration); /* it has a user's token */
	if (copy)
		*ret = copy;
	else
		return is_whole ? -ENOMEM : -EBADMSG;
	return 0;
}

void wire_put_decision(struct packet_writer *writer, const struct registration_decision *decision)
{
	packet_put_u8(writer, (uint8_t)decision->fault);
	if (decision->fault == REGISTRATION_OK) {
		wire_put_agent(writer, &decision->agent);
		wire_put_text(writer, decision->shown_ip);
		wire_put_text(writer, decision->secret);
	} else {
		wire_put_text(writer, decision->refusal);
	}
}

void wire_get_decision(struct packet_reader *reader, struct registration_decision *ret)
{
	ret->fault = (enum registration_fault)packet_get_at_most(reader, REGISTRATION_INTERNAL);
	if (ret->fault == REGISTRATION_OK) {
		wire_get_agent(reader, &ret->agent);
		packet_get_text(reader, ret->shown_ip, sizeof ret->shown_ip);
		packet_get_text(reader, ret->secret, sizeof ret->secret);
	} else {
		packet_get_text(reader, ret->refusal, sizeof ret->refusal);
	}
}
