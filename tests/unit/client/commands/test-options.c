/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "client/commands/agent-auth.h"
#include "client/commands/options.h"
#include "tests/unit/capture.h"

#include <errno.h>

#define MOST 12

struct call {
	struct client_options *options;
	const char *const *words;
	int r;
};

static void parse_words(void *user)
{
	static char *arguments[MOST + 2];
	struct call *call = user;
	int count = 0;

	arguments[count++] = (char *)(uintptr_t) "agent-register";
	for (const char *const *word = call->words; *word; word++)
		arguments[count++] = (char *)(uintptr_t)*word;
	arguments[count] = NULL;
	call->r = options_parse(call->options, count, arguments);
}

/* Parse "agent-register WORDS...". What is printed goes to the file `output`. */
static int parse(struct client_options *options, const char *const *words, const char *output)
{
	struct call call = { .options = options, .words = words };

	free(capture(output, parse_words, &call));
	return call.r;
}

static const struct {
	const char *words[MOST];
	const char *command; /* null: refused ... */
	const char *said;    /* ... with this */
} rows[] = {
	{ { NULL }, "run" },
	{ { "run" }, "run" },
	{ { "status" }, "status" },
	{ { "pin", "manager:1515" }, "pin" },
	{ { "-m", "a", "status" }, "status" },
	{ { "status", "-m", "a" }, "status" },
	{ { "--", "status" }, "status" },
	{ { "frobnicate" }, NULL, "unknown command 'frobnicate'" },
	{ { "\x1b[31m" }, NULL, "unknown command '\\x1b[31m'" },
	{ { "" }, NULL, "unknown command ''" },
	{ { "run", "now" }, NULL, "run takes none" },
	{ { "status", "x" }, NULL, "takes none" },
	{ { "pin" }, NULL, "pin takes HOST[:PORT]" },
	{ { "pin", "a", "b" }, NULL, "pin takes HOST[:PORT]" },
	{ { "completion", "bash" }, "completion" },
	{ { "completion", "bsh" }, NULL, "did you mean 'bash'?" },
	{ { "token", "show" }, "token" },
	{ { "token", "show", "-" }, "token" },
	{ { "token" }, NULL, "token takes show [FILE|-]" },
	{ { "token", "show", "a", "SECRET" }, NULL, "the command token takes show [FILE|-]" },
	{ { "strat" }, NULL, "did you mean 'status'?" },
	{ { "--diretory", "x" }, NULL, "did you mean --directory?" },
	{ { "run", "--json" },
	  NULL,
	  "--json belongs to status, check, config or token, not to run" },
	{ { "-m", "a", "completion", "bash" }, NULL, "-m belongs to" },
	{ { "--method", "enrol" }, NULL, "did you mean 'enroll'?" },
	{ { "--frobnicate" }, NULL, "frobnicate" },
	{ { "-Z" }, NULL, "Z" },
	{ { "-m" }, NULL, "m" },
	{ { "--manager" }, NULL, "manager" },
	{ { "--force=yes" }, NULL, "force" },
};

static void test_commands(void **state)
{
	const char *output = path_in(*state, "output");

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *label = rows[i].words[0] ?: "nothing";
		struct client_options options;
		int r = parse(&options, rows[i].words, output);
		char *said = read_file(output, NULL);

		if (rows[i].command) {
			check_row(label, r == 0 && strcmp(options.line.command->name,
							  rows[i].command) == 0);
			check_row(label, options.line.command->run && said[0] == '\0');
		} else {
			check_row(label, r == -EINVAL);
			if (!strstr(said, rows[i].said) || strchr(said, '\x1b'))
				fail_msg("row '%s' says: %s", label, said);
		}
		free(said);
		options_clear(&options);
	}
}

/* Whose name in argv[0] is agent-auth's. */
static void test_called_as_agent_auth(void **state)
{
	static const struct {
		const char *path;
		bool is_called;
	} calls[] = {
		{ "agent-auth", true },
		{ "/var/ossec/bin/agent-auth", true },
		{ "./agent-auth", true },
		{ "agent-register", false },
		{ "/usr/sbin/agent-register", false },
		{ "/agent-auth/agent-register", false },
		{ "agent-auth/", false },
		{ "agent-authd", false },
		{ "my-agent-auth", false },
		{ "", false },
		{ NULL, false }, /* execve(2) allows an empty argv */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(calls); i++)
		check_row(calls[i].path ?: "null",
			  agent_auth_is_called(calls[i].path) == calls[i].is_called);
}

static void test_plain_options(void **state)
{
	static const char *const none[] = { NULL }, *const all[] = {
		"--config", "/c", "--state", "/s", "--force", "-d", "-dd", "import", "host", NULL
	};
	const char *output = path_in(*state, "output");
	struct client_options options;

	assert_int_equal(parse(&options, none, output), 0);
	assert_null(options.config_file);
	assert_string_equal(options.state_directory, LOCALSTATEDIR "/lib/agent-register");
	assert_false(options.force);
	assert_int_equal(options.verbosity, 0);
	assert_int_equal(options.line.argument_count, 0);
	options_clear(&options);

	assert_int_equal(parse(&options, all, output), 0);
	assert_string_equal(options.config_file, "/c");
	assert_string_equal(options.state_directory, "/s");
	assert_true(options.force);
	assert_int_equal(options.verbosity, 3);
	assert_int_equal(options.line.argument_count, 1);
	assert_string_equal(options.line.arguments[0], "host");
	options_clear(&options);
}

static void test_help_and_version(void **state)
{
	static const char *const help[] = { "--help", NULL }, *const version[] = { "-V", NULL };
	const char *output = path_in(*state, "output");
	struct client_options options;
	char *said;

	assert_int_equal(parse(&options, help, output), 1);
	options_clear(&options);
	said = read_file(output, NULL);
	assert_non_null(strstr(said, "Usage: agent-register"));
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].command && !strstr(said, rows[i].command))
			fail_msg("the help does not name %s", rows[i].command);
	assert_non_null(strstr(said, "--set SECTION.KEY=VALUE"));
	free(said);

	assert_int_equal(parse(&options, version, output), 1);
	options_clear(&options);
	said = read_file(output, NULL);
	assert_string_equal(said, "agent-register " PACKAGE_VERSION "\n");
	free(said);
}

/* ------------------------------------------------------------------ settings */

static void parse_and_apply(void **state, struct config *config, const char *const *words,
			    int expected, struct reason *why)
{
	struct client_options options;

	assert_int_equal(parse(&options, words, path_in(*state, "output")), 0);
	assert_int_equal(options_apply(&options, config, why), expected);
	options_clear(&options);
}

/* Every option that stands for a key sets that key. */
static void test_options_set_keys(void **state)
{
	static const struct {
		const char *option, *value;
		size_t offset;
	} strings[] = {
#define STRING(option, value, member) { option, value, offsetof(struct config, member) }
		STRING("-A", "web", agent.name),
		STRING("--name", "web", agent.name),
		STRING("-D", "/x", agent.directory),
		STRING("--directory", "/x", agent.directory),
		STRING("-g", "adm", agent.group),
		STRING("--group", "adm", agent.group),
		STRING("-v", "/ca", tls.ca_file),
		STRING("--ca", "/ca", tls.ca_file),
		STRING("-x", "/c", tls.certificate_file),
		STRING("--certificate", "/c", tls.certificate_file),
		STRING("-k", "/k", tls.private_key_file),
		STRING("--private-key", "/k", tls.private_key_file),
		STRING("--set", "tls.ciphers=A=B", tls.ciphers),
	};

	for (size_t i = 0; i < COUNT(strings); i++) {
		const char *const words[] = { strings[i].option, strings[i].value, NULL };
		const char *value = strrchr(strings[i].value, '.') ? "A=B" : strings[i].value;
		struct config config;
		struct reason why;
		const char *set;

		assert_int_equal(config_init(&config), 0);
		parse_and_apply(state, &config, words, 0, &why);
		set = *(char **)(void *)((char *)&config + strings[i].offset);
		check_row(strings[i].option, set && strcmp(set, value) == 0);
		config_clear(&config);
	}
}

static void test_other_types(void **state)
{
	static const char *const words[] = { "-m",     "a",     "--manager=b:2",
					     "-p",     "2000",  "--method",
					     "import", "--set", "tls.verify=no",
					     NULL };
	struct config config;
	struct reason why;

	assert_int_equal(config_init(&config), 0);
	parse_and_apply(state, &config, words, 0, &why);
	assert_int_equal(config.manager.address.count, 2);
	assert_string_equal(config.manager.address.items[1], "b:2");
	assert_int_equal(config.manager.port, 2000);
	assert_int_equal(config.manager.method, METHOD_IMPORT);
	assert_false(config.tls.verify);
	config_clear(&config);
}

/* The command line replaces a list of the files, and then grows its own. */
static void test_lists_replace_files(void **state)
{
	static const char *const two[] = { "-m", "x", "--set", "manager.address=y", NULL },
				 *const reset[] = { "--set", "manager.address=", NULL },
				 *const similar[] = { "--set", "agent.groups=x", "--set",
						      "agent.group=adm", NULL };
	struct config config;
	struct reason why;

	assert_int_equal(config_init(&config), 0);
	assert_int_equal(config_assign(&config, "manager.address=file", "here", &why), 0);
	assert_int_equal(config_assign(&config, "agent.groups=file", "here", &why), 0);
	parse_and_apply(state, &config, two, 0, &why);
	assert_int_equal(config.manager.address.count, 2);
	assert_string_equal(config.manager.address.items[0], "x");
	assert_string_equal(config.manager.address.items[1], "y");
	assert_int_equal(config.agent.groups.count, 1);
	parse_and_apply(state, &config, reset, 0, &why);
	assert_int_equal(config.manager.address.count, 0);
	parse_and_apply(state, &config, similar, 0, &why);
	assert_int_equal(config.agent.groups.count, 1);
	assert_string_equal(config.agent.groups.items[0], "x");
	assert_string_equal(config.agent.group, "adm");
	config_clear(&config);
}

static void test_bad_settings(void **state)
{
	static const struct {
		const char *words[3], *said;
	} bad[] = {
		{ { "-p", "x" }, "the command line: 'x' is not a valid value for port" },
		{ { "-m", "a b" }, "the command line: 'a b' is not a valid value for address" },
		{ { "--pin", "x" }, "sha256//" },
		{ { "--set", "tls.verfy=no" }, "did you mean verify?" },
		{ { "--set", "verify" }, "SECTION.KEY=VALUE" },
		{ { "--set", "" }, "SECTION.KEY=VALUE" },
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct config config;
		struct reason why = { "" };

		assert_int_equal(config_init(&config), 0);
		parse_and_apply(state, &config, bad[i].words, -EINVAL, &why);
		if (!strstr(why.text, bad[i].said))
			fail_msg("%s %s: %s", bad[i].words[0], bad[i].words[1], why.text);
		config_clear(&config);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_commands, setup_directory, teardown_directory),
		cmocka_unit_test(test_called_as_agent_auth),
		cmocka_unit_test_setup_teardown(test_plain_options, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_help_and_version, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_options_set_keys, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_other_types, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_lists_replace_files, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_bad_settings, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
