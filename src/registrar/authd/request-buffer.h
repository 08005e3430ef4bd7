/* SPDX-License-Identifier: ISC */
/*
 * What a client of authd sends: bytes in, a request out. No socket, clock or file.
 *
 * A request is complete at its newline. Clients that send none are served too: at the end of their
 * bytes, or when what they sent makes sense and nothing more has come for a moment; the caller
 * knows the moment.
 *
 * Before the client has shown the password (or, where none is demanded, has begun a request) little
 * is kept of what it sends: only as much as that takes, and the name for the log. The rest is
 * counted, and its end waited for.
 */
#pragma once

#include "common/authd-message.h"
#include "common/must-check.h"
#include "registrar/registry/dialect.h"

#include <stdbool.h>
#include <stddef.h>

#define REQUEST_BUFFER_MAX (65536 + 4096) /* bytes; Wazuh's limit, OSSEC's is 4096 */

/* bytes, beside those of a password, that are kept of what does not begin as a request must */
#define REQUEST_BUFFER_STRANGER 1024

/* Begin with REQUEST_BUFFER(); wipe with request_buffer_wipe(). */
struct request_buffer {
	const char *password; /* null: none is demanded */
	char *bytes;
	size_t length, room;
	size_t dropped; /* bytes that followed, and were not kept */
	bool has_begun; /* as a request must: all of it is kept */
	bool complete;
	/* once complete: what the request says; the fields point into `bytes` */
	enum authd_request_fault fault;
	struct authd_request_fields fields;
};

/* An empty buffer; the password outlives it. */
#define REQUEST_BUFFER(demanded) ((struct request_buffer){ .password = (demanded) })

enum request_buffer_state {
	REQUEST_BUFFER_MORE,     /* feed more */
	REQUEST_BUFFER_COMPLETE, /* look at request_buffer_fault() and `fields` */
	REQUEST_BUFFER_TOO_LONG,
	REQUEST_BUFFER_NO_MEMORY,
};

/* Add bytes. What follows a complete request is ignored. */
enum request_buffer_state request_buffer_feed(struct request_buffer *buffer, const void *data,
					      size_t length) must_check;

/*
 * The client paused: the request is complete when what it sent is a valid one, with nothing behind
 * its last field.
 */
enum request_buffer_state request_buffer_pause(struct request_buffer *buffer) must_check;

/* The client will send no more: the request is complete when it sent anything. */
enum request_buffer_state request_buffer_finish(struct request_buffer *buffer) must_check;

/* What is wrong with a complete request, for a manager of this kind: they do not read as far. */
enum authd_request_fault request_buffer_fault(const struct request_buffer *buffer,
					      enum dialect dialect);

/*
 * The name in what has come so far, which points into `bytes`; without text if there is none (yet).
 */
struct authd_field request_buffer_name(const struct request_buffer *buffer);

/* Wipe and free what it holds. */
void request_buffer_wipe(struct request_buffer *buffer);
