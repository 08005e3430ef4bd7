/* SPDX-License-Identifier: ISC */
#include "client/commands/erase.h"

#include "client/agent-files/agent-process.h"
#include "client/agent-files/counters.h"
#include "client/agent-files/manager-guard.h"
#include "client/agent-files/reenroll-files.h"
#include "client/commands/confirm.h"
#include "client/registration/agent-conf.h"
#include "client/registration/policy.h"
#include "client/registration/state.h"
#include "client/system/agent-units.h"
#include "client/system/own-unit.h"
#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/log.h"
#include "common/terminal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

/* For a service that has registered to end by itself. */
#define PATIENCE_USEC (5 * USEC_PER_SEC)

/* ------------------------------------------------------------------ confirmation */

static void print_what_goes(const struct program *program, const struct keystore *store,
			    const char *at_manager)
{
	const char *directory = program->config.agent.directory;
	cleanup(agent_key_wipe) struct agent_key key = { 0 };

	if (keystore_read(store, &key, NULL) == KEYSTORE_KEY)
		terminal_print_sentence(terminal_stdout(),
					"This machine is agent %s (id %s). These files will be "
					"removed:",
					key.name, key.id);
	else
		printf("These files will be removed:\n");
	terminal_print_sentence(terminal_stdout(),
				"  %s, the re-enrollment secret, and their backups", store->path);
	printf("  the manager's CA that was stored with the key\n"
	       "  the agent's message counters\n"
	       "  %s/state\n",
	       program->options->state_directory);
	if (program->config.agent.own_enrollment == OWN_ENROLLMENT_SAME)
		terminal_print_sentence(terminal_stdout(),
					"and what own_enrollment = same has written of this "
					"machine into %s/etc/ossec.conf",
					directory);
	terminal_print_sentence(terminal_stdout(), "%s", at_manager);
}

int forget_confirm(const struct program *program, const struct keystore *store,
		   const char *at_manager)
{
	if (program->options->yes)
		return 0;
	print_what_goes(program, store, at_manager);
	return confirm_at_terminal(program->stop_fd);
}

static int check_manager(const struct program *program, const struct keystore *store)
{
	struct reason why = { 0 };
	int r = manager_guard_check_entries(program->config.agent.directory, store->path, &why);

	if (r == 0)
		return 0;
	log_error("%s", why.text);
	return outcome_exit_code(outcome_unless_short(OUTCOME_MISCONFIGURED, r));
}

static int check_key_file(const struct keystore *store)
{
	struct reason why = { 0 };
	int r = keystore_check_removable(store, &why);

	if (r == 0)
		return 0;
	log_error("%s", why.text);
	return outcome_exit_code(outcome_unless_short(OUTCOME_STORAGE_ERROR, r));
}

/* Our own unit first: the last that it does is to start the agent. */
static int check_units(const struct program *program)
{
	const struct config *config = &program->config;
	struct agent_units units = agent_units_of(config->agent.unit, config->agent.directory);
	const struct deadline stop = { USEC_INFINITY, program->stop_fd };
	const struct deadline patience = deadline_in(PATIENCE_USEC, &stop);
	const char *unit = own_unit_outlasts(&patience) ? OWN_UNIT : agent_units_running(&units);

	if (!unit)
		return 0;
	log_error("%s is running; stop it first (systemctl stop %s), or use --force", unit, unit);
	return 1;
}

/* An agent that was started by hand, or by a unit that we do not know. */
static int check_process(const struct config *config)
{
	struct agent_process process;

	if (!agent_process_find(config->agent.directory, &process))
		return 0;
	log_error("%s (PID %d) is running; stop it first (%s stop), or use --force", process.name,
		  (int)process.pid, process.control);
	return 1;
}

int forget_check(const struct program *program, const struct keystore *store)
{
	int r = check_manager(program, store);

	if (r == 0)
		r = check_key_file(store);
	if (r == 0 && !program->options->force)
		r = check_units(program);
	if (r == 0 && !program->options->force)
		r = check_process(&program->config);
	return r;
}

/* ------------------------------------------------------------------ removing */

static int remove_file(const char *directory, const char *name, struct reason *why)
{
	cleanup_free char *path = NULL;

	if (asprintf(&path, "%s%s%s", directory, *directory ? "/" : "", name) < 0) {
		path = NULL;
		return reason_errno(why, ENOMEM, "Cannot remove %s", name);
	}
	if (unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR)
		return reason_errno(why, errno, "Cannot remove %s", path);
	return 0;
}

static int flush_directory(const struct keystore *store, struct reason *why)
{
	return fsync(store->lock) < 0
		       ? reason_errno(why, errno, "Cannot flush the directory of %s", store->path)
		       : 0;
}

/*
 * The CA that is not ours to remove keeps the agent from using an enrollment token, which an
 * administrator should know.
 */
static int remove_anchor(const struct program *program, const struct reenroll_files *files,
			 struct reason *why)
{
	struct state state;
	int r = state_load(&state, program->options->state_directory, why);

	if (r < 0)
		return r;
	r = reenroll_files_forget_anchor(files, state.stored_ca, why);
	if (r > 0)
		log_notice("%s stays, because agent-register has not stored it; an agent of "
			   "Wazuh 5 that finds it deletes an enrollment token without using it",
			   files->anchor_path);
	return r < 0 ? r : 0;
}

/* What an agent of Wazuh 5 keeps beside its key. */
static int remove_reenroll_files(const struct program *program, const struct keystore *store,
				 struct reason *why)
{
	cleanup(reenroll_files_close) struct reenroll_files files = REENROLL_FILES_NULL;
	int r = reenroll_files_open(&files, store->path, program->config.agent.directory, why);

	if (r >= 0)
		r = reenroll_files_forget(&files, why);
	return r < 0 ? r : remove_anchor(program, &files, why);
}

/* The rest is gone by now, which is to be known. */
static int forget_name(const struct program *program, struct reason *why)
{
	struct reason cause = { 0 };
	int r = agent_conf_forget(&program->config, &cause);

	if (r < 0)
		reason_set(why,
			   "The identity is removed, but not the name under which the agent "
			   "enrolls by itself: %s",
			   cause.text);
	return r;
}

int forget_all(const struct program *program, const struct keystore *store, struct reason *why)
{
	int r = keystore_remove(store, why);

	if (r >= 0)
		r = remove_reenroll_files(program, store, why);
	if (r >= 0)
		r = flush_directory(store, why);
	if (r >= 0)
		r = counters_remove(program->config.agent.directory, why);
	if (r >= 0)
		r = remove_file(program->options->state_directory, "state", why);
	return r >= 0 ? forget_name(program, why) : r;
}
