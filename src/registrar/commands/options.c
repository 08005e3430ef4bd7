/* SPDX-License-Identifier: ISC */
#include "registrar/commands/options.h"

#include "common/cleanup.h"
#include "registrar/enrollment/agent-version.h"
#include "registrar/net/certificate.h"

#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <syslog.h>

#define LETTERS "c:dD:g:hik:np:P:stv:Vx:"
#define DEFAULT_DIRECTORY "/var/ossec"
#define DEFAULT_PORT 1515
#define DEFAULT_TIMEOUT 30
#define TIMEOUT_MAX 3600
#define MAX_CONNECTIONS_MAX 1000000
#define TIME_MAX (10ul * 365 * 86400) /* seconds */

enum {
	OPTION_LISTEN = 0x100,
	OPTION_DIALECT,
	OPTION_ON_DUPLICATE,
	OPTION_FORCE_KEY_MISMATCH,
	OPTION_FORCE_DISCONNECTED,
	OPTION_FORCE_REGISTERED,
	OPTION_GROUPS,
	OPTION_MAX_AGENTS,
	OPTION_MANAGER_VERSION,
	OPTION_ALLOW_HIGHER_VERSIONS,
	OPTION_MAX_CONNECTIONS,
	OPTION_TIMEOUT,
	OPTION_INIT,
	OPTION_NAME,
};

static const struct option long_options[] = {
	{ "ciphers", required_argument, NULL, 'c' },
	{ "debug", no_argument, NULL, 'd' },
	{ "directory", required_argument, NULL, 'D' },
	{ "group", required_argument, NULL, 'g' },
	{ "help", no_argument, NULL, 'h' },
	{ "use-source-address", no_argument, NULL, 'i' },
	{ "private-key", required_argument, NULL, 'k' },
	{ "no-password", no_argument, NULL, 'n' },
	{ "port", required_argument, NULL, 'p' },
	{ "password-file", required_argument, NULL, 'P' },
	{ "verify-host", no_argument, NULL, 's' },
	{ "test", no_argument, NULL, 't' },
	{ "client-ca", required_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ "certificate", required_argument, NULL, 'x' },
	{ "listen", required_argument, NULL, OPTION_LISTEN },
	{ "dialect", required_argument, NULL, OPTION_DIALECT },
	{ "on-duplicate", required_argument, NULL, OPTION_ON_DUPLICATE },
	{ "force-key-mismatch", required_argument, NULL, OPTION_FORCE_KEY_MISMATCH },
	{ "force-disconnected-time", required_argument, NULL, OPTION_FORCE_DISCONNECTED },
	{ "force-after-registration-time", required_argument, NULL, OPTION_FORCE_REGISTERED },
	{ "groups", required_argument, NULL, OPTION_GROUPS },
	{ "max-agents", required_argument, NULL, OPTION_MAX_AGENTS },
	{ "allow-higher-versions", no_argument, NULL, OPTION_ALLOW_HIGHER_VERSIONS },
	{ "manager-version", required_argument, NULL, OPTION_MANAGER_VERSION },
	{ "max-connections", required_argument, NULL, OPTION_MAX_CONNECTIONS },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "id", required_argument, NULL, ADMIN_OPTION_ID },
	{ "ip", required_argument, NULL, 'a' },
	{ "json", no_argument, NULL, 'j' },
	{ "purge", no_argument, NULL, ADMIN_OPTION_PURGE },
	{ "init", no_argument, NULL, OPTION_INIT },
	{ "name", required_argument, NULL, OPTION_NAME },
	{ "api-port", required_argument, NULL, API_OPTION_PORT },
	{ "api-listen", required_argument, NULL, API_OPTION_LISTEN },
	{ "api-users", required_argument, NULL, API_OPTION_USERS },
	{ "api-max-requests", required_argument, NULL, API_OPTION_MAX_REQUESTS },
	{ "api-max-login-attempts", required_argument, NULL, API_OPTION_MAX_LOGIN_ATTEMPTS },
	{ "api-block-time", required_argument, NULL, API_OPTION_BLOCK_TIME },
	{ "remove", no_argument, NULL, API_OPTION_REMOVE },
	{ 0 },
};

__attribute__((format(printf, 1, 2))) static int complain(const char *format, ...)
{
	va_list arguments;

	fputs("agent-registrar: ", stderr);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputs("\nTry 'agent-registrar --help'.\n", stderr);
	return -EINVAL;
}

/* ------------------------------------------------------------------ values */

static int parse_number(const char *what, const char *text, unsigned long least, unsigned long most,
			unsigned long *ret)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || end == text || text[0] == '-' || value < least || value > most)
		return complain("%s is a number from %lu to %lu, not '%s'", what, least, most,
				text);
	*ret = value;
	return 0;
}

static int parse_group(const char *text, gid_t *ret)
{
	const struct group *group = getgrnam(text);
	unsigned long number;

	if (group) {
		*ret = group->gr_gid;
		return 0;
	}
	if (text[0] < '0' || text[0] > '9')
		return complain("There is no group '%s'", text);
	if (parse_number("The group", text, 0, UINT_MAX - 1, &number) < 0)
		return -EINVAL;
	*ret = (gid_t)number;
	return 0;
}

/* Names and addresses, one more each time. */
static int add_text(const char *what, const char **texts, size_t most, size_t *count,
		    const char *text)
{
	if (*count == most)
		return complain("%s can be given %zu times", what, most);
	texts[(*count)++] = text;
	return 0;
}

static int parse_choice(const char *what, const char *choices, int (*parse)(const char *),
			const char *text, int *ret)
{
	int value = parse(text);

	if (value < 0)
		return complain("%s is %s, not '%s'", what, choices, text);
	*ret = value;
	return 0;
}

/* "3600", "60m", "1h", "7d", as the managers write times; 0 to 10 years. */
static int parse_time(const char *what, const char *text, unsigned int *ret)
{
	static const char units[] = "smhdw";
	static const unsigned long seconds[] = { 1, 60, 3600, 86400, 604800 };
	size_t digits = strspn(text, "0123456789");
	const char *unit = text[digits] ? strchr(units, text[digits]) : units;
	unsigned long value = strtoul(text, NULL, 10);

	if (digits == 0 || digits > 9 || !unit || (text[digits] && text[digits + 1]) ||
	    value > TIME_MAX / seconds[unit - units])
		return complain("%s is a time like 90s, 60m, 1h or 7d, not '%s'", what, text);
	*ret = (unsigned int)(value * seconds[unit - units]);
	return 0;
}

static int yes_from_text(const char *text)
{
	return strcmp(text, "yes") == 0 ? 1 : strcmp(text, "no") == 0 ? 0 : -EINVAL;
}

/* Must groups exist? */
static int groups_from_text(const char *text)
{
	return strcmp(text, "existing") == 0 ? 1 : strcmp(text, "any") == 0 ? 0 : -EINVAL;
}

/* ------------------------------------------------------------------ options */

/* What is only known when everything has been read. */
struct pending {
	int dialect;           /* -1: not given */
	int on_duplicate;      /* -1: not given */
	int groups_must_exist; /* -1: not given */
	bool force_is_given;
};

static int parse_force_option(struct options *options, struct pending *pending, int option,
			      const char *value)
{
	int yes = -1, r;

	pending->force_is_given = true;
	switch (option) {
	case OPTION_FORCE_KEY_MISMATCH:
		r = parse_choice("--force-key-mismatch", "yes or no", yes_from_text, value, &yes);
		options->force.key_mismatch = yes == 1;
		return r;
	case OPTION_FORCE_DISCONNECTED:
		options->force.ask_disconnected = strcmp(value, "no") != 0;
		return options->force.ask_disconnected
			       ? parse_time("--force-disconnected-time", value,
					    &options->force.disconnected_time)
			       : 0;
	default:
		return parse_time("--force-after-registration-time", value,
				  &options->force.after_registration_time);
	}
}

static int parse_number_option(struct options *options, int option, const char *value)
{
	unsigned long number = 0;
	int r;

	switch (option) {
	case 'p':
		r = parse_number("The port", value, 0, 65535, &number);
		options->port = (unsigned short)number;
		return r;
	case OPTION_TIMEOUT:
		r = parse_number("The timeout", value, 1, TIMEOUT_MAX, &number);
		options->timeout = (unsigned int)number;
		return r;
	case OPTION_MAX_AGENTS:
		r = parse_number("The number of agents", value, 1, ROSTER_ID_MAX, &number);
		options->max_agents = number;
		return r;
	default:
		r = parse_number("The number of connections", value, 1, MAX_CONNECTIONS_MAX,
				 &number);
		options->max_connections = (unsigned int)number;
		return r;
	}
}

static int parse_text_option(struct options *options, int option, const char *value)
{
	switch (option) {
	case 'c':
		options->ciphers = value;
		return 0;
	case 'D':
		options->directory = value;
		return 0;
	case 'k':
		options->private_key_file = value;
		return 0;
	case 'P':
		options->password_file = value;
		return 0;
	case 'v':
		options->client_ca_file = value;
		return 0;
	case 'x':
		options->certificate_file = value;
		return 0;
	case OPTION_LISTEN:
		return add_text("--listen", options->listen, LISTENERS_MAX, &options->listen_count,
				value);
	case OPTION_NAME:
		return add_text("--name", options->names, OPTION_NAMES_MAX, &options->name_count,
				value);
	default:
		if (!manager_version_is_valid(value))
			return complain("The manager's version looks like v4.14.5, not '%s'",
					value);
		options->manager_version = value;
		return 0;
	}
}

static int parse_option(struct options *options, struct pending *pending, int option,
			const char *value)
{
	const char *fault = "";
	int r = api_options_take(&options->api, option, value, &fault);

	if (r != 0)
		return r < 0 ? complain("%s, not '%s'", fault, value) : 0;
	switch (option) {
	case 'd':
		options->log_level = LOG_DEBUG;
		return 0;
	case 'g':
		return parse_group(value, &options->group);
	case 'h':
		options->command = COMMAND_HELP;
		return 0;
	case 'i':
		options->use_source_address = true;
		return 0;
	case 'n':
		options->no_password = true;
		return 0;
	case 's':
		options->verify_host = true;
		return 0;
	case 't':
		options->test = true;
		return 0;
	case 'V':
		options->command = COMMAND_VERSION;
		return 0;
	case OPTION_INIT:
		options->init = true;
		return 0;
	case OPTION_DIALECT:
		return parse_choice("The dialect", "ossec or wazuh", dialect_from_text, value,
				    &pending->dialect);
	case OPTION_ON_DUPLICATE:
		return parse_choice("--on-duplicate", "rename, refuse, replace or force",
				    on_duplicate_from_text, value, &pending->on_duplicate);
	case OPTION_FORCE_KEY_MISMATCH:
	case OPTION_FORCE_DISCONNECTED:
	case OPTION_FORCE_REGISTERED:
		return parse_force_option(options, pending, option, value);
	case OPTION_GROUPS:
		return parse_choice("--groups", "existing or any", groups_from_text, value,
				    &pending->groups_must_exist);
	case OPTION_ALLOW_HIGHER_VERSIONS:
		options->allow_higher_versions = true;
		return 0;
	case 'p':
	case OPTION_TIMEOUT:
	case OPTION_MAX_AGENTS:
	case OPTION_MAX_CONNECTIONS:
		return parse_number_option(options, option, value);
	default:
		return parse_text_option(options, option, value);
	}
}

/* ------------------------------------------------------------------ the whole line */

static int default_path(struct options *options, int i, const char **ret, const char *name)
{
	if (*ret)
		return 0;
	if (asprintf(&options->owned[i], "%s/%s", options->directory, name) < 0) {
		options->owned[i] = NULL;
		return complain("Out of memory");
	}
	*ret = options->owned[i];
	return 0;
}

static const char *const command_names[] = {
	[COMMAND_SERVE] = "serve",
	[COMMAND_INIT] = "init",
	[COMMAND_ADD] = "add",
	[COMMAND_LIST] = "list",
	[COMMAND_EXPORT] = "export",
	[COMMAND_REMOVE] = "remove",
	[COMMAND_IMPORT_FILE] = "import-file",
	[COMMAND_USER] = "user",
};

static bool is_administration(enum command command)
{
	return command >= COMMAND_ADD && command <= COMMAND_IMPORT_FILE;
}

/* Wazuh managers, and a service that speaks like one, keep a file that OSSEC does not have. */
static enum dialect guess_dialect(const struct options *options)
{
	const struct agent_history history = { .queue = options->queue_directory };

	return agent_history_exists(&history) ? DIALECT_WAZUH : DIALECT_OSSEC;
}

static int complete(struct options *options, const struct pending *pending)
{
	bool is_admin = is_administration(options->command);

	if (default_path(options, 3, &options->groups_directory, "etc/shared") < 0 ||
	    default_path(options, 4, &options->queue_directory, "queue") < 0)
		return -EINVAL;
	options->dialect = pending->dialect >= 0 ? (enum dialect)pending->dialect
			   : is_admin            ? guess_dialect(options)
						 : DIALECT_OSSEC;
	if (pending->on_duplicate >= 0)
		options->on_duplicate = (enum on_duplicate)pending->on_duplicate;
	else if (is_admin)
		options->on_duplicate = ON_DUPLICATE_REFUSE;
	else
		options->on_duplicate = options->dialect == DIALECT_WAZUH ? ON_DUPLICATE_FORCE
									  : ON_DUPLICATE_RENAME;
	if (pending->force_is_given && options->on_duplicate != ON_DUPLICATE_FORCE)
		return complain("The rules --force-... count only with --on-duplicate force");
	options->groups_must_exist = pending->groups_must_exist >= 0
					     ? pending->groups_must_exist != 0
					     : options->dialect == DIALECT_WAZUH;
	if (options->allow_higher_versions)
		options->manager_version = NULL;
	if (options->verify_host && !options->client_ca_file)
		return complain("-s (verify the client's address) needs -v (the CA of its "
				"certificate)");
	if (options->no_password && options->password_file)
		return complain("-n (no password) and -P (password file) contradict each other");
	if (default_path(options, 0, &options->certificate_file, "etc/sslmanager.cert") < 0 ||
	    default_path(options, 1, &options->private_key_file, "etc/sslmanager.key") < 0 ||
	    (!options->no_password &&
	     default_path(options, 2, &options->password_file, "etc/authd.pass") < 0) ||
	    default_path(options, 5, &options->api.users_file, "etc/api.users") < 0)
		return -EINVAL;
	return 0;
}

static int parse_command(struct options *options, const char *word)
{
	for (size_t i = COMMAND_SERVE; i < sizeof command_names / sizeof command_names[0]; i++)
		if (command_names[i] && strcmp(word, command_names[i]) == 0) {
			options->command = (enum command)i;
			return 0;
		}
	return complain("There is no command '%s'", word);
}

/* Parse options until `letters` ("+...": until the first other word) have no more. */
static int parse_options(struct options *options, struct pending *pending, int argc, char **argv,
			 const char *letters)
{
	bool is_admin = is_administration(options->command);
	int option, r;

	optind = 0;
	while ((option = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
		if (is_admin && option == OPTION_NAME)
			option = 'n';
		if (option == '?')
			return -EINVAL;
		if (admin_options_take(&options->admin, is_admin, option, optarg))
			continue;
		r = parse_option(options, pending, option, optarg);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What stands behind the command. */
static int parse_rest(struct options *options, struct pending *pending, int argc, char **argv)
{
	enum command command = options->command;
	const char *fault;
	int r = parse_options(options, pending, argc, argv,
			      is_administration(command) ? ADMIN_LETTERS : LETTERS);

	if (r < 0 || options->command != command) /* --help, --version */
		return r;
	options->admin.operands = argv + optind;
	options->admin.operand_count = argc - optind;
	if (!is_administration(command) && command != COMMAND_USER && optind < argc)
		return complain("There is one command, and '%s' is one too many", argv[optind]);
	if (options->api.remove_user && command != COMMAND_USER)
		return complain("--remove belongs to user");
	return admin_options_check(&options->admin, command_names[command], &fault) < 0
		       ? complain("%s", fault)
		       : 0;
}

static int parse_line(struct options *options, struct pending *pending, int argc, char **argv)
{
	int r = parse_options(options, pending, argc, argv, "+" LETTERS);

	if (r < 0 || options->command != COMMAND_NONE) /* --help, --version */
		return r;
	if (optind == argc && options->init)
		options->command = COMMAND_INIT;
	else if (optind == argc)
		return complain("Give a command: serve, init, user, add, list, export, remove or "
				"import-file");
	else
		r = parse_command(options, argv[optind]);
	if (r < 0 || optind == argc)
		return r;
	argc -= optind;
	argv += optind;
	argv[0] = program_invocation_name; /* for the reports of getopt_long(3) */
	return parse_rest(options, pending, argc, argv);
}

int options_parse(struct options *ret, int argc, char **argv)
{
	struct pending pending = { .dialect = -1, .on_duplicate = -1, .groups_must_exist = -1 };
	int r;

	*ret = (struct options){
		.log_level = LOG_INFO,
		.directory = DEFAULT_DIRECTORY,
		.group = (gid_t)-1,
		.port = DEFAULT_PORT,
		.timeout = DEFAULT_TIMEOUT,
		.api = API_OPTIONS_DEFAULT,
		.force = FORCE_RULES_WAZUH,
	};
	r = parse_line(ret, &pending, argc, argv);
	return r < 0 ? r : complete(ret, &pending);
}

void options_release(struct options *options)
{
	for (size_t i = 0; i < sizeof options->owned / sizeof options->owned[0]; i++)
		free(options->owned[i]);
}
