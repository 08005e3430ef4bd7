/* SPDX-License-Identifier: ISC */
/*
 * What a run remembers for the next one and for `agent-register status`: STATE_DIRECTORY/state, lines of NAME=VALUE.
 * It never holds a key or a password. Losing it loses no registration.
 */
#pragma once

#include "common/agent-key.h"
#include "common/reason.h"
#include "register/endpoint.h"

#include <stdint.h>

/* Empty strings and zeros: not known. Times are seconds since 1970. */
struct state {
	/* the registration that made the key on disk */
	char agent_id[AGENT_ID_MAX + 1];
	char agent_name[AGENT_NAME_MAX + 1];
	char manager[ENDPOINT_TEXT_SIZE];
	char method[16];
	uint64_t registered_at;
	/* the last attempt that failed; cleared by success */
	char last_outcome[16];
	char last_manager[ENDPOINT_TEXT_SIZE];
	char last_error[1024];
	uint64_t last_at;
	uint64_t attempts; /* since the last success */
};

/* Read it. What is missing or does not parse stays empty; a missing file is an empty state. */
void state_load(struct state *state, const char *directory);

/* Replace it, making the directory if need be. Returns 0, or a negative errno with `why` set. */
int state_save(const struct state *state, const char *directory, struct reason *why);
