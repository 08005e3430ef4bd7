/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/setting-words.h"

static const struct setting_words table[] = {
	{ "name in [agent]", "-A" },
	{ ", or set verify_name", "" },
	{ 0 },
};

static int use_own_names(void **state)
{
	(void)state;
	setting_words_use(NULL);
	return 0;
}

static void test_own_names(void **state)
{
	(void)state;
	assert_string_equal(setting_words("name in [agent]"), "name in [agent]");
	assert_string_equal(setting_words(""), "");
}

static void test_table(void **state)
{
	static const struct {
		const char *phrase, *words;
	} rows[] = {
		{ "name in [agent]", "-A" },
		{ ", or set verify_name", "" },
		{ "ip in [agent]", "ip in [agent]" },
		{ "set name in [agent]", "set name in [agent]" }, /* a part is not replaced */
		{ "name in [agent", "name in [agent" },
		{ "", "" },
	};

	(void)state;
	setting_words_use(table);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(setting_words(rows[i].phrase), rows[i].words);
	setting_words_use(NULL);
	assert_string_equal(setting_words("name in [agent]"), "name in [agent]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_own_names, use_own_names),
		cmocka_unit_test_teardown(test_table, use_own_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
