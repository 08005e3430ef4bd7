/* SPDX-License-Identifier: ISC */
/*
 * One authd conversation as the manager sees it: bytes in, a request out. No socket, clock or file.
 *
 * A request is complete at its newline. Clients that send none are served too: at the end of their
 * bytes, or when what they sent makes sense and nothing more has come for a moment; the caller
 * knows the moment.
 */
#pragma once

#include "common/authd-message.h"

#include <stdbool.h>
#include <stddef.h>

#define SESSION_MAX (65536 + 4096) /* bytes; Wazuh's limit, OSSEC's is 4096 */

/* Zero-initialise; wipe with session_wipe(). */
struct session {
	char *bytes;
	size_t length, room;
	size_t line_length; /* without the newline, once complete */
	bool complete;
};

enum session_state {
	SESSION_MORE,     /* feed more */
	SESSION_REQUEST,  /* complete: session_request() */
	SESSION_TOO_LONG, /* or out of memory: hang up */
};

/* Add bytes. What follows a complete request is ignored. */
enum session_state session_feed(struct session *session, const void *data, size_t length);

/* The client paused: SESSION_REQUEST when what it sent is a valid request. */
enum session_state session_pause(struct session *session, const char *password);

/* The client will send no more: SESSION_REQUEST when it sent anything. */
enum session_state session_finish(struct session *session);

/*
 * Read the complete request; `password` is null when none is demanded. The fields point into the
 * session.
 */
enum authd_request_fault session_request(const struct session *session, const char *password,
					 struct authd_request_fields *ret);

/* Wipe and free. */
void session_wipe(struct session *session);
