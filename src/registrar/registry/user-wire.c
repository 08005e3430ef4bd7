/* SPDX-License-Identifier: ISC */
/* What users of the API ask, and the answers, as fields of packets. */
#include "registrar/registry/wire-parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void put_user(struct packet_writer *writer, const struct registry_user *user)
{
	wire_put_peer(writer, &user->client);
	wire_put_text(writer, user->name);
}

static bool get_user(struct packet_reader *reader, struct registry_user *ret)
{
	wire_get_peer(reader, &ret->client);
	return wire_get_user_name(reader, ret->name);
}

/* A copy of what was read, if that is whole. */
static int keep(const struct packet_reader *reader, bool is_right, const void *request, size_t size,
		const void **ret)
{
	void *copy;

	if (!is_right || !packet_is_done(reader))
		return -EBADMSG;
	copy = malloc(size);
	if (!copy)
		return -ENOMEM;
	*ret = memcpy(copy, request, size);
	return 0;
}

/* ------------------------------------------------------------------ keys */

void wire_put_key_request(struct packet_writer *writer, const struct key_request *request)
{
	put_user(writer, &request->user);
	wire_put_text(writer, request->id);
}

int wire_get_key_request(struct packet_reader *reader, const void **ret)
{
	struct key_request request = { 0 };
	bool is_right = get_user(reader, &request.user);

	packet_get_text(reader, request.id, sizeof request.id);
	return keep(reader, is_right, &request, sizeof request, ret);
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
	put_user(writer, &request->user);
	wire_put_text(writer, request->id);
	wire_put_text(writer, request->group);
	packet_put_u8(writer, request->alone);
}

int wire_get_join_request(struct packet_reader *reader, const void **ret)
{
	struct join_request request = { 0 };
	bool is_right = get_user(reader, &request.user);

	packet_get_text(reader, request.id, sizeof request.id);
	packet_get_text(reader, request.group, sizeof request.group);
	request.alone = packet_get_at_most(reader, 1);
	return keep(reader, is_right, &request, sizeof request, ret);
}

void wire_put_join_answer(struct packet_writer *writer, const struct join_answer *answer)
{
	packet_put_u8(writer, (uint8_t)answer->fault);
}

void wire_get_join_answer(struct packet_reader *reader, struct join_answer *ret)
{
	ret->fault = (enum join_fault)packet_get_at_most(reader, JOIN_INTERNAL);
}
