/* SPDX-License-Identifier: ISC */
/* Lists with commas. */
#include "tests/unit/support.h"

#include "common/comma-list.h"

static void test_has(void **state)
{
	(void)state;
	assert_true(comma_list_has("web,db", "web"));
	assert_true(comma_list_has("web,db", "db"));
	assert_false(comma_list_has("web,db", "we"));
	assert_false(comma_list_has("web,db", "webb"));
	assert_false(comma_list_has("web,db", "web,db"));
	assert_false(comma_list_has("", "web"));
}

static void test_count(void **state)
{
	(void)state;
	assert_int_equal(comma_list_count(""), 0);
	assert_int_equal(comma_list_count("web"), 1);
	assert_int_equal(comma_list_count("web,db,x"), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
