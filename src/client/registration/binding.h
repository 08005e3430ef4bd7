/* SPDX-License-Identifier: ISC */
/*
 * Is a key this machine's? Decided by the identifiers that were saved when it was stored (state.h)
 * and those of now.
 */
#pragma once

#include "client/registration/state.h"
#include "common/agent-key.h"

#include <stdbool.h>

enum binding {
	BINDING_NONE, /* made by another tool, or the state is lost: nothing says whose it is */
	BINDING_OURS,
	BINDING_OTHER, /* made on another machine: this disk is a copy */
};

/* Was the key stored or adopted by this program, so that the state knows of its registration? */
bool binding_knows(const struct state *state, const struct agent_key *key);

enum binding binding_of(const struct state *state, const struct agent_key *key);

/*
 * Bind the key to this machine, in the state. What the state knew of another registration and of
 * the attempts since is forgotten.
 */
void binding_renew(struct state *state, const struct agent_key *key);
