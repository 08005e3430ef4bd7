/* SPDX-License-Identifier: ISC */
#include "client/commands/agent-auth.h"

#include "client/commands/agent-auth-output.h"
#include "client/net/endpoint.h"
#include "client/registration/access.h"
#include "client/registration/register.h"
#include "client/system/identity.h"
#include "common/cleanup.h"
#include "common/escape.h"
#include "common/log.h"
#include "common/secret.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>

#define FAILURE 1 /* the exit status of everything but success */

enum { OPTION_STATE = 0x100 };

/* What kind of value an option takes, for which the configuration wants another form. */
enum form { FORM_PLAIN, FORM_PATH, FORM_ADDRESS };

/*
 * One row an option: for getopt, for -h, and the setting that it stands for (null: handled in
 * take_option()).
 */
static const struct row {
	int letter;
	const char *argument;
	const char *section, *key;
	enum form form;
	const char *wrong; /* what agent-auth says of a bad value */
	const char *help;
} rows[] = {
	{ 'm', "HOST", "manager", "address", FORM_PLAIN, "Could not resolve hostname",
	  "the manager's address" },
	{ 'p', "PORT", "manager", "port", FORM_PLAIN, "Invalid port",
	  "its registration port (1515)" },
	{ 'A', "NAME", "agent", "name", FORM_PLAIN, "Invalid agent name",
	  "the agent's name (the host name)" },
	{ 'D', "DIR", "agent", "directory", FORM_PATH, "Invalid directory",
	  "the agent's directory (/var/ossec)" },
	{ 'g', "GROUP", "agent", "group", FORM_PLAIN, "Invalid group",
	  "the group that may read the key (wazuh, else ossec)" },
	{ 'v', "FILE", "tls", "ca_file", FORM_PATH, "Invalid CA certificate file",
	  "the CA that issued the manager's certificate; without it, the manager is not verified" },
	{ 'x', "FILE", "tls", "certificate_file", FORM_PATH, "Invalid certificate file",
	  "the agent's certificate" },
	{ 'k', "FILE", "tls", "private_key_file", FORM_PATH, "Invalid private key file",
	  "its private key" },
	{ 'P', "FILE", NULL, NULL, FORM_PATH, NULL,
	  "the file with the manager's password (DIR/etc/authd.pass, if there)" },
	{ 'c', "CIPHERS", "tls", "ciphers", FORM_PLAIN, "Invalid ciphers",
	  "OpenSSL cipher list for TLS 1.2" },
	{ 'G', "GROUPS", "agent", "groups", FORM_PLAIN, "Invalid group name",
	  "the agent's groups, separated by commas" },
	{ 'I', "IP", "agent", "ip", FORM_ADDRESS, "Invalid IP", "the agent's address" },
	{ 'i', NULL, NULL, NULL, FORM_PLAIN, NULL,
	  "the agent's address is the one that the manager sees" },
	{ 'n', "INDEX", NULL, NULL, FORM_PLAIN, NULL,
	  "the network interface of a link-local IPv6 address" },
	{ 'a', NULL, NULL, NULL, FORM_PLAIN, NULL,
	  "changes nothing: TLS 1.2 and 1.3 are spoken with and without it" },
	{ 't', NULL, NULL, NULL, FORM_PLAIN, NULL,
	  "test the options and the files they name; ask nobody" },
	{ 'd', NULL, NULL, NULL, FORM_PLAIN, NULL, "say more" },
	{ 'V', NULL, NULL, NULL, FORM_PLAIN, NULL, "print the version" },
	{ 'h', NULL, NULL, NULL, FORM_PLAIN, NULL, "print this help" },
};

#define ROW_COUNT (sizeof rows / sizeof rows[0])

/* The command line; a process has one. Pointers into argv. */
static struct {
	const char *values[ROW_COUNT]; /* of the rows with a setting; the last one given */
	const char *password_file;
	const char *interface_index;
	bool use_source_address, pick_any_tls, only_test, has_extra;
	bool password_was_given; /* in place of a file */
	bool is_wrong;           /* getopt(3) has said what */
} line;

bool agent_auth_is_called(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return path && strcmp(slash ? slash + 1 : path, "agent-auth") == 0;
}

/* ------------------------------------------------------------------ parsing */

static void print_help(void)
{
	printf("Usage: agent-auth -m HOST [OPTION...]\n\n"
	       "Ask a Wazuh or OSSEC manager for a key, as agent-auth does. This is "
	       "agent-register(8) under another name;\n"
	       "the differences from the agents' own agent-auth are listed in "
	       "agent-auth(8).\n\nOptions:\n");
	for (size_t i = 0; i < ROW_COUNT; i++)
		printf("  -%c %-8s %s\n", rows[i].letter, rows[i].argument ?: "", rows[i].help);
	printf("  --state DIR remember state in DIR, as agent-register does\n");
}

/* A password on the command line was seen by whoever looked; at least nobody else shall see it. */
static void take_password(char *argument)
{
	struct stat status;

	if (stat(argument, &status) == 0) {
		line.password_file = argument;
		return;
	}
	line.password_was_given = true;
	explicit_bzero(argument, strlen(argument));
}

static int take_option(struct options *options, int letter, char *argument)
{
	switch (letter) {
	case OPTION_STATE:
		options->state_directory = argument;
		return 0;
	case 'P':
		take_password(argument);
		return 0;
	case 'i':
		line.use_source_address = true;
		return 0;
	case 'n':
		line.interface_index = argument;
		return 0;
	case 'a':
		line.pick_any_tls = true;
		return 0;
	case 't':
		line.only_test = true;
		return 0;
	case 'd':
		options->verbosity++;
		return 0;
	case 'V':
		printf("agent-auth of agent-register " PACKAGE_VERSION "\n");
		return 1;
	case 'h':
		print_help();
		return 1;
	}
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (rows[i].letter == letter) {
			line.values[i] = argument;
			return 0;
		}
	line.is_wrong = true;
	return 0;
}

static int run_agent_auth(struct program *program);

int agent_auth_parse(struct options *options, int count, char **arguments)
{
	static const struct command command = { .name = "agent-auth",
						.config = CONFIG_UNREAD,
						.run = run_agent_auth };
	static const struct option long_options[] = {
		{ "state", required_argument, NULL, OPTION_STATE }, { 0 }
	};
	char letters[2 * ROW_COUNT + 1];
	size_t used = 0;
	int letter, r = 0;

	for (size_t i = 0; i < ROW_COUNT; i++) {
		letters[used++] = (char)rows[i].letter;
		if (rows[i].argument)
			letters[used++] = ':';
	}
	letters[used] = '\0';

	while (r == 0 && (letter = getopt_long(count, arguments, letters, long_options, NULL)) >= 0)
		r = take_option(options, letter, optarg);
	line.has_extra = optind < count;
	options->command = &command;
	options->force = true;
	/*
	 * Whoever has called us is a person or a script, whose own notifications are none of our
	 * business.
	 */
	(void)unsetenv("NOTIFY_SOCKET");
	return r;
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

static const char *value_of(int letter)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (rows[i].letter == letter)
			return line.values[i];
	return NULL;
}

static int set_all(struct config *config, struct reason *why)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		cleanup_free char *value = line.values[i] ? formed(rows[i].form, line.values[i])
							  : NULL;
		int r = 0;

		if (line.values[i] && !value)
			return reason_errno(why, errno, "Cannot take -%c", rows[i].letter);
		if (value && *value == '\0') {
			reason_set(why, "%s: -%c is empty", rows[i].wrong, rows[i].letter);
			return -EINVAL;
		}
		if (value)
			r = config_set(config, rows[i].section, rows[i].key, value, rows[i].wrong,
				       why);
		if (r < 0)
			return r;
	}
	return 0;
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
	const char *host = value_of('m'), *index = line.interface_index;
	size_t digits = index ? strspn(index, "0123456789") : 0;
	cleanup_free char *scoped = NULL;
	struct endpoint manager;
	struct in6_addr address;
	char shown[64];

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
	(void)config_set(config, "manager", "address", "", "-n", why);
	return config_set(config, "manager", "address", scoped, "-n", why);
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
	const char *name = value_of('A');
	size_t length = name ? strlen(name) : 0;
	char shown[256];

	if (!name || (agent_name_is_registrable(name, length) && length <= AGENT_NAME_SAFE_MAX))
		return 0;
	reason_set(why,
		   "Invalid agent name \"%s\". Please pick a valid name: 2 to 127 of A-Z a-z 0-9 . "
		   "_ -, not beginning with a dot",
		   escape_string(shown, sizeof shown, name));
	return -EINVAL;
}

/* Never says what was given: it may be the password. */
static int refuse_password(const struct config *config, struct reason *why)
{
	char directory[256];

	escape_string(directory, sizeof directory, value_of('D') ?: config->agent.directory);
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
	if (value_of('I') && line.use_source_address)
		return refuse(why, "Options '-I' and '-i' are uncompatible.");
	if (!value_of('x') != !value_of('k'))
		return refuse(why, value_of('x') ? "-x needs -k: a certificate is of no use "
						   "without its private key"
						 : "-k needs -x: a private key is of no use "
						   "without its certificate");
	if (!value_of('m') && !line.only_test)
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
	config->tls.verify = config->tls.ca_file != NULL;
	free(take_pointer(config->agent.unit));
	return r >= 0 ? config_check(config, why) : r;
}

/* ------------------------------------------------------------------ running */

/* -t: what can be seen to be wrong without asking anybody. */
static int test_configuration(const struct config *config, struct reason *why)
{
	cleanup(access_close) struct access access = { 0 };
	char name[AGENT_NAME_MAX + 1];
	int r = identity_name(name, config->agent.name, why);

	return r == OUTCOME_OK ? access_open(&access, config, why) : r;
}

static void tell_remarks(const struct config *config)
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
	struct config *config = &program->config;
	struct reason why = { 0 };
	int r;

	secret_protect_process();
	agent_auth_output_begin(value_of('v'));
	if (line.is_wrong)
		return FAILURE;
	r = configure(config, &why);
	if (r == 0)
		tell_remarks(config);
	if (r == 0 && line.only_test)
		r = test_configuration(config, &why);
	if (r != 0)
		log_error("%s", why.text);
	else if (!line.only_test)
		r = register_agent(config, program->options->state_directory,
				   program->options->force, program->stop_fd,
				   agent_auth_output_step);
	return r == 0 || r == -ECANCELED ? r : FAILURE;
}
