/* SPDX-License-Identifier: ISC */
/* Removals, as fields of packets. */
#include "registrar/registry/wire-parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What an agent takes, beside its texts: their lengths. */
#define AGENT_MORE (2 * sizeof(uint32_t))

/* ... and the shortest one in all: no text is empty. */
#define AGENT_LEAST (AGENT_MORE + 2)

/* How much more room texts take in a request, for an agent: two terminators. */
#define TERMINATORS 2

size_t wire_removal_most(size_t agents)
{
	return agents * (AGENT_MORE + AGENT_ID_MAX + AGENT_NAME_MAX);
}

void wire_put_removal_request(struct packet_writer *writer, const struct removal_request *request)
{
	struct removal_agent agent;
	const char *at = NULL;

	wire_put_user(writer, &request->user);
	packet_put_u8(writer, request->purge);
	packet_put_u32(writer, (uint32_t)request->count);
	while (removal_next(request, &at, &agent)) {
		wire_put_text(writer, agent.id);
		wire_put_text(writer, agent.name);
	}
}

/* What is in front of the agents. False: there are not so many of them. */
static bool get_head(struct packet_reader *reader, struct removal_request *ret)
{
	wire_get_user(reader, &ret->user);
	ret->purge = packet_get_at_most(reader, 1);
	ret->count = packet_get_u32(reader);
	return !reader->failed && ret->count <= REMOVAL_MAX &&
	       ret->count <= (size_t)(reader->end - reader->at) / AGENT_LEAST;
}

/* Exactly the room that the agents need, if the rest of the packet is nothing but them. */
static size_t room_for(const struct packet_reader *reader, size_t count)
{
	return (size_t)(reader->end - reader->at) - count * (AGENT_MORE - TERMINATORS);
}

static void get_agents(struct packet_reader *reader, struct removal_request *request, size_t count)
{
	char id[AGENT_ID_MAX + 1], name[AGENT_NAME_MAX + 1];

	for (size_t i = 0; i < count && !reader->failed; i++) {
		packet_get_text(reader, id, sizeof id);
		packet_get_text(reader, name, sizeof name);
		if (!id[0] || !name[0] || removal_size(id, name) > request->room - request->length)
			reader->failed = true;
		else
			removal_add(request, id, name);
	}
}

int wire_get_removal_request(struct packet_reader *reader, const void **ret)
{
	struct removal_request head = { .count = 0 }, *request = NULL;
	bool is_right = get_head(reader, &head);
	size_t count = head.count;

	if (is_right)
		request = removal_new(room_for(reader, count));
	if (request) {
		request->user = head.user;
		request->purge = head.purge;
	}
	explicit_bzero(&head, sizeof head);
	if (!request)
		return is_right ? -ENOMEM : -EBADMSG;
	get_agents(reader, request, count);
	if (!packet_is_done(reader)) {
		explicit_bzero(request, sizeof *request);
		free(request);
		return -EBADMSG;
	}
	*ret = request;
	return 0;
}

void wire_put_removal_answer(struct packet_writer *writer, const struct removal_answer *answer)
{
	packet_put_u8(writer, (uint8_t)answer->fault);
	packet_put_u32(writer, (uint32_t)answer->count);
	if (answer->count > 0)
		packet_put_bytes(writer, answer->removed, (answer->count + 7) / 8);
}

/* Bits behind the last are zero, so that there is one way to write it. */
static bool has_rest(const unsigned char *bits, size_t count)
{
	return count % 8 != 0 && bits[count / 8] >> count % 8 != 0;
}

void wire_get_removal_answer(struct packet_reader *reader, struct removal_answer *ret)
{
	size_t count, length;

	ret->fault = (enum removal_fault)packet_get_at_most(reader, REMOVAL_INTERNAL);
	count = packet_get_u32(reader);
	length = (count + 7) / 8;
	if (reader->failed || count > REMOVAL_MAX || length > (size_t)(reader->end - reader->at)) {
		reader->failed = true;
		return;
	}
	ret->removed = malloc(length + 1);
	if (!ret->removed) {
		packet_lack_memory(reader);
		return;
	}
	ret->count = count;
	packet_get_bytes(reader, ret->removed, length);
	reader->failed |= has_rest(ret->removed, count);
}
