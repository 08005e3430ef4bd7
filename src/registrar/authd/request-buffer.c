/* SPDX-License-Identifier: ISC */
#include "registrar/authd/request-buffer.h"

#include <stdlib.h>
#include <string.h>

/* A buffer that holds a password grows without leaving copies behind. */
static bool make_room(struct session *session, size_t more)
{
	size_t room = session->room ?: 512;
	char *grown;

	while (room < session->length + more)
		room *= 2;
	if (room == session->room)
		return true;
	grown = malloc(room);
	if (!grown)
		return false;
	if (session->bytes) {
		memcpy(grown, session->bytes, session->length);
		explicit_bzero(session->bytes, session->length);
		free(session->bytes);
	}
	session->bytes = grown;
	session->room = room;
	return true;
}

static enum session_state complete(struct session *session, size_t line_length)
{
	session->complete = true;
	session->line_length = line_length;
	return SESSION_REQUEST;
}

enum session_state session_feed(struct session *session, const void *data, size_t length)
{
	const char *newline = memchr(data, '\n', length);
	size_t taken = newline ? (size_t)(newline - (const char *)data) : length;

	if (session->complete)
		return SESSION_REQUEST;
	if (taken > SESSION_MAX - session->length - 1 || !make_room(session, taken))
		return SESSION_TOO_LONG;
	memcpy(session->bytes + session->length, data, taken);
	session->length += taken;
	return newline ? complete(session, session->length) : SESSION_MORE;
}

enum session_state session_pause(struct session *session, const char *password)
{
	struct authd_request_fields fields;

	if (session->complete)
		return SESSION_REQUEST;
	if (session->length == 0 || authd_request_parse(&fields, session->bytes, session->length,
							password) != AUTHD_REQUEST_OK)
		return SESSION_MORE;
	return complete(session, session->length);
}

enum session_state session_finish(struct session *session)
{
	if (session->complete)
		return SESSION_REQUEST;
	return session->length > 0 ? complete(session, session->length) : SESSION_MORE;
}

enum authd_request_fault session_request(const struct session *session, const char *password,
					 struct authd_request_fields *ret)
{
	return authd_request_parse(ret, session->bytes, session->line_length, password);
}

void session_wipe(struct session *session)
{
	if (session->bytes)
		explicit_bzero(session->bytes, session->length);
	free(session->bytes);
	*session = (struct session){ 0 };
}
