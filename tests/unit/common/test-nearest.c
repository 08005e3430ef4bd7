/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/nearest.h"

#include <stdint.h>

static void test_distance(void **state)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} rows[] = {
		{ "", "", 0 },         { "", "abc", 3 },           { "abc", "", 3 },
		{ "same", "same", 0 }, { "kitten", "sitting", 3 }, { "strat", "status", 3 },
		{ "ab", "ba", 2 },     { "list", "lists", 1 },     { "list", "ist", 1 },
		{ "LIST", "list", 0 }, { "Lits", "lisT", 2 },      { "[", "{", 1 },
	};
	char longest[64] = "", too_long[65] = "";

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(rows[i].a,
			  nearest_distance(rows[i].a, rows[i].b) == rows[i].distance &&
				  nearest_distance(rows[i].b, rows[i].a) == rows[i].distance);
	memset(longest, 'x', sizeof longest - 1);
	memset(too_long, 'x', sizeof too_long - 1);
	assert_int_equal(nearest_distance(longest, ""), 63);
	assert_int_equal(nearest_distance(too_long, ""), SIZE_MAX);
	assert_int_equal(nearest_distance("", too_long), SIZE_MAX);
}

static void test_words(void **state)
{
	static const char *const words[] = { "run", "status", "reset", "import", NULL },
				 *const none[] = { NULL };
	static const struct {
		const char *word, *found; /* null: none */
	} rows[] = {
		{ "strat", "status" }, { "rest", "reset" },    { "imprt", "import" },
		{ "run", "run" },      { "frobnicate", NULL }, { "x", NULL },
		{ "", NULL },          { "ru", "run" },        { "RUN", "run" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *found = nearest_of(rows[i].word, words);

		check_row(rows[i].word,
			  rows[i].found ? found && strcmp(found, rows[i].found) == 0 : !found);
	}
	assert_null(nearest_of("run", none));
}

/* Of two that are as near, the first. */
static void test_ties(void **state)
{
	struct nearest nearest = NEAREST_TO("aab");

	(void)state;
	nearest_offer(&nearest, "aac");
	nearest_offer(&nearest, "aad");
	assert_string_equal(nearest.found, "aac");
}

static void test_hint(void **state)
{
	char hint[NEAREST_HINT_SIZE];

	(void)state;
	assert_string_equal(nearest_hint(hint, "status"), "; did you mean 'status'?");
	assert_string_equal(nearest_hint(hint, NULL), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_ties),
		cmocka_unit_test(test_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
