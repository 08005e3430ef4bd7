/* SPDX-License-Identifier: ISC */
/*
 * What one line of a manager's client.keys is:
 *
 *	# or blank first     a comment
 *	ID NAME IP KEY       an agent
 *	ID #... or ID !...   a removed agent (OSSEC's and Wazuh's way): its id stays taken, its
 *	                     name is free
 *	anything else        damaged: what can be read of id and name stays taken
 *
 * Pure: no file, no log.
 */
#pragma once

#include "common/agent-key.h"

#include <stdbool.h>
#include <stddef.h>

enum keys_line_kind {
	KEYS_LINE_COMMENT,
	KEYS_LINE_AGENT,
	KEYS_LINE_REMOVED,
	KEYS_LINE_DAMAGED,
};

struct keys_line {
	enum keys_line_kind kind;
	char id[AGENT_ID_MAX + 1];     /* empty: none */
	char name[AGENT_NAME_MAX + 1]; /* empty: none that counts */
	char ip[AGENT_IP_MAX + 1];     /* empty: none; agents only */
	bool has_usual_key;            /* agents only: agent_key_is_usual() */
	enum agent_key_fault fault;    /* damaged only: what is wrong */
};

/* Read a line of `length` bytes, without its newline. The key is not kept. */
void keys_line_read(struct keys_line *ret, const char *text, size_t length);
