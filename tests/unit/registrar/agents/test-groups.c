/* SPDX-License-Identifier: ISC */
/* The groups of agents in the manager's queue. */
#include "tests/unit/support.h"

#include "registrar/agents/groups.h"

#include <errno.h>
#include <sys/stat.h>

static const char *const first = "001";

static void test_groups(void **state)
{
	static char groups[AGENT_GROUPS_SIZE];
	struct reason why;
	struct stat status;

	assert_int_equal(agent_groups_read(groups, *state, "001", &why), 0);
	assert_string_equal(groups, "");
	assert_int_equal(agent_groups_write(*state, "001", "web,db", &why), 0);
	assert_file(path_in(*state, "agent-groups/001"), "web,db\n");
	assert_int_equal(stat(path_in(*state, "agent-groups"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0770);
	assert_int_equal(stat(path_in(*state, "agent-groups/001"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0660);
	assert_int_equal(agent_groups_read(groups, *state, "001", &why), 0);
	assert_string_equal(groups, "web,db");
	assert_int_equal(agent_groups_write(*state, "001", "default", &why), 0);
	assert_file(path_in(*state, "agent-groups/001"), "default\n");
	assert_int_equal(agent_groups_forget_all(*state, &first, 1, &why), 0);
	assert_int_equal(agent_groups_forget_all(*state, &first, 1, &why), 0);
	assert_int_equal(count_entries(path_in(*state, "agent-groups")), 0);
}

/* Many at once; those that have none are passed over. */
static void test_forgetting(void **state)
{
	static const char *const ids[] = { "001", "002", "003" };
	struct reason why;

	assert_int_equal(agent_groups_write(*state, "001", "web", &why), 0);
	assert_int_equal(agent_groups_write(*state, "003", "web", &why), 0);
	assert_int_equal(agent_groups_write(*state, "004", "web", &why), 0);
	assert_int_equal(agent_groups_forget_all(*state, ids, COUNT(ids), &why), 0);
	assert_int_equal(count_entries(path_in(*state, "agent-groups")), 1);
	assert_file(path_in(*state, "agent-groups/004"), "web\n");
}

static void test_groups_without_a_place(void **state)
{
	static char groups[AGENT_GROUPS_SIZE];
	struct reason why;

	assert_int_equal(agent_groups_read(groups, NULL, "001", &why), -ENODATA);
	assert_int_equal(agent_groups_write(NULL, "001", "web", &why), -ENODATA);
	assert_int_equal(agent_groups_forget_all(NULL, &first, 1, &why), 0);
	assert_int_equal(agent_groups_write(path_in(*state, "nowhere"), "001", "web", &why),
			 -ENOENT);
	assert_non_null(strstr(why.text, "nowhere"));
	assert_int_equal(agent_groups_forget_all(path_in(*state, "nowhere"), &first, 1, &why), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_groups, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_forgetting, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_groups_without_a_place, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
