/* SPDX-License-Identifier: ISC */
#include "client/commands/options.h"

#include "client/commands/agent-auth.h"
#include "client/config/types.h"
#include "common/cleanup.h"
#include "common/completion.h"
#include "common/option-setters.h"
#include "common/usage.h"

#include <string.h>

#define DEFAULT_STATE_DIRECTORY LOCALSTATEDIR "/lib/agent-register"

static int command_completion(struct program *program);

/* ------------------------------------------------------------------ the tables */

enum command_index {
	COMMAND_RUN,
	COMMAND_STATUS,
	COMMAND_CHECK,
	COMMAND_CONFIG,
	COMMAND_REPORT,
	COMMAND_IMPORT,
	COMMAND_RESET,
	COMMAND_DEREGISTER,
	COMMAND_PIN,
	COMMAND_TRUST,
	COMMAND_TOKEN,
	COMMAND_COMPLETION,
	COMMAND_COUNT,
};

static const char *const token_actions[] = { "show", NULL };

static const struct command commands[COMMAND_COUNT + 1] = {
	[COMMAND_RUN] = { .name = "run",
			  .help = "register if there is no valid key yet (default)",
			  .mode = CONFIG_AWAITED,
			  .run = command_run },
	[COMMAND_STATUS] = { .name = "status",
			     .help = "show which agent this machine is registered as, "
				     "and the last error",
			     .mode = CONFIG_SHOWN,
			     .run = command_status },
	[COMMAND_CHECK] = { .name = "check",
			    .help = "check everything that a registration needs, "
				    "without requesting a key",
			    .mode = CONFIG_SHOWN,
			    .run = command_check },
	[COMMAND_CONFIG] = { .name = "config",
			     .help = "show the configuration in effect, "
				     "and where each value is from",
			     .mode = CONFIG_READ,
			     .run = command_config },
	[COMMAND_REPORT] = { .name = "report",
			     .help = "print all of that, versions and the journal, "
				     "for a bug report",
			     .mode = CONFIG_SHOWN,
			     .run = command_report },
	[COMMAND_IMPORT] = { .name = "import",
			     .arguments = "[FILE|-]",
			     .help = "install a key that was exported at the manager, "
				     "from FILE or standard input",
			     .most = 1,
			     .kind = ARGUMENT_FILE,
			     .mode = CONFIG_READ,
			     .run = command_import },
	[COMMAND_RESET] = { .name = "reset",
			    .help = "make this machine ready to become an image: "
				    "remove its identity",
			    .mode = CONFIG_READ,
			    .run = command_reset },
	[COMMAND_DEREGISTER] = { .name = "deregister",
				 .help = "remove this agent at the manager "
					 "(method api), then do what reset does",
				 .mode = CONFIG_READ,
				 .run = command_deregister },
	[COMMAND_PIN] = { .name = "pin",
			  .arguments = "HOST[:PORT]",
			  .help = "show a manager's certificate and the pin line to paste",
			  .least = 1,
			  .most = 1,
			  .kind = ARGUMENT_HOST,
			  .mode = CONFIG_READ,
			  .run = command_pin },
	[COMMAND_TRUST] = { .name = "trust",
			    .help = "request the manager's CA again, and store it "
				    "(method enroll)",
			    .mode = CONFIG_READ,
			    .run = command_trust },
	[COMMAND_TOKEN] = { .name = "token",
			    .arguments = "show [FILE|-]",
			    .help = "show what an enrollment token says, without its secret and "
				    "without the network",
			    .least = 1,
			    .most = 2,
			    .kind = ARGUMENT_FILE,
			    .actions = token_actions,
			    .mode = CONFIG_READ,
			    .run = command_token },
	[COMMAND_COMPLETION] = { .name = "completion",
				 .arguments = "SHELL",
				 .help = "print the completion script for bash, zsh or fish",
				 .least = 1,
				 .most = 1,
				 .choices = completion_shells,
				 .mode = CONFIG_UNREAD,
				 .run = command_completion },
};

/* The commands that read the configuration, and so all that may be said of it. */
#define CONFIGURED (COMMAND_BIT(COMMAND_COMPLETION) - 1)
#define FOR(name) COMMAND_BIT(COMMAND_##name)

static option_setter set_key, set_assignment;

#define KEY(option, short, value, config_key, ...)                                      \
	{                                                                               \
		.name = option, .letter = short, .argument = value, .data = config_key, \
		.set = set_key, .commands = CONFIGURED, __VA_ARGS__                     \
	}

static const struct option_row option_rows[] = {
	KEY("manager", 'm', "HOST", "manager.address", .kind = ARGUMENT_HOST,
	    .help = "the manager's address (repeatable: failover order)"),
	KEY("port", 'p', "PORT", "manager.port",
	    .help = "the port of its service (1515; api: 55000; enroll: 1517)"),
	KEY("name", 'A', "NAME", "agent.name", .help = "the agent's name (default: the host name)"),
	KEY("directory", 'D', "DIR", "agent.directory", .kind = ARGUMENT_DIRECTORY,
	    .help = "the agent's directory (/var/ossec)"),
	KEY("group", 'g', "GROUP", "agent.group", .kind = ARGUMENT_GROUP,
	    .help = "the group that may read the key (wazuh, else ossec)"),
	KEY("ca", 'v', "FILE", "tls.ca_file", .kind = ARGUMENT_FILE,
	    .help = "the CA that issued the manager's certificate"),
	KEY("certificate", 'x', "FILE", "tls.certificate_file", .kind = ARGUMENT_FILE,
	    .help = "our certificate"),
	KEY("private-key", 'k', "FILE", "tls.private_key_file", .kind = ARGUMENT_FILE,
	    .help = "its private key"),
	KEY("pin", '\0', "PIN", "tls.pin",
	    .help = "the manager's key: sha256//BASE64 (repeatable)"),
	KEY("method", '\0', "METHOD", "manager.method", .choices = config_methods,
	    .help = "how to register: authd, api, enroll, import"),
	{ .name = "set",
	  .argument = "SECTION.KEY=VALUE",
	  .set = set_assignment,
	  .commands = CONFIGURED,
	  .help = "set any key of agent-register.conf(5) (repeatable)" },
	{ .name = "config",
	  .argument = "FILE",
	  .set = option_set_text,
	  .kind = ARGUMENT_FILE,
	  .offset = offsetof(struct client_options, config_file),
	  .commands = CONFIGURED,
	  .help = "read FILE instead of the default file and its drop-ins" },
	{ .name = "state",
	  .argument = "DIR",
	  .set = option_set_text,
	  .kind = ARGUMENT_DIRECTORY,
	  .offset = offsetof(struct client_options, state_directory),
	  .commands = CONFIGURED,
	  .help = "remember state in DIR (" DEFAULT_STATE_DIRECTORY ")" },
	{ .name = "at-poweroff",
	  .set = option_set_true,
	  .offset = offsetof(struct client_options, at_poweroff),
	  .commands = FOR(DEREGISTER),
	  .help = "deregister: only while this machine is being powered off, and without asking" },
	{ .name = "force",
	  .set = option_set_true,
	  .offset = offsetof(struct client_options, force),
	  .commands = FOR(RUN) | FOR(IMPORT) | FOR(RESET) | FOR(DEREGISTER),
	  .help = "run: over a valid key (enroll: as a new agent); import: over another key; "
		  "reset, deregister: while the agent runs" },
	{ .name = "json",
	  .set = option_set_true,
	  .offset = offsetof(struct client_options, json),
	  .commands = FOR(STATUS) | FOR(CHECK) | FOR(CONFIG) | FOR(TOKEN),
	  .help = "status, check, config, token: as JSON" },
	{ .name = "yes",
	  .set = option_set_true,
	  .offset = offsetof(struct client_options, yes),
	  .commands = FOR(IMPORT) | FOR(RESET) | FOR(DEREGISTER),
	  .help = "import, reset, deregister: do not ask for confirmation" },
	{ .name = "debug",
	  .letter = 'd',
	  .set = option_count,
	  .offset = offsetof(struct client_options, verbosity),
	  .help = "enable debug logging" },
	{ .name = "version", OPTION_VERSION },
	{ .name = "help", OPTION_HELP },
	{ 0 },
};

static const struct command_line command_line = {
	.program = "agent-register",
	.usage = "[OPTION...] [COMMAND]",
	.purpose = "Register this machine's Wazuh or OSSEC agent with its manager.",
	.epilog = "Secrets are never given here: see password_file in agent-register.conf(5).",
	.help_option = "--help",
	.commands = commands,
	.default_command = "run",
	.options = option_rows,
};

/* ------------------------------------------------------------------ storing options */

/* Takes over `assignment`; null: there was no memory for it. */
static int add_assignment(struct client_options *options, char *assignment)
{
	struct string_list *list = &options->settings;
	char **items = assignment ? reallocarray(list->items, list->count + 1, sizeof *items)
				  : NULL;

	if (!items) {
		free(assignment);
		return usage_no_memory();
	}
	list->items = items;
	items[list->count++] = assignment;
	return 0;
}

static int set_assignment(void *target, const struct option_row *row, char *value)
{
	(void)row;
	return add_assignment(target, strdup(value));
}

static int set_key(void *target, const struct option_row *row, char *value)
{
	const char *key = row->data;
	char *assignment;

	if (asprintf(&assignment, "%s=%s", key, value) < 0)
		assignment = NULL;
	return add_assignment(target, assignment);
}

int options_parse(struct client_options *options, int count, char **arguments)
{
	*options = (struct client_options){ .state_directory = DEFAULT_STATE_DIRECTORY };
	if (agent_auth_is_called(arguments[0]))
		return agent_auth_parse(options, count, arguments);
	return command_line_parse(&options->line, &command_line, options, count, arguments);
}

static int command_completion(struct program *program)
{
	const char *shell = program->options->line.arguments[0];

	completion_print(&command_line, shell);
	completion_print(&agent_auth_command_line, shell);
	return 0;
}

/* ------------------------------------------------------------------ applying */

/*
 * The first time the command line names a key, it replaces what the files say; after that, lists
 * grow.
 */
static bool is_first_of_its_key(const struct string_list *settings, size_t i)
{
	size_t length = strcspn(settings->items[i], "=");

	for (size_t j = 0; j < i; j++)
		if (strncmp(settings->items[j], settings->items[i], length + 1) == 0)
			return false;
	return true;
}

int options_apply(const struct client_options *options, struct config *config, struct reason *why)
{
	for (size_t i = 0; i < options->settings.count; i++) {
		const char *setting = options->settings.items[i];
		cleanup_free char *empty = strndup(setting, strcspn(setting, "=") + 1);
		int r = 0;

		if (!empty)
			return reason_errno(why, ENOMEM, "Cannot take the command line");
		if (is_first_of_its_key(&options->settings, i) && strchr(setting, '='))
			r = config_assign(config, empty, "the command line", why);
		if (r >= 0)
			r = config_assign(config, setting, "the command line", why);
		if (r < 0)
			return r;
	}
	return 0;
}

void options_clear(struct client_options *options)
{
	for (size_t i = 0; i < options->settings.count; i++)
		free(options->settings.items[i]);
	free(options->settings.items);
	*options = (struct client_options){ 0 };
}
