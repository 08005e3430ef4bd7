/* SPDX-License-Identifier: ISC */
/* What users of the API ask about enrollment tokens, and the answers, as fields of packets. */
#include "registrar/registry/wire-parts.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ making one */

void wire_put_token_make_request(struct packet_writer *writer,
				 const struct token_make_request *request)
{
	wire_put_user(writer, &request->user);
	wire_put_text(writer, request->address);
	packet_put_u16(writer, request->port);
	packet_put_u8(writer, request->has_prefix);
	wire_put_text(writer, request->prefix);
	packet_put_u32(writer, request->ttl);
	packet_put_u32(writer, request->most);
	wire_put_text(writer, request->description);
	packet_put_u8(writer, request->embeds_ca);
	packet_put_u8(writer, request->has_no_credential);
}

int wire_get_token_make_request(struct packet_reader *reader, const void **ret)
{
	struct token_make_request request = { 0 };

	wire_get_user(reader, &request.user);
	packet_get_text(reader, request.address, sizeof request.address);
	request.port = packet_get_u16(reader);
	request.has_prefix = packet_get_at_most(reader, 1);
	packet_get_text(reader, request.prefix, sizeof request.prefix);
	request.ttl = packet_get_u32(reader);
	request.most = packet_get_u32(reader);
	packet_get_text(reader, request.description, sizeof request.description);
	request.embeds_ca = packet_get_at_most(reader, 1);
	request.has_no_credential = packet_get_at_most(reader, 1);
	return wire_keep(reader, &request, sizeof request, ret);
}

void wire_put_token_make_answer(struct packet_writer *writer,
				const struct token_make_answer *answer)
{
	packet_put_u8(writer, (uint8_t)answer->fault);
	if (answer->fault != TOKEN_OK)
		return;
	wire_put_text(writer, answer->text);
	wire_put_text(writer, answer->id);
	packet_put_u64(writer, answer->expires);
	wire_put_text(writer, answer->address);
	packet_put_u8(writer, answer->has_pin);
	if (answer->has_pin)
		packet_put_bytes(writer, answer->pin, sizeof answer->pin);
}

void wire_get_token_make_answer(struct packet_reader *reader, struct token_make_answer *ret)
{
	size_t length;
	const char *text;

	ret->fault = (enum token_fault)packet_get_at_most(reader, TOKEN_INTERNAL);
	if (ret->fault != TOKEN_OK)
		return;
	text = packet_get_view(reader, ENROLLMENT_TOKEN_MAX, &length);
	ret->text = text ? strndup(text, length) : NULL;
	if (text && !ret->text)
		packet_lack_memory(reader);
	packet_get_text(reader, ret->id, sizeof ret->id);
	ret->expires = packet_get_u64(reader);
	packet_get_text(reader, ret->address, sizeof ret->address);
	ret->has_pin = packet_get_at_most(reader, 1);
	if (ret->has_pin)
		packet_get_bytes(reader, ret->pin, sizeof ret->pin);
}

/* ------------------------------------------------------------------ listing */

void wire_put_tokens_request(struct packet_writer *writer, const struct tokens_request *request)
{
	wire_put_user(writer, &request->user);
	packet_put_u32(writer, request->from);
}

int wire_get_tokens_request(struct packet_reader *reader, const void **ret)
{
	struct tokens_request request = { 0 };

	wire_get_user(reader, &request.user);
	request.from = packet_get_u32(reader);
	return wire_keep(reader, &request, sizeof request, ret);
}

void wire_put_tokens_page(struct packet_writer *writer, const struct tokens_page *page)
{
	uint32_t count = 0;

	for (const struct token_row *row = page->rows; row; row = row->next)
		count++;
	packet_put_u8(writer, (uint8_t)page->fault);
	packet_put_u32(writer, page->total);
	packet_put_u32(writer, count);
	for (const struct token_row *row = page->rows; row; row = row->next) {
		wire_put_text(writer, row->id);
		wire_put_text(writer, row->address);
		wire_put_text(writer, row->description);
		packet_put_u64(writer, row->created);
		packet_put_u64(writer, row->expires);
		packet_put_u32(writer, row->uses);
		packet_put_u32(writer, row->most);
		packet_put_u8(writer, row->is_revoked);
	}
}

/* Null: there is none, or no memory for it, which are failures of the reader. */
static struct token_row *get_row(struct packet_reader *reader)
{
	struct token_row *row = calloc(1, sizeof *row);

	if (!row) {
		packet_lack_memory(reader);
		return NULL;
	}
	packet_get_text(reader, row->id, sizeof row->id);
	packet_get_text(reader, row->address, sizeof row->address);
	packet_get_text(reader, row->description, sizeof row->description);
	row->created = packet_get_u64(reader);
	row->expires = packet_get_u64(reader);
	row->uses = packet_get_u32(reader);
	row->most = packet_get_u32(reader);
	row->is_revoked = packet_get_at_most(reader, 1);
	if (!reader->failed)
		return row;
	free(row);
	return NULL;
}

void wire_get_tokens_page(struct packet_reader *reader, struct tokens_page *ret)
{
	struct token_row **end = &ret->rows;
	uint32_t count;

	ret->fault = (enum token_fault)packet_get_at_most(reader, TOKEN_INTERNAL);
	ret->total = packet_get_u32(reader);
	count = packet_get_u32(reader);
	for (uint32_t i = 0; i < count; i++) {
		*end = get_row(reader);
		if (!*end)
			return;
		end = &(*end)->next;
	}
}

/* ------------------------------------------------------------------ ending */

void wire_put_token_end_request(struct packet_writer *writer,
				const struct token_end_request *request)
{
	wire_put_user(writer, &request->user);
	packet_put_u8(writer, (uint8_t)request->ending);
	packet_put_u16(writer, (uint16_t)request->count);
	for (size_t i = 0; i < request->count; i++)
		wire_put_text(writer, request->ids[i]);
}

int wire_get_token_end_request(struct packet_reader *reader, const void **ret)
{
	struct token_end_request request = { 0 };

	wire_get_user(reader, &request.user);
	request.ending = (enum token_ending)packet_get_at_most(reader, TOKEN_PURGE_ALL);
	request.count = packet_get_u16(reader);
	reader->failed |= request.count > TOKEN_IDS_MAX;
	for (size_t i = 0; i < request.count && !reader->failed; i++)
		packet_get_text(reader, request.ids[i], sizeof request.ids[i]);
	return wire_keep(reader, &request, sizeof request, ret);
}

void wire_put_token_end_answer(struct packet_writer *writer, const struct token_end_answer *answer)
{
	packet_put_u8(writer, (uint8_t)answer->fault);
	packet_put_u32(writer, (uint32_t)answer->count);
	for (size_t i = 0; i < answer->count; i++)
		wire_put_text(writer, answer->ids[i]);
}

void wire_get_token_end_answer(struct packet_reader *reader, struct token_end_answer *ret)
{
	size_t count;

	ret->fault = (enum token_fault)packet_get_at_most(reader, TOKEN_INTERNAL);
	count = packet_get_u32(reader);
	if (reader->failed || count > (size_t)(reader->end - reader->at) / sizeof(uint32_t)) {
		reader->failed = true;
		return;
	}
	ret->ids = calloc(count + 1, sizeof *ret->ids);
	if (!ret->ids) {
		packet_lack_memory(reader);
		return;
	}
	ret->count = count;
	for (size_t i = 0; i < count; i++)
		packet_get_text(reader, ret->ids[i], sizeof ret->ids[i]);
}
