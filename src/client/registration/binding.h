/* SPDX-License-Identifier: ISC */
/*
 * Is a key this machine's? Decided by the marks that were saved when it was stored (state.h) and
 * those of now.
 *
 * Each pair of marks is equal, different or unknown; unknown if one of them is absent, or if the
 * two differ and one is a machine ID that need not outlive the boot.
 *
 * 1. The machine ID differs: a copy, unless the instance ID or the hardware ID is equal.
 * 2. The machine ID is equal: no copy, unless the instance ID and the hardware ID both differ.
 * 3. The machine ID is unknown: no copy if the instance ID is equal, or it differs and the hardware
 *    ID is equal; a copy if one of the two differs otherwise.
 */
#pragma once

#include "client/registration/state.h"
#include "client/system/machine-marks.h"
#include "common/agent-key.h"
#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>

enum binding {
	/* nothing says whose it is: it was made by another tool, the state is lost, or no mark is
	 * known on both sides */
	BINDING_NONE,
	BINDING_OURS,
	BINDING_CHANGED, /* ours, although a mark of this machine differs */
	BINDING_OTHER,   /* made on another machine: this disk is a copy */
};

/* Was the key stored or adopted by this program, so that the state knows of its registration? */
bool binding_knows(const struct state *state, const struct agent_key *key) must_check;

/*
 * Decide by the marks alone. With BINDING_CHANGED and BINDING_OTHER, `changes` (may be null) is set
 * to a clause such as "the instance ID changed from A to B, but the machine ID is the same"; hashes
 * are shown by their first eight digits.
 */
enum binding binding_judge(const struct machine_marks *bound, const struct machine_marks *now,
			   struct reason *changes) must_check;

/* The same for a key, with the marks of now. */
enum binding binding_of(const struct state *state, const struct agent_key *key,
			struct reason *changes) must_check;

/*
 * Bind a key that stays: of the marks of now, take into the state what says more than the mark
 * there, and what differs from it. Returns whether the state has changed.
 */
bool binding_complete(struct state *state) must_check;

/*
 * Bind a new key to this machine, in the state. What the state knew of another key's registration
 * and of the attempts to get this one is forgotten.
 */
void binding_renew(struct state *state, const struct agent_key *key);
