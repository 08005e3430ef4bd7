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
	return strcmp(state->agent_id, key->id) == 0 && strcmp(state->agent_name, key->name) == 0;
}

enum binding binding_of(const struct state *state, const struct agent_key *key)
{
	char machine[IDENTITY_MACHINE_SIZE], instance[IDENTITY_INSTANCE_SIZE];

	if (!state->bound_machine[0] || !binding_knows(state, key))
		return BINDING_NONE;
	identity_machine(machine);
	identity_instance(instance);
	return differ(state->bound_machine, machine) || differ(state->bound_instance, instance)
		       ? BINDING_OTHER
		       : BINDING_OURS;
}

void binding_make(struct state *state, const struct agent_key *key)
{
	(void)snprintf(state->agent_id, sizeof state->agent_id, "%s", key->id);
	(void)snprintf(state->agent_name, sizeof state->agent_name, "%s", key->name);
	identity_machine(state->bound_machine);
	identity_instance(state->bound_instance);
}
