/* SPDX-License-Identifier: ISC */
#include "registrar/agents/secret-line.h"

#include "common/hex.h"
#include "common/sha256.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct secret_mark secret_mark_of(const char *key)
{
	unsigned char digest[SHA256_SIZE];
	struct secret_mark mark;

	sha256(digest, key, strlen(key));
	memcpy(mark.bytes, digest, sizeof mark.bytes);
	return mark;
}

bool secret_mark_equal(const struct secret_mark *a, const struct secret_mark *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* ------------------------------------------------------------------ reading */

/* The fields that are left. */
struct fields {
	const char *at, *end;
	bool failed;
};

static size_t next_field(struct fields *fields, const char **ret)
{
	const char *blank = memchr(fields->at, ' ', (size_t)(fields->end - fields->at));
	const char *end = blank ?: fields->end;

	*ret = fields->at;
	fields->at = blank ? blank + 1 : fields->end;
	return (size_t)(end - *ret);
}

static void take_bytes(struct fields *fields, unsigned char *ret, size_t size)
{
	const char *text;
	size_t length = next_field(fields, &text);

	fields->failed = fields->failed || length != 2 * size || !hex_read(ret, size, text);
}

/* Bytes, or "-". Returns whether there are some. */
static bool take_optional(struct fields *fields, unsigned char *ret, size_t size)
{
	struct fields ahead = *fields;
	const char *text;

	if (next_field(&ahead, &text) == 1 && text[0] == '-') {
		*fields = ahead;
		return false;
	}
	take_bytes(fields, ret, size);
	return true;
}

int secret_line_parse(struct secret_line *ret, const char *text, size_t length)
{
	struct fields fields = { .at = text, .end = text + length };
	struct secret_line line = { .id = "" };
	char again[SECRET_LINE_SIZE];
	const char *id;
	size_t id_length = next_field(&fields, &id);
	bool is_right = agent_id_is_valid(id, id_length);

	if (is_right) {
		memcpy(line.id, id, id_length);
		line.has_base = take_optional(&fields, line.base.bytes, sizeof line.base.bytes);
		take_bytes(&fields, line.mark.bytes, sizeof line.mark.bytes);
		take_bytes(&fields, line.key.bytes, sizeof line.key.bytes);
		line.has_previous = take_optional(&fields, line.previous.bytes,
						  sizeof line.previous.bytes);
		/* There is one way to write a line, so nothing is missing, and nothing left. */
		is_right = !fields.failed && secret_line_format(again, &line) == length + 1 &&
			   memcmp(again, text, length) == 0;
	}
	if (is_right)
		*ret = line;
	explicit_bzero(&line, sizeof line);
	explicit_bzero(again, sizeof again);
	return is_right ? 0 : -EINVAL;
}

/* ------------------------------------------------------------------ writing */

static char *put_bytes(char *at, bool are_there, const unsigned char *bytes, size_t size)
{
	*at++ = ' ';
	if (are_there) {
		hex_print(at, bytes, size);
		return at + 2 * size;
	}
	*at++ = '-';
	return at;
}

size_t secret_line_format(char ret[static SECRET_LINE_SIZE], const struct secret_line *line)
{
	char *at = stpcpy(ret, line->id);

	at = put_bytes(at, line->has_base, line->base.bytes, sizeof line->base.bytes);
	at = put_bytes(at, true, line->mark.bytes, sizeof line->mark.bytes);
	at = put_bytes(at, true, line->key.bytes, sizeof line->key.bytes);
	at = put_bytes(at, line->has_previous, line->previous.bytes, sizeof line->previous.bytes);
	*at++ = '\n';
	*at = '\0';
	return (size_t)(at - ret);
}
