/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/completion.h"
#include "registrar/commands/options.h"
#include "tests/unit/capture.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#define MOST 12
#define NOBODY "no-such-group"

static const struct command commands[COMMAND_COUNT + 1] = {
	[COMMAND_SERVE] = { .name = "serve", .help = "-" },
	[COMMAND_INIT] = { .name = "init", .help = "-" },
	[COMMAND_USER] = { .name = "user",
			   .help = "-",
			   .arguments = "NAME",
			   .least = 1,
			   .most = 1 },
	[COMMAND_ADD] = { .name = "add", .help = "-" },
	[COMMAND_LIST] = { .name = "list", .help = "-" },
	[COMMAND_EXPORT] = { .name = "export",
			     .help = "-",
			     .arguments = "ID",
			     .least = 1,
			     .most = 1 },
	[COMMAND_REMOVE] = { .name = "remove",
			     .help = "-",
			     .arguments = "ID...",
			     .least = 1,
			     .most = INT_MAX },
	[COMMAND_IMPORT_FILE] = { .name = "import-file", .help = "-", .least = 1, .most = 1 },
	[COMMAND_COMPLETION] = { .name = "completion",
				 .help = "-",
				 .arguments = "SHELL",
				 .least = 1,
				 .most = 1,
				 .choices = completion_shells },
};

struct call {
	const char *const *words;
	char *arguments[MOST + 2]; /* the options point there */
	struct options options;
	char *said;
	int r;
};

static void parse_words(void *user)
{
	struct call *call = user;
	int count = 0;

	call->arguments[count++] = (char *)(uintptr_t) "agent-registrar";
	for (const char *const *word = call->words; *word; word++)
		call->arguments[count++] = (char *)(uintptr_t)*word;
	call->arguments[count] = NULL;
	call->r = options_parse(&call->options, commands, count, call->arguments);
}

/* Parse "agent-registrar WORDS...". To be ended by end(). */
static void begin(struct call *call, void **state, const char *const *words)
{
	*call = (struct call){ .words = words };
	call->said = capture(path_in(*state, "output"), parse_words, call);
}

static void end(struct call *call)
{
	options_clear(&call->options);
	free(call->said);
}

/* The options of a line that is right; to be cleared before the next line is parsed. */
static struct options parse(void **state, const char *const *words)
{
	static struct call call;

	begin(&call, state, words);
	if (call.r != 0)
		fail_msg("%s: %s", words[0], call.said);
	assert_string_equal(call.said, "");
	free(call.said);
	return call.options;
}

static void test_defaults(void **state)
{
	static const char *const serve[] = { "serve", "--dialect", "ossec", NULL };
	struct options options = parse(state, serve);

	assert_ptr_equal(options.line.command, &commands[COMMAND_SERVE]);
	assert_false(options.debug || options.test || options.init.is_first);
	assert_string_equal(options.directory, "/var/ossec");
	assert_true(options.group == (gid_t)-1);
	assert_string_equal(options.password.file, "/var/ossec/etc/authd.pass");
	assert_string_equal(options.tls.certificate_file, "/var/ossec/etc/sslmanager.cert");
	assert_string_equal(options.tls.private_key_file, "/var/ossec/etc/sslmanager.key");
	assert_null(options.tls.client_ca_file);
	assert_int_equal(options.service.port, 1515);
	assert_int_equal(options.service.timeout, 30);
	assert_int_equal(options.service.max_connections, 0);
	assert_int_equal(options.policy.dialect, DIALECT_OSSEC);
	assert_int_equal(options.policy.on_duplicate, ON_DUPLICATE_RENAME);
	assert_int_equal(options.policy.groups_must_exist, 0);
	assert_false(options.api.enabled);
	assert_string_equal(options.api.users_file, "/var/ossec/etc/api.users");
	assert_int_equal(options.api.limits.requests, 300);
	assert_int_equal(options.api.limits.failures, 50);
	assert_int_equal(options.api.limits.block_time, 300);
	assert_string_equal(options.paths.groups_directory, "/var/ossec/etc/shared");
	assert_string_equal(options.paths.queue_directory, "/var/ossec/queue");
	options_clear(&options);
}

/* What a policy is where only some of it was said. */
static void test_policies(void **state)
{
	static const struct {
		const char *words[MOST];
		int dialect, on_duplicate, groups_must_exist;
	} rows[] = {
		{ { "serve" }, DIALECT_OSSEC, ON_DUPLICATE_RENAME, 0 },
		{ { "serve", "--dialect", "ossec" }, DIALECT_OSSEC, ON_DUPLICATE_RENAME, 0 },
		{ { "serve", "--dialect", "wazuh" }, DIALECT_WAZUH, ON_DUPLICATE_FORCE, 1 },
		{ { "serve", "--dialect", "wazuh", "--groups", "any" },
		  DIALECT_WAZUH,
		  ON_DUPLICATE_FORCE,
		  0 },
		{ { "serve", "--groups", "existing" }, DIALECT_OSSEC, ON_DUPLICATE_RENAME, 1 },
		{ { "serve", "--on-duplicate", "rename" }, DIALECT_OSSEC, ON_DUPLICATE_RENAME, 0 },
		{ { "serve", "--on-duplicate", "refuse" }, DIALECT_OSSEC, ON_DUPLICATE_REFUSE, 0 },
		{ { "serve", "--on-duplicate", "replace" },
		  DIALECT_OSSEC,
		  ON_DUPLICATE_REPLACE,
		  0 },
		{ { "serve", "--on-duplicate", "force" }, DIALECT_OSSEC, ON_DUPLICATE_FORCE, 0 },
		{ { "add", "-n", "web" }, DIALECT_OSSEC, ON_DUPLICATE_REFUSE, 0 },
		{ { "add", "-n", "web", "--dialect", "wazuh" },
		  DIALECT_WAZUH,
		  ON_DUPLICATE_REFUSE,
		  1 },
		{ { "import-file", "-", "--on-duplicate", "replace" },
		  DIALECT_OSSEC,
		  ON_DUPLICATE_REPLACE,
		  0 },
	};

	assert_int_equal(mkdir(path_in(*state, "etc"), 0700), 0);
	write_text(path_in(*state, "etc/agent-registrar.dialect"), "ossec\n");
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *words[MOST + 3] = { "-D", *state };
		struct options options;

		memcpy(words + 2, rows[i].words, sizeof rows[i].words);
		options = parse(state, words);
		if (options.policy.dialect != rows[i].dialect ||
		    options.policy.on_duplicate != rows[i].on_duplicate ||
		    options.policy.groups_must_exist != rows[i].groups_must_exist)
			fail_msg("row %zu", i);
		options_clear(&options);
	}
}

/* What is installed or stored says it; what the registrar itself makes says nothing. */
static void test_dialect_of_the_installation(void **state)
{
	const char *const add[] = { "-D", *state, "add", "-n", "web", NULL },
			  *const purge[] = { "-D", *state, "remove", "--purge", "1", NULL },
			  *const serve[] = { "-D", *state, "serve", NULL },
			  *const given[] = {
				  "-D", *state, "remove", "1", "--dialect", "ossec", NULL
			  };
	struct options options;
	struct call call;

	assert_int_equal(mkdir(path_in(*state, "etc"), 0700), 0);
	assert_int_equal(mkdir(path_in(*state, "queue"), 0700), 0);
	write_text(path_in(*state, "queue/agents-timestamp"), "");
	begin(&call, state, add);
	assert_int_equal(call.r, -EINVAL);
	assert_non_null(strstr(call.said, "--dialect ossec or --dialect wazuh"));
	end(&call);
	options = parse(state, serve); /* says it in its log */
	assert_int_equal(options.policy.no_dialect_status, 64);
	assert_non_null(
		strstr(options.policy.dialect_reason.text, "--dialect ossec or --dialect wazuh"));
	options_clear(&options);
	options = parse(state, purge);
	options_clear(&options);

	assert_int_equal(mkdir(path_in(*state, "bin"), 0700), 0);
	write_text(path_in(*state, "bin/wazuh-remoted"), "");
	options = parse(state, add);
	assert_int_equal(options.policy.dialect, DIALECT_WAZUH);
	options_clear(&options);
	options = parse(state, serve);
	assert_int_equal(options.policy.dialect, DIALECT_WAZUH);
	options_clear(&options);
	options = parse(state, given);
	assert_int_equal(options.policy.dialect, DIALECT_OSSEC);
	options_clear(&options);

	write_text(path_in(*state, "etc/agent-registrar.dialect"), "ossec\n");
	begin(&call, state, serve);
	assert_int_equal(call.r, -EINVAL);
	assert_non_null(strstr(call.said, "says ossec, but "));
	end(&call);
}

static void test_times(void **state)
{
	static const struct {
		const char *text;
		unsigned int seconds;
		bool refused;
	} rows[] = {
		{ "0", 0, false },
		{ "90", 90, false },
		{ "90s", 90, false },
		{ "60m", 3600, false },
		{ "1h", 3600, false },
		{ "7d", 604800, false },
		{ "2w", 1209600, false },
		{ "3650d", 315360000, false },
		{ "315360000", 315360000, false },
		{ "3651d", 0, true },
		{ "315360001", 0, true },
		{ "999999999w", 0, true },
		{ "9999999999", 0, true },
		{ "", 0, true },
		{ "h", 0, true },
		{ "1y", 0, true },
		{ "1H", 0, true },
		{ "-1", 0, true },
		{ "+1", 0, true },
		{ "1 h", 0, true },
		{ "1h30m", 0, true },
		{ "no", 0, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const words[] = { "serve",      "--dialect",
					      "ossec",      "--on-duplicate",
					      "force",      "--force-after-registration-time",
					      rows[i].text, NULL };
		struct call call;

		begin(&call, state, words);
		if (rows[i].refused)
			check_row(rows[i].text,
				  call.r == -EINVAL && strstr(call.said, "is a time like 90s"));
		else
			check_row(rows[i].text,
				  call.r == 0 &&
					  call.options.policy.force.after_registration_time ==
						  rows[i].seconds);
		end(&call);
	}
}

static void test_force_rules(void **state)
{
	static const char *const unchanged[] = { "serve",          "--dialect", "ossec",
						 "--on-duplicate", "force",     NULL },
				 *const changed[] = { "serve", "--dialect",
						      "wazuh", "--force-key-mismatch",
						      "no",    "--force-disconnected-time",
						      "2h",    NULL },
				 *const never[] = { "serve", "--dialect",
						    "wazuh", "--force-key-mismatch",
						    "yes",   "--force-disconnected-time",
						    "no",    NULL };
	struct options options = parse(state, unchanged);
	const struct force_rules wazuh = FORCE_RULES_WAZUH, *force = &options.policy.force;

	assert_true(force->key_mismatch == wazuh.key_mismatch);
	assert_true(force->check_disconnected == wazuh.check_disconnected);
	assert_int_equal(force->disconnected_time, wazuh.disconnected_time);
	assert_int_equal(force->after_registration_time, wazuh.after_registration_time);
	options_clear(&options);
	options = parse(state, changed);
	assert_false(options.policy.force.key_mismatch);
	assert_true(options.policy.force.check_disconnected);
	assert_int_equal(options.policy.force.disconnected_time, 7200);
	assert_int_equal(options.policy.force.after_registration_time, 3600);
	options_clear(&options);
	options = parse(state, never);
	assert_true(options.policy.force.key_mismatch);
	assert_false(options.policy.force.check_disconnected);
	options_clear(&options);
}

static void test_groups(void **state)
{
	static const struct {
		const char *text;
		gid_t expected;
	} rows[] = {
		{ "root", 0 },
		{ "0", 0 },
		{ "54321", 54321 },
		{ "4294967294", 4294967294u },
		{ "4294967295", (gid_t)-1 }, /* means "leave it as it is" */
		{ "99999999999999999999", (gid_t)-1 },
		{ "1x", (gid_t)-1 },
		{ "-1", (gid_t)-1 },
		{ " 1", (gid_t)-1 },
		{ "", (gid_t)-1 },
		{ NOBODY, (gid_t)-1 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const words[] = { "export", "1", "-g", rows[i].text, NULL };
		struct call call;

		begin(&call, state, words);
		check_row(rows[i].text, call.options.group == rows[i].expected);
		check_row(rows[i].text, call.r == (rows[i].expected == (gid_t)-1 ? -EINVAL : 0));
		check_row(rows[i].text, call.r == 0 || strstr(call.said, "there is no group"));
		end(&call);
	}
}

static void test_values(void **state)
{
	static const char *const serve[] = { "--init",   "--name=a",  "serve",
					     "--name=b", "-dnt",      "--api-port",
					     "0",        "-p0",       "--listen",
					     "::1",      "--allow-h", "--dialect=ossec",
					     NULL },
				 *const paths[] = { "-D", "/m", "-x", "/c",   "-k", "/k", "-P",
						    "/p", "-v", "/a", "user", "u",  NULL },
				 *const version[] = { "serve",  "--dialect",
						      "wazuh",  "--manager-version",
						      "v4.9.0", NULL };
	struct options options = parse(state, serve);
	struct call call;

	assert_true(options.init.is_first && options.debug && options.test);
	assert_true(options.password.is_unused && !options.password.file);
	assert_int_equal(options.init.names.count, 2);
	assert_string_equal(options.init.names.items[1], "b");
	assert_true(options.api.enabled && options.api.port == 0);
	assert_int_equal(options.service.port, 0);
	assert_string_equal(options.service.listen.items[0], "::1");
	assert_null(options.policy.manager_version);
	options_clear(&options);

	begin(&call, state, paths); /* -v is of serve alone */
	assert_int_equal(call.r, -EINVAL);
	assert_non_null(strstr(call.said, "-v belongs to serve, not to user"));
	end(&call);

	options = parse(state, version);
	assert_string_equal(options.policy.manager_version, "v4.9.0");
	options_clear(&options);
}

static void test_given_paths(void **state)
{
	static const char *const words[] = { "-D", "/m",   "-x", "/c",          "-k", "/k", "-P",
					     "/p", "user", "u",  "--api-users", "/u", NULL };
	struct options options = parse(state, words);

	assert_string_equal(options.tls.certificate_file, "/c");
	assert_string_equal(options.tls.private_key_file, "/k");
	assert_string_equal(options.password.file, "/p");
	assert_string_equal(options.api.users_file, "/u");
	assert_string_equal(options.paths.queue_directory, "/m/queue");
	assert_string_equal(options.line.arguments[0], "u");
	options_clear(&options);
}

static void test_refused(void **state)
{
	static const struct {
		const char *words[MOST], *said;
	} rows[] = {
		{ { NULL }, "no command is given" },
		{ { "-d" }, "no command is given" },
		{ { "-n", "-P", "/p", "serve" }, "-n (no password) and -P" },
		{ { "serve", "-s" }, "-s (verify the client's address) needs -v" },
		{ { "add" }, "the command add needs the agent's name (-n)" },
		{ { "serve", "--dialect", "ossec", "--force-key-mismatch", "no" },
		  "needs --on-duplicate force" },
		{ { "serve", "--dialect", "ossec", "--force-disconnected-time", "no" },
		  "needs --on-duplicate force" },
		{ { "serve", "--dialect", "ossec", "--force-after-registration-time", "1h" },
		  "needs --on-duplicate force" },
		{ { "serve", "--dialect", "wazhu" }, "did you mean 'wazuh'?" },
		{ { "serve", "--on-duplicate", "" },
		  "--on-duplicate is rename, refuse, replace or force, not ''" },
		{ { "serve", "--groups", "all" }, "--groups is any or existing, not 'all'" },
		{ { "serve", "--force-key-mismatch", "true" }, "is yes or no, not 'true'" },
		{ { "serve", "--manager-version", "new" }, "is a version like v4.14.5, not 'new'" },
		{ { "serve", "--api-port", "65536" },
		  "--api-port is a number from 0 to 65535, not '65536'" },
		{ { "serve", "--listen", "192.0.2.1:1515" },
		  "--listen is an IPv4 or IPv6 address without a port, not '192.0.2.1:1515'" },
		{ { "serve", "--listen", "::1", "--listen", "[::1]" }, "not '[::1]'" },
		{ { "serve", "--api-listen", "manager.example" },
		  "--api-listen is an IPv4 or IPv6 address without a port" },
		{ { "serve", "--api-listen", "" }, "not ''" },
		{ { "serve", "--timeout", "0" }, "from 1 to 3600" },
		{ { "serve", "--max-agents", "0" }, "--max-agents is a number from 1" },
		{ { "list", "--port", "1" }, "--port belongs to serve, not to list" },
		{ { "export", "1", "--json" }, "--json belongs to list, not to export" },
		{ { "remove" }, "the command remove takes ID..." },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct call call;

		begin(&call, state, rows[i].words);
		if (call.r != -EINVAL || !strstr(call.said, rows[i].said) ||
		    !strstr(call.said, "\nTry 'agent-registrar --help'.\n"))
			fail_msg("row %zu (%s): %d: %s", i, rows[i].said, call.r, call.said);
		end(&call);
	}
}

/* Without a command, --init is one. */
static void test_init_alone(void **state)
{
	static const char *const words[] = { "--init", NULL };
	struct options options = parse(state, words);

	assert_ptr_equal(options.line.command, &commands[COMMAND_INIT]);
	options_clear(&options);
}

static void test_help_and_version(void **state)
{
	static const char *const help[] = { "list", "-h", "--frobnicate", NULL },
				 *const version[] = { "--version", NULL };
	struct call call;

	begin(&call, state, help);
	assert_int_equal(call.r, 1);
	assert_non_null(strstr(call.said, "Usage: agent-registrar [OPTION...] COMMAND"));
	end(&call);
	begin(&call, state, version);
	assert_int_equal(call.r, 1);
	assert_string_equal(call.said, "agent-registrar " PACKAGE_VERSION "\n");
	end(&call);
}

#define IN_DIRECTORY(test) \
	cmocka_unit_test_setup_teardown(test, setup_directory, teardown_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(test_defaults),
		IN_DIRECTORY(test_policies),
		IN_DIRECTORY(test_dialect_of_the_installation),
		IN_DIRECTORY(test_times),
		IN_DIRECTORY(test_force_rules),
		IN_DIRECTORY(test_groups),
		IN_DIRECTORY(test_values),
		IN_DIRECTORY(test_given_paths),
		IN_DIRECTORY(test_refused),
		IN_DIRECTORY(test_init_alone),
		IN_DIRECTORY(test_help_and_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
