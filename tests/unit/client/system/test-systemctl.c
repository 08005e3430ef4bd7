/* SPDX-License-Identifier: ISC */
/* The properties of units in the output of systemctl show. */
#include "tests/unit/support.h"

#include "client/system/systemctl.h"

#include <string.h>

static void test_properties(void **state)
{
	static const char shown[] =
		"MainPID=12\nActiveState=active\nDescription=a=b c\nEmpty=\nX=1";
	static const struct {
		const char *name, *value;
	} rows[] = {
		{ "MainPID", "12" },
		{ "ActiveState", "active" },
		{ "Description", "a=b c" },
		{ "Empty", "" },
		{ "X", "1" },
		{ "Main", NULL },
		{ "PID", NULL },
		{ "State", NULL },
		{ "a", NULL },
	};
	char value[32];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *found = systemctl_property(shown, rows[i].name, value, sizeof value);

		check_row(rows[i].name, !found == !rows[i].value);
		check_row(rows[i].name, !found || strcmp(found, rows[i].value) == 0);
	}
}

static void test_edges(void **state)
{
	char value[4];

	(void)state;
	assert_null(systemctl_property("", "X", value, sizeof value));
	assert_null(systemctl_property("\n\n", "X", value, sizeof value));
	assert_null(systemctl_property("X", "X", value, sizeof value));
	assert_string_equal(systemctl_property("\nX=abcdef\n", "X", value, sizeof value), "abc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_properties),
		cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
