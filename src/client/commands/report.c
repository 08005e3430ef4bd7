/* SPDX-License-Identifier: ISC */
/* The command `report`: one text to attach to a bug report, or to send to whoever helps. */
#include "client/commands/options.h"

#include "client/agent-files/agent-generation.h"
#include "client/agent-files/keystore.h"
#include "client/methods/module.h"
#include "client/system/agent-units.h"
#include "client/system/own-unit.h"
#include "client/system/systemctl.h"
#include "common/cleanup.h"
#include "common/must-check.h"
#include "common/terminal.h"

#include <openssl/crypto.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>

/* Of the journal. A service that waits writes some lines an hour. */
#define JOURNAL_LINES "300"

static void print_section(const char *title)
{
	printf("\n===== %s\n", title);
	(void)fflush(stdout); /* what follows may be printed by another process */
}

/* ------------------------------------------------------------------ versions */

static void print_distribution(void)
{
	cleanup_file FILE *file = fopen("/etc/os-release", "re");
	cleanup_free char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0)
		if (strncmp(line, "PRETTY_NAME=", strlen("PRETTY_NAME=")) == 0)
			printf("distribution  %s", line + strlen("PRETTY_NAME="));
}

static void print_time(void)
{
	time_t now = time(NULL);
	struct tm broken_down;
	char text[64];

	if (localtime_r(&now, &broken_down) &&
	    strftime(text, sizeof text, "%F %T %z", &broken_down) > 0)
		printf("time          %s\n", text);
}

static void print_versions(void)
{
	static const char *const systemd[] = { "systemctl", "--version", NULL };
	const struct https_module *module;
	struct reason why = { 0 };
	struct utsname system;

	printf("program       agent-register " PACKAGE_VERSION "\n");
	if (https_module_load(&module, &why) < 0)
		printf("module        %s\n", why.text);
	else
		printf("module        " HTTPS_MODULE_FILE " %s\n", module->version);
	printf("OpenSSL       %s\n", OpenSSL_version(OPENSSL_VERSION));
	print_distribution();
	if (uname(&system) == 0)
		printf("kernel        %s %s %s\n", system.sysname, system.release, system.machine);
	print_time();
	(void)fflush(stdout);
	show_by_program(systemd);
}

/* ------------------------------------------------------------------ the agent */

/* Type, mode, owner and size, and nothing of the content. */
static void print_file(const char *path)
{
	struct stat status;
	const char *type;

	if (lstat(path, &status) < 0) {
		printf("%s: %s\n", path, strerrordesc_np(errno));
		return;
	}
	type = S_ISREG(status.st_mode)   ? "file"
	       : S_ISDIR(status.st_mode) ? "directory"
	       : S_ISLNK(status.st_mode) ? "symbolic link"
					 : "neither file nor directory nor link";
	printf("%s: %s, mode %04o, owner %u:%u, %llu bytes\n", path, type,
	       (unsigned)status.st_mode & 07777, (unsigned)status.st_uid, (unsigned)status.st_gid,
	       (unsigned long long)status.st_size);
}

static void print_agent(const struct config *config)
{
	static const char *const names[] = {
		"", "/bin", "/etc", "/etc/ossec.conf", "/etc/authd.pass", "/queue/rids"
	};
	cleanup(keystore_close) struct keystore store = KEYSTORE_NULL;
	struct reason how = { 0 };
	int generation = agent_generation_detect(config->agent.directory, &how);

	if (generation >= 0)
		printf("agent: %s%s%s%s\n",
		       agent_generation_text((enum agent_generation)generation),
		       how.text[0] ? " (" : "", how.text, how.text[0] ? ")" : "");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		cleanup_free char *path = NULL;

		if (asprintf(&path, "%s%s", config->agent.directory, names[i]) < 0)
			path = NULL;
		if (path)
			print_file(path);
	}
	if (keystore_open(&store, config->agent.directory, config->agent.keys_file, NULL, NULL) >=
	    0)
		print_file(store.path);
	print_file("/run/agent-register/hold");
	print_file("/run/agent-register/without-key");
}

/* ------------------------------------------------------------------ systemd */

/* The units, whether they are there or not, as far as systemd knows them. */
static void print_units(const struct config *config)
{
	const char *command[SYSTEMCTL_MAX_UNITS + 8] = { "systemctl", "--no-pager", "--lines=0",
							 "status",    "--",         OWN_UNIT };
	const struct agent_units units = agent_units_of(config->agent.unit,
							config->agent.directory);

	for (size_t i = 0; i < SYSTEMCTL_MAX_UNITS && units.names[i]; i++)
		command[6 + i] = units.names[i];
	show_by_program(command);
}

static void print_journal(void)
{
	static const char *const command[] = {
		"journalctl", "--no-pager",        "--boot", "--lines", JOURNAL_LINES,
		"--output",   "short-iso-precise", "--unit", OWN_UNIT,  NULL
	};

	show_by_program(command);
}

/* ------------------------------------------------------------------ the command */

/*
 * What the other commands print, and what they log is on standard error as ever. That something is
 * wrong is what the report is about, so it is no failure of it.
 */
int command_report(struct program *program)
{
	int r = 0;

	terminal_print_sentence(terminal_stdout(),
				"This report has host names, addresses, the agent's name and the "
				"paths of secrets, but no secret.");
	printf("Read it before you publish it.\n");
	print_section("versions");
	print_versions();
	print_section("configuration (agent-register config)");
	ignore_result(command_config(program));
	if (program->config_problem)
		terminal_print_sentence(terminal_stdout(), "cannot be used: %s",
					program->config_problem);
	print_section("status (agent-register status)");
	ignore_result(command_status(program));
	print_section("check (agent-register check)");
	if (command_check(program) == -ECANCELED)
		r = -ECANCELED;
	print_section("the agent's files");
	print_agent(&program->config);
	if (r == 0) {
		print_section("units (systemctl status)");
		print_units(&program->config);
		print_section("journal of this boot (journalctl -u " OWN_UNIT ")");
		print_journal();
	}
	(void)fflush(stdout);
	return r;
}
