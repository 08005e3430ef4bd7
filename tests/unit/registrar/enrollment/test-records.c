/* SPDX-License-Identifier: ISC */
/* What is written about agents after a commit: times, groups, message counters. */
#include "tests/unit/support.h"

#include "common/cleanup.h"
#include "registrar/enrollment/records.h"

#include <errno.h>
#include <sys/stat.h>

#define KEY "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"

/* The roster of the transaction, in which nothing but removals would count. */
static struct roster *nobody;

static int open_nobody(void **state)
{
	struct reason why;

	return setup_directory(state) == 0 ? roster_open(&nobody, *state, (gid_t)-1, NULL, &why)
					   : -1;
}

static int close_nobody(void **state)
{
	roster_close(nobody);
	return teardown_directory(state);
}

static struct enrollment accept_agent(const char *id, const char *name, const char *replaced,
				      const char *groups)
{
	struct enrollment enrollment = { .accepted = true, .agent = { .ip = "any", .key = KEY } };

	(void)snprintf(enrollment.agent.id, sizeof enrollment.agent.id, "%s", id);
	(void)snprintf(enrollment.agent.name, sizeof enrollment.agent.name, "%s", name);
	(void)snprintf(enrollment.replaced[0], sizeof enrollment.replaced[0], "%s", replaced);
	if (groups)
		enrollment.group_list = (struct authd_field){ groups, strlen(groups) };
	return enrollment;
}

static int find_time(const struct agent_history *history, const char *id, const char *name,
		     time_t *ret)
{
	struct roster_entry entry = { .name = name, .ip = "any" };

	(void)snprintf(entry.id_text, sizeof entry.id_text, "%s", id);
	return agent_history_registered(history, &entry, ret);
}

static void test_times(void **state)
{
	const struct agent_history history = { .queue = path_in(*state, "queue") };
	const struct enrollment rows[] = {
		accept_agent("005", "new", "001", NULL),
		{ .accepted = false, .agent = { "006", "no", "any", "" } },
		accept_agent("007", "last", "", NULL),
	};
	cleanup(records_clear) struct records records = { 0 };
	time_t start = time(NULL), when;
	struct reason why;

	for (size_t i = 0; i < COUNT(rows); i++)
		records_add(&records, nobody, &rows[i]);
	assert_int_equal(records.count, 2);
	/* Without the file nothing is kept. */
	assert_int_equal(records_write(&records, &history, &why), 0);
	assert_false(agent_history_exists(&history));
	assert_int_equal(find_time(&history, "005", "new", &when), -ENODATA);

	assert_int_equal(agent_history_make(&history, &why), 0);
	assert_true(agent_history_exists(&history));
	write_text(path_in(history.queue, "agents-timestamp"),
		   "001 old any 2026-01-01 00:00:00\n0051 x any 2026-01-01 00:00");
	assert_int_equal(records_write(&records, &history, &why), 0);
	assert_int_equal(find_time(&history, "005", "new", &when), 0);
	assert_in_range(when, start, time(NULL));
	assert_int_equal(find_time(&history, "006", "no", &when), -ENODATA);
	/* another name has it */
	assert_int_equal(find_time(&history, "007", "new", &when), -ENODATA);
	assert_int_equal(find_time(&history, "007", "last", &when), 0);
	assert_int_equal(find_time(&history, "001", "old", &when), -ENODATA);
}

static void test_groups(void **state)
{
	const struct agent_history history = { .queue = *state };
	const struct enrollment first = accept_agent("005", "new", "004", "web,db,web"),
				second = accept_agent("006", "other", "", NULL);
	cleanup(records_clear) struct records records = { 0 };
	struct reason why;

	assert_int_equal(agent_history_make(&history, &why), 0);
	assert_int_equal(mkdir(path_in(*state, "agent-groups"), 0700), 0);
	write_text(path_in(*state, "agent-groups/004"), "old\n");
	write_text(path_in(*state, "agent-groups/003"), "old\n");
	records_add(&records, nobody, &first);
	records_add(&records, nobody, &second);
	records_remove(&records, nobody, "003");
	assert_int_equal(records_write(&records, &history, &why), 0);
	assert_file(path_in(*state, "agent-groups/005"), "web,db\n");
	assert_int_equal(count_entries(path_in(*state, "agent-groups")), 1);
}

/*
 * An agent that goes in the transaction in which it came leaves nothing, and its id may come again.
 */
static void test_come_and_gone(void **state)
{
	const struct agent_history history = { .queue = *state };
	const struct enrollment first = accept_agent("005", "first", "", "web"),
				second = accept_agent("005", "second", "005", NULL);
	cleanup(records_clear) struct records records = { 0 };
	time_t when;
	struct reason why;

	assert_int_equal(agent_history_make(&history, &why), 0);
	records_add(&records, nobody, &first);
	assert_string_equal(records_find(&records, "005")->name, "first");
	records_add(&records, nobody, &second);
	assert_string_equal(records_find(&records, "005")->name, "second");
	assert_null(records_find(&records, "006"));
	assert_int_equal(records_write(&records, &history, &why), 0);
	assert_int_equal(find_time(&history, "005", "first", &when), -ENODATA);
	assert_int_equal(find_time(&history, "005", "second", &when), 0);
	assert_file(path_in(*state, "agent-groups/005"), NULL);
}

/* Two agents have an id: what is kept of it belongs to the one that stays. */
static void test_same_id(void **state)
{
	const struct agent_history history = { .queue = *state };
	const struct enrollment gone = accept_agent("002", "new", "001", NULL);
	cleanup(records_clear) struct records records = { 0 };
	struct roster *roster;
	struct reason why;

	write_text(path_in(*state, "client.keys"), "001 web any " KEY "\n001 db any " KEY "\n");
	assert_int_equal(roster_open(&roster, *state, (gid_t)-1, NULL, &why), 0);
	assert_int_equal(mkdir(path_in(*state, "agent-groups"), 0700), 0);
	write_text(path_in(*state, "agent-groups/001"), "db\n");
	assert_int_equal(roster_begin(roster, &why), 0);
	roster_remove(roster, roster_find_name(roster, "web"), ROSTER_TOMBSTONE_OSSEC);
	records_remove(&records, roster, "001");
	records_add(&records, roster, &gone);
	assert_int_equal(records_write(&records, &history, &why), 0);
	assert_file(path_in(*state, "agent-groups/001"), "db\n");
	roster_remove(roster, roster_find_name(roster, "db"), ROSTER_TOMBSTONE_OSSEC);
	records_remove(&records, roster, "001");
	assert_int_equal(records_write(&records, &history, &why), 0);
	assert_file(path_in(*state, "agent-groups/001"), NULL);
	roster_cancel(roster);
	roster_close(roster);
}

/* What cannot be written is reported, and the rest is written all the same. */
static void test_failure(void **state)
{
	const struct agent_history history = { .queue = *state };
	const struct enrollment accepted = accept_agent("005", "new", "", "web");
	cleanup(records_clear) struct records records = { 0 };
	time_t when;
	struct reason why;

	assert_int_equal(agent_history_make(&history, &why), 0);
	write_text(path_in(*state, "agent-groups"), "in the way");
	records_add(&records, nobody, &accepted);
	assert_int_equal(records_write(&records, &history, &why), -ENOTDIR);
	assert_non_null(strstr(why.text, "agent-groups"));
	assert_int_equal(find_time(&history, "005", "new", &when), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_times, open_nobody, close_nobody),
		cmocka_unit_test_setup_teardown(test_groups, open_nobody, close_nobody),
		cmocka_unit_test_setup_teardown(test_come_and_gone, open_nobody, close_nobody),
		cmocka_unit_test_setup_teardown(test_same_id, open_nobody, close_nobody),
		cmocka_unit_test_setup_teardown(test_failure, open_nobody, close_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
