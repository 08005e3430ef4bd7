/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/terminal.h"
#include "tests/unit/capture.h"

#include <fcntl.h>
#include <pty.h>
#include <unistd.h>

/* ------------------------------------------------------------------ what it can do */

/* As on a terminal that is `columns` wide. */
static struct terminal look_at_terminal(unsigned short columns)
{
	const struct winsize size = { .ws_row = 24, .ws_col = columns };
	struct terminal terminal;
	int near, far;

	assert_int_equal(openpty(&near, &far, NULL, NULL, &size), 0);
	terminal = terminal_of(far);
	close(near);
	close(far);
	return terminal;
}

static void test_no_terminal(void **state)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct terminal terminal;

	(void)state;
	(void)setenv("LC_ALL", "C.UTF-8", 1);
	(void)setenv("TERM", "xterm", 1);
	(void)unsetenv("NO_COLOR");
	terminal = terminal_of(fd);
	assert_int_equal(terminal.width, 0);
	assert_false(terminal.has_symbols || terminal.has_colour);
	close(fd);
}

static void test_width(void **state)
{
	static const unsigned short rows[][2] = { { 80, 80 }, { 200, 200 }, { 0, 80 }, { 7, 40 } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(look_at_terminal(rows[i][0]).width, rows[i][1]);
}

static void set(const char *name, const char *value)
{
	if (value)
		(void)setenv(name, value, 1);
	else
		(void)unsetenv(name);
}

static void test_environment(void **state)
{
	static const struct {
		const char *what, *locale, *type, *no_colour;
		bool has_symbols, has_colour;
	} rows[] = {
		{ "all", "C.UTF-8", "xterm", NULL, true, true },
		{ "NO_COLOR", "C.UTF-8", "xterm", "1", true, false },
		{ "NO_COLOR, any value", "C.UTF-8", "xterm", "0", true, false },
		{ "NO_COLOR, empty", "C.UTF-8", "xterm", "", true, true },
		{ "another character set", "C", "xterm", NULL, false, true },
		{ "no such locale", "nowhere", "xterm", NULL, false, true },
		{ "dumb", "C.UTF-8", "dumb", NULL, true, false },
		{ "no type", "C.UTF-8", NULL, NULL, true, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct terminal terminal;

		set("LC_ALL", rows[i].locale);
		set("TERM", rows[i].type);
		set("NO_COLOR", rows[i].no_colour);
		terminal = look_at_terminal(80);
		check_row(rows[i].what, terminal.has_symbols == rows[i].has_symbols &&
						terminal.has_colour == rows[i].has_colour);
	}
}

/* ------------------------------------------------------------------ rows */

struct row {
	struct terminal terminal;
	enum terminal_mark mark;
	const char *label, *text, *printed;
};

static void print_row(void *user)
{
	const struct row *row = user;

	terminal_print_row(&row->terminal, row->mark, row->label, 5, "%s", row->text);
}

static void test_rows(void **state)
{
	static const struct terminal none = { .width = 0 }, narrow = { .width = 20 },
				     symbols = { .width = 20, .has_symbols = true },
				     colour = { .width = 20, .has_colour = true };
	struct row rows[] = {
		{ none, TERMINAL_OK, "name", "of a machine", "ok   name  of a machine\n" },
		{ none, TERMINAL_FAIL, "name", "is missing", "FAIL name  is missing\n" },
		{ none, TERMINAL_NOTE, "longer", "a", "note longer a\n" },
		{ none, TERMINAL_NO_MARK, "a", "of more words than 20 columns have",
		  "a     of more words than 20 columns have\n" },
		{ narrow, TERMINAL_NO_MARK, "a", "of more words  than 20 columns",
		  "a     of more words\n      than 20\n      columns\n" },
		{ narrow, TERMINAL_NO_MARK, "a", "two  blanks", "a     two  blanks\n" },
		{ narrow, TERMINAL_NO_MARK, "a", "in /a/path/that/is/longer cut",
		  "a     in\n      /a/path/that/is/longer\n      cut\n" },
		{ narrow, TERMINAL_NO_MARK, "a", "exactly-filled", "a     exactly-filled\n" },
		{ narrow, TERMINAL_OK, "a", "one two three",
		  "ok   a     one two\n           three\n" },
		{ symbols, TERMINAL_OK, "a", "one two three",
		  "\xe2\x9c\x93 a     one two\n        three\n" },
		{ symbols, TERMINAL_FAIL, "a", "b", "\xe2\x9c\x97 a     b\n" },
		{ symbols, TERMINAL_NOTE, "a", "b", "! a     b\n" },
		{ symbols, TERMINAL_NO_MARK, "a",
		  "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xb6\xc3\xb6",
		  "a     \xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xb6\xc3\xb6\n" },
		{ colour, TERMINAL_OK, "a", "one two three",
		  "\033[32mok  \033[0m a     one two\n           three\n" },
		{ colour, TERMINAL_NO_MARK, "a", "b", "a     b\n" },
		{ none, TERMINAL_NO_MARK, "a", "", "a     \n" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *printed = capture(path_in(*state, "output"), print_row, &rows[i]);

		assert_string_equal(printed, rows[i].printed);
		free(printed);
	}
}

static void print_headings(void *user)
{
	static const struct terminal plain = { .width = 20 };
	static const struct terminal colour = { .width = 20, .has_colour = true };

	(void)user;
	terminal_print_heading(&plain, "Plain");
	terminal_print_heading(&colour, "Bold");
}

static void test_headings(void **state)
{
	char *printed = capture(path_in(*state, "output"), print_headings, NULL);

	assert_string_equal(printed, "Plain\n\033[1mBold\033[0m\n");
	free(printed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_terminal),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_environment),
		cmocka_unit_test_setup_teardown(test_rows, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_headings, setup_directory, teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
