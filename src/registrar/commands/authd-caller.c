/* SPDX-License-Identifier: ISC */
#include "registrar/commands/authd-caller.h"

#include "common/escape.h"
#include "common/log.h"
#include "common/option-setters.h"
#include "common/usage.h"
#include "registrar/commands/auth-block.h"
#include "registrar/commands/defaults.h"
#include "registrar/commands/option-values.h"
#include "registrar/commands/wazuh-certificate.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the caller wants; the first part is what it becomes. */
struct caller {
	struct options options;
	bool in_foreground;
	bool has_password; /* wazuh-authd only */
	const char *user;  /* ossec-authd only */
	struct wazuh_certificate certificate;
	const char *ignored; /* the last option that has no meaning here, as "-L" */
};

static option_setter set_port, set_force_time, ignore;

#define COMMON_ROWS                                                                               \
	{ OPTION_VERSION }, { OPTION_HELP },                                                      \
		{ .letter = 'd',                                                                  \
		  .set = option_set_true,                                                         \
		  .offset = offsetof(struct caller, options.debug),                               \
		  .help = "enable debug logging" },                                               \
		{ .letter = 't',                                                                  \
		  .set = option_set_true,                                                         \
		  .offset = offsetof(struct caller, options.test),                                \
		  .help = "check the configuration, and exit" },                                  \
		{ .letter = 'f',                                                                  \
		  .set = option_set_true,                                                         \
		  .offset = offsetof(struct caller, in_foreground),                               \
		  .help = "stay in the foreground" },                                             \
		{ .letter = 'i',                                                                  \
		  .set = option_set_true,                                                         \
		  .offset = offsetof(struct caller, options.policy.use_source_address),           \
		  .help = "register agents with the address from which they connect" },           \
		{ .letter = 'g',                                                                  \
		  .argument = "GROUP",                                                            \
		  .set = option_value_group,                                                      \
		  .kind = ARGUMENT_GROUP,                                                         \
		  .help = "group of created files (that of DIR/etc)" },                           \
		{ .letter = 'D',                                                                  \
		  .argument = "DIR",                                                              \
		  .set = option_set_text,                                                         \
		  .kind = ARGUMENT_DIRECTORY,                                                     \
		  .offset = offsetof(struct caller, options.directory),                           \
		  .help = "the manager's directory (/var/ossec)" },                               \
		{ .letter = 'p',                                                                  \
		  .argument = "PORT",                                                             \
		  .set = set_port,                                                                \
		  .help = "the port to listen on (1515)" },                                       \
		{ .letter = 'c',                                                                  \
		  .argument = "CIPHERS",                                                          \
		  .set = option_set_text,                                                         \
		  .offset = offsetof(struct caller, options.tls.ciphers),                         \
		  .help = "OpenSSL cipher list for TLS 1.2" },                                    \
		{ .letter = 'v',                                                                  \
		  .argument = "FILE",                                                             \
		  .set = option_set_text,                                                         \
		  .kind = ARGUMENT_FILE,                                                          \
		  .offset = offsetof(struct caller, options.tls.client_ca_file),                  \
		  .help = "require a client certificate issued by this CA" },                     \
		{ .letter = 'x',                                                                  \
		  .argument = "FILE",                                                             \
		  .set = option_set_text,                                                         \
		  .kind = ARGUMENT_FILE,                                                          \
		  .offset = offsetof(struct caller, options.tls.certificate_file),                \
		  .help = "the certificate (etc/sslmanager.cert)" },                              \
	{                                                                                         \
		.letter = 'k', .argument = "FILE", .set = option_set_text, .kind = ARGUMENT_FILE, \
		.offset = offsetof(struct caller, options.tls.private_key_file),                  \
		.help = "its private key (etc/sslmanager.key)"                                    \
	}

static const struct option_row ossec_rows[] = {
	COMMON_ROWS,
	{ .letter = 'n',
	  .set = option_set_true,
	  .offset = offsetof(struct caller, options.password.is_unused),
	  .help = "require no password (otherwise that in etc/authd.pass)" },
	{ .letter = 'u',
	  .argument = "USER",
	  .set = option_set_text,
	  .offset = offsetof(struct caller, user),
	  .help = "has no effect: see PROCESSES in agent-registrar(8)" },
	{ 0 },
};

static const struct option_row wazuh_rows[] = {
	COMMON_ROWS,
	{ .letter = 'P',
	  .set = option_set_true,
	  .offset = offsetof(struct caller, has_password),
	  .help = "require the password in etc/authd.pass" },
	{ .letter = 's',
	  .set = option_set_true,
	  .offset = offsetof(struct caller, options.tls.verify_host),
	  .help = "with -v: the client certificate must match the client's address" },
	{ .letter = 'F',
	  .argument = "SECONDS|no",
	  .set = set_force_time,
	  .help = "replace agents that have been disconnected this long" },
	{ .letter = 'r',
	  .argument = "ARG",
	  .set = ignore,
	  .help = "has no effect: the IDs of removed agents are kept" },
	{ .letter = 'a', .set = ignore, .help = "has no effect: TLS 1.2 and 1.3 are supported" },
	{ .letter = 'L', .set = ignore, .help = "has no effect: there is no limit of agents" },
#define CERTIFICATE_ROW(short, value, member, text)                                 \
	{                                                                           \
		.letter = short, .argument = value, .set = option_set_text,         \
		.offset = offsetof(struct caller, certificate.member), .help = text \
	}
	CERTIFICATE_ROW('C', "DAYS", days,
			"make a certificate that is valid so long, with the next four, and exit"),
	CERTIFICATE_ROW('B', "BITS", bits, "the size of its RSA key"),
	CERTIFICATE_ROW('K', "FILE", key_path, "the file for its key"),
	CERTIFICATE_ROW('X', "FILE", certificate_path, "the file for the certificate"),
	CERTIFICATE_ROW('S', "SUBJECT", subject, "its subject: /C=US/ST=California/CN=Wazuh"),
	{ 0 },
};

#define PURPOSE                                                                      \
	"Register agents, as the program of this name does. This is "                \
	"agent-registrar(8) under another name; agent-registrar-authd(8) lists the " \
	"differences."

static const struct command_line ossec_line = {
	.program = "ossec-authd",
	.part_of = "agent-register",
	.usage = "[OPTION...]",
	.purpose = PURPOSE,
	.help_option = "-h",
	.has_getopt_words = true,
	.options = ossec_rows,
};

static const struct command_line wazuh_line = {
	.program = "wazuh-authd",
	.part_of = "agent-register",
	.usage = "[OPTION...]",
	.purpose = PURPOSE,
	.help_option = "-h",
	.has_getopt_words = true,
	.options = wazuh_rows,
};

const char *authd_caller_name(const char *path)
{
	static const char *const names[] = { "ossec-authd", "wazuh-authd" };
	const char *slash = path ? strrchr(path, '/') : NULL;

	for (size_t i = 0; path && i < sizeof names / sizeof names[0]; i++)
		if (strcmp(slash ? slash + 1 : path, names[i]) == 0)
			return names[i];
	return NULL;
}

/* ------------------------------------------------------------------ values */

/* Whatever follows the digits does not matter there. */
static int set_port(void *target, const struct option_row *row, char *value)
{
	struct caller *caller = target;
	long port = strtol(value, NULL, 10);
	char shown[64];

	(void)row;
	if (port <= 0 || port > USHRT_MAX)
		return usage_error("Invalid port: %s", escape_string(shown, sizeof shown, value));
	caller->options.service.port = (unsigned int)port;
	return 0;
}

static int set_force_time(void *target, const struct option_row *row, char *value)
{
	struct caller *caller = target;
	struct policy_options *policy = &caller->options.policy;

	if (strcmp(value, "no") == 0) {
		policy->on_duplicate = ON_DUPLICATE_REFUSE;
		return 0;
	}
	policy->on_duplicate = ON_DUPLICATE_FORCE;
	policy->force.after_registration_time = 0;
	return option_value_disconnected_time(&caller->options, row, value);
}

static int ignore(void *target, const struct option_row *row, char *value)
{
	struct caller *caller = target;

	(void)value;
	caller->ignored = row->help;
	return 0;
}

/* ------------------------------------------------------------------ the whole line */

/* Paths are relative to the directory, as there. */
static int enter(const struct options *options)
{
	char shown[256];

	return chdir(options->directory) == 0
		       ? 0
		       : usage_error("Unable to change to the directory '%s': %s",
				     escape_string(shown, sizeof shown, options->directory),
				     strerrordesc_np(errno));
}

/* The directory by its whole path, because the current one is to change. */
static const char *whole_path(const char *directory)
{
	static char path[PATH_MAX];

	return realpath(directory, path) ?: directory;
}

/* What <auth> says counts where no option does. Returns 1: it is disabled. */
static int take_block(struct caller *caller)
{
	static struct auth_block block;
	struct options *options = &caller->options;
	struct reason why;

	if (auth_block_read(&block, "etc/ossec.conf", &why) < 0)
		return usage_error("%s", why.text);
	if (block.disabled && !caller->in_foreground)
		return 1;
	caller->has_password |= block.use_password;
	options->policy.use_source_address |= block.use_source_ip;
	options->policy.allow_higher_versions |= block.allow_higher_versions;
	options->tls.verify_host |= block.verify_host &&
				    (options->tls.client_ca_file || block.client_ca_file[0]);
	if (block.port > 0 && options->service.port == 0)
		options->service.port = block.port;
	if (!options->tls.ciphers && block.ciphers[0])
		options->tls.ciphers = block.ciphers;
	if (!options->tls.client_ca_file && block.client_ca_file[0])
		options->tls.client_ca_file = block.client_ca_file;
	if (!options->tls.certificate_file && block.certificate_file[0])
		options->tls.certificate_file = block.certificate_file;
	if (!options->tls.private_key_file && block.private_key_file[0])
		options->tls.private_key_file = block.private_key_file;
	if (options->policy.on_duplicate < 0 && block.has_force) {
		options->policy.on_duplicate = block.force_enabled ? ON_DUPLICATE_FORCE
								   : ON_DUPLICATE_REFUSE;
		options->policy.force = block.force;
	}
	return 0;
}

static bool wants_certificate(const struct wazuh_certificate *certificate)
{
	return certificate->days || certificate->bits || certificate->key_path ||
	       certificate->certificate_path || certificate->subject;
}

/* Returns 1: all is done. */
static int make_certificate(const struct wazuh_certificate *certificate)
{
	struct reason why;

	return wazuh_certificate_make(certificate, &why) < 0 ? usage_error("%s", why.text) : 1;
}

int authd_caller_parse(struct options *ret, const char *name, const struct command *commands,
		       int argc, char **argv)
{
	bool is_wazuh = strcmp(name, wazuh_line.program) == 0;
	struct caller caller = { .options = defaults_begin() };
	unsigned int usual_port = caller.options.service.port;
	struct options *options = &caller.options;
	struct parsed_line parsed;
	int r;

	*ret = caller.options;
	options->service.port = 0;
	options->policy.dialect = is_wazuh ? DIALECT_WAZUH : DIALECT_OSSEC;
	r = command_line_parse(&parsed, is_wazuh ? &wazuh_line : &ossec_line, &caller, argc, argv);
	if (r != 0)
		return r;
	options->directory = whole_path(options->directory);
	r = enter(options);
	if (r == 0 && wants_certificate(&caller.certificate))
		return make_certificate(&caller.certificate);
	if (r == 0 && is_wazuh)
		r = take_block(&caller);
	if (r != 0)
		return r;
	if (options->service.port == 0)
		options->service.port = usual_port;
	if (is_wazuh)
		options->password.is_unused = !caller.has_password;
	options->service.is_in_background = !caller.in_foreground && !options->test;
	options->service.called = name;
	options->line = parsed;
	options->line.command = &commands[COMMAND_SERVE];
	*ret = *options;
	return defaults_complete(ret, COMMAND_SERVE);
}
