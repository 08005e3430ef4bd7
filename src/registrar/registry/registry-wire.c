/* SPDX-License-Identifier: ISC */
#include "registrar/registry/registry-wire.h"

#include "registrar/registry/wire-parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

size_t registry_wire_news(void *buffer, enum registry_news news, const char *why)
{
	struct packet_writer writer;

	packet_begin(&writer, buffer, REGISTRY_PACKET_MAX, REGISTRY_PACKET_NEWS, 0);
	packet_put_u8(&writer, (uint8_t)news);
	if (news == REGISTRY_NEWS_CLOSING)
		wire_put_text(&writer, why ?: "");
	return packet_end(&writer);
}

int registry_wire_read_news(enum registry_news *ret, struct reason *ret_why, const void *packet,
			    const struct packet_header *header)
{
	struct packet_reader reader = packet_open(packet, header);
	uint8_t news = packet_get_at_most(&reader, REGISTRY_NEWS_PING);
	struct reason why = { .text = "" };

	if (news == REGISTRY_NEWS_CLOSING)
		packet_get_text(&reader, why.text, sizeof why.text);
	if (!packet_is_done(&reader) || header->number != 0)
		return -EBADMSG;
	*ret = (enum registry_news)news;
	*ret_why = why;
	return 0;
}

size_t registry_wire_report(void *buffer, const struct front_report *report)
{
	struct packet_writer writer;

	packet_begin(&writer, buffer, REGISTRY_PACKET_MAX, REGISTRY_PACKET_REPORT, 0);
	packet_put_u8(&writer, report->is_asked);
	packet_put_u8(&writer, report->is_serving);
	packet_put_u8(&writer, report->stopped_by);
	packet_put_u64(&writer, report->registered);
	packet_put_u64(&writer, report->refused);
	packet_put_u64(&writer, report->connections);
	packet_put_u64(&writer, report->reloads);
	return packet_end(&writer);
}

int registry_wire_read_report(struct front_report *ret, const void *packet,
			      const struct packet_header *header)
{
	struct packet_reader reader = packet_open(packet, header);
	struct front_report report;

	report.is_asked = packet_get_at_most(&reader, 1);
	report.is_serving = packet_get_at_most(&reader, 1);
	report.stopped_by = packet_get_u8(&reader);
	report.registered = packet_get_u64(&reader);
	report.refused = packet_get_u64(&reader);
	report.connections = packet_get_u64(&reader);
	report.reloads = packet_get_u64(&reader);
	if (!packet_is_done(&reader) || header->number != 0)
		return -EBADMSG;
	*ret = report;
	return 0;
}

/* ------------------------------------------------------------------ long packets */

void registry_wire_free(void *packet, size_t length)
{
	if (packet)
		explicit_bzero(packet, length);
	free(packet);
}

/* What was written, unless it does not fit. Returns the length. */
static size_t keep_packet(void **ret, void *packet, size_t length, size_t size)
{
	if (length == 0)
		registry_wire_free(packet, size);
	else
		*ret = packet;
	return length;
}

/* ------------------------------------------------------------------ requests */

static size_t write_request(void *buffer, size_t size, uint64_t number, uint64_t patience,
			    const struct registry_request *request)
{
	struct packet_writer writer;

	packet_begin(&writer, buffer, size, REGISTRY_PACKET_REQUEST, number);
	packet_put_u64(&writer, patience);
	packet_put_u8(&writer, (uint8_t)request->type);
	switch (request->type) {
	case REGISTRY_REGISTER:
		wire_put_registration(&writer, request->registration);
		break;
	case REGISTRY_KEY:
		wire_put_key_request(&writer, request->key);
		break;
	case REGISTRY_JOIN:
		wire_put_join_request(&writer, request->join);
		break;
	case REGISTRY_LOGIN:
		wire_put_login_request(&writer, request->login);
		break;
	case REGISTRY_SESSION:
	case REGISTRY_LOGOUT:
		wire_put_user(&writer, request->session);
		break;
	case REGISTRY_BEARER:
	case REGISTRY_SECRET:
		wire_put_bearer_request(&writer, request->bearer);
		break;
	case REGISTRY_MATERIAL:
		break;
	case REGISTRY_REMOVE:
		wire_put_removal_request(&writer, request->removal);
		break;
	case REGISTRY_AGENTS:
		wire_put_agents_request(&writer, request->agents);
		break;
	case REGISTRY_GROUPS:
		wire_put_groups_request(&writer, request->groups);
		break;
	case REGISTRY_TOKEN_MAKE:
		wire_put_token_make_request(&writer, request->token_make);
		break;
	case REGISTRY_TOKENS:
		wire_put_tokens_request(&writer, request->tokens);
		break;
	case REGISTRY_TOKEN_END:
		wire_put_token_end_request(&writer, request->token_end);
		break;
	case REGISTRY_TYPES:
		return 0;
	}
	return packet_end(&writer);
}

size_t registry_wire_request(void *buffer, uint64_t number, uint64_t patience,
			     const struct registry_request *request)
{
	return write_request(buffer, REGISTRY_PACKET_MAX, number, patience, request);
}

size_t registry_wire_request_most(size_t agents)
{
	return REGISTRY_PACKET_MAX + wire_removal_most(agents);
}

size_t registry_wire_long_request(void **ret, uint64_t number, uint64_t patience,
				  const struct registry_request *request)
{
	size_t agents = request->type == REGISTRY_REMOVE ? request->removal->count : 0;
	size_t size = registry_wire_request_most(agents), length;
	void *packet = malloc(size);

	if (!packet)
		return 0;
	length = write_request(packet, size, number, patience, request);
	return keep_packet(ret, packet, length, size);
}

static int get_content(enum registry_type type, struct packet_reader *reader, const void **ret)
{
	switch (type) {
	case REGISTRY_REGISTER:
		return wire_get_registration(reader, ret);
	case REGISTRY_KEY:
		return wire_get_key_request(reader, ret);
	case REGISTRY_JOIN:
		return wire_get_join_request(reader, ret);
	case REGISTRY_LOGIN:
		return wire_get_login_request(reader, ret);
	case REGISTRY_SESSION:
	case REGISTRY_LOGOUT:
		return wire_get_session_request(reader, ret);
	case REGISTRY_BEARER:
	case REGISTRY_SECRET:
		return wire_get_bearer_request(reader, ret);
	case REGISTRY_MATERIAL:
		*ret = NULL;
		return packet_is_done(reader) ? 0 : -EBADMSG;
	case REGISTRY_REMOVE:
		return wire_get_removal_request(reader, ret);
	case REGISTRY_AGENTS:
		return wire_get_agents_request(reader, ret);
	case REGISTRY_GROUPS:
		return wire_get_groups_request(reader, ret);
	case REGISTRY_TOKEN_MAKE:
		return wire_get_token_make_request(reader, ret);
	case REGISTRY_TOKENS:
		return wire_get_tokens_request(reader, ret);
	case REGISTRY_TOKEN_END:
		return wire_get_token_end_request(reader, ret);
	case REGISTRY_TYPES:
		break;
	}
	return -EBADMSG;
}

int registry_wire_request_type(enum registry_type *ret, const void *packet,
			       const struct packet_header *header)
{
	struct packet_reader reader = packet_open(packet, header);
	uint8_t type;

	(void)packet_get_u64(&reader);
	type = packet_get_at_most(&reader, REGISTRY_TYPES - 1);
	if (reader.failed)
		return -EBADMSG;
	*ret = (enum registry_type)type;
	return 0;
}

int registry_wire_read_request(enum registry_type *ret_type, const void **ret_content,
			       uint64_t *ret_patience, const void *packet,
			       const struct packet_header *header)
{
	struct packet_reader reader = packet_open(packet, header);
	uint64_t patience = packet_get_u64(&reader);
	enum registry_type type = (enum registry_type)packet_get_at_most(&reader,
									 REGISTRY_TYPES - 1);
	int r = get_content(type, &reader, ret_content);

	if (r < 0)
		return r;
	*ret_type = type;
	*ret_patience = patience;
	return 0;
}

/* ------------------------------------------------------------------ answers */

static size_t write_answer(void *buffer, size_t size, uint64_t number,
			   const struct registry_answer *answer)
{
	struct packet_writer writer;

	packet_begin(&writer, buffer, size, REGISTRY_PACKET_ANSWER, number);
	packet_put_u8(&writer, (uint8_t)answer->type);
	packet_put_u8(&writer, (uint8_t)answer->outcome);
	switch (answer->type) {
	case REGISTRY_REGISTER:
		wire_put_decision(&writer, &answer->decision);
		break;
	case REGISTRY_KEY:
		wire_put_key_answer(&writer, &answer->key);
		break;
	case REGISTRY_JOIN:
		wire_put_join_answer(&writer, &answer->join);
		break;
	case REGISTRY_LOGIN:
		wire_put_login_answer(&writer, &answer->login);
		break;
	case REGISTRY_SESSION:
	case REGISTRY_LOGOUT:
		wire_put_session_answer(&writer, &answer->session);
		break;
	case REGISTRY_BEARER:
		wire_put_bearer_answer(&writer, &answer->bearer);
		break;
	case REGISTRY_MATERIAL:
		wire_put_material_answer(&writer, &answer->material);
		break;
	case REGISTRY_REMOVE:
		wire_put_removal_answer(&writer, &answer->removal);
		break;
	case REGISTRY_AGENTS:
		wire_put_agents_page(&writer, &answer->agents);
		break;
	case REGISTRY_GROUPS:
		wire_put_groups_page(&writer, &answer->groups);
		break;
	case REGISTRY_SECRET:
		wire_put_secret_answer(&writer, &answer->secret);
		break;
	case REGISTRY_TOKEN_MAKE:
		wire_put_token_make_answer(&writer, &answer->token_make);
		break;
	case REGISTRY_TOKENS:
		wire_put_tokens_page(&writer, &answer->tokens);
		break;
	case REGISTRY_TOKEN_END:
		wire_put_token_end_answer(&writer, &answer->token_end);
		break;
	case REGISTRY_TYPES:
		return 0;
	}
	return packet_end(&writer);
}

size_t registry_wire_answer(void *buffer, uint64_t number, const struct registry_answer *answer)
{
	return write_answer(buffer, REGISTRY_PACKET_MAX, number, answer);
}

int registry_wire_long_answer(void **ret, size_t *ret_length, uint64_t number,
			      const struct registry_answer *answer)
{
	void *packet = malloc(REGISTRY_ANSWER_MAX);

	if (!packet)
		return -ENOMEM;
	*ret_length = keep_packet(ret, packet,
				  write_answer(packet, REGISTRY_ANSWER_MAX, number, answer),
				  REGISTRY_ANSWER_MAX);
	return *ret_length > 0 ? 0 : -EMSGSIZE;
}

/* Returns whether it says that this machine is at fault, as it does if nothing was decided. */
static bool get_answer(struct packet_reader *reader, struct registry_answer *ret)
{
	switch (ret->type) {
	case REGISTRY_REGISTER:
		wire_get_decision(reader, &ret->decision);
		return ret->decision.fault == REGISTRATION_INTERNAL;
	case REGISTRY_KEY:
		wire_get_key_answer(reader, &ret->key);
		return ret->key.fault == KEY_INTERNAL;
	case REGISTRY_JOIN:
		wire_get_join_answer(reader, &ret->join);
		return ret->join.fault == JOIN_INTERNAL;
	case REGISTRY_LOGIN:
		wire_get_login_answer(reader, &ret->login);
		return ret->login.fault == LOGIN_INTERNAL;
	case REGISTRY_SESSION:
	case REGISTRY_LOGOUT:
		wire_get_session_answer(reader, &ret->session);
		return ret->session.user[0] == '\0';
	case REGISTRY_BEARER:
		wire_get_bearer_answer(reader, &ret->bearer);
		return ret->bearer.fault == BEARER_KEY_UNAVAILABLE;
	case REGISTRY_MATERIAL:
		wire_get_material_answer(reader, &ret->material);
		return ret->material.fault == MATERIAL_INTERNAL;
	case REGISTRY_REMOVE:
		wire_get_removal_answer(reader, &ret->removal);
		return ret->removal.fault == REMOVAL_INTERNAL;
	case REGISTRY_AGENTS:
		wire_get_agents_page(reader, &ret->agents);
		return ret->agents.fault == LISTING_INTERNAL;
	case REGISTRY_GROUPS:
		wire_get_groups_page(reader, &ret->groups);
		return ret->groups.fault == LISTING_INTERNAL;
	case REGISTRY_SECRET:
		wire_get_secret_answer(reader, &ret->secret);
		return ret->secret.fault == SECRET_INTERNAL;
	case REGISTRY_TOKEN_MAKE:
		wire_get_token_make_answer(reader, &ret->token_make);
		return ret->token_make.fault == TOKEN_INTERNAL;
	case REGISTRY_TOKENS:
		wire_get_tokens_page(reader, &ret->tokens);
		return ret->tokens.fault == TOKEN_INTERNAL;
	case REGISTRY_TOKEN_END:
		wire_get_token_end_answer(reader, &ret->token_end);
		return ret->token_end.fault == TOKEN_INTERNAL;
	case REGISTRY_TYPES:
		break;
	}
	return false;
}

int registry_wire_read_answer(struct registry_answer *ret, const void *packet,
			      const struct packet_header *header)
{
	struct packet_reader reader = packet_open(packet, header);
	struct registry_answer answer = { 0 };
	bool is_internal;

	answer.type = (enum registry_type)packet_get_at_most(&reader, REGISTRY_TYPES - 1);
	answer.outcome = (enum registry_outcome)packet_get_at_most(&reader, REGISTRY_NO_MEMORY);
	is_internal = get_answer(&reader, &answer);
	/* What was not decided was not granted. */
	if (!packet_is_done(&reader) || (answer.outcome != REGISTRY_DECIDED && !is_internal)) {
		registry_answer_clear(&answer);
		return reader.lacks_memory ? -ENOMEM : -EBADMSG;
	}
	*ret = answer;
	explicit_bzero(&answer, sizeof answer); /* what it has is in `ret` now */
	return 0;
}
