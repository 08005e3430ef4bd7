/* SPDX-License-Identifier: ISC */
#include "client/registration/agent-conf.h"

#include "client/agent-files/agent-generation.h"
#include "client/agent-files/manager-guard.h"
#include "client/config/types.h"
#include "client/registration/binding.h"
#include "client/registration/report.h"
#include "client/system/notify.h"
#include "common/cleanup.h"

#include <errno.h>
#include <sys/stat.h>

/* ------------------------------------------------------------------ the file */

/* The agent may be installed later, with a file of its package: that is for the next run. */
static bool has_file(const struct ossec_conf_file *file, struct reason *why)
{
	struct stat status;

	if (lstat(file->path, &status) == 0 || (errno != ENOENT && errno != ENOTDIR))
		return true;
	reason_set(why,
		   "There is no %s, so set_manager and own_enrollment have nothing to change; "
		   "the next run looks again",
		   file->path);
	return false;
}

/* Does the configuration want something of the file, and is there one? */
static bool is_to_be_looked_at(const struct registration *run)
{
	struct reason why = { 0 };

	if (!agent_conf_is_wanted(run->config))
		return false;
	if (has_file(&run->agent_conf, &why))
		return true;
	log_warning("%s", why.text);
	return false;
}

enum outcome agent_conf_outcome(int error)
{
	return error == -EINVAL ? OUTCOME_MISCONFIGURED : OUTCOME_STORAGE_ERROR;
}

static int fail(struct registration *run, int error, const struct reason *why)
{
	return report_failed_step(run, agent_conf_outcome(error), error, why);
}

static void log_change(const struct registration *run)
{
	const struct config *config = run->config;

	log_info("Changed %s (set_manager = %s, own_enrollment = %s)", run->agent_conf.path,
		 config_set_manager.choices[config->agent.set_manager],
		 config_own_enrollment.choices[config->agent.own_enrollment]);
}

/* ------------------------------------------------------------------ with a new key */

/* `key` is the one that is there; null: there is a new one, or will be. */
static struct agent_conf_source source_of(const struct registration *run,
					  const struct agent_key *key)
{
	return (struct agent_conf_source){
		.config = run->config,
		.access = run->access.method ? &run->access : NULL,
		.known = key && binding_knows(&run->state, key) ? &run->state.registration : NULL,
	};
}

static const char *missing_groups_of(const struct agent_conf_source *source)
{
	return source->known ? source->known->missing_groups : "";
}

/*
 * Before a manager is asked. The name that is requested may not be known yet (empty), and be
 * changed by a manager.
 */
static int stage(struct ossec_conf_file *file, const struct agent_conf_source *source,
		 const char *name, const char *missing_groups, struct reason *why)
{
	cleanup(agent_conf_wish_clear) struct agent_conf_wish wanted = { 0 };
	int r = agent_conf_wish_make(&wanted, source, *name ? name : "agent", missing_groups, why);

	return r < 0 ? r : ossec_conf_file_stage(file, &wanted.wish, why);
}

int agent_conf_stage(struct registration *run)
{
	const struct agent_conf_source source = source_of(run, NULL);
	struct reason why = { 0 };
	int r;

	if (!is_to_be_looked_at(run)) {
		ossec_conf_file_clean(&run->agent_conf);
		return CONTINUE;
	}
	r = stage(&run->agent_conf, &source, run->request.name, "", &why);
	return r < 0 ? fail(run, r, &why) : CONTINUE;
}

int agent_conf_try(const struct agent_conf_source *source, const struct agent_key *key,
		   struct reason *why)
{
	cleanup(ossec_conf_file_close) struct ossec_conf_file file = OSSEC_CONF_FILE_NULL;
	int r = ossec_conf_file_open(&file, source->config->agent.directory, why);

	if (r < 0)
		return r;
	if (!has_file(&file, why))
		return 0;
	return stage(&file, source, key ? key->name : "", missing_groups_of(source), why);
}

void agent_conf_store(struct registration *run)
{
	const struct agent_conf_source source = source_of(run, NULL);
	struct reason why = { 0 };
	cleanup(agent_conf_wish_clear) struct agent_conf_wish wanted = { 0 };
	int r;

	if (!agent_conf_is_wanted(run->config))
		return;
	r = agent_conf_wish_make(&wanted, &source, run->key.new.name, run->request.missing_groups,
				 &why);
	if (r == 0)
		r = ossec_conf_file_commit(&run->agent_conf, &wanted.wish, &why);
	if (r == -ENOENT)
		return; /* and the log has said so */
	run->agent_conf_failed = r < 0;
	if (r < 0)
		log_warning("%s; the key is stored first, then this is tried again", why.text);
	else if (r > 0)
		log_change(run);
}

/* ------------------------------------------------------------------ with a key that is there */

/* Returns CONTINUE, or what ends the run. */
static int lock(struct registration *run)
{
	struct deadline never = { USEC_INFINITY, run->mode.stop_fd };
	struct deadline patience = deadline_in(run->config->retry.budget, &never);
	const struct keystore *store = &run->files.store;
	struct reason why = { 0 };
	int r = store->lock < 0 ? keystore_lock(&run->files.store, &patience, NULL, &why) : 0;

	if (r == -ETIMEDOUT)
		return report_failure(run, OUTCOME_NOT_READY, &why);
	if (r == -ECANCELED)
		return r;
	if (r == 0)
		r = manager_guard_check(run->config->agent.directory, store->path, &why);
	return r < 0 ? report_failed_step(run, OUTCOME_MISCONFIGURED, r, &why) : CONTINUE;
}

static int change(struct registration *run, const struct agent_conf_wish *wanted)
{
	struct reason why = { 0 };
	int r = ossec_conf_file_stage(&run->agent_conf, &wanted->wish, &why);

	if (r > 0)
		r = ossec_conf_file_commit(&run->agent_conf, &wanted->wish, &why);
	if (r < 0)
		return fail(run, r, &why);
	if (r > 0) {
		log_change(run);
		run->agent_conf_changed_at = monotonic_usec();
	}
	return CONTINUE;
}

/* Whoever has the lock may have staged it just now, and removes it. */
static void clean(struct registration *run)
{
	struct deadline at_once = { 0, run->mode.stop_fd };

	if (ossec_conf_file_has_leftover(&run->agent_conf) &&
	    (run->files.store.lock >= 0 ||
	     keystore_lock(&run->files.store, &at_once, NULL, NULL) == 0))
		ossec_conf_file_clean(&run->agent_conf);
}

static int update(struct registration *run, const struct agent_key *key)
{
	const struct agent_conf_source source = source_of(run, key);
	struct reason why = { 0 };
	cleanup(agent_conf_wish_clear) struct agent_conf_wish wanted = { 0 };
	int r = agent_conf_wish_make(&wanted, &source, key->name, missing_groups_of(&source), &why);

	if (r == 0)
		r = ossec_conf_file_check(&run->agent_conf, &wanted.wish, &why);
	if (r < 0)
		return fail(run, r, &why);
	if (r == 0) {
		clean(run);
		return CONTINUE;
	}
	r = lock(run);
	return r == CONTINUE ? change(run, &wanted) : r;
}

int agent_conf_update(struct registration *run, const struct agent_key *key)
{
	bool was_locked = run->files.store.lock >= 0;
	int r;

	if (!is_to_be_looked_at(run))
		return CONTINUE;
	r = update(run, key);
	if (!was_locked)
		key_files_unlock(&run->files);
	return r;
}

/* ------------------------------------------------------------------ without a key */

int agent_conf_forget(const struct config *config, struct reason *why)
{
	struct ossec_conf_wish wish = { .own_enrollment = OWN_ENROLLMENT_FORGET };
	cleanup(ossec_conf_file_close) struct ossec_conf_file file = OSSEC_CONF_FILE_NULL;
	int r = ossec_conf_file_open(&file, config->agent.directory, why);

	if (r < 0)
		return r;
	ossec_conf_file_clean(&file);
	if (config->agent.own_enrollment != OWN_ENROLLMENT_SAME || !has_file(&file, NULL))
		return 0;
	r = agent_generation_detect(config->agent.directory, why);
	if (r <= 0) /* in an unknown agent's file, nothing has been written */
		return r;
	wish.generation = (enum agent_generation)r;
	r = ossec_conf_file_stage(&file, &wish, why);
	if (r > 0)
		r = ossec_conf_file_commit(&file, &wish, why);
	return r < 0 ? r : 0;
}
