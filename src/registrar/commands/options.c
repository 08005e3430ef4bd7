/* SPDX-License-Identifier: ISC */
#include "registrar/commands/options.h"

#include "common/cleanup.h"
#include "common/completion.h"
#include "common/escape.h"
#include "registrar/enrollment/agent-version.h"

#include <grp.h>
#include <string.h>
#include <syslog.h>

#define DEFAULT_DIRECTORY "/var/ossec"
#define DEFAULT_PORT 1515
#define DEFAULT_TIMEOUT 30
#define TIME_MAX (10ul * 365 * 86400) /* seconds */
#define NOT_GIVEN (-1)

_Static_assert(TEXT_LIST_MAX == LISTENERS_MAX, "each address has a listener");

/* ------------------------------------------------------------------ the table */

static option_setter set_group, set_debug, set_version, set_help, set_key_mismatch,
	set_disconnected_time, set_registration_time, set_manager_version, set_api_port;

static const char *const dialects[] = {
	[DIALECT_OSSEC] = "ossec",
	[DIALECT_WAZUH] = "wazuh",
	NULL,
};

static const char *const duplicate_actions[] = {
	[ON_DUPLICATE_RENAME] = "rename",
	[ON_DUPLICATE_REFUSE] = "refuse",
	[ON_DUPLICATE_REPLACE] = "replace",
	[ON_DUPLICATE_FORCE] = "force",
	NULL,
};

static const char *const yes_no[] = { "yes", "no", NULL };

/* In the order of the numbers that they mean. */
static const char *const group_rules[] = { "any", "existing", NULL };

#define FOR(name) COMMAND_BIT(COMMAND_##name)
#define ALL (COMMAND_BIT(COMMAND_COMPLETION) - 1)
#define WITH_INIT (FOR(SERVE) | FOR(INIT) | FOR(USER))
#define WITH_POLICY (FOR(SERVE) | FOR(ADD) | FOR(IMPORT_FILE))

static const struct option_row option_rows[] = {
	{ .help = "As in ossec-authd" },
	{ .name = "port",
	  .letter = 'p',
	  .argument = "PORT",
	  .set = option_set_number,
	  .offset = offsetof(struct options, service.port),
	  .commands = FOR(SERVE),
	  .data = NUMBER_RANGE(0, 65535),
	  .help = "listen on this port (1515; 0: any)" },
	{ .name = "directory",
	  .letter = 'D',
	  .argument = "DIR",
	  .set = option_set_text,
	  .offset = offsetof(struct options, directory),
	  .commands = ALL,
	  .kind = ARGUMENT_DIRECTORY,
	  .help = "installation; DIR/etc/client.keys holds the agents (/var/ossec)" },
	{ .name = "group",
	  .letter = 'g',
	  .argument = "GROUP",
	  .set = set_group,
	  .commands = ALL,
	  .kind = ARGUMENT_GROUP,
	  .help = "group of created files (that of DIR/etc)" },
	{ .name = "certificate",
	  .letter = 'x',
	  .argument = "FILE",
	  .set = option_set_text,
	  .offset = offsetof(struct options, tls.certificate_file),
	  .commands = WITH_INIT,
	  .kind = ARGUMENT_FILE,
	  .help = "certificate and chain (DIR/etc/sslmanager.cert)" },
	{ .name = "private-key",
	  .letter = 'k',
	  .argument = "FILE",
	  .set = option_set_text,
	  .offset = offsetof(struct options, tls.private_key_file),
	  .commands = WITH_INIT,
	  .kind = ARGUMENT_FILE,
	  .help = "its private key (DIR/etc/sslmanager.key)" },
	{ .name = "client-ca",
	  .letter = 'v',
	  .argument = "FILE",
	  .set = option_set_text,
	  .offset = offsetof(struct options, tls.client_ca_file),
	  .commands = FOR(SERVE),
	  .kind = ARGUMENT_FILE,
	  .help = "require a client certificate from this CA" },
	{ .name = "ciphers",
	  .letter = 'c',
	  .argument = "LIST",
	  .set = option_set_text,
	  .offset = offsetof(struct options, tls.ciphers),
	  .commands = FOR(SERVE),
	  .help = "OpenSSL cipher list for TLS 1.2" },
	{ .name = "use-source-address",
	  .letter = 'i',
	  .set = option_set_true,
	  .offset = offsetof(struct options, policy.use_source_address),
	  .commands = FOR(SERVE),
	  .help = "register agents with the address they connect from" },
	{ .name = "no-password",
	  .letter = 'n',
	  .set = option_set_true,
	  .offset = offsetof(struct options, no_password),
	  .commands = WITH_INIT,
	  .help = "require no password" },
	{ .name = "test",
	  .letter = 't',
	  .set = option_set_true,
	  .offset = offsetof(struct options, test),
	  .commands = FOR(SERVE),
	  .help = "check configuration and files, and exit" },
	{ .name = "debug", .letter = 'd', .set = set_debug, .help = "enable debug logging" },
	{ .name = "version",
	  .letter = 'V',
	  .set = set_version,
	  .is_last = true,
	  .help = "print the version" },
	{ .name = "help",
	  .letter = 'h',
	  .set = set_help,
	  .is_last = true,
	  .help = "print this help" },
	{ .help = "Registration" },
	{ .name = "password-file",
	  .letter = 'P',
	  .argument = "FILE",
	  .set = option_set_text,
	  .offset = offsetof(struct options, password_file),
	  .commands = WITH_INIT,
	  .kind = ARGUMENT_FILE,
	  .help = "the password to require (DIR/etc/authd.pass)" },
	{ .name = "verify-host",
	  .letter = 's',
	  .set = option_set_true,
	  .offset = offsetof(struct options, tls.verify_host),
	  .commands = FOR(SERVE),
	  .help = "with -v: the client certificate must match the client's address" },
	{ .name = "listen",
	  .argument = "ADDRESS",
	  .set = option_set_text_list,
	  .offset = offsetof(struct options, service.listen),
	  .commands = FOR(SERVE),
	  .kind = ARGUMENT_HOST,
	  .help = "listen on this address only (repeatable)" },
	{ .name = "dialect",
	  .argument = "DIALECT",
	  .set = option_set_choice,
	  .offset = offsetof(struct options, policy.dialect),
	  .commands = WITH_POLICY | FOR(REMOVE),
	  .choices = dialects,
	  .help = "respond like an ossec (default) or a wazuh manager" },
	{ .name = "on-duplicate",
	  .argument = "ACTION",
	  .set = option_set_choice,
	  .offset = offsetof(struct options, policy.on_duplicate),
	  .commands = WITH_POLICY,
	  .choices = duplicate_actions,
	  .help = "when name or address is taken: rename (default for ossec), refuse,"
		  " replace, or force (default for wazuh): replace by these rules:" },
	{ .name = "force-key-mismatch",
	  .argument = "yes|no",
	  .set = set_key_mismatch,
	  .commands = WITH_POLICY,
	  .choices = yes_no,
	  .help = "refuse clients that prove they hold the old key (yes)" },
	{ .name = "force-disconnected-time",
	  .argument = "TIME|no",
	  .set = set_disconnected_time,
	  .commands = WITH_POLICY,
	  .help = "replace agents that never connected, or not for this long (1h)" },
	{ .name = "force-after-registration-time",
	  .argument = "TIME",
	  .set = set_registration_time,
	  .commands = WITH_POLICY,
	  .help = "replace agents registered at least this long ago (1h)" },
	{ .name = "groups",
	  .argument = "GROUPS",
	  .set = option_set_choice,
	  .offset = offsetof(struct options, policy.groups_must_exist),
	  .commands = FOR(SERVE),
	  .choices = group_rules,
	  .help = "existing: groups need a directory in DIR/etc/shared (default for "
		  "wazuh); any: they do not (default for ossec)" },
	{ .name = "max-agents",
	  .argument = "N",
	  .set = option_set_number,
	  .offset = offsetof(struct options, policy.max_agents),
	  .commands = WITH_POLICY,
	  .data = NUMBER_RANGE(1, ROSTER_ID_MAX),
	  .help = "refuse registrations beyond N agents (no limit)" },
	{ .name = "manager-version",
	  .argument = "V",
	  .set = set_manager_version,
	  .commands = FOR(SERVE),
	  .help = "refuse agents that report a version newer than V (v4.14.5)" },
	{ .name = "allow-higher-versions",
	  .set = option_set_true,
	  .offset = offsetof(struct options, policy.allow_higher_versions),
	  .commands = FOR(SERVE),
	  .help = "accept agents of any version" },
	{ .name = "max-connections",
	  .argument = "N",
	  .set = option_set_number,
	  .offset = offsetof(struct options, service.max_connections),
	  .commands = FOR(SERVE),
	  .data = NUMBER_RANGE(1, 1000000),
	  .help = "serve at most N clients at a time; others wait (4096)" },
	{ .name = "timeout",
	  .argument = "SECONDS",
	  .set = option_set_number,
	  .offset = offsetof(struct options, service.timeout),
	  .commands = FOR(SERVE),
	  .data = NUMBER_RANGE(1, 3600),
	  .help = "from connection to response (30)" },
	{ .name = "init",
	  .set = option_set_true,
	  .offset = offsetof(struct options, init),
	  .commands = WITH_INIT,
	  .help = "first create any missing certificate, key and password" },
	{ .name = "name",
	  .argument = "NAME",
	  .set = option_set_text_list,
	  .offset = offsetof(struct options, names),
	  .commands = WITH_INIT,
	  .help = "with init: another name or address for the certificate "
		  "(repeatable)" },
	{ .help = "Wazuh's API, version 4, the part about registration" },
	{ .name = "api-port",
	  .argument = "PORT",
	  .set = set_api_port,
	  .offset = offsetof(struct options, api.port),
	  .commands = FOR(SERVE),
	  .data = NUMBER_RANGE(0, 65535),
	  .help = "serve it on this port (off; Wazuh's is 55000; 0: any)" },
	{ .name = "api-listen",
	  .argument = "ADDRESS",
	  .set = option_set_text_list,
	  .offset = offsetof(struct options, api.listen),
	  .commands = FOR(SERVE),
	  .kind = ARGUMENT_HOST,
	  .help = "listen on this address only (repeatable; those of --listen)" },
	{ .name = "api-users",
	  .argument = "FILE",
	  .set = option_set_text,
	  .offset = offsetof(struct options, api.users_file),
	  .commands = FOR(SERVE) | FOR(USER),
	  .kind = ARGUMENT_FILE,
	  .help = "its users and their passwords (DIR/etc/api.users)" },
	{ .name = "api-max-requests",
	  .argument = "N",
	  .set = option_set_number,
	  .offset = offsetof(struct options, api.limits.requests),
	  .commands = FOR(SERVE),
	  .data = NUMBER_RANGE(0, 1000000),
	  .help = "requests from one address in a minute (300; 0: no limit)" },
	{ .name = "api-max-login-attempts",
	  .argument = "N",
	  .set = option_set_number,
	  .offset = offsetof(struct options, api.limits.failures),
	  .commands = FOR(SERVE),
	  .data = NUMBER_RANGE(1, 1000000),
	  .help = "failed logins that lock an address out (50)" },
	{ .name = "api-block-time",
	  .argument = "SECONDS",
	  .set = option_set_number,
	  .offset = offsetof(struct options, api.limits.block_time),
	  .commands = FOR(SERVE),
	  .data = NUMBER_RANGE(1, 86400),
	  .help = "how long it is locked out (300)" },
	{ .help = "Options of single commands" },
	{ .name = "name",
	  .letter = 'n',
	  .argument = "NAME",
	  .set = option_set_text,
	  .offset = offsetof(struct options, admin.name),
	  .commands = FOR(ADD),
	  .help = "add: the agent's name" },
	{ .name = "ip",
	  .letter = 'a',
	  .argument = "IP",
	  .set = option_set_text,
	  .offset = offsetof(struct options, admin.ip),
	  .commands = FOR(ADD),
	  .help = "add: any, an address or a network (any)" },
	{ .name = "id",
	  .argument = "ID",
	  .set = option_set_text,
	  .offset = offsetof(struct options, admin.id),
	  .commands = FOR(ADD),
	  .help = "add: its ID (the next free one)" },
	{ .name = "json",
	  .letter = 'j',
	  .set = option_set_true,
	  .offset = offsetof(struct options, admin.json),
	  .commands = FOR(LIST),
	  .help = "list: as JSON" },
	{ .name = "purge",
	  .set = option_set_true,
	  .offset = offsetof(struct options, admin.purge),
	  .commands = FOR(REMOVE),
	  .help = "remove: also free the IDs" },
	{ .name = "remove",
	  .set = option_set_true,
	  .offset = offsetof(struct options, admin.remove_user),
	  .commands = FOR(USER),
	  .help = "user: remove the user" },
	{ 0 },
};

static struct command_line command_line = {
	.program = "agent-registrar",
	.usage = "[OPTION...] COMMAND [ARGUMENT...]",
	.purpose = "Register Wazuh or OSSEC agents, and administer their keys.",
	.help_option = "--help",
	.default_command = "init", /* only with --init */
	.options = option_rows,
};

/* ------------------------------------------------------------------ storing options */

static int set_help(void *target, const struct option_row *row, char *value)
{
	(void)target, (void)row, (void)value;
	command_line_print_help(&command_line);
	return 0;
}

static int set_version(void *target, const struct option_row *row, char *value)
{
	(void)target, (void)row, (void)value;
	printf("agent-registrar " PACKAGE_VERSION "\n");
	return 0;
}

static int set_debug(void *target, const struct option_row *row, char *value)
{
	struct options *options = target;

	(void)row, (void)value;
	options->log_level = LOG_DEBUG;
	return 0;
}

/* A name, or a number that no name is. */
static int set_group(void *target, const struct option_row *row, char *value)
{
	struct options *options = target;
	const struct group *group = getgrnam(value);
	char shown[128], *end;
	unsigned long number;

	(void)row;
	if (group) {
		options->group = group->gr_gid;
		return 0;
	}
	errno = 0;
	number = strtoul(value, &end, 10);
	if (value[0] < '0' || value[0] > '9' || *end || errno || number >= (gid_t)-1)
		return usage_error("there is no group '%s'",
				   escape_string(shown, sizeof shown, value));
	options->group = (gid_t)number;
	return 0;
}

/* "3600", "60m", "1h", "7d", as the managers write times; 0 to 10 years. */
static int parse_time(const struct option_row *row, const char *text, unsigned int *ret)
{
	static const char units[] = "smhdw";
	static const unsigned long seconds[] = { 1, 60, 3600, 86400, 604800 };
	size_t digits = strspn(text, "0123456789");
	const char *unit = text[digits] ? strchr(units, text[digits]) : units;
	unsigned long value = strtoul(text, NULL, 10);
	char shown[128];

	if (digits == 0 || digits > 9 || !unit || (text[digits] && text[digits + 1]) ||
	    value > TIME_MAX / seconds[unit - units])
		return usage_error("--%s is a time like 90s, 60m, 1h or 7d, not '%s'", row->name,
				   escape_string(shown, sizeof shown, text));
	*ret = (unsigned int)(value * seconds[unit - units]);
	return 0;
}

static int set_key_mismatch(void *target, const struct option_row *row, char *value)
{
	struct options *options = target;

	(void)row;
	options->policy.has_force_rules = true;
	options->policy.force.key_mismatch = strcmp(value, "yes") == 0;
	return 0;
}

static int set_disconnected_time(void *target, const struct option_row *row, char *value)
{
	struct options *options = target;
	struct force_rules *force = &options->policy.force;

	options->policy.has_force_rules = true;
	force->check_disconnected = strcmp(value, "no") != 0;
	return force->check_disconnected ? parse_time(row, value, &force->disconnected_time) : 0;
}

static int set_registration_time(void *target, const struct option_row *row, char *value)
{
	struct options *options = target;

	options->policy.has_force_rules = true;
	return parse_time(row, value, &options->policy.force.after_registration_time);
}

static int set_manager_version(void *target, const struct option_row *row, char *value)
{
	struct options *options = target;
	char shown[128];

	if (!manager_version_is_valid(value))
		return usage_error("--%s is a version like v4.14.5, not '%s'", row->name,
				   escape_string(shown, sizeof shown, value));
	options->policy.manager_version = value;
	return 0;
}

static int set_api_port(void *target, const struct option_row *row, char *value)
{
	struct options *options = target;

	options->api.enabled = true;
	return option_set_number(target, row, value);
}

/* ------------------------------------------------------------------ defaults */

static int make_path(char **ret, const struct options *options, const char *name)
{
	if (asprintf(ret, "%s/%s", options->directory, name) >= 0)
		return 0;
	*ret = NULL;
	return usage_error("out of memory");
}

static int set_default_paths(struct options *options)
{
	struct default_paths *paths = &options->paths;

	if (make_path(&paths->certificate_file, options, "etc/sslmanager.cert") < 0 ||
	    make_path(&paths->private_key_file, options, "etc/sslmanager.key") < 0 ||
	    make_path(&paths->password_file, options, "etc/authd.pass") < 0 ||
	    make_path(&paths->users_file, options, "etc/api.users") < 0 ||
	    make_path(&paths->groups_directory, options, "etc/shared") < 0 ||
	    make_path(&paths->queue_directory, options, "queue") < 0)
		return -EINVAL;
	options->tls.certificate_file = options->tls.certificate_file ?: paths->certificate_file;
	options->tls.private_key_file = options->tls.private_key_file ?: paths->private_key_file;
	options->api.users_file = options->api.users_file ?: paths->users_file;
	if (!options->no_password)
		options->password_file = options->password_file ?: paths->password_file;
	return 0;
}

/* Wazuh managers, and a service that responds like one, keep a file that OSSEC does not have. */
static enum dialect guess_dialect(const struct options *options)
{
	const struct agent_history history = { .queue = options->paths.queue_directory };

	return agent_history_exists(&history) ? DIALECT_WAZUH : DIALECT_OSSEC;
}

static void set_default_policy(struct options *options, bool is_administration)
{
	struct policy_options *policy = &options->policy;

	if (policy->dialect == NOT_GIVEN)
		policy->dialect = is_administration ? guess_dialect(options) : DIALECT_OSSEC;
	if (policy->on_duplicate == NOT_GIVEN)
		policy->on_duplicate = is_administration                  ? ON_DUPLICATE_REFUSE
				       : policy->dialect == DIALECT_WAZUH ? ON_DUPLICATE_FORCE
									  : ON_DUPLICATE_RENAME;
	if (policy->groups_must_exist == NOT_GIVEN)
		policy->groups_must_exist = policy->dialect == DIALECT_WAZUH;
	if (policy->allow_higher_versions)
		policy->manager_version = NULL;
}

static int complete(struct options *options, enum command_index command)
{
	if (options->no_password && options->password_file)
		return usage_error("-n (no password) and -P (password file) contradict each other");
	if (set_default_paths(options) < 0)
		return -EINVAL;
	set_default_policy(options, command >= COMMAND_ADD && command <= COMMAND_IMPORT_FILE);
	if (options->policy.has_force_rules && options->policy.on_duplicate != ON_DUPLICATE_FORCE)
		return usage_error("--force-... needs --on-duplicate force");
	if (options->tls.verify_host && !options->tls.client_ca_file)
		return usage_error("-s (verify the client's address) needs -v (the CA of its "
				   "certificate)");
	if (command == COMMAND_ADD && !options->admin.name)
		return usage_error("the command add needs the agent's name (-n)");
	return 0;
}

/* ------------------------------------------------------------------ the whole line */

int options_parse(struct options *ret, const struct command *commands, int argc, char **argv)
{
	struct parsed_line parsed;
	int r;

	*ret = (struct options){
		.log_level = LOG_INFO,
		.directory = DEFAULT_DIRECTORY,
		.group = (gid_t)-1,
		.service = { .port = DEFAULT_PORT, .timeout = DEFAULT_TIMEOUT },
		.api.limits = { .requests = 300, .failures = 50, .block_time = 300 },
		.policy = { .dialect = NOT_GIVEN,
			    .on_duplicate = NOT_GIVEN,
			    .groups_must_exist = NOT_GIVEN,
			    .force = FORCE_RULES_WAZUH },
	};
	command_line.commands = commands;
	r = command_line_parse(&parsed, &command_line, ret, argc, argv);
	if (r < 0 || parsed.is_done)
		return r < 0 ? r : 1;
	if (parsed.is_default && !ret->init)
		return usage_error("no command is given");
	ret->command = parsed.command;
	ret->operands = parsed.arguments;
	ret->operand_count = parsed.argument_count;
	return complete(ret, (enum command_index)(parsed.command - commands));
}

int completion_command(struct program *program)
{
	completion_print(&command_line, program->options->operands[0]);
	return 0;
}

void options_clear(struct options *options)
{
	free(options->paths.certificate_file);
	free(options->paths.private_key_file);
	free(options->paths.password_file);
	free(options->paths.users_file);
	free(options->paths.groups_directory);
	free(options->paths.queue_directory);
}
