/* SPDX-License-Identifier: ISC */
/*
 * The chapters `prepare` and `stage`: everything that must be right before a manager is troubled.
 */
#include "client/registration/registration.h"

#include "client/registration/binding.h"
#include "client/system/identity.h"
#include "client/system/notify.h"
#include "common/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int join_groups(struct registration *run, struct reason *why)
{
	const struct string_list *groups = &run->config->agent.groups;
	size_t length;
	FILE *stream;

	if (groups->count == 0)
		return 0;
	stream = open_memstream(&run->groups, &length);
	if (!stream)
		return reason_errno(why, errno, "Cannot list the groups");
	for (size_t i = 0; i < groups->count; i++)
		(void)fprintf(stream, "%s%s", i ? "," : "", groups->items[i]);
	return fclose(stream) == 0 ? 0 : reason_errno(why, errno, "Cannot list the groups");
}

/* A file that was changed is a reason to try again at once, like a change of the configuration. */
static void note_change(struct registration *run, const char *path)
{
	struct stat status;

	if (path && !config_is_credential(path) && stat(path, &status) == 0 &&
	    status.st_mtime > run->changed_at)
		run->changed_at = status.st_mtime;
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
}

static void warn_if_exposed(const char *what, const char *path)
{
	if (path && secret_file_is_exposed(path))
		log_warning("The %s file %s can be read by everybody on this machine; chmod 0600 "
			    "mends that",
			    what, path);
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

/* ------------------------------------------------------------------ the method enroll */

/* A secret of another agent, or of the machine that this one is a copy of, is not ours to use. */
static int prepare_own_secret(struct registration *run, struct reason *why)
{
	cleanup(reenroll_secret_wipe) struct reenroll_secret secret = { 0 };
	struct agent_key known = { 0 };
	struct reason problem = { 0 };
	int r;

	if (run->config->manager.method != METHOD_ENROLL)
		return 0;
	r = reenroll_files_read_secret(&run->reenroll_files, &secret, &problem);
	if (r < 0)
		*why = problem;
	else if (problem.text[0])
		log_warning("%s", problem.text);
	if (r <= 0)
		return r;
	memcpy(known.id, secret.id, sizeof known.id);
	memcpy(known.name, run->state.agent_name, sizeof known.name);
	if (binding_of(&run->state, &known) == BINDING_OURS)
		run->old_secret = secret;
	return 0;
}

/* ------------------------------------------------------------------ everything */

int registration_take_name(struct registration *run, struct reason *why)
{
	return run->name[0] ? OUTCOME_OK : identity_name(run->name, run->config->agent.name, why);
}

int registration_prepare(struct registration *run)
{
	struct reason why = { 0 };
	int r;

	if (config_check(run->config, &why) < 0)
		return registration_fail(run, OUTCOME_MISCONFIGURED, &why);
	note_changes(run);
	/*
	 * A machine without a host name yet is asked again later; a bad name will not get better.
	 */
	r = registration_take_name(run, &why);
	if (r != OUTCOME_OK && r != OUTCOME_NOT_READY)
		return registration_fail(run, r, &why);
	r = access_open(&run->access, run->config, &why);
	if (r >= 0)
		warn_of_exposed_files(&run->access);
	if (r < 0 || prepare_own_secret(run, &why) < 0)
		return registration_fail(run, OUTCOME_MISCONFIGURED, &why);
	if (run->found == KEYSTORE_KEY && agent_key_hash(run->old_key_hash, &run->old_key) < 0)
		r = reason_errno(&why, EIO, "Cannot hash the old key");
	else
		r = join_groups(run, &why);
	return r < 0 ? registration_fail(run, r, &why) : CONTINUE;
}

/* ------------------------------------------------------------------ staging */

static void waiting_for_lock(pid_t holder)
{
	log_notice("Another agent-register (pid %d) is at work on the key file; waiting for it",
		   (int)holder);
	notify_status("Waiting for another agent-register (pid %d)", (int)holder);
}

static int stage_companions(struct registration *run, struct reason *why)
{
	gid_t group;
	int r = keystore_group(&run->store, &group, why);

	return r < 0 ? r : reenroll_files_stage(&run->reenroll_files, group, why);
}

void registration_release(struct registration *run)
{
	reenroll_files_release(&run->reenroll_files);
	keystore_release(&run->store);
}

int registration_stage(struct registration *run, const struct deadline *deadline)
{
	struct reason why = { 0 };
	int r = keystore_lock(&run->store, deadline, waiting_for_lock, &why);

	if (r == -ETIMEDOUT)
		return registration_fail(run, OUTCOME_NOT_READY, &why);
	if (r == -ECANCELED)
		return r;
	if (r < 0)
		return registration_fail(run, OUTCOME_STORAGE_ERROR, &why);
	r = registration_check_key(run);
	if (r != CONTINUE)
		return r;
	r = keystore_stage(&run->store, &why);
	if (r >= 0 && run->config->manager.method == METHOD_ENROLL)
		r = stage_companions(run, &why);
	return r < 0 ? registration_fail(run, OUTCOME_STORAGE_ERROR, &why) : CONTINUE;
}
