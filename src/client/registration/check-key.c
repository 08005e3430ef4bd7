/* SPDX-License-Identifier: ISC */
#include "client/registration/check-key.h"

#include "client/agent-files/manager-guard.h"
#include "client/registration/agent-conf.h"
#include "client/registration/binding.h"
#include "client/registration/finish.h"
#include "client/registration/report.h"
#include "client/system/agent-gate.h"
#include "client/system/message-ids.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static int already_registered(struct registration *run)
{
	const struct agent_key *key = &run->key.old;
	int r = agent_conf_update(run, key);

	if (r != CONTINUE)
		return r;
	log_event(LOG_INFO, MESSAGE_ALREADY_REGISTERED, report_fields(run, key, OUTCOME_REGISTERED),
		  "Already registered as %s (id %s); nothing to do", key->name, key->id);
	finish_unchanged(run);
	return 0;
}

/*
 * ------------------------------------------------------------------ the binding of a key to a
 * machine
 */

/* Bind a key that was found to this machine, so that a copy of this disk is noticed later. */
static int adopt(struct registration *run)
{
	const struct machine_marks *bound = &run->state.bound;

	binding_renew(&run->state, &run->key.old);
	if (bound->machine[0] || bound->instance[0] || bound->hardware[0])
		report_save_state(run);
	return already_registered(run);
}

/*
 * The key is this machine's: remember the marks that it did not have before, or that are others
 * now.
 */
static int keep_key(struct registration *run, const char *changes)
{
	const struct agent_key *key = &run->key.old;
	bool counters_changed = finish_counters(run->config, &run->state, key);

	if (*changes)
		log_event(LOG_NOTICE, MESSAGE_REBOUND, report_fields(run, key, OUTCOME_REGISTERED),
			  "This machine has changed: %s; it keeps the key of %s (id %s)", changes,
			  key->name, key->id);
	if (binding_complete(&run->state) || counters_changed)
		report_save_state(run);
	return already_registered(run);
}

/*
 * The disk is a copy. Until this machine has an identity of its own, its agent must not use the
 * other one's.
 */
static int found_clone(struct registration *run, const char *changes)
{
	const struct agent_key *key = &run->key.old;
	const struct log_field *fields = report_fields(run, key, OUTCOME_CLONED);
	struct reason why = { 0 };

	switch (run->config->identity.on_clone) {
	case CLONE_KEEP:
		log_event(LOG_NOTICE, MESSAGE_CLONED, fields,
			  "The key of %s (id %s) was made on another machine, "
			  "of which this one is a copy: %s; kept (on_clone = keep)",
			  key->name, key->id, changes);
		return already_registered(run);
	case CLONE_REFUSE:
		agent_gate_hold(true);
		reason_set(&why,
			   "The key of %s (id %s) was made on another machine, "
			   "of which this one is a copy: %s; to remove it: "
			   "agent-register reset; to keep it: on_clone = keep in [identity]",
			   key->name, key->id, changes);
		return report_failure(run, OUTCOME_CLONED, &why);
	default:
		agent_gate_hold(true);
		if (run->key.is_clone)
			return CONTINUE; /* and the log has said so */
		run->key.is_clone = true;
		log_event(LOG_NOTICE, MESSAGE_CLONED, fields,
			  "The key of %s (id %s) was made on another machine, "
			  "of which this one is a copy: %s; registering again "
			  "(on_clone = keep in [identity] would keep the key)",
			  key->name, key->id, changes);
		return CONTINUE;
	}
}

/* ------------------------------------------------------------------ a manager's key file */

/*
 * A service that is installed on a manager says so and is no failure; a command fails there.
 */
static int check_manager(struct registration *run)
{
	const char *directory = run->config->agent.directory, *path = run->files.store.path;
	struct reason seen = { 0 }, refusal = { 0 };
	int r;

	if (!run->mode.is_service) {
		r = manager_guard_check(directory, path, &refusal);
		return r < 0 ? report_failed_step(run, OUTCOME_MISCONFIGURED, r, &refusal)
			     : CONTINUE;
	}
	r = manager_guard_detect(directory, path, &seen);
	if (r < 0)
		return report_failure(run, r, &seen);
	agent_gate_allow_without_key(r > 0);
	return r > 0 ? finish_on_manager(&seen) : CONTINUE;
}

/* An imported key may be meant for another file. */
static int check_entries(struct registration *run)
{
	struct reason refusal = { 0 };
	int r = run->key.imported_from
			? manager_guard_check_entries(run->config->agent.directory,
						      run->files.store.path, &refusal)
			: 0;

	return r < 0 ? report_failed_step(run, OUTCOME_MISCONFIGURED, r, &refusal) : CONTINUE;
}

/* ------------------------------------------------------------------ everything */

static bool is_not_empty(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && status.st_size > 0;
}

static int check_binding(struct registration *run)
{
	const struct agent_key *key = &run->key.old;
	struct reason changes = { 0 }, why = { 0 };
	enum binding binding;
	struct state now;
	int r;

	/* while we waited, another run may have written key and state */
	r = state_load(&now, run->mode.state_directory, &why);
	if (r < 0)
		return report_failure(run, r, &why);
	binding = binding_of(&now, key, &changes);
	if (binding == BINDING_OTHER)
		return found_clone(run, changes.text);
	run->state = now;
	if (binding_knows(&now, key))
		return keep_key(run, changes.text);
	(void)finish_counters(run->config, &run->state, key);
	return adopt(run);
}

static int read_key(struct registration *run)
{
	struct reason why = { 0 };
	int found = keystore_read(&run->files.store, &run->key.old, &why);

	if (found < 0)
		return report_failed_step(run, OUTCOME_STORAGE_ERROR, found, &why);
	run->key.found = (enum keystore_state)found;
	if (found != KEYSTORE_KEY && is_not_empty(run->files.store.path))
		agent_gate_hold(true); /* the agent's condition is content with any content */
	if (found != KEYSTORE_KEY || run->mode.force)
		return CONTINUE;

	return check_binding(run);
}

int check_existing_key(struct registration *run)
{
	int r = check_manager(run);

	if (r == CONTINUE)
		r = read_key(run);
	return r == CONTINUE ? check_entries(run) : r;
}
