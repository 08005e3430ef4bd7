/* SPDX-License-Identifier: ISC */
/* When agents were registered, in the manager's queue. */
#include "tests/unit/support.h"

#include "registrar/agents/history.h"

#include <errno.h>
#include <sys/stat.h>

static struct roster_entry entry_of(const char *id, const char *name)
{
	struct roster_entry entry = { .name = name, .ip = "any" };

	(void)snprintf(entry.id_text, sizeof entry.id_text, "%s", id);
	return entry;
}

#define STAMPS                                                                                 \
	"001 web-01 any 2020-01-01 00:00:00\n002 web-02 any 2020-01-02 00:00:00\nnonsense\n\n" \
	"001 web-01 any 2021-01-01 00:00:00\n0010 web-10 any 2020-01-03 00:00:00"

/* The last line of an id counts, if it is that agent's. */
static void test_registered(void **state)
{
	const struct agent_history history = { .queue = *state };
	const struct roster_entry first = entry_of("001", "web-01"), other = entry_of("002", "x"),
				  tenth = entry_of("0010", "web-10");
	time_t last, one;

	assert_int_equal(agent_history_registered(&history, &first, &one), -ENODATA);
	write_text(path_in(*state, "agents-timestamp"), STAMPS);
	assert_int_equal(agent_history_registered(&history, &first, &last), 0);
	assert_int_equal(agent_history_registered(&history, &tenth, &one), 0);
	assert_true(one < last);
	assert_int_equal(agent_history_registered(&history, &other, &one), -ENODATA);
}

/* What a crash has left of lines hides no other one, and a line says nothing about the next. */
static void test_damaged(void **state)
{
	static const char content[] = "\0\0\0\n001 web-01 any 2020-01-01 00:00:00\n"
				      "001\0web-01 any 2021-01-01 00:00:00\n"
				      "002 \nweb-02 any 2020-01-01 00:00:00\n";
	const struct agent_history history = { .queue = *state };
	FILE *file = fopen(path_in(*state, "agents-timestamp"), "we");
	const struct roster_entry first = entry_of("001", "web-01"),
				  second = entry_of("002", "web-02");
	struct tm local;
	time_t when;

	assert_non_null(file);
	assert_int_equal(fwrite(content, 1, sizeof content - 1, file), sizeof content - 1);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(agent_history_registered(&history, &first, &when), 0);
	assert_non_null(localtime_r(&when, &local));
	assert_int_equal(local.tm_year, 120);
	assert_int_equal(agent_history_registered(&history, &second, &when), -ENODATA);
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
	assert_file(path_in(*state, "agents-timestamp"),
		    "002 web-02 any 2020-01-02 00:00:00\nnonsense\n\n");
	assert_file(path_in(*state, "rids/001"), NULL);
	assert_file(path_in(*state, "rids/002"), "1");
	assert_int_equal(agent_history_forget_all(&history, ids, 0, &why), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_registered, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_damaged, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_forgetting, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
