/* SPDX-License-Identifier: ISC */
#include "client/commands/agent-auth.h"

#include "client/commands/agent-auth-output.h"
#include "client/registration/access.h"
#include "client/registration/register.h"
#include "client/system/identity.h"
#include "common/cleanup.h"
#include "common/endpoint.h"
#include "common/escape.h"
#include "common/log.h"
#include "common/option-setters.h"
#include "common/secret.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/stat.h>

#define FAILURE 1 /* the exit status of everything but success */

/* What kind of value an option takes, for which the configuration wants another form. */
enum form { FORM_PLAIN, FORM_PATH, FORM_ADDRESS };

/* The setting that an option stands for. */
struct auth_setting {
	const char *section, *key;
	enum form form;
	const char *wrong; /* what agent-auth says of a bad value */
};

/* The last one given of each option that stands for a setting. */
struct auth_settings {
	const char *manager, *port, *name, *directory, *group, *groups, *ip;
	const char *ca_file, *certificate_file, *private_key_file, *ciphers;
};

/* The command line; a process has one. Pointers into argv. */
static struct auth_options {
	struct auth_settings settings;
	const char *password_file;
	const char *interface_index;
	const char *state_directory;
	bool use_source_address, pick_any_tls, only_test, debug, has_extra;
	bool password_was_given; /* in place of a file */
} line;

static option_setter set_password;

#define SETTING(short, value, member, config_section, config_key, config_form, bad, ...)       \
	{                                                                                      \
		.letter = short, .argument = value, .set = option_set_text,                    \
		.offset = offsetof(struct auth_options, settings.member),                      \
		.data = &(const struct auth_setting){ config_section, config_key, config_form, \
						      bad },                                   \
		__VA_ARGS__                                                                    \
	}

static const struct option_row rows[] = {
	SETTING('m', "HOST", manager, "manager", "address", FORM_PLAIN,
		"Could not resolve hostname", .kind = ARGUMENT_HOST,
		.help = "the manager's address"),
	SETTING('p', "PORT", port, "manager", "port", FORM_PLAIN, "Invalid port",
		.help = "its registration port (1515)"),
	SETTING('A', "NAME", name, "agent", "name", FORM_PLAIN, "Invalid agent name",
		.help = "the agent's name (the host name)"),
	SETTING('D', "DIR", directory, "agent", "directory", FORM_PATH, "Invalid directory",
		.kind = ARGUMENT_DIRECTORY, .help = "the agent's directory (/var/ossec)"),
	SETTING('g', "GROUP", group, "agent", "group", FORM_PLAIN, "Invalid group",
		.kind = ARGUMENT_GROUP,
		.help = "the group that may read the key (wazuh, else ossec)"),
	SETTING('v', "FILE", ca_file, "tls", "ca_file", FORM_PATH, "Invalid CA certificate file",
		.kind = ARGUMENT_FILE,
		.help = "the CA that issued the manager's certificate; "
			"without it, the manager is not verified"),
	SETTING('x', "FILE", certificate_file, "tls", "certificate_file", FORM_PATH,
		"Invalid certificate file", .kind = ARGUMENT_FILE,
		.help = "the agent's certificate"),
	SETTING('k', "FILE", private_key_file, "tls", "private_key_file", FORM_PATH,
		"Invalid private key file", .kind = ARGUMENT_FILE, .help = "its private key"),
	{ .letter = 'P',
	  .argument = "FILE",
	  .kind = ARGUMENT_FILE,
	  .set = set_password,
	  .help = "the file with the manager's password (DIR/etc/authd.pass, if there)" },
	SETTING('c', "CIPHERS", ciphers, "tls", "ciphers", FORM_PLAIN, "Invalid ciphers",
		.help = "OpenSSL cipher list for TLS 1.2"),
	SETTING('G', "GROUPS", groups, "agent", "groups", FORM_PLAIN, "Invalid group name",
		.help = "the agent's groups, separated by commas"),
	SETTING('I', "IP", ip, "agent", "ip", FORM_ADDRESS, "Invalid IP",
		.help = "the agent's address"),
	{ .letter = 'i',
	  .set = option_set_true,
	  .offset = offsetof(struct auth_options, use_source_address),
	  .help = "the agent's address is the one that the manager sees" },
	{ .letter = 'n',
	  .argument = "INDEX",
	  .set = option_set_text,
	  .offset = offsetof(struct auth_options, interface_index),
	  .help = "the network interface of a link-local IPv6 address" },
	{ .letter = 'a',
	  .set = option_set_true,
	  .offset = offsetof(struct auth_options, pick_any_tls),
	  .help = "changes nothing: TLS 1.2 and 1.3 are spoken with and without it" },
	{ .letter = 't',
	  .set = option_set_true,
	  .offset = offsetof(struct auth_options, only_test),
	  .help = "test the options and the files they name; contact no manager" },
	{ .letter = 'd',
	  .set = option_set_true,
	  .offset = offsetof(struct auth_options, debug),
	  .help = "enable debug logging" },
	{ OPTION_VERSION },
	{ OPTION_HELP },
	{ .name = "state",
	  .argument = "DIR",
	  .set = option_set_text,
	  .kind = ARGUMENT_DIRECTORY,
	  .offset = offsetof(struct auth_options, state_directory),
	  .help = "remember state in DIR, as agent-register does" },
	{ 0 },
};

const struct command_line agent_auth_command_line = {
	.program = "agent-auth",
	.part_of = "agent-register",
	.usage = "-m HOST [OPTION...]",
	.purpose = "Ask a Wazuh or OSSEC manager for a key, as agent-auth does. "
		   "This is agent-register(8) under another name; "
		   "the differences from the agents' own agent-auth are listed in agent-auth(8).",
	.help_option = "-h",
	.has_getopt_words = true,
	.options = rows,
};

bool agent_auth_is_called(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return path && strcmp(slash ? slash + 1 : path, "agent-auth") == 0;
}

/* ------------------------------------------------------------------ parsing */

/* A password on the command line may have been seen already; at least hide it from now on. */
static int set_password(void *target, const struct option_row *row, char *value)
{
	struct auth_options *options = target;
	struct stat status;

	(void)row;
	if (stat(value, &status) == 0) {
		options->password_file = value;
		return 0;
	}
	options->password_was_given = true;
	explicit_bzero(value, strlen(value));
	return 0;
}

static int run_agent_auth(struct program *program);

int agent_auth_parse(struct client_options *options, int count, char **arguments)
{
	static const struct command command = { .name = "agent-auth",
						.mode = CONFIG_UNREAD,
						.run = run_agent_auth };
	struct parsed_line parsed;
	int r = command_line_parse(&parsed, &agent_auth_command_line, &line, count, arguments);

	if (r != 0)
		return r;
	line.has_extra = parsed.argument_count > 0;
	options->line.command = &command;
	options->force = true;
	options->verbosity = line.debug;
	if (line.state_directory)
		options->state_directory = line.state_directory;
	/* The notifications that a calling script's service expects are none of our business. */
	(void)unsetenv("NOTIFY_SOCKET");
	return 0;
}

/* ------------------------------------------------------------------ from options to settings */

/* The configuration has absolute paths only. */
static char *absolute_path(const char *path)
{
	cleanup_free char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);
	char *made;

	if (path[0] == '/')
		return strdup(path);
	return here && asprintf(&made, "%s/%s", here, path) >= 0 ? made : NULL;
}

/* IPv6 addresses go over the wire in full and in capitals, as Wazuh's agents send them. */
static char *full_address(const char *address)
{
	size_t length = strcspn(address, "/");
	char text[INET6_ADDRSTRLEN] = "", full[sizeof "0000:0000:0000:0000:0000:0000:0000:0000"];
	struct in6_addr binary;
	char *made;

	if (length < sizeof text)
		memcpy(text, address, length);
	if (inet_pton(AF_INET6, text, &binary) != 1)
		return strdup(address);
	for (size_t i = 0; i < 8; i++)
		(void)snprintf(full + 5 * i, sizeof full - 5 * i, "%02X%02X%s",
			       binary.s6_addr[2 * i], binary.s6_addr[2 * i + 1], i < 7 ? ":" : "");
	return asprintf(&made, "%s%s", full, address + length) < 0 ? NULL : made;
}

static char *formed(enum form form, const char *value)
{
	switch (form) {
	case FORM_PATH:
		return absolute_path(value);
	case FORM_ADDRESS:
		return full_address(value);
	default:
		return strdup(value);
	}
}

static int set_setting(struct config *config, const struct option_row *row, struct reason *why)
{
	const struct auth_setting *setting = row->data;
	const char *given = *(const char **)(void *)((char *)&line + row->offset);
	cleanup_free char *value = given ? formed(setting->form, given) : NULL;

	if (given && !value)
		return reason_errno(why, errno, "Cannot take -%c", row->letter);
	if (value && *value == '\0') {
		reason_set(why, "%s: -%c is empty", setting->wrong, row->letter);
		return -EINVAL;
	}
	return value ? config_set(config, setting->section, setting->key, value, setting->wrong,
				  why)
		     : 0;
}

static int set_all(struct config *config, struct reason *why)
{
	int r = 0;

	for (const struct option_row *row = rows; r >= 0 && !option_row_is_end(row); row++)
		if (row->data)
			r = set_setting(config, row, why);
	return r;
}

static int refuse(struct reason *why, const char *text)
{
	reason_set(why, "%s", text);
	return -EINVAL;
}

/*
 * -n: the interface belongs to the address, where that is a link-local one (RFC 4007 section 11).
 */
static int set_interface(struct config *config, struct reason *why)
{
	const char *host = line.settings.manager, *index = line.interface_index;
	size_t digits = index ? strspn(index, "0123456789") : 0;
	cleanup_free char *scoped = NULL;
	struct endpoint manager;
	struct in6_addr address;
	char shown[64];
	int r;

	if (!index)
		return 0;
	if (digits == 0 || digits > 9 || index[digits] || strtol(index, NULL, 10) == 0) {
		reason_set(why, "Invalid network_interface: %s",
			   escape_string(shown, sizeof shown, index));
		return -EINVAL;
	}
	if (!host || endpoint_parse(&manager, host, config_default_port(config)) < 0 ||
	    inet_pton(AF_INET6, manager.host, &address) != 1 || !IN6_IS_ADDR_LINKLOCAL(&address))
		return 0;
	if (asprintf(&scoped, "[%s%%%s]:%u", manager.host, index, (unsigned)manager.port) < 0) {
		scoped = NULL;
		return reason_errno(why, ENOMEM, "Cannot take -n");
	}
	/* a list, of which this is to be all */
	r = config_set(config, "manager", "address", "", "-n", why);
	return r < 0 ? r : config_set(config, "manager", "address", scoped, "-n", why);
}

/* -P, or else the file that Wazuh's agent-auth reads by itself. */
static int set_password_file(struct config *config, struct reason *why)
{
	cleanup_free char *path = NULL;

	if (line.password_file)
		path = absolute_path(line.password_file);
	else if (asprintf(&path, "%s/etc/authd.pass", config->agent.directory) < 0)
		path = NULL;
	if (!path)
		return reason_errno(why, errno, "Cannot take -P");
	if (!line.password_file && access(path, F_OK) < 0)
		return 0;
	return config_set(config, "auth", "password_file", path, "Invalid password file", why);
}

/* The configuration would expand specifiers in it. */
static int check_name(struct reason *why)
{
	const char *name = line.settings.name;
	size_t length = name ? strlen(name) : 0;
	char shown[256];

	if (!name || (agent_name_is_registrable(name, length) && length <= AGENT_NAME_SAFE_MAX))
		return 0;
	reason_set(why,
		   "Invalid agent name \"%s\". Please pick a valid name: "
		   "2 to 127 of A-Z a-z 0-9 . _ -, not beginning with a dot",
		   escape_string(shown, sizeof shown, name));
	return -EINVAL;
}

/* Never says what was given: it may be the password. */
static int refuse_password(const struct config *config, struct reason *why)
{
	char directory[256];

	escape_string(directory, sizeof directory,
		      line.settings.directory ?: config->agent.directory);
	reason_set(why,
		   "-P takes a file, and there is none of that name. If it was the password "
		   "itself: everybody on this machine can read command lines, so use another one, "
		   "and put it where it is read without -P: (umask 077; cat >%s/etc/authd.pass)",
		   directory);
	return -EINVAL;
}

static int check_combinations(const struct config *config, struct reason *why)
{
	if (line.password_was_given)
		return refuse_password(config, why);
	if (line.settings.ip && line.use_source_address)
		return refuse(why, "Options '-I' and '-i' are uncompatible.");
	if (line.settings.certificate_file && !line.settings.private_key_file)
		return refuse(why, "-x needs -k: a certificate is useless without its private key");
	if (line.settings.private_key_file && !line.settings.certificate_file)
		return refuse(why, "-k needs -x: a private key is useless without its certificate");
	if (!line.settings.manager && !line.only_test)
		return refuse(why, "Manager IP not set.");
	return check_name(why);
}

static int configure(struct config *config, struct reason *why)
{
	int r = check_combinations(config, why);

	if (r >= 0)
		r = set_all(config, why);
	if (r >= 0)
		r = set_interface(config, why);
	if (r >= 0 && line.use_source_address)
		r = config_set(config, "agent", "ip", "src", "-i", why);
	if (r >= 0)
		r = set_password_file(config, why);
	config->take_any_host_name = true;
	config->tls.verify = config->tls.ca_file != NULL;
	return r >= 0 ? config_check(config, why) : r;
}

/* ------------------------------------------------------------------ running */

/* -t: what can be checked without contacting a manager. */
static int test_configuration(const struct config *config, struct reason *why)
{
	cleanup(access_close) struct access access = { 0 };
	char name[AGENT_NAME_MAX + 1];
	int r = identity_name(name, config, NULL, why);

	return r == OUTCOME_OK ? access_open_with_tls(&access, config, why) : r;
}

static void print_remarks(const struct config *config)
{
	if (line.has_extra)
		log_warning("Extra arguments detected. They will be ignored.");
	if (line.pick_any_tls)
		log_warning("-a changes nothing: TLS 1.2 and 1.3 are spoken with and without it, "
			    "and older versions never");
	if (config->auth.password_file)
		agent_auth_say("Using password specified on file: %s", config->auth.password_file);
}

static int run_agent_auth(struct program *program)
{
	const struct register_observer *observer;
	struct config *config = &program->config;
	struct reason why = { 0 };
	int r;

	secret_protect_process();
	observer = agent_auth_output_begin(line.settings.ca_file);
	r = configure(config, &why);
	if (r == 0)
		print_remarks(config);
	if (r == 0 && line.only_test)
		r = test_configuration(config, &why);
	if (r != 0)
		log_error("%s", why.text);
	else if (!line.only_test)
		r = register_agent(config,
				   &(struct register_how){
					   .state_directory = program->options->state_directory,
					   .force = program->options->force,
					   .stop_fd = program->stop_fd,
					   .observer = observer,
				   });
	return r == 0 || r == -ECANCELED ? r : FAILURE;
}
