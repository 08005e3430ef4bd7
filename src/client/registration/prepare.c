/* SPDX-License-Identifier: ISC */
#include "client/registration/prepare.h"

#include "client/agent-files/ossec-conf-edit.h"
#include "client/config/name-template.h"
#include "client/registration/binding.h"
#include "client/registration/groups.h"
#include "client/registration/report.h"
#include "client/system/identity.h"
#include "common/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A file that was changed is a reason to try again at once, like a change of the configuration. */
static void note_change(struct registration *run, const char *path)
{
	struct stat status;

	if (!path || config_is_credential(path))
		return;
	if (run->mode.watch)
		file_watch_add(run->mode.watch, FILE_WATCH_CONFIG, path, NULL, NULL);
	if (stat(path, &status) == 0 && status.st_mtime > run->changed_at)
		run->changed_at = status.st_mtime;
}

/* What the template of the agent's name reads. */
static void note_name_files(struct registration *run)
{
	const char *at = run->config->agent.name;
	struct name_piece piece;

	while (name_template_next(&at, &piece)) {
		cleanup_free char *path = NULL;

		if (piece.kind == NAME_FILE)
			path = strndup(piece.text, piece.length);
		note_change(run, path);
	}
}

static void note_changes(struct registration *run)
{
	const struct config *config = run->config;

	run->changed_at = config->changed_at;
	note_change(run, config_password_file(config));
	note_change(run, config->auth.token_file);
	note_change(run, config->auth.proxy_password_file);
	note_change(run, config->tls.ca_file);
	note_change(run, config->tls.certificate_file);
	note_change(run, config->tls.private_key_file);
	note_name_files(run);
	note_change(run, run->agent_conf.path);
	note_change(run, run->files.store.path);
}

static void warn_if_exposed(const char *what, const char *path)
{
	if (path && secret_file_is_exposed(path))
		log_warning("The %s file %s is world-readable; run: chmod 0600 %s", what, path,
			    path);
}

static void warn_of_exposed_files(const struct access *access)
{
	const struct config *config = access->config;

	warn_if_exposed("password", config_password_file(config));
	if (access->has_proxy)
		warn_if_exposed("proxy's password", config->auth.proxy_password_file);
	if (access->has_token)
		warn_if_exposed("enrollment token", config->auth.token_file);
}

/*
 * The agent will not start with such a file, but nothing that is needed now is in it. If it is to
 * be changed, that fails with a reason of its own.
 */
static void warn_of_agents_file(const struct config *config)
{
	bool is_to_be_changed = config->agent.set_manager != SET_MANAGER_NO ||
				config->agent.own_enrollment != OWN_ENROLLMENT_KEEP;

	if (config->agents_file.problem && !is_to_be_changed)
		log_warning("%s; registering without what it says of this agent",
			    config->agents_file.problem);
}

/* ------------------------------------------------------------------ the method enroll */

/* As --force-enroll of the agents' own tool does. A secret that is all there is will be used. */
static bool makes_new_agent(const struct registration *run)
{
	return run->mode.force && access_has_credential(&run->access);
}

static int find_own_secret(struct registration *run, struct reason *why)
{
	struct reason problem = { 0 };
	int r;

	if (run->config->manager.method != METHOD_ENROLL)
		return 0;
	r = own_secret_find(&run->own, &run->files.reenroll, &run->state, &problem, why);
	if (problem.text[0])
		log_warning("%s", problem.text);
	return r;
}

static void take_own_secret(struct registration *run)
{
	struct reenroll_secret *secret = &run->own.secret;
	const char *path = run->files.reenroll.secret_path;

	if (!secret->text[0])
		return;
	if (makes_new_agent(run))
		log_info("--force: enrolling as a new agent; the re-enrollment secret of agent %s "
			 "in %s is not used",
			 secret->id, path);
	else
		run->key.old_secret = *secret;
	if (run->access.known && run->key.old_secret.text[0])
		log_notice("There is no enrollment token in %s any more; "
			   "agent %s enrolls again with the secret in %s",
			   run->config->auth.token_file, secret->id, path);
	reenroll_secret_wipe(secret); /* the process that talks to managers has no other copy */
}

/* The token may be gone: agents delete theirs. Then the secret of an earlier enrollment will do. */
static int open_access(struct registration *run, struct reason *why)
{
	int r = find_own_secret(run, why);

	if (r < 0)
		return r;
	r = access_open_known(&run->access, run->config,
			      run->own.secret.text[0] ? &run->own.known : NULL, why);
	if (r < 0 && run->access.lacks_token)
		own_secret_explain(&run->own, &run->files.reenroll, run->config, why);
	if (r < 0)
		return r;
	warn_of_exposed_files(&run->access);
	take_own_secret(run);
	return 0;
}

/* ------------------------------------------------------------------ everything */

/*
 * The key that is to be replaced has another name than the one that was requested for it: the
 * manager has changed it, or we did, because it was taken. A request for the first one would leave
 * an entry that nobody uses at every manager that renames. (Called as agent-auth, the name is what
 * the caller says.)
 */
static void use_assigned_name(struct registration *run)
{
	const struct state_registration *known = &run->state.registration;
	struct request *request = &run->request;
	enum binding binding;

	if (run->key.found != KEYSTORE_KEY || run->mode.observer || !known->requested_name[0] ||
	    strcmp(known->requested_name, request->configured_name) != 0)
		return;
	binding = binding_of(&run->state, &run->key.old, NULL);
	if (binding != BINDING_OURS && binding != BINDING_CHANGED)
		return;
	memcpy(request->name, run->key.old.name, sizeof request->name);
	request->is_suffixed = true;
	log_info("Requesting the name %s again, which %s was changed to", request->name,
		 request->configured_name);
}

int prepare_name(struct registration *run, const struct own_names *own, struct reason *why)
{
	struct request *request = &run->request;
	char name[AGENT_NAME_MAX + 1] = "";
	int r;

	if (!own && request->name[0] && !name_template_needs(run->config->agent.name))
		return OUTCOME_OK;
	r = identity_name(name, run->config, own, why);
	/* one that is still the same may have got its suffix meanwhile */
	if (r != OUTCOME_OK || !name[0] || strcmp(name, request->configured_name) == 0)
		return r;
	memcpy(request->name, name, sizeof request->name);
	memcpy(request->configured_name, name, sizeof request->configured_name);
	request->is_suffixed = false;
	use_assigned_name(run);
	return OUTCOME_OK;
}

/* What cannot be probed is said once. */
static int prepare_probe(struct registration *run, struct reason *why)
{
	struct reason note = { 0 };
	struct endpoint manager;
	int r = probe_open(&run->probe, run->config, &note, why);

	if (r < 0)
		return r;
	if (note.text[0])
		log_warning("%s", note.text);
	note = (struct reason){ 0 };
	for (size_t i = 0; !note.text[0] && access_manager_at(&run->access, i, &manager); i++)
		(void)probe_port(&run->probe, &manager, &note);
	if (note.text[0])
		log_notice("%s", note.text);
	return 0;
}

int prepare_registration(struct registration *run)
{
	struct reason why = { 0 };
	int r;

	if (config_check(run->config, &why) < 0)
		return report_failure(run, OUTCOME_MISCONFIGURED, &why);
	note_changes(run);
	warn_of_agents_file(run->config);
	/*
	 * A machine without a host name yet is asked again later; a bad name will not get better.
	 */
	r = prepare_name(run, NULL, &why);
	if (r != OUTCOME_OK && r != OUTCOME_NOT_READY)
		return report_failure(run, r, &why);
	r = open_access(run, &why);
	if (r >= 0)
		r = prepare_probe(run, &why);
	if (r < 0)
		return report_failed_step(run, OUTCOME_MISCONFIGURED, r, &why);
	if (run->key.found == KEYSTORE_KEY)
		r = agent_key_hash(run->key.old_hash, &run->key.old);
	if (r < 0)
		(void)reason_errno(&why, r, "Cannot hash the old key");
	else
		r = groups_choose(run, &why);
	return r < 0 ? report_failure(run, r, &why) : CONTINUE;
}
