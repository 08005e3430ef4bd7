/* SPDX-License-Identifier: ISC */
/* agent-registrar: the manager's side. Wiring only. */
#include "common/cleanup.h"
#include "common/completion.h"
#include "common/library-memory.h"
#include "common/log.h"
#include "common/secret.h"
#include "common/shortage.h"
#include "registrar/commands/add.h"
#include "registrar/commands/agents.h"
#include "registrar/commands/authd-caller.h"
#include "registrar/commands/import-agents.h"
#include "registrar/commands/init.h"
#include "registrar/commands/list-agents.h"
#include "registrar/commands/options.h"
#include "registrar/commands/remove-agents.h"
#include "registrar/commands/rotate-ca.h"
#include "registrar/commands/token.h"
#include "registrar/commands/user.h"
#include "registrar/enrollment/known-dialect.h"
#include "registrar/serve.h"

#include <limits.h>
#include <signal.h>
#include <sysexits.h>

static int fail(int status, const struct reason *why)
{
	log_error("%s", why->text);
	return status;
}

/* What this machine is short of, it may have later. */
static int fail_for(int error, int status, const struct reason *why)
{
	return fail(is_shortage(error) || library_memory_was_short() ? EX_OSERR : status, why);
}

/* The choice that is given is stored. Without one, serve and others will ask: say so now. */
static int store_dialect(const struct options *options, struct reason *why)
{
	const struct policy_options *policy = &options->policy;
	enum dialect known;

	if (policy->dialect_reason.text[0])
		return known_dialect_store(options->directory, (enum dialect)policy->dialect,
					   options->group, why);
	if (known_dialect_find(&known, options->directory, why) < 0)
		log_notice("Whether this is a manager of OSSEC or of Wazuh is still to be chosen, "
			   "with init --dialect ossec or init --dialect wazuh: %s",
			   why->text);
	return 0;
}

static int init(struct program *program)
{
	const struct options *options = program->options;
	const struct init_settings settings = {
		.directory = options->directory,
		.certificate_file = options->tls.certificate_file,
		.private_key_file = options->tls.private_key_file,
		.ca_file = options->paths.ca_file,
		.password_file = options->password.is_unused ? NULL : options->password.file,
		.names = options->init.names.items,
		.name_count = options->init.names.count,
		.group = options->group,
	};
	struct reason why;
	int r = options->init.rotate_ca ? rotate_ca(&settings, options->init.finish, &why)
					: init_missing(&settings, &why);

	if (r >= 0 && !options->init.rotate_ca && options->line.command->run == init)
		r = store_dialect(options, &why);
	return r < 0 ? fail_for(r, EX_CONFIG, &why) : 0;
}

static int change_user(struct program *program)
{
	const struct options *options = program->options;
	const struct user_command command = {
		.users_file = options->api.users_file,
		.name = options->line.arguments[0],
		.remove = options->admin.remove_user,
		.group = options->group,
	};
	struct reason why;
	int r = user_command_run(&command, &why);

	if (r >= 0)
		return 0;
	return fail_for(r, r == -EINVAL || r == -ESRCH ? EX_DATAERR : EX_CONFIG, &why);
}

static const struct command commands[COMMAND_COUNT + 1] = {
	[COMMAND_SERVE] = { .name = "serve",
			    .help = "register agents: the authd protocol over TLS",
			    .mode = INIT_FIRST,
			    .run = serve_command },
	[COMMAND_INIT] = { .name = "init",
			   .help = "create any missing certificate, key and password, and exit",
			   .mode = INIT_IGNORED,
			   .run = init },
	[COMMAND_USER] = { .name = "user",
			   .arguments = "NAME",
			   .help = "create or change an API user (password on standard input), "
				   "or --remove it",
			   .least = 1,
			   .most = 1,
			   .mode = INIT_FIRST,
			   .run = change_user },
	[COMMAND_ADD] = { .name = "add", .help = "add an agent, and print it", .run = add_command },
	[COMMAND_LIST] = { .name = "list",
			   .help = "print the agents, or some: ID, name, address",
			   .run = list_command },
	[COMMAND_EXPORT] = { .name = "export",
			     .arguments = "ID",
			     .help = "print an agent's key "
				     "for manage_agents -i or agent-register import",
			     .least = 1,
			     .most = 1,
			     .run = agents_export },
	[COMMAND_REMOVE] = { .name = "remove",
			     .arguments = "ID...",
			     .help = "remove agents",
			     .least = 1,
			     .most = INT_MAX,
			     .run = remove_command },
	[COMMAND_IMPORT_FILE] = { .name = "import-file",
				  .arguments = "FILE|-",
				  .help = "add an agent for each line IP,NAME of FILE "
					  "or standard input",
				  .least = 1,
				  .most = 1,
				  .kind = ARGUMENT_FILE,
				  .run = import_command },
	[COMMAND_TOKEN] = { .name = "token",
			    .arguments = "ACTION [ID...]",
			    .help = "enrollment tokens for agents of Wazuh 5: "
				    "create, list, show ID, revoke ID..., purge",
			    .least = 1,
			    .most = INT_MAX,
			    .actions = token_actions,
			    .run = token_command },
	[COMMAND_COMPLETION] = { .name = "completion",
				 .arguments = "SHELL",
				 .help = "print the completion script for bash, zsh or fish",
				 .least = 1,
				 .most = 1,
				 .choices = completion_shells,
				 .run = completion_command },
};

static int log_level(const struct options *options)
{
	if (options->debug)
		return LOG_DEBUG;
	return options->admin.quiet ? LOG_ERR : LOG_INFO;
}

static int run(struct program *program)
{
	const struct options *options = program->options;
	int status = 0;

	if (options->policy.no_dialect_status)
		return fail(options->policy.no_dialect_status, &options->policy.dialect_reason);
	if (options->init.is_first && options->line.command->mode == INIT_FIRST &&
	    options->service.part != PART_FRONT)
		status = init(program);
	return status != 0 ? status : options->line.command->run(program);
}

static int begin_openssl(void)
{
	struct reason why = { 0 };
	int r = library_memory_begin_openssl();

	return r < 0 ? fail_for(reason_errno(&why, r, "Cannot initialize OpenSSL"), EX_OSERR, &why)
		     : 0;
}

int main(int argc, char **argv)
{
	cleanup(options_clear) struct options options;
	struct program program = { .options = &options };
	const char *called = authd_caller_name(argv[0]);
	int r;

	library_memory_watch_openssl();
	secret_protect_process();
	(void)signal(SIGPIPE, SIG_IGN);
	r = called ? authd_caller_parse(&options, called, commands, argc, argv)
		   : options_parse(&options, commands, argc, argv);
	if (r != 0)
		return r > 0 ? 0 : called ? EXIT_FAILURE : is_shortage(r) ? EX_OSERR : EX_USAGE;
	log_open(called ?: "agent-registrar", log_level(&options));
	if (options.service.part == PART_KEEPER)
		log_share_errors("agent-registrar.service");
	r = begin_openssl() ?: run(&program);
	return called && r != 0 ? EXIT_FAILURE : r;
}
