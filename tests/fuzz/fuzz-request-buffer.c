/* SPDX-License-Identifier: ISC */
/*
 * A request in pieces, with pauses and an end where the input says: it means what it means as a
 * whole. Each step is a byte that says what comes, and how much of it.
 */
#include "fuzz.h"

#include "registrar/authd/request-buffer.h"

#define PASSWORD "horse"

static char sent[REQUEST_BUFFER_MAX + 65536];
static size_t length;

static bool is_same(const struct authd_field *a, const struct authd_field *b)
{
	return a->length == b->length && (a->text == NULL) == (b->text == NULL) &&
	       (!a->text || memcmp(a->text, b->text, a->length) == 0);
}

/* OSSEC's managers read no further than they do; and the name for the log is within the bytes. */
static void check_seen(const struct request_buffer *buffer)
{
	enum authd_request_fault seen = request_buffer_fault(buffer, DIALECT_OSSEC);
	struct authd_field name = request_buffer_name(buffer);

	HOLDS(request_buffer_fault(buffer, DIALECT_WAZUH) == buffer->fault);
	HOLDS(seen == buffer->fault || seen == AUTHD_REQUEST_MALFORMED);
	HOLDS(!name.text || (name.text >= buffer->bytes &&
			     name.text + name.length <= buffer->bytes + buffer->length));
}

/* What was understood is what the bytes say, and nothing behind their first newline. */
static void check_complete(const struct request_buffer *buffer)
{
	const char *newline = memchr(sent, '\n', length);
	size_t whole = newline ? (size_t)(newline - sent) : length;
	struct authd_request_fields fields = { 0 };
	enum authd_request_fault fault = authd_request_parse(&fields, sent, buffer->length,
							     buffer->password);

	HOLDS(buffer->length <= whole && memcmp(buffer->bytes, sent, buffer->length) == 0);
	HOLDS(buffer->fault == fault);
	check_seen(buffer);
	if (!authd_request_has_fields(fault))
		return;
	HOLDS(is_same(&buffer->fields.name, &fields.name));
	HOLDS(is_same(&buffer->fields.version, &fields.version));
	HOLDS(is_same(&buffer->fields.groups, &fields.groups));
	HOLDS(is_same(&buffer->fields.ip, &fields.ip));
	HOLDS(is_same(&buffer->fields.key_hash, &fields.key_hash));
	HOLDS(is_same(&buffer->fields.rest, &fields.rest));
}

static enum request_buffer_state feed(struct request_buffer *buffer, const void *bytes, size_t size)
{
	enum request_buffer_state state = request_buffer_feed(buffer, bytes, size);

	if (state == REQUEST_BUFFER_TOO_LONG) {
		HOLDS(length + size >= REQUEST_BUFFER_MAX);
		return state;
	}
	HOLDS(length + size <= sizeof sent);
	memcpy(sent + length, bytes, size);
	length += size;
	HOLDS((state == REQUEST_BUFFER_COMPLETE) == (memchr(sent, '\n', length) != NULL));
	return state;
}

/* One step; returns how many bytes of the input it took. */
static size_t step(struct request_buffer *buffer, const uint8_t *data, size_t size,
		   enum request_buffer_state *state)
{
	static char filler[16384];
	size_t most = data[0] / 4;

	switch (data[0] % 4) {
	case 0:
		*state = request_buffer_pause(buffer);
		HOLDS(*state != REQUEST_BUFFER_TOO_LONG);
		return 1;
	case 1:
		*state = request_buffer_finish(buffer);
		HOLDS((*state == REQUEST_BUFFER_COMPLETE) == (length > 0));
		return 1;
	case 2:
		memset(filler, size > 1 ? data[1] : 'x', sizeof filler);
		*state = feed(buffer, filler, most * 256);
		return 1;
	default:
		most = most > size - 1 ? size - 1 : most;
		*state = feed(buffer, data + 1, most);
		return 1 + most;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum request_buffer_state state = REQUEST_BUFFER_MORE;
	struct request_buffer buffer = REQUEST_BUFFER(size > 0 && data[0] % 2 ? PASSWORD : NULL);
	size_t taken;

	length = 0;
	HOLDS(!request_buffer_name(&buffer).text);
	for (size_t at = 1; at < size && state == REQUEST_BUFFER_MORE; at += taken)
		taken = step(&buffer, data + at, size - at, &state);
	if (state == REQUEST_BUFFER_COMPLETE) {
		check_complete(&buffer);
		/* It stays so, whatever else comes. */
		HOLDS(request_buffer_feed(&buffer, "x\n", 2) == state);
		HOLDS(request_buffer_pause(&buffer) == state);
		HOLDS(request_buffer_finish(&buffer) == state);
		check_complete(&buffer);
	}
	request_buffer_wipe(&buffer);
	HOLDS(!buffer.bytes && buffer.length == 0);
	return 0;
}
