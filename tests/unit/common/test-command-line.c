/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/command-line.h"
#include "common/completion.h"
#include "common/option-setters.h"
#include "common/usage.h"
#include "tests/unit/capture.h"

#include <errno.h>

#define MOST 8

/* A program with a letter and a name that mean one thing for `add` and another for the rest. */
struct result {
	const char *file;
	int color;
	unsigned int count;
	bool quiet, silent, help_was_requested;
	const char *name;
	struct text_list names;
};

enum { ADD, SHOW, SHELL };

static const char *const colors[] = { "red", "green", NULL };
static const struct command commands[] = {
	[ADD] = { .name = "add", .help = "add one" },
	[SHOW] = { .name = "show",
		   .arguments = "FILE...",
		   .help = "show files",
		   .least = 1,
		   .most = 2,
		   .kind = ARGUMENT_FILE },
	[SHELL] = { .name = "shell",
		    .arguments = "SHELL",
		    .help = "print",
		    .least = 1,
		    .most = 1,
		    .choices = completion_shells },
	{ 0 },
};

static int note_help(void *target, const struct option_row *row, char *value)
{
	(void)row, (void)value;
	((struct result *)target)->help_was_requested = true;
	return 0;
}

#define MEMBER(name) .offset = offsetof(struct result, name)

static const struct option_row options[] = {
	{ .help = "First" },
	{ .name = "file",
	  .letter = 'f',
	  .argument = "FILE",
	  .help = "a file",
	  .kind = ARGUMENT_FILE,
	  .set = option_set_text,
	  MEMBER(file) },
	{ .name = "color",
	  .argument = "COLOR",
	  .help = "a color",
	  .choices = colors,
	  .set = option_set_choice,
	  MEMBER(color) },
	{ .name = "count",
	  .letter = 'c',
	  .argument = "N",
	  .help = "a number",
	  .set = option_set_number,
	  .data = NUMBER_RANGE(1, 10),
	  MEMBER(count) },
	{ .help = "Further" },
	{ .name = "quiet",
	  .letter = 'n',
	  .commands = COMMAND_BIT(SHOW),
	  .help = "say nothing",
	  .set = option_set_true,
	  MEMBER(quiet) },
	{ .name = "silent",
	  .letter = 's',
	  .help = "say little",
	  .set = option_set_true,
	  MEMBER(silent) },
	{ .name = "name",
	  .letter = 'n',
	  .argument = "NAME",
	  .commands = COMMAND_BIT(ADD),
	  .help = "its name",
	  .set = option_set_text,
	  MEMBER(name) },
	{ .name = "name",
	  .argument = "NAME",
	  .commands = COMMAND_BIT(SHOW),
	  .help = "names",
	  .set = option_set_text_list,
	  MEMBER(names) },
	{ .name = "help", .letter = 'h', .help = "help", .set = note_help, .is_last = true },
	{ 0 },
};

static const struct command_line line = {
	.program = "demo-tool",
	.usage = "[OPTION...] COMMAND",
	.purpose = "Show a purpose that is so long that it does not fit "
		   "into one line of eighty columns.",
	.help_option = "--help",
	.commands = commands,
	.options = options,
};

struct call {
	const char *const *words;
	const struct command_line *line; /* null: the one above */
	char copies[MOST][32];
	char *arguments[MOST + 2];
	struct result result;
	struct parsed_line parsed;
	int r;
};

static void parse(void *user)
{
	struct call *call = user;
	int count = 1;

	call->result = (struct result){ 0 };
	call->arguments[0] = (char *)(uintptr_t) "demo-tool";
	for (const char *const *word = call->words; *word; word++, count++) {
		(void)snprintf(call->copies[count - 1], sizeof call->copies[0], "%s", *word);
		call->arguments[count] = call->copies[count - 1];
	}
	call->arguments[count] = NULL;
	call->r = command_line_parse(&call->parsed, call->line ?: &line, &call->result, count,
				     call->arguments);
}

static void test_errors(void **state)
{
	static const struct {
		const char *words[MOST], *said;
	} rows[] = {
		{ { NULL }, "no command is given" },
		{ { "shwo" }, "unknown command 'shwo'; did you mean 'show'?" },
		{ { "frobnicate" }, "unknown command 'frobnicate'\n" },
		{ { "\x1b[31m" }, "unknown command '\\x1b[31m'" },
		{ { "add", "--fiel", "x" }, "unknown option --fiel; did you mean --file?" },
		{ { "add", "--frobnicate" }, "unknown option --frobnicate\n" },
		{ { "add", "-Z" }, "unknown option -Z\n" },
		{ { "add", "--color", "gren" },
		  "--color is red or green, not 'gren'; did you mean 'green'?" },
		{ { "shell", "bsh" },
		  "SHELL is bash, zsh or fish, not 'bsh'; did you mean 'bash'?" },
		{ { "add", "--quiet" }, "option --quiet belongs to show, not to add" },
		{ { "--quiet", "add" }, "option --quiet belongs to show, not to add" },
		{ { "-n", "add" }, "option -n" },
		{ { "shell", "-n", "bash" }, "option -n belongs to add or show, not to shell" },
		{ { "add", "--file" }, "option --file needs an argument: FILE" },
		{ { "add", "-f" }, "option -f needs an argument: FILE" },
		{ { "add", "--silent=x" }, "option --silent takes no argument" },
		{ { "show", "x", "--n", "y", "z", "a" }, "unexpected argument 'a'" },
		{ { "add", "-c", "0" }, "--count is a number from 1 to 10, not '0'" },
		{ { "add", "-c11" }, "not '11'" },
		{ { "add", "-c", "-1" }, "not '-1'" },
		{ { "add", "-c", "1x" }, "not '1x'" },
		{ { "add", "-c", "" }, "not ''" },
		{ { "add", "x" }, "unexpected argument 'x': the command add takes none" },
		{ { "show" }, "the command show takes FILE..." },
		{ { "add", "--c", "red" }, "option --c may be --color or --count" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct call call = { .words = rows[i].words };
		char *said = capture(path_in(*state, "output"), parse, &call);

		if (call.r != -EINVAL || !strstr(said, rows[i].said) ||
		    strncmp(said, "demo-tool: ", 11) != 0 ||
		    !strstr(said, "\nTry 'demo-tool --help'.\n"))
			fail_msg("row %zu (%s) says: %s", i, rows[i].said, said);
		free(said);
	}
}

static void test_values(void **state)
{
	static const char *const mixed[] = { "-sfx", "show", "-n", "--", "-a", "b", NULL },
				 *const add[] = { "--name",      "early", "add", "-nlate",
						  "--col=green", "-c",    "10",  NULL },
				 *const help[] = { "-s", "--help", "--frobnicate", NULL },
				 *const list[] = { "--name=a", "show", "x", "--name", "b", NULL };
	struct call call = { .words = mixed };

	(void)state;
	parse(&call);
	assert_int_equal(call.r, 0);
	assert_ptr_equal(call.parsed.command, &commands[SHOW]);
	assert_true(call.result.silent && call.result.quiet);
	assert_string_equal(call.result.file, "x");
	assert_int_equal(call.parsed.argument_count, 2);
	assert_string_equal(call.parsed.arguments[0], "-a");
	assert_string_equal(call.parsed.arguments[1], "b");

	call.words = add;
	parse(&call);
	assert_int_equal(call.r, 0);
	assert_string_equal(call.result.name, "late");
	assert_int_equal(call.result.color, 1);
	assert_int_equal(call.result.count, 10);

	call.words = help;
	call.parsed.command = NULL;
	parse(&call);
	assert_int_equal(call.r, 1);
	assert_true(call.result.help_was_requested && !call.parsed.command);

	call.words = list;
	parse(&call);
	assert_int_equal(call.r, 0);
	assert_int_equal(call.result.names.count, 2);
	assert_string_equal(call.result.names.items[1], "b");
}

/* Where no command is given, the default one runs, and who called can tell. */
static void test_default_command(void **state)
{
	static const struct {
		const char *label, *words[MOST];
		int command; /* -1: refused */
		bool is_default;
	} rows[] = {
		{ "nothing", { NULL }, ADD, true },
		{ "an option of any command", { "-s" }, ADD, true },
		{ "an option of the default", { "--name", "x" }, ADD, true },
		{ "no words", { "--" }, ADD, true },
		{ "given", { "add" }, ADD, false },
		{ "given behind an option", { "-s", "add" }, ADD, false },
		{ "another", { "show", "x" }, SHOW, false },
		{ "an option of another", { "--quiet" }, -1, false },
	};
	struct command_line with_default = line;

	with_default.default_command = "add";
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct call call = { .words = rows[i].words, .line = &with_default };

		free(capture(path_in(*state, "output"), parse, &call));
		if (rows[i].command < 0) {
			check_row(rows[i].label, call.r == -EINVAL);
			continue;
		}
		check_row(rows[i].label,
			  call.r == 0 && call.parsed.command == &commands[rows[i].command]);
		check_row(rows[i].label, call.parsed.is_default == rows[i].is_default);
	}
}

static void print_help(void *user)
{
	(void)user;
	usage_begin(&line);
	usage_print_help();
}

static void test_help(void **state)
{
	char *said = capture(path_in(*state, "output"), print_help, NULL);
	size_t column = 0;

	assert_non_null(strstr(said, "Usage: demo-tool [OPTION...] COMMAND\n"));
	assert_non_null(strstr(said, "\n  show FILE...        show files\n"));
	assert_non_null(strstr(said, "\nFirst:\n  -f, --file FILE           a file\n"));
	assert_non_null(strstr(said, "\n      --color COLOR         a color\n"));
	for (const char *at = said; *at; at++) {
		column = *at == '\n' ? 0 : column + 1;
		assert_true(column <= 80);
	}
	free(said);
}

static void complete(void *user)
{
	completion_print(&line, user);
}

static void test_completion(void **state)
{
	static const struct {
		const char *shell, *said;
	} rows[] = {
		{ "bash", "\t:--color | add:--color | show:--color | shell:--color)\n"
			  "\t\t_demo_tool_offer words 'red green'\n" },
		{ "bash", "\t:--name | add:-n | add:--name)\n" },
		{ "bash", "\tadd:-*)\n\t\t_demo_tool_offer words "
			  "'--file --color --count --silent --name --help'\n" },
		{ "bash", "\t:*)\n\t\t_demo_tool_offer words 'add show shell'\n" },
		{ "bash", "\tshow:*)\n\t\t_demo_tool_offer file ''\n" },
		{ "bash", "\tshell:*)\n\t\t_demo_tool_offer words 'bash zsh fish'\n" },
		{ "bash", "\ncomplete -F _demo_tool_complete demo-tool\n" },
		{ "zsh", "\tshell:*)\n\t\t_demo_tool_offer words 'bash zsh fish'\n" },
		{ "zsh", "compdef _demo_tool_complete demo-tool\n" },
		{ "fish", "            case ':-f' ':--file' 'add:-f' " },
		{ "fish", "complete -c demo-tool -n '__demo_tool_is \"\"' -a add -d 'add one'\n" },
		{ "fish", "complete -c demo-tool -s f -l file -r -F -d 'a file'\n" },
		{ "fish", " -n '__demo_tool_is \"\" show' -s n -l quiet -d 'say nothing'\n" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *said = capture(path_in(*state, "output"), complete,
				     (void *)(uintptr_t)rows[i].shell);

		if (!strstr(said, rows[i].said))
			fail_msg("no %s in the script for %s:\n%s", rows[i].said, rows[i].shell,
				 said);
		free(said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_errors, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_values, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_default_command, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_help, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_completion, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
