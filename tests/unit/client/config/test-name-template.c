/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "client/config/name-template.h"

/* The pieces, each in brackets: text as it is, %LETTER, @PATH, and !TEXT for what is not valid. */
static void describe(const char *template, char *ret, size_t size)
{
	struct name_piece piece;

	ret[0] = '\0';
	while (name_template_next(&template, &piece)) {
		size_t used = strlen(ret);
		const char *mark = piece.kind == NAME_FILE ? "@" : "!";

		if (piece.kind == NAME_SPECIFIER)
			(void)snprintf(ret + used, size - used, "[%%%c]", piece.letter);
		else
			(void)snprintf(ret + used, size - used, "[%s%.*s]",
				       piece.kind == NAME_TEXT ? "" : mark, (int)piece.length,
				       piece.text);
	}
}

static void test_pieces(void **state)
{
	static const struct {
		const char *template, *pieces;
	} rows[] = {
		{ "", "" },
		{ "web-01", "[web-01]" },
		{ "%H", "[%H]" },
		{ "a%l-%f", "[a][%l][-][%f]" },
		{ "%a%m%b%i", "[%a][%m][%b][%i]" },
		{ "50%%", "[50][%]" },
		{ "%%%H", "[%][%H]" },
		{ "%{file:/run/name}", "[@/run/name]" },
		{ "x-%{file:/a%Hb}.%l", "[x-][@/a%Hb][.][%l]" },
		{ "%{file:/}", "[@/]" },
		{ "%", "[!%]" },
		{ "a%", "[a][!%]" },
		{ "%x-%H", "[!%x-%H]" },
		{ "%{file:relative}", "[!%{file:relative}]" },
		{ "%{file:}", "[!%{file:}]" },
		{ "%{file:/run/name", "[!%{file:/run/name]" },
		{ "%{FILE:/run/name}", "[!%{FILE:/run/name}]" },
		{ "%{fqdn}", "[!%{fqdn}]" },
	};
	char pieces[256];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		describe(rows[i].template, pieces, sizeof pieces);
		check_row(rows[i].template, strcmp(pieces, rows[i].pieces) == 0);
	}
}

static void test_needs(void **state)
{
	(void)state;
	assert_int_equal(name_template_needs("%H-%l-%m-%%f-%{file:/%f%a}"), 0);
	assert_int_equal(name_template_needs("%f"), NAME_NEEDS_FQDN);
	assert_int_equal(name_template_needs("ip-%a-%a"), NAME_NEEDS_ADDRESS);
	assert_int_equal(name_template_needs("%a.%f"), NAME_NEEDS_FQDN | NAME_NEEDS_ADDRESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
