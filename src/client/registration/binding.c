/* SPDX-License-Identifier: ISC */
#include "client/registration/binding.h"

#include "client/system/identity.h"

#include <stdio.h>
#include <string.h>

/* Marks that are not known on either side prove nothing. */
static bool differ(const char *bound, const char *now)
{
	return bound[0] && now[0] && strcmp(bound, now) != 0;
}

bool binding_knows(const struct state *state, const struct agent_key *key)
{
	return strcmp(state->registration.agent_id, key->id) == 0 &&
	       strcmp(state->registration.agent_name, key->name) == 0;
}

enum binding binding_of(const struct state *state, const struct agent_key *key)
{
	const struct identity_marks *bound = &state->bound;
	struct identity_marks now;

	if (!bound->machine[0] || !binding_knows(state, key))
		return BINDING_NONE;
	identity_read_marks(&now);
	return differ(bound->machine, now.machine) || differ(bound->instance, now.instance)
		       ? BINDING_OTHER
		       : BINDING_OURS;
}

void binding_renew(struct state *state, const struct agent_key *key)
{
	state->registration = (struct state_registration){ 0 };
	state->attempts = (struct state_attempts){ 0 };
	memcpy(state->registration.agent_id, key->id, sizeof key->id);
	memcpy(state->registration.agent_name, key->name, sizeof key->name);
	identity_read_marks(&state->bound);
}
