/* SPDX-License-Identifier: ISC */
/* The command `import`: install a key that was exported at the manager. */
#include "client/commands/options.h"

#include "client/agent-files/import-file.h"
#include "client/commands/confirm.h"
#include "client/registration/import-key.h"
#include "client/registration/policy.h"
#include "client/registration/register.h"
#include "common/cleanup.h"
#include "common/escape.h"
#include "common/exported-key.h"
#include "common/log.h"
#include "common/secret.h"
#include "common/terminal.h"

#include <errno.h>
#include <string.h>

/*
 * Is the argument the key itself, or a part of one? Everybody on this machine sees the arguments of
 * a process.
 */
static bool is_key_itself(const char *argument)
{
	static const char base64[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
	cleanup(agent_key_wipe) struct agent_key key = { 0 };

	if (access(argument, F_OK) == 0)
		return false;
	return exported_key_parse(&key, argument, strlen(argument), NULL) == 0 ||
	       (strlen(argument) >= AGENT_KEY_USUAL / 2 &&
		argument[strspn(argument, base64)] == '\0');
}

/* Which file? Returns 0 (null: standard input), or the exit status. */
static int choose_file(const struct client_options *options, const char **ret)
{
	const char *argument = options->line.argument_count > 0 ? options->line.arguments[0] : NULL;

	if (!argument && isatty(STDIN_FILENO)) {
		log_error("No input file given; give FILE, or - to paste the key "
			  "and end it with Ctrl-D");
		return EXIT_USAGE;
	}
	if (argument && is_key_itself(argument)) {
		log_error("import takes a file, not the key itself: every user "
			  "of this machine can see it in the process list. Write it to a file, "
			  "or use - and paste it, and consider replacing the key at the manager");
		return EXIT_USAGE;
	}
	*ret = argument && strcmp(argument, "-") != 0 ? argument : NULL;
	return 0;
}

struct question {
	const struct program *program;
	const struct agent_key *key;
};

static int confirm_replacing(const struct agent_key *old, const char *path, void *user)
{
	const struct question *question = user;

	if (question->program->options->yes)
		return 0;
	terminal_print_sentence(terminal_stdout(),
				"This machine is agent %s (id %s). Its key will be replaced by "
				"that of %s (id %s), and kept as %s.old.",
				old->name, old->id, question->key->name, question->key->id, path);
	return confirm_at_terminal(question->program->stop_fd);
}

int command_import(struct program *program)
{
	const struct client_options *options = program->options;
	cleanup(agent_key_wipe) struct agent_key key = { 0 };
	struct deadline forever = { USEC_INFINITY, program->stop_fd };
	struct question question = { program, &key };
	struct import import = { .key = &key,
				 .force = options->force,
				 .confirm = confirm_replacing,
				 .user = &question };
	struct reason why = { 0 };
	char shown[512];
	const char *path;
	int r = choose_file(options, &path);

	if (r > 0)
		return r;
	secret_protect_process();
	r = import_file_read(&key, path, &forever, &why);
	if (r == -ECANCELED)
		return r;
	if (r < 0) {
		log_error("%s", why.text);
		return outcome_exit_code(outcome_unless_short(OUTCOME_MISCONFIGURED, r));
	}
	if (path && secret_file_is_exposed(path))
		log_warning("The key file %s is world-readable; delete it, or run: chmod 0600 %s",
			    escape_string(shown, sizeof shown, path), shown);
	import.from = path ? escape_string(shown, sizeof shown, path) : "standard input";
	return register_import(&program->config, options->state_directory, &import,
			       program->stop_fd);
}
