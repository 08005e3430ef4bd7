/* SPDX-License-Identifier: ISC */
#include "registrar/authd/request-buffer.h"

#include <stdlib.h>
#include <string.h>

/* A buffer that holds a password grows without leaving copies behind. */
static bool make_room(struct request_buffer *buffer, size_t more)
{
	size_t room = buffer->room ?: 512;
	char *grown;

	while (room < buffer->length + more)
		room *= 2;
	if (room == buffer->room)
		return true;
	grown = malloc(room);
	if (!grown)
		return false;
	if (buffer->bytes) {
		memcpy(grown, buffer->bytes, buffer->length);
		explicit_bzero(buffer->bytes, buffer->length);
		free(buffer->bytes);
	}
	buffer->bytes = grown;
	buffer->room = room;
	return true;
}

/* The request is all that is in the buffer. */
static enum request_buffer_state complete(struct request_buffer *buffer)
{
	buffer->complete = true;
	buffer->fault = authd_request_parse(&buffer->fields, buffer->bytes, buffer->length,
					    buffer->password);
	return REQUEST_BUFFER_COMPLETE;
}

enum request_buffer_state request_buffer_feed(struct request_buffer *buffer, const void *data,
					      size_t length)
{
	const char *newline = memchr(data, '\n', length);
	size_t taken = newline ? (size_t)(newline - (const char *)data) : length;

	if (buffer->complete)
		return REQUEST_BUFFER_COMPLETE;
	if (taken > REQUEST_BUFFER_MAX - buffer->length - 1 || !make_room(buffer, taken))
		return REQUEST_BUFFER_TOO_LONG;
	memcpy(buffer->bytes + buffer->length, data, taken);
	buffer->length += taken;
	return newline ? complete(buffer) : REQUEST_BUFFER_MORE;
}

enum request_buffer_state request_buffer_pause(struct request_buffer *buffer)
{
	if (buffer->complete)
		return REQUEST_BUFFER_COMPLETE;
	if (buffer->length == 0)
		return REQUEST_BUFFER_MORE;
	(void)complete(buffer);
	/* What does not end in a quote can be the beginning of a field, which would be lost. */
	buffer->complete = buffer->fault == AUTHD_REQUEST_OK && !buffer->fields.rest.text &&
			   buffer->bytes[buffer->length - 1] == '\'';
	return buffer->complete ? REQUEST_BUFFER_COMPLETE : REQUEST_BUFFER_MORE;
}

enum request_buffer_state request_buffer_finish(struct request_buffer *buffer)
{
	if (buffer->complete)
		return REQUEST_BUFFER_COMPLETE;
	return buffer->length > 0 ? complete(buffer) : REQUEST_BUFFER_MORE;
}

void request_buffer_wipe(struct request_buffer *buffer)
{
	if (buffer->bytes)
		explicit_bzero(buffer->bytes, buffer->length);
	free(buffer->bytes);
	*buffer = REQUEST_BUFFER(NULL);
}
