/* SPDX-License-Identifier: ISC */
/*
 * One line of the file of re-enrollment secrets (secrets.h), and what it means:
 *
 *	ID BASE MARK KEY PREVIOUS
 *
 * The agent ID, when it has the key of which MARK is the mark, may enroll again with a bearer that
 * is signed with KEY, or with PREVIOUS, if that is not "-". What earlier lines say of the agent
 * counts on for its key with the mark BASE alone, or not at all ("-"). Marks and keys are
 * lower-case hexadecimal digits. Pure.
 */
#pragma once

#include "common/agent-key.h"
#include "common/enroll-jwt.h"
#include "common/must-check.h"

#include <stdbool.h>

#define SECRET_MARK_SIZE 16 /* bytes */

/* With its newline and a terminator. */
#define SECRET_LINE_SIZE (AGENT_ID_MAX + 4 * SECRET_MARK_SIZE + 4 * ENROLL_KEY_SIZE + 6)

/* By which to know the key of an agent again: the beginning of its SHA-256. */
struct secret_mark {
	unsigned char bytes[SECRET_MARK_SIZE];
};

/* What a bearer is signed with, as it is derived from a secret (enroll_jwt_derive()). */
struct signing_key {
	unsigned char bytes[ENROLL_KEY_SIZE];
};

/* Wipe it. */
struct secret_line {
	char id[AGENT_ID_MAX + 1]; /* as it is written in client.keys */
	bool has_base, has_previous;
	struct secret_mark base, mark;
	struct signing_key key, previous;
};

/* The mark of an agent's key. */
struct secret_mark secret_mark_of(const char *key);

bool secret_mark_equal(const struct secret_mark *a, const struct secret_mark *b) must_check;

/* Read a line, without its newline. Returns 0, or -EINVAL: it is none. */
int secret_line_parse(struct secret_line *ret, const char *text, size_t length) must_check;

/* Write a line with its newline and a terminator. Returns its length. Wipe it. */
size_t secret_line_format(char ret[static SECRET_LINE_SIZE], const struct secret_line *line);
