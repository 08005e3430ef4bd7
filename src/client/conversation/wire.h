/* SPDX-License-Identifier: ISC */
/*
 * What the child that talks to a manager and its parent tell each other: one message at a time, of
 * a kind and of a bounded length. Whoever has taken over the child writes what the parent reads, so
 * every field is checked here: its length, its range, its form. Pure.
 *
 *	child to parent   STEP    a step of the attempt begins
 *	                  ANCHOR  a piece of the CA for the agent, before the result
 *	                  FINDING a line of what is found out about a manager
 *	                  OWN     what the network calls this machine, for the agent's name
 *	                  RESULT  how the attempt ended; the last message
 *	parent to child   NAME    the agent's name, after OWN
 *	                  GO      the step STEP_SENDING is remembered: send the request
 *
 * A message is one packet (packet.h) of that type, with number 0, and comes in one piece.
 */
#pragma once

#include "client/methods/method.h"
#include "common/must-check.h"
#include "common/pem-file.h"

#include <stddef.h>

#define WIRE_MAX 4096                /* bytes of a message */
#define WIRE_PIECE_MAX 4000          /* bytes of a piece of the CA */
#define WIRE_ANCHOR_MAX PEM_FILE_MAX /* bytes of the CA: a ca_file may be as long */

enum wire_kind {
	WIRE_STEP = 1,
	WIRE_ANCHOR,
	WIRE_RESULT,
	WIRE_GO,
	WIRE_FINDING,
	WIRE_OWN,
	WIRE_NAME,
};

/* How an attempt ended, without the CA. Wipe with wire_result_wipe(). */
struct wire_result {
	int outcome;                  /* or a negative errno */
	struct agent_key key;         /* with OUTCOME_REGISTERED; empty: there is none */
	bool removed;                 /* with OUTCOME_OK and no key: an agent was removed */
	struct attempt_report report; /* its anchor is null */
};

/* The agent's name, and what is remembered of it: attempt_naming's complete(). */
struct wire_name {
	char text[AGENT_NAME_MAX + 1];
	uint64_t lost_for; /* microseconds */
};

/* Something about a manager, in a line. */
struct wire_finding {
	enum outcome outcome; /* OUTCOME_OK, or what is wrong */
	char label[32];
	char text[1024];
};

struct wire_message {
	enum wire_kind kind;
	enum attempt_step step; /* of WIRE_STEP */
	const char *piece;      /* of WIRE_ANCHOR: points into the message */
	size_t length;          /* of the piece */
	struct wire_result result;
	struct wire_finding finding; /* of WIRE_FINDING */
	struct own_names own;        /* of WIRE_OWN: each is valid, or empty */
	struct wire_name name;       /* of WIRE_NAME */
};

/* Write a message. Returns its length. */
size_t wire_format_step(unsigned char buffer[static WIRE_MAX], enum attempt_step step);
size_t wire_format_go(unsigned char buffer[static WIRE_MAX]);
size_t wire_format_own(unsigned char buffer[static WIRE_MAX], const struct own_names *own);
size_t wire_format_name(unsigned char buffer[static WIRE_MAX], const struct wire_name *name);

/* At most WIRE_PIECE_MAX bytes. */
size_t wire_format_anchor(unsigned char buffer[static WIRE_MAX], const char *piece, size_t length);

/*
 * Texts that would not be accepted at the other end, because of bytes that are not printable, are
 * escaped. The buffer contains the key: wipe it.
 */
size_t wire_format_result(unsigned char buffer[static WIRE_MAX], const struct wire_result *result);
size_t wire_format_finding(unsigned char buffer[static WIRE_MAX],
			   const struct wire_finding *finding);

/*
 * Read a message, strictly: a kind from above, all of its fields and nothing behind them, each
 * valid. A result is an outcome that a method can have, or a negative errno; a key by the rules for
 * a received one, only with OUTCOME_REGISTERED; a secret only for that key; texts of printable
 * characters. Returns 0, or -EBADMSG with `ret` unchanged. Wipe it.
 */
int wire_parse(struct wire_message *ret, const unsigned char *bytes, size_t length) must_check;

/* Suitable for cleanup(). */
void wire_result_wipe(struct wire_result *result);
