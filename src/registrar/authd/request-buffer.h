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

#define REQUEST_BUFFER_MAX (65536 + 4096) /* bytes; Wazuh's limit, OSSEC's is 4096 */

/* Zero-initialise; wipe with request_buffer_wipe(). */
struct request_buffer {
	char *bytes;
	size_t length, room;
	size_t line_length; /* without the newline, once complete */
	bool complete;
};

enum request_buffer_state {
	REQUEST_BUFFER_MORE,     /* feed more */
	REQUEST_BUFFER_COMPLETE, /* complete: request_buffer_request() */
	REQUEST_BUFFER_TOO_LONG, /* or out of memory: hang up */
};

/* Add bytes. What follows a complete request is ignored. */
enum request_buffer_state request_buffer_feed(struct request_buffer *buffer, const void *data,
					      size_t length);

/* The client paused: REQUEST_BUFFER_COMPLETE when what it sent is a valid request. */
enum request_buffer_state request_buffer_pause(struct request_buffer *buffer, const char *password);

/* The client will send no more: REQUEST_BUFFER_COMPLETE when it sent anything. */
enum request_buffer_state request_buffer_finish(struct request_buffer *buffer);

/*
 * Read the complete request; `password` is null when none is demanded. The fields point into the
 * buffer.
 */
enum authd_request_fault request_buffer_request(const struct request_buffer *buffer,
						const char *password,
						struct authd_request_fields *ret);

/* Wipe and free. */
void request_buffer_wipe(struct request_buffer *buffer);
