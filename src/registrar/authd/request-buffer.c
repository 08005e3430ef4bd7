/* SPDX-License-Identifier: ISC */
#include "registrar/authd/request-buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define OSSEC_REQUEST_MAX 4096 /* bytes, within which the name has to end */

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* A buffer that holds a password grows without leaving copies behind. */
static bool make_room(struct request_buffer *buffer, size_t more)
{
	size_t room = buffer->room ?: 512;
	char *grown;

	while (room < buffer->length + more)
		room *= 2;
	room = smaller(room, REQUEST_BUFFER_MAX);
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

/* How many bytes are kept in all. */
static size_t limit_of(const struct request_buffer *buffer)
{
	return buffer->has_begun ? REQUEST_BUFFER_MAX
				 : REQUEST_BUFFER_STRANGER +
					   (buffer->password ? strlen(buffer->password) : 0);
}

/* Keep as many of the bytes as may be kept. Returns how many, or -ENOMEM. */
static ssize_t keep(struct request_buffer *buffer, const char *bytes, size_t length)
{
	size_t limit = limit_of(buffer);
	size_t kept = buffer->length < limit ? smaller(length, limit - buffer->length) : 0;

	if (buffer->dropped > 0)
		return 0;
	if (!make_room(buffer, kept))
		return -ENOMEM;
	memcpy(buffer->bytes + buffer->length, bytes, kept);
	buffer->length += kept;
	return (ssize_t)kept;
}

/* Keep all of it, if what has come begins as a request must; else little. False: out of memory. */
static bool take(struct request_buffer *buffer, const char *bytes, size_t length)
{
	ssize_t kept = keep(buffer, bytes, length);

	if (kept >= 0 && !buffer->has_begun && buffer->dropped == 0 &&
	    authd_request_begins(buffer->bytes, buffer->length, buffer->password)) {
		ssize_t more;

		buffer->has_begun = true;
		more = keep(buffer, bytes + kept, length - (size_t)kept);
		kept = more < 0 ? more : kept + more;
	}
	if (kept >= 0)
		buffer->dropped += length - (size_t)kept;
	return kept >= 0;
}

/*
 * The request is all that has come. What was dropped had not begun as it must; another password
 * that is demanded since then makes no difference to that.
 */
static enum request_buffer_state complete(struct request_buffer *buffer)
{
	buffer->complete = true;
	if (buffer->dropped > 0)
		buffer->fault = buffer->password ? AUTHD_REQUEST_PASSWORD : AUTHD_REQUEST_MALFORMED;
	else
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
	if (taken > REQUEST_BUFFER_MAX - buffer->length - buffer->dropped - 1)
		return REQUEST_BUFFER_TOO_LONG;
	if (!take(buffer, data, taken))
		return REQUEST_BUFFER_NO_MEMORY;
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

/* ossec-authd reads no further than this. */
static bool name_is_too_far(const struct request_buffer *buffer)
{
	const struct authd_field *name = &buffer->fields.name;

	return name->text + name->length >= buffer->bytes + OSSEC_REQUEST_MAX;
}

enum authd_request_fault request_buffer_fault(const struct request_buffer *buffer,
					      enum dialect dialect)
{
	return dialect == DIALECT_OSSEC && authd_request_has_fields(buffer->fault) &&
			       name_is_too_far(buffer)
		       ? AUTHD_REQUEST_MALFORMED
		       : buffer->fault;
}

struct authd_field request_buffer_name(const struct request_buffer *buffer)
{
	return buffer->bytes ? authd_request_name(buffer->bytes, buffer->length)
			     : (struct authd_field){ NULL, 0 };
}

void request_buffer_wipe(struct request_buffer *buffer)
{
	if (buffer->bytes)
		explicit_bzero(buffer->bytes, buffer->length);
	free(buffer->bytes);
	*buffer = REQUEST_BUFFER(NULL);
}
