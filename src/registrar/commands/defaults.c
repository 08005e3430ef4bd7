/* SPDX-License-Identifier: ISC */
#include "registrar/commands/defaults.h"

#include "common/cleanup.h"
#include "common/shortage.h"
#include "common/usage.h"
#include "registrar/agents/enroll-tokens.h"
#include "registrar/agents/local-authd.h"
#include "registrar/commands/init.h"
#include "registrar/enrollment/known-dialect.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT 30
#define DEFAULT_KEEPER_SOCKET "/run/agent-registrar/keeper.sock"
#define NOT_GIVEN (-1)

struct options defaults_begin(void)
{
	return (struct options){
		.directory = INIT_DEFAULT_DIRECTORY,
		.group = (gid_t)-1,
		.service = { .port = OPTIONS_PORT,
			     .timeout = DEFAULT_TIMEOUT,
			     .part = PART_BOTH,
			     .keeper_socket = DEFAULT_KEEPER_SOCKET },
		.api.limits = { .requests = 300,
				.failures = 50,
				.block_time = 300,
				.enrollments = 100 },
		.admin = { .status = NOT_GIVEN },
		.policy = { .dialect = NOT_GIVEN,
			    .on_duplicate = NOT_GIVEN,
			    .groups_must_exist = NOT_GIVEN,
			    .force = FORCE_RULES_WAZUH },
	};
}

static int make_path(char **ret, const struct options *options, const char *name)
{
	if (asprintf(ret, "%s/%s", options->directory, name) >= 0)
		return 0;
	*ret = NULL;
	return negative_errno(usage_no_memory());
}

static int set_default_paths(struct options *options)
{
	struct default_paths *paths = &options->paths;

	if (make_path(&paths->certificate_file, options, "etc/sslmanager.cert") < 0 ||
	    make_path(&paths->private_key_file, options, "etc/sslmanager.key") < 0 ||
	    make_path(&paths->password_file, options, "etc/authd.pass") < 0 ||
	    make_path(&paths->ca_file, options, "etc/agent-registrar.ca") < 0 ||
	    make_path(&paths->users_file, options, "etc/api.users") < 0 ||
	    make_path(&paths->tokens_file, options, "etc/" ENROLL_TOKENS_FILE) < 0 ||
	    make_path(&paths->groups_directory, options, "etc/shared") < 0 ||
	    make_path(&paths->queue_directory, options, "queue") < 0)
		return -ENOMEM;
	options->tls.certificate_file = options->tls.certificate_file ?: paths->certificate_file;
	options->tls.private_key_file = options->tls.private_key_file ?: paths->private_key_file;
	options->api.users_file = options->api.users_file ?: paths->users_file;
	if (!options->password.is_unused)
		options->password.file = options->password.file ?: paths->password_file;
	return 0;
}

/* A front has no files, and is told. */
static bool is_front(const struct options *options)
{
	return options->service.part == PART_FRONT && !options->test;
}

/* What it answers, or how it marks those who are removed. */
static bool needs_dialect(const struct options *options, enum command_index command)
{
	return (command == COMMAND_SERVE && !is_front(options)) || command == COMMAND_ADD ||
	       command == COMMAND_IMPORT_FILE ||
	       (command == COMMAND_REMOVE && !options->admin.purge);
}

/* Without, every command fails, and says so. */
static bool has_etc(const struct options *options)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof path, "%s/etc", options->directory);
	return access(path, F_OK) == 0;
}

/* The service says it in its log, where an administrator looks why it has not begun. */
static void ask_in_log(struct options *options, const struct reason *how)
{
	struct policy_options *policy = &options->policy;
	char call[INIT_CALL_SIZE];
	struct reason why;

	reason_set(
		&why,
		"Whether this is a manager of OSSEC or of Wazuh is not known (%s): run \"%s\" with "
		"--dialect ossec or --dialect wazuh, which makes what else is missing, too",
		how->text, init_call(call, options->directory));
	policy->dialect_reason = why;
	policy->no_dialect_status = options->init.is_first || has_etc(options) ? EX_USAGE
									       : EX_CONFIG;
}

/* It is known, or it is asked for: a wrong one makes removed agents come back. */
static int settle_dialect(struct options *options, enum command_index command)
{
	struct policy_options *policy = &options->policy;
	struct reason *how = &policy->dialect_reason;
	struct local_authd authd;
	enum dialect dialect = DIALECT_OSSEC;
	int r;

	if (policy->dialect != NOT_GIVEN) {
		reason_set(how, "%s%s", options->service.called ? "called as " : "--dialect",
			   options->service.called ?: "");
		return 0;
	}
	policy->dialect = DIALECT_OSSEC;
	if (!needs_dialect(options, command))
		return 0;
	/* It makes the change, and checks less of it than its agents do; serve will not run. */
	r = local_authd_listens(&authd, options->paths.queue_directory, how);
	if (r < 0)
		return negative_errno(usage_fail(r, how->text));
	if (r > 0) {
		policy->dialect = DIALECT_WAZUH;
		reason_set(how, "wazuh-authd is running");
		return 0;
	}
	r = known_dialect_find(&dialect, options->directory, how);
	policy->dialect = (int)dialect;
	if (r >= 0)
		return 0;
	if (is_shortage(r))
		return negative_errno(usage_fail(r, how->text));
	if (command == COMMAND_SERVE && r == -ENODATA)
		ask_in_log(options, how);
	if (r == -ENODATA && (command == COMMAND_SERVE || !has_etc(options)))
		return 0;
	return usage_error("is this a manager of OSSEC or of Wazuh? (%s) Use --dialect ossec or "
			   "--dialect wazuh; init --dialect stores it",
			   how->text);
}

static void set_default_policy(struct options *options, bool is_administration)
{
	struct policy_options *policy = &options->policy;

	if (policy->on_duplicate == NOT_GIVEN)
		policy->on_duplicate = is_administration                  ? ON_DUPLICATE_REFUSE
				       : policy->dialect == DIALECT_WAZUH ? ON_DUPLICATE_FORCE
									  : ON_DUPLICATE_RENAME;
	if (policy->groups_must_exist == NOT_GIVEN)
		policy->groups_must_exist = policy->dialect == DIALECT_WAZUH;
	if (policy->allow_higher_versions)
		policy->manager_version = NULL;
}

int defaults_complete(struct options *options, enum command_index command)
{
	int r;

	if (options->password.is_unused && options->password.file)
		return usage_error("-n (no password) and -P (password file) contradict each other");
	if (options->tls.verify_host && !options->tls.client_ca_file)
		return usage_error("-s (verify the client's address) needs -v (the CA of its "
				   "certificate)");
	if (options->init.finish && !options->init.rotate_ca)
		return usage_error("--finish needs --rotate-ca");
	if (options->init.rotate_ca && options->init.names.count > 0)
		return usage_error("--rotate-ca keeps the names of the certificate (--name)");
	if (command == COMMAND_ADD && !options->admin.name)
		return usage_error("the command add needs the agent's name (-n)");
	r = set_default_paths(options);
	if (r < 0)
		return r;
	r = settle_dialect(options, command);
	if (r < 0)
		return r;
	set_default_policy(options, command >= COMMAND_ADD && command <= COMMAND_IMPORT_FILE);
	if (options->policy.has_force_rules && options->policy.on_duplicate != ON_DUPLICATE_FORCE)
		return usage_error("--force-... needs --on-duplicate force");
	return 0;
}

void defaults_clear(struct default_paths *paths)
{
	free(paths->certificate_file);
	free(paths->private_key_file);
	free(paths->password_file);
	free(paths->ca_file);
	free(paths->users_file);
	free(paths->tokens_file);
	free(paths->groups_directory);
	free(paths->queue_directory);
	*paths = (struct default_paths){ 0 };
}
