/* SPDX-License-Identifier: ISC */
#include "client/registration/import-key.h"

#include "client/agent-files/import-file.h"
#include "client/registration/agent-conf.h"
#include "client/registration/binding.h"
#include "client/registration/check-key.h"
#include "client/registration/finish.h"
#include "client/registration/report.h"
#include "client/registration/stage.h"
#include "client/system/message-ids.h"
#include "common/cleanup.h"

#include <errno.h>

/* ------------------------------------------------------------------ what speaks against it */

/* The copy of a disk has the original's key_file, too. */
static int refuse_others_key(struct registration *run)
{
	struct reason why = { 0 };

	if (!run->key.is_clone || !agent_key_equal(&run->key.new, &run->key.old))
		return CONTINUE;
	reason_set(&why,
		   "The key of %s (id %s) in %s belongs to another machine, "
		   "of which this one is a copy; give this machine its own key, "
		   "or, to use this one here, import it by hand (agent-register import)",
		   run->key.new.name, run->key.new.id, run->key.imported_from);
	return report_failure(run, OUTCOME_CLONED, &why);
}

/* ------------------------------------------------------------------ a key that is there already */

static bool is_stored(const struct registration *run)
{
	return run->key.found == KEYSTORE_KEY && agent_key_equal(&run->key.new, &run->key.old);
}

/*
 * Who imports a key says that it is this machine's; that is remembered, and nothing else changes.
 */
static int keep_key(struct registration *run)
{
	const struct agent_key *key = &run->key.old;
	bool is_ours = binding_knows(&run->state, key) &&
		       binding_of(&run->state, key, NULL) != BINDING_OTHER;
	int r = agent_conf_update(run, key);

	if (r != CONTINUE)
		return r;
	log_event(LOG_INFO, MESSAGE_ALREADY_REGISTERED, report_fields(run, key, OUTCOME_REGISTERED),
		  "Already registered as %s (id %s): the key from %s is in %s, nothing to do",
		  key->name, key->id, run->key.imported_from, run->files.store.path);
	if (!is_ours)
		binding_renew(&run->state, key);
	if (!is_ours || binding_complete(&run->state))
		report_save_state(run);
	finish_unchanged(run);
	return 0;
}

/* ------------------------------------------------------------------ the steps */

static int take_key_file(struct registration *run)
{
	const char *path = run->config->auth.key_file;
	struct deadline at_once = { 0, run->mode.stop_fd };
	struct reason why = { 0 };
	int r = import_file_read(&run->key.new, path, &at_once, &why);

	if (r < 0)
		return r == -ECANCELED ? r
				       : report_failed_step(run, OUTCOME_MISCONFIGURED, r, &why);
	run->key.imported_from = path;
	if (secret_file_is_exposed(path))
		log_warning("The key file %s is world-readable; run: chmod 0600 %s", path, path);
	return CONTINUE;
}

static int stage(struct registration *run)
{
	struct deadline never = { USEC_INFINITY, run->mode.stop_fd };
	struct deadline patience = deadline_in(run->config->retry.budget, &never);

	return stage_files(run, &patience);
}

int import_key_from_file(struct registration *run)
{
	struct reason why = { 0 };
	int r;

	if (config_check(run->config, &why) < 0)
		return report_failure(run, OUTCOME_MISCONFIGURED, &why);
	r = take_key_file(run);
	if (r == CONTINUE)
		r = refuse_others_key(run);
	if (r == CONTINUE && is_stored(run))
		return keep_key(run);
	return r == CONTINUE ? stage(run) : r;
}

int import_key_given(struct registration *run, const struct import *import)
{
	int r;

	run->key.new = *import->key;
	run->key.imported_from = import->from;
	/* the question is whether the key is another one, which is asked below */
	run->mode.force = true;
	r = check_existing_key(run);
	if (r == CONTINUE && is_stored(run))
		return keep_key(run);
	if (r == CONTINUE)
		r = stage(run); /* which looks again, behind the lock */
	if (r == CONTINUE && is_stored(run))
		return keep_key(run);
	if (r != CONTINUE || run->key.found != KEYSTORE_KEY || import->force)
		return r;
	r = import->confirm(&run->key.old, run->files.store.path, import->user);
	return r == 0 ? CONTINUE : r;
}
