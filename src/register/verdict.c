/* SPDX-License-Identifier: ISC */
/* The chapter `verdict`: is there a key, and is it this machine's? */
#include "register/registration.h"

#include "register/agent-unit.h"
#include "register/binding.h"
#include "register/message-ids.h"
#include "register/notify.h"

#include <errno.h>

static int already_registered(struct registration *run)
{
	const struct agent_key *key = &run->old_key;

	log_event(LOG_INFO, MESSAGE_ALREADY_REGISTERED, registration_fields(run, key, OUTCOME_REGISTERED),
		  "Already registered as %s (id %s); nothing to do", key->name, key->id);
	registration_start_agents(run, key);
	return 0;
}

void registration_tell_unconfigured(void)
{
	log_event(LOG_NOTICE, MESSAGE_UNCONFIGURED, NULL,
		  "No manager is configured, nothing to do: write address = HOST under [manager] into "
		  SYSCONFDIR "/agent-register/agent-register.conf and start agent-register again");
}

/* ------------------------------------------------------------------ the binding of a key to a machine */

/* Bind a key that was found to this machine, so that a copy of this disk is noticed later. */
static int adopt(struct registration *run)
{
	run->state = (struct state){ 0 };
	binding_make(&run->state, &run->old_key);
	if (run->state.bound_machine[0])
		registration_save_state(run);
	return already_registered(run);
}

/* The disk is a copy. Until this machine has an identity of its own, its agent must not use the other one's. */
static int found_clone(struct registration *run)
{
	const struct agent_key *key = &run->old_key;
	const struct log_field *fields = registration_fields(run, key, OUTCOME_CLONED);
	struct reason why = { 0 };

	switch (run->config->identity.on_clone) {
	case CLONE_KEEP:
		log_event(LOG_NOTICE, MESSAGE_CLONED, fields,
			  "The key of %s (id %s) was made on another machine, of which this one is a copy; kept, as on_clone "
			  "says", key->name, key->id);
		return already_registered(run);
	case CLONE_REFUSE:
		agent_unit_hold(true);
		reason_set(&why, "The key of %s (id %s) was made on another machine, of which this one is a copy; "
			   "agent-register reset removes it", key->name, key->id);
		return registration_fail(run, OUTCOME_CLONED, &why);
	default:
		agent_unit_hold(true);
		run->is_clone = true;
		log_event(LOG_NOTICE, MESSAGE_CLONED, fields,
			  "The key of %s (id %s) was made on another machine, of which this one is a copy; registering anew",
			  key->name, key->id);
		return GO_ON;
	}
}

int registration_verdict(struct registration *run)
{
	struct reason why = { 0 };
	int found = keystore_read(&run->store, &run->old_key, &why);

	if (found < 0)
		return registration_fail(run, OUTCOME_UNSTORABLE, &why);
	run->found = (enum keystore_state)found;
	if (found == KEYSTORE_TORN)
		agent_unit_hold(true); /* its condition sees a file that is not empty */
	if (found != KEYSTORE_KEY || run->force || run->is_clone)
		return GO_ON;
	state_load(&run->state, run->state_directory); /* while we waited, another run may have written both */
	switch (binding_of(&run->state, &run->old_key)) {
	case BINDING_NONE:
		return adopt(run);
	case BINDING_OTHER:
		return found_clone(run);
	default:
		return already_registered(run);
	}
}
