/* SPDX-License-Identifier: ISC */
#include "registrar/keeper-files.h"

#include "common/cleanup.h"
#include "common/escape.h"
#include "common/log.h"
#include "registrar/api/api.h"
#include "registrar/commands/init-files.h"
#include "registrar/commands/init.h"
#include "registrar/commands/policy.h"
#include "registrar/credentials.h"
#include "registrar/enrollment/known-dialect.h"
#include "registrar/keeper/users.h"
#include "registrar/material-files.h"
#include "registrar/other-authd.h"
#include "registrar/reading.h"

static void warn(const char *sentence)
{
	log_warning("%s", sentence);
}

static int check_api(const struct options *options, struct reason *why)
{
	int users = options->api.enabled || options->enroll.enabled ? api_exists(why) : 0;

	if (users >= 0 && options->api.enabled)
		users = api_users_check(options->api.users_file, why);
	if (users > 0 && options->test)
		log_info("Users of the API: %d", users);
	return users < 0 ? users : 0;
}

/* Read it, and see whether it can be used. */
static int try_material(struct material *ret, const struct options *options, struct reason *why)
{
	cleanup(credentials_clear) struct credentials tried = { .tls = NULL };
	cleanup(material_wipe) struct material material = { .ciphers = NULL };
	int r = material_read(&material, options, why);

	if (r >= 0)
		r = credentials_make(&tried, &material, why);
	if (r < 0)
		return r;
	*ret = material;
	material = (struct material){ .ciphers = NULL };
	return 0;
}

int keeper_files_read_material(void *owner, struct material *ret, struct reason *why)
{
	const struct keeper_files *files = owner;
	cleanup(material_wipe) struct material material = { .ciphers = NULL };
	int r = try_material(&material, files->options, why);

	if (r >= 0)
		r = check_api(files->options, why);
	if (r < 0)
		return r;
	*ret = material;
	ret->dialect = files->policy.dialect;
	material = (struct material){ .ciphers = NULL };
	return 0;
}

static int read_password(struct secret *ret, const struct options *options, struct reason *why)
{
	cleanup(material_wipe) struct material material = { .ciphers = NULL };
	int r = try_material(&material, options, why);

	if (r < 0)
		return r;
	*ret = material.password;
	material.password = (struct secret){ .text = NULL };
	material_warn(options);
	return 0;
}

/* What init makes where no other file is named. */
static int check_made(const char *what, const char *path, const char *otherwise,
		      const struct options *options, struct reason *why)
{
	char call[INIT_CALL_SIZE], shown[512];

	if (!init_is_missing(path))
		return 0;
	reason_set(why,
		   "There is no %s %s: run \"%s\", which makes certificate, private key and "
		   "password as far as they are missing%s",
		   what, escape_string(shown, sizeof shown, path),
		   init_call(call, options->directory), otherwise);
	return -ENOENT;
}

/* On a new manager, what is to be done counts, and not which file is the first that is missing. */
static int check_all_made(const struct options *options, struct reason *why)
{
	const struct default_paths *paths = &options->paths;
	int r = 0;

	if (options->tls.certificate_file == paths->certificate_file)
		r = check_made("certificate file", paths->certificate_file, "", options, why);
	if (r >= 0 && options->password.file == paths->password_file)
		r = check_made("password file", paths->password_file,
			       ", or use -n to require no password", options, why);
	return r;
}

static int open_secrets(struct keeper_files *files, struct reason *why)
{
	files->secrets = agent_secrets_new(files->etc, files->roster);
	return files->secrets ? 0 : reason_errno(why, ENOMEM, "Cannot keep the agents' secrets");
}

static int open_tokens(struct keeper_files *files, struct reason *why)
{
	files->tokens.path = files->options->paths.tokens_file;
	return enroll_tokens_refresh(&files->tokens, why);
}

/* It may have a million agents. */
static int open_roster(struct keeper_files *files, struct reason *why)
{
	struct reading reading = { .directory = files->etc };
	const struct keys_progress progress = { .report = reading_report, .owner = &reading };
	int r = roster_open_telling(&files->roster, files->etc, files->options->group, warn,
				    &progress, why);

	if (r >= 0)
		reading_end(&reading, roster_count(files->roster));
	return r;
}

int keeper_files_open(struct keeper_files *files, const struct options *options, struct reason *why)
{
	int r = other_authd_refuse(options->directory, why);

	files->options = options;
	files->policy = policy_from_options(options);
	(void)snprintf(files->etc, sizeof files->etc, "%s/etc", options->directory);
	if (r >= 0)
		r = check_all_made(options, why);
	if (r >= 0)
		r = read_password(&files->password, options, why);
	if (r >= 0)
		r = open_roster(files, why);
	if (r >= 0)
		r = open_secrets(files, why);
	if (r >= 0)
		r = open_tokens(files, why);
	return r < 0 ? r : check_api(options, why);
}

/*
 * The commands remove agents as this service does: what no installed program shows them is stored.
 */
static void prepare_dialect(const struct options *options)
{
	enum dialect dialect = (enum dialect)options->policy.dialect, known;
	struct reason why;
	int r = known_dialect_find(&known, options->directory, &why);

	log_info("Dialect: %s (%s)", dialect_text(dialect), options->policy.dialect_reason.text);
	if (r == 0 && known == dialect)
		return;
	if (known_dialect_store(options->directory, dialect, options->group, &why) < 0)
		log_warning("%s: the commands need --dialect", why.text);
	else if (known_dialect_find(&known, options->directory, &why) < 0)
		log_warning("%s: the commands need --dialect", why.text);
}

/* Wazuh has the file, and its rules for duplicates need it; OSSEC has none. */
static void prepare_history(const struct enrollment_policy *policy)
{
	struct reason why;

	if ((policy->dialect == DIALECT_WAZUH || policy->on_duplicate == ON_DUPLICATE_FORCE) &&
	    agent_history_make(&policy->history, &why) < 0)
		log_warning("%s: when agents were registered cannot be remembered", why.text);
}

void keeper_files_prepare(struct keeper_files *files)
{
	if (enroll_tokens_are_exposed(&files->tokens))
		log_warning("The enrollment tokens in %s are world-readable; run: chmod 0600 %s",
			    files->tokens.path, files->tokens.path);
	prepare_dialect(files->options);
	prepare_history(&files->policy);
}

void keeper_files_close(struct keeper_files *files)
{
	enroll_tokens_clear(&files->tokens);
	agent_secrets_free(files->secrets);
	roster_close(files->roster);
	secret_wipe(&files->password);
}
