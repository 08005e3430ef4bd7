/* SPDX-License-Identifier: ISC */
/* The command `reset`: make a machine ready to become an image. */
#include "register/options.h"

#include "common/cleanup.h"
#include "common/log.h"
#include "register/agent-unit.h"
#include "register/keystore.h"
#include "register/policy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

/* ------------------------------------------------------------------ asking */

static void print_what_goes(const struct keystore *store, const char *state_directory)
{
	cleanup(agent_key_wipe) struct agent_key key = { 0 };

	if (keystore_read(store, &key, NULL) == KEYSTORE_KEY)
		printf("This machine is agent %s (id %s). ", key.name, key.id);
	printf("What makes it that agent will be removed:\n"
	       "  %s and what was kept beside it\n"
	       "  the agent's message counters\n"
	       "  %s/state\n"
	       "The manager keeps its entry; remove it there if this identity is not needed any more.\n",
	       store->path, state_directory);
}

/* Returns 0 for a yes, otherwise the exit status, or -ECANCELED. */
static int confirm(const struct program *program, const struct keystore *store)
{
	struct deadline forever = { USEC_INFINITY, program->stop_fd };
	char answer[16] = "";
	int r;

	if (program->options->yes)
		return 0;
	print_what_goes(store, program->options->state_directory);
	if (!isatty(STDIN_FILENO)) {
		log_error("There is nobody to ask; give --yes");
		return EXIT_USAGE;
	}
	printf("Type yes to go on: ");
	(void)fflush(stdout);
	r = deadline_wait(&forever, STDIN_FILENO, POLLIN);
	if (r < 0)
		return r;
	if (fgets(answer, sizeof answer, stdin) && strcmp(answer, "yes\n") == 0)
		return 0;
	printf("Nothing was changed.\n");
	return 1;
}

/*
 * A running agent would write its counters again, and lose its key under its feet. A registration under way would end in
 * a key all the same.
 */
static int check_units(const struct program *program)
{
	static const char registration[] = "agent-register.service";
	const char *unit = program->config.agent.unit;

	if (program->options->force)
		return 0;
	if (!agent_unit_is_active(unit) && agent_unit_has_process(registration))
		unit = registration;
	else if (!agent_unit_is_active(unit))
		return 0;
	log_error("%s is running; stop it first (systemctl stop %s), or give --force", unit, unit);
	return 1;
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

static int remove_beside(const struct keystore *store, const char *ending, struct reason *why)
{
	cleanup_free char *path = NULL;

	if (asprintf(&path, "%s.%s", store->path, ending) < 0) {
		path = NULL;
		return reason_errno(why, ENOMEM, "Cannot remove the old keys");
	}
	return remove_file("", path, why);
}

static int remove_counters(const char *agent_directory, struct reason *why)
{
	cleanup_free char *path = NULL;
	struct dirent *entry;
	DIR *directory;
	int r = 0;

	if (asprintf(&path, "%s/queue/rids", agent_directory) < 0) {
		path = NULL;
		return reason_errno(why, ENOMEM, "Cannot remove the agent's counters");
	}
	directory = opendir(path);
	if (!directory)
		return errno == ENOENT || errno == ENOTDIR ? 0 : reason_errno(why, errno, "Cannot read %s", path);
	while (r >= 0 && (entry = readdir(directory)))
		if (entry->d_type != DT_DIR) /* the agent's user may have made one; it is no counter */
			r = remove_file(path, entry->d_name, why);
	closedir(directory);
	return r;
}

static int flush_directory(const struct keystore *store, struct reason *why)
{
	return fsync(store->lock) < 0 ? reason_errno(why, errno, "Cannot flush the directory of %s", store->path) : 0;
}

/*
 * The key goes first, and goes durably: whatever interrupts us after that, no copy of this disk can be this agent. What
 * is left then only repeats what is gone, and the next reset removes it.
 */
static int forget_all(const struct program *program, const struct keystore *store, struct reason *why)
{
	static const char *const endings[] = { "torn", "old", "clone" };
	int r = remove_file("", store->path, why);

	if (r >= 0)
		r = flush_directory(store, why);
	if (r >= 0)
		r = keystore_remove_staged(store, why);
	for (size_t i = 0; r >= 0 && i < sizeof endings / sizeof endings[0]; i++)
		r = remove_beside(store, endings[i], why);
	if (r >= 0)
		r = flush_directory(store, why);
	if (r >= 0)
		r = remove_counters(program->config.agent.directory, why);
	if (r >= 0)
		r = remove_file(program->options->state_directory, "state", why);
	return r;
}

int command_reset(struct program *program)
{
	const struct config *config = &program->config;
	cleanup(keystore_close) struct keystore store = KEYSTORE_NULL;
	struct deadline at_once = { 0, program->stop_fd };
	struct reason why = { 0 };
	int r = keystore_open(&store, config->agent.directory, config->agent.keys_file, NULL, &why);

	if (r >= 0)
		r = check_units(program);
	if (r == 0)
		r = confirm(program, &store);
	if (r > 0)
		return r;
	if (r == 0)
		r = keystore_lock(&store, &at_once, NULL, &why);
	if (r == 0)
		r = forget_all(program, &store, &why);
	if (r == -ECANCELED)
		return r;
	if (r < 0) {
		log_error("%s", why.text);
		return outcome_policy(OUTCOME_UNSTORABLE)->exit_code;
	}
	printf("This machine has no agent identity any more; its next boot registers it anew.\n");
	return 0;
}
