/* SPDX-License-Identifier: ISC */
/* Which agent is newer than the manager, and what a manager of a version takes. */
#include "tests/unit/support.h"

#include "registrar/enrollment/agent-version.h"

static void test_versions(void **state)
{
	static const struct {
		const char *agent, *manager;
		bool is_newer;
	} rows[] = {
		{ "v4.14.5", "v4.14.5", false },
		{ "v4.14.9", "v4.14.5", false },
		{ "v4.15.0", "v4.14.5", true },
		{ "v5.0.0", "v4.14.5", true },
		{ "v3.99", "v4.14", false },
		{ "a v4.15", "4.14", true },
		{ "junk", "v4.14.5", false },
		{ "", "v4.14.5", false },
		{ "4.14.5", "v4.14.5", false },
		{ "..5..0", "v4.14.5", true },
		/* Nine characters count: 4.0, and 4.1 */
		{ "Wazuh v4.15", "4.14", false },
		{ "wazu v4.15", "4.14", false },
		{ "waz v4.15", "4.14", true },
		{ "vv5.0", "v4.14.5", false },
		{ "v4 .15", "v4.14.5", true },
		{ "v-5.99", "v4.14.5", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(rows[i].agent,
			  agent_version_is_newer(rows[i].agent, strlen(rows[i].agent),
						 rows[i].manager) == rows[i].is_newer);
}

static void test_leading_dots(void **state)
{
	(void)state;
	assert_true(manager_version_takes_leading_dot("v4.14.5"));
	assert_true(manager_version_takes_leading_dot("4.13.9"));
	assert_true(manager_version_takes_leading_dot("v3.99.99"));
	assert_false(manager_version_takes_leading_dot("v4.14.6"));
	assert_false(manager_version_takes_leading_dot("v4.14"));
	assert_false(manager_version_takes_leading_dot("v4.15.0"));
	assert_false(manager_version_takes_leading_dot("v5.0.0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_leading_dots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
