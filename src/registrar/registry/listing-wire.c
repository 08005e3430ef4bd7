/* SPDX-License-Identifier: ISC */
/* Listings, as fields of packets. */
#include "registrar/registry/wire-parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ agents */

void wire_put_agents_request(struct packet_writer *writer, const struct agents_request *request)
{
	wire_put_user(writer, &request->user);
	packet_put_u8(writer, (uint8_t)request->wanted);
	packet_put_u64(writer, request->from);
	packet_put_u16(writer, (uint16_t)request->count);
	for (size_t i = 0; i < request->count; i++)
		wire_put_text(writer, request->ids[i]);
}

int wire_get_agents_request(struct packet_reader *reader, const void **ret)
{
	struct agents_request request = { 0 };

	wire_get_user(reader, &request.user);
	request.wanted = packet_get_at_most(reader, AGENTS_EVERYTHING);
	request.from = packet_get_u64(reader);
	request.count = packet_get_u16(reader);
	if (request.count > AGENTS_IDS_MAX) {
		explicit_bzero(&request, sizeof request);
		return -EBADMSG;
	}
	for (size_t i = 0; i < request.count; i++)
		packet_get_text(reader, request.ids[i], sizeof request.ids[i]);
	return wire_keep(reader, &request, sizeof request, ret);
}

static void put_row(struct packet_writer *writer, const struct agent_row *row)
{
	wire_put_text(writer, row->id);
	wire_put_text(writer, row->name);
	wire_put_text(writer, row->ip);
	packet_put_u8(writer, (uint8_t)row->seen);
	if (row->seen == AGENT_SEEN_AT)
		packet_put_u64(writer, (uint64_t)row->seen_at);
	packet_put_u8(writer, row->is_added_known);
	if (row->is_added_known)
		packet_put_u64(writer, (uint64_t)row->added_at);
	packet_put_optional(writer, row->groups, row->groups ? strlen(row->groups) : 0);
}

/* Texts of a row, terminated. */
struct row_texts {
	char id[AGENT_ID_MAX + 1], name[AGENT_NAME_MAX + 1], ip[AGENT_IP_MAX + 1];
	char groups[AGENT_ROW_GROUPS_SIZE];
};

static bool get_groups(struct packet_reader *reader, struct row_texts *texts)
{
	size_t length;
	const char *groups = packet_get_optional(reader, sizeof texts->groups - 1, &length);

	if (!groups)
		return false;
	memcpy(texts->groups, groups, length);
	texts->groups[length] = '\0';
	return true;
}

/* Null: there is none, or no memory for it, which are failures of the reader. */
static struct agent_row *get_row(struct packet_reader *reader, struct row_texts *texts)
{
	struct agent_row row = { .id = texts->id, .name = texts->name, .ip = texts->ip }, *copy;

	packet_get_text(reader, texts->id, sizeof texts->id);
	packet_get_text(reader, texts->name, sizeof texts->name);
	packet_get_text(reader, texts->ip, sizeof texts->ip);
	row.seen = (enum agent_seen)packet_get_at_most(reader, AGENT_SEEN_AT);
	if (row.seen == AGENT_SEEN_AT)
		row.seen_at = (int64_t)packet_get_u64(reader);
	row.is_added_known = packet_get_at_most(reader, 1);
	if (row.is_added_known)
		row.added_at = (int64_t)packet_get_u64(reader);
	if (get_groups(reader, texts))
		row.groups = texts->groups;
	if (reader->failed)
		return NULL;
	copy = agent_row_copy(&row);
	if (!copy)
		packet_lack_memory(reader);
	return copy;
}

void wire_put_agents_page(struct packet_writer *writer, const struct agents_page *page)
{
	uint32_t count = 0;

	for (const struct agent_row *row = page->rows; row; row = row->next)
		count++;
	packet_put_u8(writer, (uint8_t)page->fault);
	packet_put_u64(writer, page->next);
	packet_put_u32(writer, count);
	for (const struct agent_row *row = page->rows; row; row = row->next)
		put_row(writer, row);
}

void wire_get_agents_page(struct packet_reader *reader, struct agents_page *ret)
{
	struct row_texts texts;
	struct agent_row **end = &ret->rows;
	uint32_t count;

	ret->fault = (enum listing_fault)packet_get_at_most(reader, LISTING_INTERNAL);
	ret->next = packet_get_u64(reader);
	count = packet_get_u32(reader);
	for (uint32_t i = 0; i < count; i++) {
		*end = get_row(reader, &texts);
		if (!*end)
			return;
		end = &(*end)->next;
	}
}

/* ------------------------------------------------------------------ groups */

void wire_put_groups_request(struct packet_writer *writer, const struct groups_request *request)
{
	wire_put_user(writer, &request->user);
	wire_put_text(writer, request->hash);
	wire_put_text(writer, request->after);
}

int wire_get_groups_request(struct packet_reader *reader, const void **ret)
{
	struct groups_request request = { 0 };

	wire_get_user(reader, &request.user);
	packet_get_text(reader, request.hash, sizeof request.hash);
	packet_get_text(reader, request.after, sizeof request.after);
	return wire_keep(reader, &request, sizeof request, ret);
}

void wire_put_groups_page(struct packet_writer *writer, const struct groups_page *page)
{
	uint32_t count = 0;

	for (const struct group_row *row = page->rows; row; row = row->next)
		count++;
	packet_put_u8(writer, (uint8_t)page->fault);
	packet_put_u8(writer, page->has_more);
	packet_put_u32(writer, count);
	for (const struct group_row *row = page->rows; row; row = row->next) {
		wire_put_text(writer, row->name);
		packet_put_u32(writer, row->count);
		wire_put_text(writer, row->merged_sum);
		wire_put_text(writer, row->config_sum);
	}
}

/* Null: there is none, or no memory for it, which are failures of the reader. */
static struct group_row *get_group(struct packet_reader *reader)
{
	struct group_row *row = calloc(1, sizeof *row);

	if (!row) {
		packet_lack_memory(reader);
		return NULL;
	}
	packet_get_text(reader, row->name, sizeof row->name);
	row->count = packet_get_u32(reader);
	packet_get_text(reader, row->merged_sum, sizeof row->merged_sum);
	packet_get_text(reader, row->config_sum, sizeof row->config_sum);
	if (!reader->failed)
		return row;
	free(row);
	return NULL;
}

void wire_get_groups_page(struct packet_reader *reader, struct groups_page *ret)
{
	struct group_row **end = &ret->rows;
	uint32_t count;

	ret->fault = (enum listing_fault)packet_get_at_most(reader, LISTING_INTERNAL);
	ret->has_more = packet_get_at_most(reader, 1);
	count = packet_get_u32(reader);
	for (uint32_t i = 0; i < count; i++) {
		*end = get_group(reader);
		if (!*end)
			return;
		end = &(*end)->next;
	}
}
