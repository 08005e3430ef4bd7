/* SPDX-License-Identifier: ISC */
/* What the manager's queue says of agents: their groups, and when they were registered. */
#include "tests/unit/support.h"

#include "registrar/agents/groups.h"
#include "registrar/agents/history.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static struct roster_entry entry_of(const char *id, const char *name)
{
	struct roster_entry entry = { .name = name, .ip = "any" };

	(void)snprintf(entry.id_text, sizeof entry.id_text, "%s", id);
	return entry;
}

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
	assert_int_equal(agent_groups_forget(*state, "001", &why), 0);
	assert_int_equal(agent_groups_forget(*state, "001", &why), 0);
	assert_int_equal(count_entries(path_in(*state, "agent-groups")), 0);
}

static void test_groups_without_a_place(void **state)
{
	static char groups[AGENT_GROUPS_SIZE];
	struct reason why;

	assert_int_equal(agent_groups_read(groups, NULL, "001", &why), -ENODATA);
	assert_int_equal(agent_groups_write(NULL, "001", "web", &why), -ENODATA);
	assert_int_equal(agent_groups_forget(NULL, "001", &why), 0);
	assert_int_equal(agent_groups_write(path_in(*state, "nowhere"), "001", "web", &why),
			 -ENOENT);
	assert_non_null(strstr(why.text, "nowhere"));
	assert_int_equal(agent_groups_forget(path_in(*state, "nowhere"), "001", &why), 0);
}

static void test_lists_of_groups(void **state)
{
	(void)state;
	assert_true(agent_groups_have("web,db", "web"));
	assert_true(agent_groups_have("web,db", "db"));
	assert_false(agent_groups_have("web,db", "we"));
	assert_false(agent_groups_have("web,db", "webb"));
	assert_false(agent_groups_have("web,db", "web,db"));
	assert_false(agent_groups_have("", "web"));
	assert_int_equal(agent_groups_count(""), 0);
	assert_int_equal(agent_groups_count("web"), 1);
	assert_int_equal(agent_groups_count("web,db,x"), 3);
}

#define STAMPS                                                                                 \
	"001 web-01 any 2020-01-01 00:00:00\n002 web-02 any 2020-01-02 00:00:00\nnonsense\n\n" \
	"001 web-01 any 2021-01-01 00:00:00\n0010 web-10 any 2020-01-03 00:00:00"

static void test_stamps(void **state)
{
	const struct agent_history history = { .queue = *state };
	const struct roster_entry first = entry_of("001", "web-01"), second = entry_of("002", "othe"
											      "r");
	const struct roster_entry tenth = entry_of("0010", "web-10"), nobody = entry_of("003", "web"
											       "-0"
											       "3");
	struct agent_history_stamps stamps = { .content = NULL };
	time_t all, one;

	assert_int_equal(agent_history_stamps_read(&stamps, &history), -ENODATA);
	assert_int_equal(agent_history_stamps_find(&stamps, &first, &all), -ENODATA);
	write_text(path_in(*state, "agents-timestamp"), STAMPS);
	assert_int_equal(agent_history_stamps_read(&stamps, &history), 0);
	assert_int_equal(agent_history_stamps_find(&stamps, &first, &all), 0);
	assert_int_equal(agent_history_registered(&history, &first, &one), 0);
	assert_int_equal(all, one);
	assert_int_equal(agent_history_stamps_find(&stamps, &tenth, &one), 0);
	assert_true(one < all);
	/* another agent's id */
	assert_int_equal(agent_history_stamps_find(&stamps, &second, &all), -ENODATA);
	assert_int_equal(agent_history_stamps_find(&stamps, &nobody, &all), -ENODATA);
	agent_history_stamps_clear(&stamps);
}

static void test_forgetting(void **state)
{
	static const char *const ids[] = { "001", "003", "0010" };
	const struct agent_history history = { .queue = *state };
	struct reason why;

	/* there is nothing */
	assert_int_equal(agent_history_forget_all(&history, ids, COUNT(ids), &why), 0);
	write_text(path_in(*state, "agents-timestamp"), STAMPS);
	assert_int_equal(mkdir(path_in(*state, "rids"), 0700), 0);
	write_text(path_in(*state, "rids/001"), "1");
	write_text(path_in(*state, "rids/002"), "1");
	assert_int_equal(agent_history_forget_all(&history, ids, COUNT(ids), &why), 0);
	assert_file(path_in(*state, "agents-timestamp"), "002 web-02 any 2020-01-02 "
							 "00:00:00\nnonsense\n\n");
	assert_file(path_in(*state, "rids/001"), NULL);
	assert_file(path_in(*state, "rids/002"), "1");
	assert_int_equal(agent_history_forget_all(&history, ids, 0, &why), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_groups, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_groups_without_a_place, setup_directory,
						teardown_directory),
		cmocka_unit_test(test_lists_of_groups),
		cmocka_unit_test_setup_teardown(test_stamps, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_forgetting, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
