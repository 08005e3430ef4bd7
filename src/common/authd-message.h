/* SPDX-License-Identifier: ISC */
/*
 * The request and the reply of the authd protocol, in both directions. Pure.
 *
 *	[OSSEC PASS: PASSWORD ]OSSEC A:'NAME'[ V:'VERSION'][ G:'GROUPS'][ IP:'IP'][ K:'HASH']\n
 *	OSSEC K:'ID NAME IP KEY'
 *	ERROR: TEXT
 *
 * Origin: Wazuh 4.14.5 src/shared/enrollment_op.c and src/os_auth/auth.c, OSSEC 4.2 src/os_auth;
 * the recorded exchanges in tests/data are from the real programs.
 */
#pragma once

#include "common/agent-key.h"
#include "common/must-check.h"
#include "common/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* One TLS record: managers up to Wazuh 4.12 and every OSSEC read only the first record. */
#define AUTHD_REQUEST_MAX 16384
/* The maximum size of a reply; the longest real one is a refusal of about 2 KiB. */
#define AUTHD_REPLY_MAX ((size_t)70 * 1024)

/*
 * ------------------------------------------------------------------ the request, as the client
 * writes it
 */

/* Null (and for `groups` also empty) fields are omitted. Terminated strings, not owned. */
struct authd_request {
	const char *password;
	const char *name;
	/* "v4.7.0"; managers before 4.6 ignore everything after it: omit it if possible */
	const char *version;
	const char *groups; /* comma separated */
	const char *ip;     /* address, network, "any" or "src" */
	const char *key_hash;
};

/*
 * Write the request line with its newline. Returns its length, -EINVAL when a field contains a byte
 * that would change the meaning of the line (newline, NUL, or a quote in a quoted field), -EMSGSIZE
 * when it does not fit. The buffer contains the password: wipe it.
 */
ssize_t authd_request_format(char *buffer, size_t size,
			     const struct authd_request *request) must_check;

/*
 * ------------------------------------------------------------------ the reply, as the client reads
 * it
 */

enum authd_reply_state {
	AUTHD_REPLY_MORE, /* not complete: more bytes are needed */
	/* an error text without a line end: more of it may follow */
	AUTHD_REPLY_ERROR_OPEN,
	AUTHD_REPLY_KEY,       /* a complete OSSEC K:'...' */
	AUTHD_REPLY_ERROR,     /* a complete error text */
	AUTHD_REPLY_MALFORMED, /* not the protocol */
	AUTHD_REPLY_SILENT,    /* ended without any byte */
};

/*
 * Accumulates a reply over any number of reads. Start with authd_reply_init(); wipe with
 * authd_reply_wipe().
 */
struct authd_reply {
	char bytes[AUTHD_REPLY_MAX];
	size_t length;
	enum authd_reply_state state;
	/* the record between the quotes, or the error text */
	size_t begin, end;
};

void authd_reply_init(struct authd_reply *reply);

/*
 * Add bytes. The first complete key or error line determines the result; what follows it is
 * ignored. Returns the state, which no longer changes once it is final.
 */
enum authd_reply_state authd_reply_feed(struct authd_reply *reply, const void *data,
					size_t length) must_check;

/* The peer has ended the connection. Returns the final state, never MORE or ERROR_OPEN. */
enum authd_reply_state authd_reply_finish(struct authd_reply *reply) must_check;

/*
 * The record between the quotes (KEY) or the error text without "ERROR: " (ERROR); not terminated.
 */
const char *authd_reply_text(const struct authd_reply *reply, size_t *ret_length);

void authd_reply_wipe(struct authd_reply *reply);

/*
 * What a manager's error text (without "ERROR: ") means. All texts of OSSEC and Wazuh 2 to 5 are
 * known; an unknown one is OUTCOME_REFUSED. `ret_hint` (may be null) is set to a remedy, static, or
 * to null when the text is sufficient, and for OUTCOME_DUPLICATE, whose remedy depends on more.
 */
enum outcome authd_error_outcome(const char *text, size_t length, const char **ret_hint) must_check;

/* What such a text is about. */
enum refusal_subject authd_error_subject(const char *text, size_t length) must_check;

/*
 * ------------------------------------------------------------------ the request, as the registrar
 * reads it
 */

/* A field of a parsed request; text points into the parsed line, null when the field was absent. */
struct authd_field {
	const char *text;
	size_t length;
};

struct authd_request_fields {
	struct authd_field name;
	struct authd_field version;
	struct authd_field groups;
	struct authd_field ip;
	struct authd_field key_hash;
	/* what follows and is no field, or is one out of order; absent if only white space does */
	struct authd_field rest;
};

enum authd_request_fault {
	AUTHD_REQUEST_OK,
	AUTHD_REQUEST_PASSWORD, /* wrong, missing */
	/* no OSSEC A:'...'; also a password sent to a manager without one */
	AUTHD_REQUEST_MALFORMED,
	/* no opening quote, or no closing one within the field's limit ... */
	AUTHD_REQUEST_OPEN_VERSION,
	AUTHD_REQUEST_OPEN_GROUPS,
	AUTHD_REQUEST_OPEN_IP,
	AUTHD_REQUEST_OPEN_KEY_HASH,
};

/*
 * Parse a request of `length` bytes up to, and without, its first newline. `password` is the one
 * that the manager requires (compared in constant time), null for none. As at Wazuh's managers, the
 * optional fields are parsed once each in their order, and the line ends at a NUL. `ret` is written
 * only if authd_request_has_fields(); with a fault of one field, it holds the fields before that
 * one.
 */
enum authd_request_fault authd_request_parse(struct authd_request_fields *ret, const char *line,
					     size_t length, const char *password) must_check;

/*
 * Does a line that has begun with these bytes begin with `password` as a request does or, where
 * none is required (null), with a name? False also as long as that cannot be said yet.
 */
bool authd_request_begins(const char *line, size_t length, const char *password) must_check;

/* Is it at most one of the optional fields that is wrong? */
bool authd_request_has_fields(enum authd_request_fault fault) must_check;

/* What Wazuh's managers say of it: "Invalid password". Empty: nothing is wrong. */
const char *authd_request_fault_text(enum authd_request_fault fault);

/*
 * The agent's name in a request of any fault, for the log: what stands behind the last "OSSEC A:'"
 * in its line, if it is a valid name. Otherwise the text is null: bytes at that place can be those
 * of a password.
 */
struct authd_field authd_request_name(const char *line, size_t length);
