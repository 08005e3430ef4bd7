/* SPDX-License-Identifier: ISC */
/* What users of the API ask, and the answers, as fields of packets. */
#include "registrar/registry/wire-parts.h"

/* ------------------------------------------------------------------ keys */

void wire_put_key_request(struct packet_writer *writer, const struct key_request *request)
{
	wire_put_user(writer, &request->user);
	wire_put_text(writer, request->id);
}

int wire_get_key_request(struct packet_reader *reader, const void **ret)
{
	struct key_request request = { 0 };

	wire_get_user(reader, &request.user);
	packet_get_text(reader, request.id, sizeof request.id);
	return wire_keep(reader, &request, sizeof request, ret);
}

void wire_put_key_answer(struct packet_writer *writer, const struct key_answer *answer)
{
	packet_put_u8(writer, (uint8_t)answer->fault);
	if (answer->fault == KEY_OK)
		wire_put_agent(writer, &answer->agent);
}

void wire_get_key_answer(struct packet_reader *reader, struct key_answer *ret)
{
	ret->fault = (enum key_fault)packet_get_at_most(reader, KEY_INTERNAL);
	if (ret->fault == KEY_OK)
		wire_get_agent(reader, &ret->agent);
}

/* ------------------------------------------------------------------ groups */

void wire_put_join_request(struct packet_writer *writer, const struct join_request *request)
{
	wire_put_user(writer, &request->user);
	wire_put_text(writer, request->id);
	wire_put_text(writer, request->group);
	packet_put_u8(writer, request->alone);
}

int wire_get_join_request(struct packet_reader *reader, const void **ret)
{
	struct join_request request = { 0 };

	wire_get_user(reader, &request.user);
	packet_get_text(reader, request.id, sizeof request.id);
	packet_get_text(reader, request.group, sizeof request.group);
	request.alone = packet_get_at_most(reader, 1);
	return wire_keep(reader, &request, sizeof request, ret);
}

void wire_put_join_answer(struct packet_writer *writer, const struct join_answer *answer)
{
	packet_put_u8(writer, (uint8_t)answer->fault);
}

void wire_get_join_answer(struct packet_reader *reader, struct join_answer *ret)
{
	ret->fault = (enum join_fault)packet_get_at_most(reader, JOIN_INTERNAL);
}
