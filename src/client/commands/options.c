/* SPDX-License-Identifier: ISC */
#include "client/commands/options.h"

#include "client/commands/agent-auth.h"
#include "common/cleanup.h"
#include "common/escape.h"

#include <getopt.h>
#include <string.h>

#define DEFAULT_STATE_DIRECTORY LOCALSTATEDIR "/lib/agent-register"

static const struct command commands[] = {
	{ "run", "", "register if there is no valid key yet (default)", 0, 0, CONFIG_AWAITED,
	  command_run },
	{ "status", "", "show as what this machine is registered, and the last error", 0, 0,
	  CONFIG_READ, command_status },
	{ "check", "", "walk through all that a registration needs, without asking for a key", 0, 0,
	  CONFIG_READ, command_check },
	{ "import", "[FILE|-]",
	  "install a key that was exported at the manager, from FILE or the standard input", 0, 1,
	  CONFIG_READ, command_import },
	{ "reset", "", "make this machine ready to become an image: forget who it is", 0, 0,
	  CONFIG_READ, command_reset },
	{ "deregister", "",
	  "remove this agent at the manager (method api), then do what reset does", 0, 0,
	  CONFIG_READ, command_deregister },
	{ "pin", "HOST[:PORT]", "show a manager's certificate and the pin line to paste", 1, 1,
	  CONFIG_READ, command_pin },
	{ 0 },
};

enum {
	OPTION_CONFIG = 0x100,
	OPTION_SET,
	OPTION_STATE,
	OPTION_PIN,
	OPTION_METHOD,
	OPTION_FORCE,
	OPTION_JSON,
	OPTION_YES,
};

/*
 * One row an option: for getopt, for --help, and the configuration key it sets (null: handled in
 * take_option).
 */
static const struct option_row {
	const char *long_name;
	int value; /* the short option, or a number from 0x100 */
	const char *argument;
	const char *setting;
	const char *help;
} option_rows[] = {
	{ "manager", 'm', "HOST", "manager.address",
	  "the manager's address (repeatable: failover order)" },
	{ "port", 'p', "PORT", "manager.port",
	  "the port of its service (1515; api: 55000; enroll: 1517)" },
	{ "name", 'A', "NAME", "agent.name", "the agent's name (default: the host name)" },
	{ "directory", 'D', "DIR", "agent.directory", "the agent's directory (/var/ossec)" },
	{ "group", 'g', "GROUP", "agent.group",
	  "the group that may read the key (wazuh, else ossec)" },
	{ "ca", 'v', "FILE", "tls.ca_file", "the CA that issued the manager's certificate" },
	{ "certificate", 'x', "FILE", "tls.certificate_file", "our certificate" },
	{ "private-key", 'k', "FILE", "tls.private_key_file", "its private key" },
	{ "pin", OPTION_PIN, "PIN", "tls.pin", "the manager's key: sha256//BASE64 (repeatable)" },
	{ "method", OPTION_METHOD, "METHOD", "manager.method",
	  "how to register: authd, api, enroll, import" },
	{ "set", OPTION_SET, "SECTION.KEY=VALUE", NULL,
	  "set any key of agent-register.conf(5) (repeatable)" },
	{ "config", OPTION_CONFIG, "FILE", NULL,
	  "read FILE instead of the default file and its drop-ins" },
	{ "state", OPTION_STATE, "DIR", NULL,
	  "remember state in DIR (" DEFAULT_STATE_DIRECTORY ")" },
	{ "force", OPTION_FORCE, NULL, NULL,
	  "run: over a valid key; import: also that, and on a manager; reset, deregister: while "
	  "the agent runs" },
	{ "json", OPTION_JSON, NULL, NULL, "status: as JSON" },
	{ "yes", OPTION_YES, NULL, NULL, "import, reset, deregister: do not ask" },
	{ "debug", 'd', NULL, NULL, "say more" },
	{ "version", 'V', NULL, NULL, "print the version" },
	{ "help", 'h', NULL, NULL, "print this help" },
};

#define OPTION_COUNT (sizeof option_rows / sizeof option_rows[0])

static void print_help(void)
{
	printf("Usage: agent-register [OPTION...] [COMMAND]\n\n"
	       "Register this machine's Wazuh or OSSEC agent with its manager.\n\nCommands:\n");
	for (const struct command *command = commands; command->name; command++) {
		char left[32];

		(void)snprintf(left, sizeof left, "%s %s", command->name, command->arguments);
		printf("  %-22s %s\n", left, command->help);
	}
	printf("\nOptions:\n");
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_rows[i];
		char left[48];

		(void)snprintf(left, sizeof left, "%c%c%s --%s%s%s", row->value < 0x100 ? '-' : ' ',
			       row->value < 0x100 ? row->value : ' ',
			       row->value < 0x100 ? "," : " ", row->long_name,
			       row->argument ? " " : "", row->argument ?: "");
		printf("  %-28s %s\n", left, row->help);
	}
	printf("\nSecrets are never given here: see password_file in agent-register.conf(5).\n");
}

/* ------------------------------------------------------------------ parsing */

static int remember_setting(struct options *options, const char *key, const char *value)
{
	struct string_list *list = &options->settings;
	char **items = reallocarray(list->items, list->count + 1, sizeof *items);
	int n;

	if (!items)
		return -ENOMEM;
	list->items = items;
	n = key ? asprintf(&items[list->count], "%s=%s", key, value)
		: asprintf(&items[list->count], "%s", value);
	if (n < 0)
		return -ENOMEM;
	list->count++;
	return 0;
}

static int take_option(struct options *options, int value, const char *argument)
{
	switch (value) {
	case OPTION_CONFIG:
		options->config_file = argument;
		return 0;
	case OPTION_STATE:
		options->state_directory = argument;
		return 0;
	case OPTION_SET:
		return remember_setting(options, NULL, argument);
	case OPTION_FORCE:
		options->force = true;
		return 0;
	case OPTION_JSON:
		options->json = true;
		return 0;
	case OPTION_YES:
		options->yes = true;
		return 0;
	case 'd':
		options->verbosity++;
		return 0;
	case 'V':
		printf("agent-register " PACKAGE_VERSION "\n");
		return 1;
	case 'h':
		print_help();
		return 1;
	}
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (option_rows[i].value == value)
			return remember_setting(options, option_rows[i].setting, argument);
	return -EINVAL; /* getopt_long has said what is wrong */
}

static int complain(const char *what)
{
	(void)fprintf(stderr, "agent-register: %s; see agent-register --help\n", what);
	return -EINVAL;
}

static int find_command(struct options *options)
{
	const char *name = options->argument_count > 0 ? options->arguments[0] : "run";
	char problem[128], shown[64];

	for (options->command = commands; options->command->name; options->command++)
		if (strcmp(options->command->name, name) == 0)
			break;
	if (!options->command->name) {
		(void)snprintf(problem, sizeof problem, "there is no command '%s'",
			       escape_string(shown, sizeof shown, name));
		return complain(problem);
	}
	if (options->argument_count > 0) {
		options->arguments++;
		options->argument_count--;
	}
	(void)snprintf(problem, sizeof problem, "the command %s takes %s", name,
		       options->command->maximum ? options->command->arguments : "no arguments");
	if (options->argument_count < options->command->minimum ||
	    options->argument_count > options->command->maximum)
		return complain(problem);
	return 0;
}

int options_parse(struct options *options, int count, char **arguments)
{
	struct option long_options[OPTION_COUNT + 1] = { 0 };
	char short_options[2 * OPTION_COUNT + 1];
	size_t used = 0;
	int value, r = 0;

	*options = (struct options){ .state_directory = DEFAULT_STATE_DIRECTORY };
	if (agent_auth_is_called(arguments[0]))
		return agent_auth_parse(options, count, arguments);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_rows[i];

		long_options[i] = (struct option){ row->long_name,
						   row->argument ? required_argument : no_argument,
						   NULL, row->value };
		if (row->value < 0x100)
			short_options[used++] = (char)row->value;
		if (row->value < 0x100 && row->argument)
			short_options[used++] = ':';
	}
	short_options[used] = '\0';

	while (r == 0 &&
	       (value = getopt_long(count, arguments, short_options, long_options, NULL)) >= 0)
		r = take_option(options, value, optarg);
	if (r != 0)
		return r;
	options->arguments = arguments + optind;
	options->argument_count = count - optind;
	return find_command(options);
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

int options_apply(const struct options *options, struct config *config, struct reason *why)
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

void options_done(struct options *options)
{
	for (size_t i = 0; i < options->settings.count; i++)
		free(options->settings.items[i]);
	free(options->settings.items);
	*options = (struct options){ 0 };
}
