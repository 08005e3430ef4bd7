/* SPDX-License-Identifier: ISC */
#include "client/registration/finish.h"

#include "client/agent-files/agent-process.h"
#include "client/agent-files/counters.h"
#include "client/agent-files/import-file.h"
#include "client/config/name-template.h"
#include "client/registration/agent-conf.h"
#include "client/registration/agents-file.h"
#include "client/registration/binding.h"
#include "client/registration/report.h"
#include "client/system/agent-gate.h"
#include "client/system/agent-units.h"
#include "client/system/config-wait.h"
#include "client/system/identity.h"
#include "client/system/message-ids.h"
#include "client/system/notify.h"
#include "common/cleanup.h"
#include "common/directory.h"
#include "common/trusted-file.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* ------------------------------------------------------------------ storing */

/* The name beside client.keys under which the old file is kept; null: there is nothing to keep. */
static const char *backup_suffix(const struct registration *run)
{
	if (run->key.found == KEYSTORE_MISSING)
		return NULL;
	if (run->key.found == KEYSTORE_TORN)
		return "torn";
	return run->key.is_clone ? "clone" : "old";
}

/* `home`: of whoever has named the file (config_home()). */
static void forget_file(const char *path, const char *home)
{
	struct reason why = { 0 };
	int r;

	if (!path)
		return;
	if (config_is_credential(path)) {
		log_debug("The secret is a systemd credential, which systemd removes itself");
		return;
	}
	r = home ? trusted_file_remove_below(home, path, &why) : trusted_file_remove(path, &why);
	if (r < 0) {
		(void)directory_explain_file(&why, r, path);
		log_warning("forget_secret: %s", why.text);
	}
}

/*
 * Is what key_file holds the key on the disk? If it is another one, a log line says so.
 */
static bool key_file_is_used(const struct registration *run, const struct agent_key *key)
{
	cleanup(agent_key_wipe) struct agent_key imported = { 0 };
	struct deadline at_once = { 0, run->mode.stop_fd };
	const char *path = run->config->auth.key_file;
	bool same;

	if (!path || import_file_read(&imported, path, &at_once, NULL) < 0)
		return false;
	same = agent_key_equal(&imported, key);
	if (!same)
		log_warning("%s holds a different key, of %s (id %s); "
			    "to install it: agent-register import %s",
			    path, imported.name, imported.id, path);
	return same;
}

/* The secret has done its work. A credential is not a file of ours to delete. */
static void forget_secret(const struct registration *run, const struct agent_key *key)
{
	const struct config *config = run->config;
	bool is_import = config->manager.method == METHOD_IMPORT;

	if ((is_import && !key_file_is_used(run, key)) || !config->auth.forget_secret)
		return;
	if (is_import)
		forget_file(config->auth.key_file, NULL);
	else
		forget_file(config_password_file(config), config_password_home(config));
	if (config->manager.method == METHOD_ENROLL)
		forget_file(config->auth.token_file, NULL);
}

/* Remember the registration, and bind the key to this machine. */
static void remember_success(struct registration *run)
{
	struct state_registration *registration = &run->state.registration;

	binding_renew(&run->state, &run->key.new);
	registration->registered_at = (uint64_t)time(NULL);
	(void)snprintf(registration->manager, sizeof registration->manager, "%s",
		       run->request.manager_text);
	if (run->config->manager.method == METHOD_ENROLL)
		(void)snprintf(registration->prefix, sizeof registration->prefix, "/%s",
			       run->access.prefix);
	(void)snprintf(registration->method, sizeof registration->method, "%s",
		       report_method_name(run));
	registration->requested_name[0] = '\0';
	if (strcmp(run->key.new.name, run->request.configured_name) != 0)
		memcpy(registration->requested_name, run->request.configured_name,
		       sizeof registration->requested_name);
	memcpy(registration->missing_groups, run->request.missing_groups,
	       sizeof registration->missing_groups);
	report_save_state(run);
}

/* 1: stored, but `why` is worth a warning. A failure counts more than that. */
static int combine_results(int r, int next)
{
	return next < 0 ? next : r | next;
}

/* Saved before it is stored, like the counters: what a killed run has stored is ours, too. */
static void note_anchor(struct registration *run)
{
	const char *anchor = run->key.new_anchor;

	if (!anchor || reenroll_files_has_anchor(&run->files.reenroll, anchor))
		return;
	reenroll_files_mark_anchor(run->state.stored_ca, anchor, strlen(anchor));
	report_save_state(run);
}

/* What goes with the key is there before it: a key on the disk says that all is. */
static int store_reenroll_files(struct registration *run, const char *suffix, struct reason *why)
{
	int r = run->key.new_anchor ? reenroll_files_commit_anchor(&run->files.reenroll,
								   run->key.new_anchor, why)
				    : 0;

	if (r >= 0 && run->key.new_secret.text[0])
		r = combine_results(r, reenroll_files_commit_secret(&run->files.reenroll,
								    &run->key.new_secret, suffix,
								    why));
	return r;
}

/*
 * A manager that was asked for a key has made another agent, even if it has our id; an imported key
 * may be that of ours.
 */
static int retire_secret(struct registration *run, const char *suffix, struct reason *why)
{
	return reenroll_files_retire_secret(
		&run->files.reenroll, run->key.imported_from ? run->key.new.id : NULL, suffix, why);
}

/*
 * Saved before the key is stored, so that a run that is killed in between is completed by the next
 * one. The key that was there already keeps its counters: the manager has seen them.
 */
static void note_counters(struct registration *run)
{
	if (run->key.found == KEYSTORE_KEY && agent_key_equal(&run->key.new, &run->key.old))
		return;
	agent_key_checksum(run->state.counters_of, &run->key.new);
	report_save_state(run);
}

bool finish_counters(const struct config *config, struct state *state, const struct agent_key *key)
{
	char checksum[AGENT_KEY_CHECKSUM_SIZE];
	struct reason why = { 0 };

	if (!state->counters_of[0])
		return false;
	agent_key_checksum(checksum, key);
	/* Otherwise that key was never stored. */
	if (strcmp(checksum, state->counters_of) == 0 &&
	    counters_remove(config->agent.directory, &why) < 0) {
		log_warning("The key is stored, but: %s; with an old counter, "
			    "the agent may drop its manager's messages",
			    why.text);
		return false;
	}
	state->counters_of[0] = '\0';
	return true;
}

int finish_store(struct registration *run)
{
	const char *suffix = backup_suffix(run), *beside = suffix ?: "old";
	char stored_ca[REENROLL_FILES_MARK_SIZE];
	struct reason why = { 0 };
	int r;

	memcpy(stored_ca, run->state.stored_ca, sizeof stored_ca);

	if (keystore_is_in_place(&run->files.store))
		log_notice("%s is a mount point of its own, so the key is written over it in place "
			   "(keys_in_place), not atomically: "
			   "a power failure in this moment leaves no valid key",
			   run->files.store.path);
	agent_conf_store(run);
	note_counters(run);
	note_anchor(run);
	r = store_reenroll_files(run, beside, &why);
	if (r >= 0)
		r = combine_results(r, keystore_commit(&run->files.store, &run->key.new, suffix,
						       &why));
	if (r < 0) {
		reenroll_files_restore(&run->files.reenroll, beside);
		memcpy(run->state.stored_ca, stored_ca, sizeof stored_ca);
		return report_failed_step(run, OUTCOME_STORAGE_ERROR, r, &why);
	}
	if (!run->key.new_secret.text[0])
		r = combine_results(r, retire_secret(run, beside, &why) < 0);
	if (r > 0)
		log_warning("%s", why.text);
	(void)finish_counters(run->config, &run->state, &run->key.new);
	run->key.stored_at = monotonic_usec();
	return CONTINUE;
}

/* ------------------------------------------------------------------ announcing */

/* A manager that renames does not replace: what had the name is still there. */
static void log_renamed(const struct registration *run, const struct log_field *fields)
{
	const struct agent_key *old = &run->key.old;
	bool had_it = run->key.found == KEYSTORE_KEY && !run->key.is_clone &&
		      strcmp(old->name, run->request.name) == 0;
	char whose[256] = "";

	if (had_it)
		(void)snprintf(whose, sizeof whose,
			       " by this machine's former entry (id %s), "
			       "which nobody uses any more: remove it there (manage_agents -r %s)",
			       old->id, old->id);
	else if (run->request.answer_was_lost)
		(void)snprintf(whose, sizeof whose,
			       ", perhaps by an earlier request whose response was lost");
	log_event(LOG_WARNING, MESSAGE_RENAMED, fields,
		  "%s knows this agent as %s, not as %s as requested: the name was %staken%s",
		  run->request.manager_text, run->key.new.name, run->request.name,
		  had_it ? "" : "probably ", whose);
}

static void log_registered(const struct registration *run, const struct log_field *fields)
{
	const struct agent_key *key = &run->key.new;

	if (run->mode.observer)
		run->mode.observer->registered();
	else
		log_event(LOG_INFO, MESSAGE_REGISTERED, fields,
			  "Registered as %s (id %s) with %s; the key is in %s", key->name, key->id,
			  run->request.manager_text, run->files.store.path);
	if (strcmp(key->name, run->request.name) != 0)
		log_renamed(run, fields);
}

/*
 * The name that comes with an imported key is the manager's; a configured one is what the
 * administrator expects.
 */
static void log_imported(const struct registration *run, const struct log_field *fields)
{
	const struct agent_key *key = &run->key.new;
	char wanted[AGENT_NAME_MAX + 1];

	log_event(LOG_INFO, MESSAGE_IMPORTED, fields,
		  "Imported the key of %s (id %s) from %s; it is in %s", key->name, key->id,
		  run->key.imported_from, run->files.store.path);
	if (strcmp(run->config->agent.name, CONFIG_DEFAULT_NAME) != 0 &&
	    !name_template_needs(run->config->agent.name) &&
	    identity_name(wanted, run->config, NULL, NULL) == OUTCOME_OK &&
	    strcmp(key->name, wanted) != 0)
		log_warning("The imported key is that of %s, not of %s as name in [agent] says",
			    key->name, wanted);
}

static void log_success(const struct registration *run)
{
	const struct agent_key *key = &run->key.new;
	const struct log_field *fields = report_fields(run, key, OUTCOME_REGISTERED);

	if (run->key.imported_from)
		log_imported(run, fields);
	else
		log_registered(run, fields);
	if (run->key.found == KEYSTORE_TORN)
		log_event(LOG_WARNING, MESSAGE_TORN, fields,
			  "The previous content of %s was not a valid key; it is kept as %s.torn",
			  run->files.store.path, run->files.store.path);
	if (run->key.is_clone)
		log_notice("The key of the machine that this one "
			   "was copied from is kept as %s.clone",
			   run->files.store.path);
	if (!agent_key_is_usual(key))
		log_warning("The key of %s is not the usual 64 hexadecimal digits; "
			    "stored unchanged",
			    run->key.imported_from ?: run->request.manager_text);
}

/* One that no unit has started, we cannot restart: it would become a process of our own. */
static void warn_of_running_process(const struct registration *run, const char *without)
{
	struct agent_process process;

	if (agent_process_find(run->config->agent.directory, &process))
		log_warning("%s (PID %d) is running without %s, and not by a unit; restart it: "
			    "%s restart",
			    process.name, (int)process.pid, without, process.control);
}

/* An agent that runs already does not notice what another process has written. */
static void restart_running_agent(const struct registration *run, uint64_t changed_at,
				  const char *without)
{
	const struct config *config = run->config;
	struct agent_units all = agent_units_of(config->agent.unit, config->agent.directory), units;
	struct reason why = { 0 };

	if (run->mode.observer)
		return; /* who calls agent-auth restarts the agent */
	units = agent_units_started_before(&all, changed_at);
	if (!units.names[0] && !agent_units_running(&all))
		warn_of_running_process(run, without);
	for (const char *const *unit = units.names; *unit; unit++) {
		if (agent_units_restart(*unit, &why) < 0)
			log_warning("%s", why.text);
		else
			log_info("Restarting %s, which was running without %s", *unit, without);
	}
}

/* Some managers take a while to know their own new keys. Who brings one has seen it there. */
static int settle(const struct registration *run)
{
	struct deadline stop = { USEC_INFINITY, run->mode.stop_fd };
	struct deadline end = deadline_in(run->config->identity.settle, &stop);
	int r;

	if (run->config->identity.settle == 0 || run->key.imported_from)
		return CONTINUE;
	notify_status("Registered as %s; waiting until the manager has loaded the key (settle)",
		      run->key.new.name);
	r = deadline_wait(&end, -1, 0);
	return r == -ETIMEDOUT ? CONTINUE : r;
}

/*
 * READY=1 lets go at once of the agents whose start waits for us; those that were skipped before
 * are started again. What nobody has enabled is not ours to start; and one that was let go and has
 * ended is left alone: it has failed, or somebody has stopped it.
 */
static void start_agents(const struct registration *run, const struct agent_key *key)
{
	const struct config *config = run->config;
	struct agent_units units = agent_units_of(config->agent.unit, config->agent.directory);
	uint64_t let_go_at = monotonic_usec();
	const char *disabled = NULL;
	struct reason why = { 0 };

	agent_gate_hold(false);
	notify_ready("Registered as %s (id %s)", key->name, key->id);
	if (!run->mode.is_service)
		return;
	units = agent_units_to_start(&units, let_go_at, &disabled);
	if (agent_units_start(&units, &why) < 0)
		log_warning("%s", why.text);
	if (disabled)
		log_info("%s is not enabled, so it is not started; to start it now and at every "
			 "boot: systemctl enable --now %s",
			 disabled, disabled);
}

/* Will the agent find its manager with this key? Who calls agent-auth looks after the agent. */
static void look_at_agents_file(const struct registration *run, const char *registered_by)
{
	struct agents_file_doubts doubts;

	if (run->mode.observer || !config_has_work(run->config))
		return;
	doubts = agents_file_look(run->config, registered_by);
	if (doubts.manager.text[0])
		log_warning("%s", doubts.manager.text);
	if (doubts.another.text[0])
		log_notice("%s", doubts.another.text);
	if (doubts.identity.text[0])
		log_notice("%s", doubts.identity.text);
}

int finish_announce(struct registration *run)
{
	int r;

	log_success(run);
	remember_success(run);
	forget_secret(run, &run->key.new);
	r = run->agent_conf_failed ? agent_conf_update(run, &run->key.new) : CONTINUE;
	if (r == CONTINUE)
		r = settle(run);
	if (r != CONTINUE)
		return r;
	start_agents(run, &run->key.new);
	/* behind READY=1, for which others wait: systemd is slow to answer while it boots */
	restart_running_agent(run, run->agent_conf_changed_at ?: run->key.stored_at, "this key");
	look_at_agents_file(run, run->request.manager_text);
	return 0;
}

void finish_unchanged(struct registration *run)
{
	forget_secret(run, &run->key.old); /* a run that was killed may not have come to it */
	start_agents(run, &run->key.old);
	if (run->agent_conf_changed_at)
		restart_running_agent(run, run->agent_conf_changed_at, "this configuration");
	look_at_agents_file(run, binding_knows(&run->state, &run->key.old)
					 ? run->state.registration.manager
					 : "");
}

int finish_on_manager(const struct reason *seen)
{
	agent_gate_hold(false);
	log_event(LOG_NOTICE, MESSAGE_MANAGER, NULL,
		  "This machine is a manager, not an agent: %s; nothing to do", seen->text);
	notify_ready("This machine is a manager, not an agent");
	return 0;
}

int finish_unconfigured(void)
{
	agent_gate_hold(false);
	agent_gate_allow_without_key(true);
	log_event(LOG_NOTICE, MESSAGE_UNCONFIGURED, NULL,
		  CONFIG_NO_MANAGER "; then: systemctl restart agent-register. "
				    "Until then, nothing is done here, and the agent starts "
				    "without a key");
	notify_ready("No manager is configured");
	config_wait_step_back();
	return 0;
}
