/* SPDX-License-Identifier: ISC */
/*
 * The chapter `import`: a key that somebody brought from the manager, in place of asking for one.
 */
#include "client/registration/registration.h"

#include "client/agent-files/import-file.h"
#include "client/agent-files/manager-detect.h"
#include "client/registration/binding.h"
#include "client/system/agent-unit.h"
#include "client/system/message-ids.h"
#include "common/cleanup.h"

#include <errno.h>

/* ------------------------------------------------------------------ what speaks against it */

/* On a manager, client.keys has the keys of all agents, and this would erase them. */
static int refuse_on_manager(struct registration *run)
{
	struct reason seen = { 0 }, why = { 0 };

	if (run->is_forced_import ||
	    !manager_detect(run->config->agent.directory, run->store.path, &seen))
		return CONTINUE;
	reason_set(&why,
		   "This machine is a manager: %s; an imported key would take the place of all its "
		   "agents' keys in %s, so nothing was changed (agent-register import --force "
		   "imports all the same)",
		   seen.text, run->store.path);
	return registration_fail(run, OUTCOME_MISCONFIGURED, &why);
}

/* The copy of a disk has the original's key_file, too. */
static int refuse_others_key(struct registration *run)
{
	struct reason why = { 0 };

	if (!run->is_clone || !agent_key_equal(&run->new_key, &run->old_key))
		return CONTINUE;
	reason_set(&why,
		   "The key of %s (id %s) in %s is that of another machine, of which this one is a "
		   "copy; give this machine a key of its own, or import it by hand (agent-register "
		   "import) if it shall have this one",
		   run->new_key.name, run->new_key.id, run->imported_from);
	return registration_fail(run, OUTCOME_CLONED, &why);
}

/* ------------------------------------------------------------------ a key that is there already */

static bool is_there(const struct registration *run)
{
	return run->found == KEYSTORE_KEY && agent_key_equal(&run->new_key, &run->old_key);
}

/*
 * Who imports a key says that it is this machine's; that is remembered, and nothing else changes.
 */
static int leave_it(struct registration *run)
{
	const struct agent_key *key = &run->old_key;

	log_event(LOG_INFO, MESSAGE_ALREADY_REGISTERED,
		  registration_fields(run, key, OUTCOME_REGISTERED),
		  "Already registered as %s (id %s): the key from %s is in %s, nothing to do",
		  key->name, key->id, run->imported_from, run->store.path);
	if (binding_of(&run->state, key) != BINDING_OURS) {
		run->state = (struct state){ 0 };
		binding_make(&run->state, key);
		registration_save_state(run);
	}
	registration_forget_secret(run, key);
	registration_start_agents(run, key);
	return 0;
}

bool registration_key_file_is_used(const struct registration *run, const struct agent_key *key)
{
	cleanup(agent_key_wipe) struct agent_key brought = { 0 };
	struct deadline at_once = { 0, run->stop_fd };
	const char *path = run->config->auth.key_file;
	bool same;

	if (!path || import_file_read(&brought, path, &at_once, NULL) < 0)
		return false;
	same = agent_key_equal(&brought, key);
	if (!same)
		log_warning("%s holds another key, that of %s (id %s); agent-register import %s "
			    "puts it in place",
			    path, brought.name, brought.id, path);
	return same;
}

/* ------------------------------------------------------------------ the chapter */

static int take_key_file(struct registration *run)
{
	const char *path = run->config->auth.key_file;
	struct deadline at_once = { 0, run->stop_fd };
	struct reason why = { 0 };
	int r = import_file_read(&run->new_key, path, &at_once, &why);

	if (r < 0)
		return r == -ECANCELED ? r : registration_fail(run, OUTCOME_MISCONFIGURED, &why);
	run->imported_from = path;
	if (secret_file_is_exposed(path))
		log_warning("The key in %s can be read by everybody on this machine; chmod 0600 "
			    "mends that",
			    path);
	return CONTINUE;
}

static int stage(struct registration *run)
{
	struct deadline never = { USEC_INFINITY, run->stop_fd };
	struct deadline patience = deadline_in(run->config->retry.budget, &never);

	return registration_stage(run, &patience);
}

int registration_import(struct registration *run)
{
	struct reason why = { 0 };
	int r;

	if (config_check(run->config, &why) < 0)
		return registration_fail(run, OUTCOME_MISCONFIGURED, &why);
	run->is_forced_import = run->force;
	r = take_key_file(run);
	if (r == CONTINUE)
		r = refuse_on_manager(run);
	if (r == CONTINUE)
		r = refuse_others_key(run);
	if (r == CONTINUE && is_there(run))
		return leave_it(run);
	return r == CONTINUE ? stage(run) : r;
}

int registration_import_given(struct registration *run, const struct import *import)
{
	int r;

	run->new_key = *import->key;
	run->imported_from = import->from;
	run->is_forced_import = import->force;
	/* the question is whether the key is another one, which is asked below */
	run->force = true;
	r = registration_check_key(run);
	if (r == CONTINUE)
		r = refuse_on_manager(run);
	if (r == CONTINUE && is_there(run))
		return leave_it(run);
	if (r == CONTINUE)
		r = stage(run); /* which looks again, behind the lock */
	if (r == CONTINUE && is_there(run))
		return leave_it(run);
	if (r != CONTINUE || run->found != KEYSTORE_KEY || import->force)
		return r;
	r = import->confirm(&run->old_key, run->store.path, import->user);
	return r == 0 ? CONTINUE : r;
}
