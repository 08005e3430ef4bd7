/* SPDX-License-Identifier: ISC */
/*
 * How the two families of managers answer: the same request grammar, different replies and endings.
 *
 * OSSEC (observed: 3.8, 4.3): `\n\n` after everything; an error is two TLS records. After a key
 * comes close_notify, which the real ossec-authd never sends, because agent-auth 3.8 needs it to
 * exit 0; after an error comes none, because agent-auth 4 takes one for success. A wrong password
 * or a request that is none gets no answer at all.
 *
 * Wazuh (observed: 4.14): no newline; an error is one record that ends in ". Unable to add agent";
 * close_notify always.
 */
#pragma once

#include "common/agent-key.h"
#include "common/authd-message.h"

#include <stdbool.h>
#include <stddef.h>

enum dialect {
	DIALECT_OSSEC,
	DIALECT_WAZUH,
};

#define REFUSAL_SIZE 2048 /* with the terminator: longer texts are cut, as the real managers do */
#define OSSEC_REQUEST_MAX 4096 /* bytes, within which the name has to end */

/* What goes to the client, and how the connection ends. Holds a key: wipe it. */
struct answer {
	char text[REFUSAL_SIZE + 64]; /* the records, one behind the other */
	size_t records[2];            /* their lengths; 0: none */
	bool close_notify;
};

/* "ossec" or "wazuh"; negative: neither. */
int dialect_from_text(const char *text);

/*
 * The answer that hands out a key. `ip` is the address in the form that the client sees
 * (address.h).
 */
void answer_key(struct answer *ret, enum dialect dialect, const struct agent_key *agent,
		const char *ip);

/* The answer that says why there is none: `text` without "ERROR: " and without an end. */
void answer_refusal(struct answer *ret, enum dialect dialect, const char *text);

/* The answer to a request that could not be read. */
void answer_fault(struct answer *ret, enum dialect dialect, enum authd_request_fault fault);

/* The fault in the words of the managers: "Invalid password". */
const char *request_fault_text(enum authd_request_fault fault);
