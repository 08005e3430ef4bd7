/* SPDX-License-Identifier: ISC */
/* What authd's clients are sent: the texts and records of the two dialects (dialect.h). Pure. */
#pragma once

#include "common/agent-key.h"
#include "common/authd-message.h"
#include "registrar/registry/agent-registration.h"
#include "registrar/registry/dialect.h"

#include <stdbool.h>
#include <stddef.h>

/* What goes to the client, and how the connection ends. Holds a key: wipe it. */
struct answer {
	char text[REFUSAL_SIZE + 64]; /* the records, one behind the other */
	size_t records[2];            /* their lengths; 0: none */
	bool close_notify;
};

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
