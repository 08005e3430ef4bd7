/* SPDX-License-Identifier: ISC */
#include "client/registration/register.h"

#include "client/methods/methods.h"
#include "client/registration/binding.h"
#include "client/registration/policy.h"
#include "client/registration/registration.h"
#include "client/system/agent-unit.h"
#include "client/system/config-wait.h"
#include "client/system/identity.h"
#include "client/system/message-ids.h"
#include "client/system/notify.h"
#include "common/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

static void registration_done(struct registration *run)
{
	reenroll_files_close(&run->reenroll_files);
	keystore_close(&run->store);
	agent_key_wipe(&run->old_key);
	agent_key_wipe(&run->new_key);
	reenroll_secret_wipe(&run->old_secret);
	reenroll_secret_wipe(&run->new_secret);
	free(run->new_anchor);
	access_close(&run->access);
	free(run->groups);
}

/* ------------------------------------------------------------------ telling */

static const char *name_of_method(const struct registration *run)
{
	return method_name(run->imported_from ? METHOD_IMPORT : run->config->manager.method);
}

const struct log_field *registration_fields(const struct registration *run,
					    const struct agent_key *key, enum outcome outcome)
{
	static struct log_field fields[8];
	static char attempt[24];

	(void)snprintf(attempt, sizeof attempt, "%" PRIu64, run->state.attempts);
	fields[0] = (struct log_field){ "OUTCOME", outcome_policy(outcome)->name };
	fields[1] = (struct log_field){ "AGENT_NAME", key            ? key->name
						      : run->name[0] ? run->name
								     : NULL };
	fields[2] = (struct log_field){ "AGENT_ID", key ? key->id : NULL };
	fields[3] = (struct log_field){ "MANAGER",
					run->manager_text[0] ? run->manager_text : NULL };
	fields[4] = (struct log_field){ "METHOD", name_of_method(run) };
	fields[5] = (struct log_field){ "ATTEMPT", run->state.attempts ? attempt : NULL };
	fields[6] = (struct log_field){ "MANAGER_SAYS", run->said[0] ? run->said : NULL };
	return fields;
}

void registration_save_state(struct registration *run)
{
	struct reason why = { 0 };

	if (state_save(&run->state, run->state_directory, &why) >= 0)
		return;
	if (!run->state_is_lost)
		log_warning("%s; going on without", why.text);
	run->state_is_lost = true;
}

int registration_note_failure(struct registration *run, int outcome, const struct reason *why,
			      bool should_log)
{
	static const struct outcome_policy local = { "local-error", EXIT_LOCAL_ERROR, LOG_ERR,
						     NULL,          RETRY_LATER,      0 };
	const struct outcome_policy *policy = outcome < 0 ? &local
							  : outcome_policy((enum outcome)outcome);
	struct state *state = &run->state;

	if (outcome == -ECANCELED)
		return -ECANCELED;
	log_event(should_log ? policy->level : LOG_DEBUG, policy->message_id,
		  outcome < 0 ? NULL : registration_fields(run, NULL, (enum outcome)outcome), "%s",
		  why->text);
	notify_status("%s", why->text);

	(void)snprintf(state->last_outcome, sizeof state->last_outcome, "%s", policy->name);
	(void)snprintf(state->last_error, sizeof state->last_error, "%s", why->text);
	(void)snprintf(state->last_manager, sizeof state->last_manager, "%s", run->manager_text);
	state->last_at = (uint64_t)time(NULL);
	registration_save_state(run);
	return policy->exit_code;
}

int registration_fail(struct registration *run, int outcome, const struct reason *why)
{
	return registration_note_failure(run, outcome, why, true);
}

/* ------------------------------------------------------------------ storing */

/* The name beside client.keys under which the old file is kept; null: there is nothing to keep. */
static const char *backup_suffix(const struct registration *run)
{
	if (run->found == KEYSTORE_MISSING)
		return NULL;
	if (run->found == KEYSTORE_TORN)
		return "torn";
	return run->is_clone ? "clone" : "old";
}

static void forget_file(const char *path)
{
	if (!path)
		return;
	if (config_is_credential(path))
		log_debug("The secret came as a credential, which systemd takes away by itself");
	else if (unlink(path) < 0 && errno != ENOENT)
		log_warning("Cannot delete %s (forget_secret): %s", path, strerrordesc_np(errno));
}

/* The secret has done its work. A credential is not a file of ours to delete. */
void registration_forget_secret(const struct registration *run, const struct agent_key *key)
{
	const struct config *config = run->config;
	bool is_import = config->manager.method == METHOD_IMPORT;

	if ((is_import && !registration_key_file_is_used(run, key)) || !config->auth.forget_secret)
		return;
	forget_file(is_import ? config->auth.key_file : config_password_file(config));
	if (config->manager.method == METHOD_ENROLL)
		forget_file(config->auth.token_file);
}

/* Remember the registration, and bind the key to this machine. */
static void remember_success(struct registration *run)
{
	struct state *state = &run->state;

	*state = (struct state){ .registered_at = (uint64_t)time(NULL) };
	binding_make(state, &run->new_key);
	(void)snprintf(state->manager, sizeof state->manager, "%s", run->manager_text);
	(void)snprintf(state->method, sizeof state->method, "%s", name_of_method(run));
	registration_save_state(run);
}

/*
 * 1: stored, but `why` is worth a warning. The first one is told, the others are of the same kind.
 */
static int keep_worst(int r, int next)
{
	return next < 0 ? next : r | next;
}

/* What goes with the key is there before it: a key on the disk says that all is. */
static int store_companions(struct registration *run, const char *suffix, struct reason *why)
{
	int r = run->new_anchor
			? reenroll_files_commit_anchor(&run->reenroll_files, run->new_anchor, why)
			: 0;

	if (r >= 0 && run->new_secret.text[0])
		r = keep_worst(r, reenroll_files_commit_secret(&run->reenroll_files,
							       &run->new_secret, suffix, why));
	return r;
}

/*
 * A manager that was asked for a key has made another agent, even if it has our id; an imported key
 * may be that of ours.
 */
static int retire_secret(struct registration *run, const char *suffix, struct reason *why)
{
	return reenroll_files_retire_secret(
		&run->reenroll_files, run->imported_from ? run->new_key.id : NULL, suffix, why);
}

static int store(struct registration *run)
{
	const char *suffix = backup_suffix(run), *beside = suffix ?: "old";
	struct reason why = { 0 };
	int r = store_companions(run, beside, &why);

	if (r >= 0)
		r = keep_worst(r, keystore_commit(&run->store, &run->new_key, suffix, &why));
	if (r < 0) {
		reenroll_files_restore(&run->reenroll_files, beside);
		return registration_fail(run, OUTCOME_STORAGE_ERROR, &why);
	}
	if (!run->new_secret.text[0])
		r = keep_worst(r, retire_secret(run, beside, &why) < 0);
	if (r > 0)
		log_warning("%s", why.text);
	run->stored_at = monotonic_usec();
	return CONTINUE;
}

/* ------------------------------------------------------------------ announcing */

static void tell_registered(const struct registration *run, const struct log_field *fields)
{
	const struct agent_key *key = &run->new_key;

	log_event(LOG_INFO, MESSAGE_REGISTERED, fields,
		  "Registered as %s (id %s) with %s; the key is in %s", key->name, key->id,
		  run->manager_text, run->store.path);
	if (strcmp(key->name, run->name) != 0)
		log_event(LOG_WARNING, MESSAGE_RENAMED, fields,
			  "%s knows this agent as %s, not as %s as asked: the name was probably "
			  "taken%s",
			  run->manager_text, key->name, run->name,
			  run->answer_was_lost ? ", perhaps by an earlier request whose answer was "
						 "lost"
					       : "");
}

/*
 * The name that comes with an imported key is the manager's; a configured one is what somebody
 * expects.
 */
static void tell_imported(const struct registration *run, const struct log_field *fields)
{
	const struct agent_key *key = &run->new_key;
	char wanted[AGENT_NAME_MAX + 1];

	log_event(LOG_INFO, MESSAGE_IMPORTED, fields,
		  "Imported the key of %s (id %s) from %s; it is in %s", key->name, key->id,
		  run->imported_from, run->store.path);
	if (strcmp(run->config->agent.name, CONFIG_DEFAULT_NAME) != 0 &&
	    identity_name(wanted, run->config->agent.name, NULL) == OUTCOME_OK &&
	    strcmp(key->name, wanted) != 0)
		log_warning("The imported key is that of %s, not of %s as name in [agent] says",
			    key->name, wanted);
}

static void tell_success(const struct registration *run)
{
	const struct agent_key *key = &run->new_key;
	const struct log_field *fields = registration_fields(run, key, OUTCOME_REGISTERED);

	if (run->imported_from)
		tell_imported(run, fields);
	else
		tell_registered(run, fields);
	if (run->found == KEYSTORE_TORN)
		log_event(LOG_WARNING, MESSAGE_TORN, fields,
			  "What was in %s before was no usable key; it is kept as %s.torn",
			  run->store.path, run->store.path);
	if (run->is_clone)
		log_notice("The key of the machine that this one was copied from is kept as "
			   "%s.clone",
			   run->store.path);
	if (!agent_key_is_usual(key))
		log_warning("The key of %s is not the usual 64 hexadecimal digits; stored as it "
			    "came",
			    run->imported_from ?: run->manager_text);
}

/* An agent that runs already does not notice a key that somebody else has written. */
static void restart_running_agent(const struct registration *run)
{
	struct reason why = { 0 };
	int r = run->config->agent.unit
			? agent_unit_try_restart(run->config->agent.unit, run->stored_at, &why)
			: 0;

	if (r < 0)
		log_warning("%s", why.text);
	else if (r > 0)
		log_info("Restarting %s, which was running without this key",
			 run->config->agent.unit);
}

/* Some managers take a while to know their own new keys. Who brings one has seen it there. */
static int settle(const struct registration *run)
{
	struct deadline stop = { USEC_INFINITY, run->stop_fd };
	struct deadline end = deadline_in(run->config->identity.settle, &stop);
	int r;

	if (run->config->identity.settle == 0 || run->imported_from)
		return CONTINUE;
	notify_status("Registered as %s; giving the manager time to take note (settle)",
		      run->new_key.name);
	r = deadline_wait(&end, -1, 0);
	return r == -ETIMEDOUT ? CONTINUE : r;
}

/*
 * READY=1 lets go at once of the agents whose start waits for us; the target starts those that were
 * skipped before.
 */
void registration_start_agents(const struct registration *run, const struct agent_key *key)
{
	struct reason why = { 0 };

	agent_unit_hold(false);
	notify_ready("Registered as %s (id %s)", key->name, key->id);
	if (run->is_service && agent_unit_start_target(&why) < 0)
		log_warning("%s", why.text);
}

static int announce(struct registration *run)
{
	int r;

	tell_success(run);
	remember_success(run);
	registration_forget_secret(run, &run->new_key);
	r = settle(run);
	if (r != CONTINUE)
		return r;
	registration_start_agents(run, &run->new_key);
	/* behind READY=1, for which others wait: systemd is slow to answer while it boots */
	restart_running_agent(run);
	return 0;
}

/* ------------------------------------------------------------------ the story */

static int unconfigured(void)
{
	log_event(LOG_NOTICE, MESSAGE_UNCONFIGURED, NULL,
		  "No manager is configured, nothing to do: write address = HOST under [manager] "
		  "into " SYSCONFDIR "/agent-register/agent-register.conf and start agent-register "
		  "again");
	notify_ready("No manager is configured");
	config_wait_step_back();
	return 0;
}

static int tell_story(struct registration *run)
{
	int r = registration_check_key(run);

	if (r == CONTINUE && !config_has_work(run->config))
		return unconfigured();
	if (r == CONTINUE && run->config->manager.method == METHOD_IMPORT) {
		r = registration_import(run);
	} else if (r == CONTINUE) {
		r = registration_prepare(run);
		if (r == CONTINUE)
			r = registration_ask(run); /* which stages before each round */
	}
	if (r == CONTINUE)
		r = store(run);
	if (r == CONTINUE)
		r = announce(run);
	return r;
}

static int tell_of_import(struct registration *run, const struct import *import)
{
	int r = registration_import_given(run, import);

	if (r == CONTINUE)
		r = store(run);
	if (r == CONTINUE)
		r = announce(run);
	return r;
}

static int registration_open(struct registration *run)
{
	const struct config *config = run->config;
	struct reason why = { 0 };

	if (keystore_open(&run->store, config->agent.directory, config->agent.keys_file,
			  config->agent.group, &why) < 0 ||
	    reenroll_files_open(&run->reenroll_files, run->store.path, config->agent.directory,
				&why) < 0)
		return registration_fail(run, -ENOMEM, &why);
	state_load(&run->state, run->state_directory);
	return CONTINUE;
}

int register_agent(const struct config *config, const char *state_directory, bool force,
		   int stop_fd, register_listener *listener)
{
	cleanup(registration_done) struct registration run = {
		.config = config,
		.state_directory = state_directory,
		.force = force,
		.is_service = getenv("NOTIFY_SOCKET"),
		.stop_fd = stop_fd,
		.listener = listener,
	};
	int r = registration_open(&run);

	return r == CONTINUE ? tell_story(&run) : r;
}

int register_import(const struct config *config, const char *state_directory,
		    const struct import *import, int stop_fd)
{
	cleanup(registration_done) struct registration run = {
		.config = config,
		.state_directory = state_directory,
		.stop_fd = stop_fd,
	};
	int r = registration_open(&run);

	return r == CONTINUE ? tell_of_import(&run, import) : r;
}
