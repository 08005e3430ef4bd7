/* SPDX-License-Identifier: ISC */
/* What those need who speak with clients, as fields of packets. */
#include "registrar/registry/wire-parts.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static void put_string(struct packet_writer *writer, const char *text)
{
	packet_put_optional(writer, text, text ? strlen(text) : 0);
}

/*
 * A text from malloc(), terminated; null: it is absent, or there is no memory for it, which is a
 * failure of the reader.
 */
static char *get_string(struct packet_reader *reader, size_t most)
{
	size_t length;
	const char *text = packet_get_optional(reader, most, &length);
	char *copy = text ? strndup(text, length) : NULL;

	if (text && !copy)
		packet_lack_memory(reader);
	return copy;
}

/* A content with a NUL, which is no PEM, makes the packet fail. */
static void put_file(struct packet_writer *writer, const struct material_file *file)
{
	packet_put_u8(writer, file->path != NULL);
	if (!file->path)
		return;
	wire_put_text(writer, file->path);
	packet_put_text(writer, file->bytes, file->length);
}

static void get_file(struct packet_reader *reader, struct material_file *ret)
{
	const char *path, *bytes;
	size_t path_length;

	if (packet_get_at_most(reader, 1) == 0)
		return;
	path = packet_get_view(reader, PATH_MAX, &path_length);
	bytes = packet_get_view(reader, MATERIAL_FILE_MAX, &ret->length);
	if (!path || !bytes)
		return;
	ret->path = strndup(path, path_length);
	ret->bytes = strndup(bytes, ret->length);
	if (!ret->path || !ret->bytes)
		packet_lack_memory(reader);
}

void wire_put_material_answer(struct packet_writer *writer, const struct material_answer *answer)
{
	const struct material *material = &answer->material;

	packet_put_u8(writer, (uint8_t)answer->fault);
	if (answer->fault != MATERIAL_OK)
		return;
	put_file(writer, &material->certificate);
	put_file(writer, &material->private_key);
	put_file(writer, &material->client_ca);
	put_file(writer, &material->authorities);
	put_string(writer, material->ciphers);
	put_string(writer, material->password.text);
	packet_put_u8(writer, (uint8_t)material->dialect);
}

void wire_get_material_answer(struct packet_reader *reader, struct material_answer *ret)
{
	struct material *material = &ret->material;

	ret->fault = (enum material_fault)packet_get_at_most(reader, MATERIAL_INTERNAL);
	if (ret->fault != MATERIAL_OK)
		return;
	get_file(reader, &material->certificate);
	get_file(reader, &material->private_key);
	get_file(reader, &material->client_ca);
	get_file(reader, &material->authorities);
	material->ciphers = get_string(reader, PACKET_STREAM_MOST);
	material->password.text = get_string(reader, SECRET_MAX);
	material->password.length = material->password.text ? strlen(material->password.text) : 0;
	material->dialect = (enum dialect)packet_get_at_most(reader, DIALECT_WAZUH);
}
