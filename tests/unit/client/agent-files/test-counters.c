/* SPDX-License-Identifier: ISC */
/* The agent's message counters go, and nothing else does. */
#include "tests/unit/support.h"

#include "client/agent-files/counters.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* *state is the agent's directory. */
static int setup(void **state)
{
	if (setup_directory(state) < 0 || mkdir(path_in(*state, "queue"), 0770) < 0)
		return -1;
	return mkdir(path_in(*state, "queue/rids"), 0770);
}

static void test_all_go(void **state)
{
	static const char *const names[] = { "sender", "sender_counter", "001", "1024" };
	struct reason why = { 0 };

	for (size_t i = 0; i < COUNT(names); i++) {
		char name[64];

		(void)snprintf(name, sizeof name, "queue/rids/%s", names[i]);
		write_text(path_in(*state, name), "0:1281:");
	}
	write_text(path_in(*state, "queue/alerts"), "stays");
	assert_int_equal(counters_remove(*state, &why), 0);
	assert_int_equal(count_entries(path_in(*state, "queue/rids")), 0);
	assert_file(path_in(*state, "queue/alerts"), "stays");
}

static void test_none(void **state)
{
	struct reason why = { 0 };

	assert_int_equal(counters_remove(*state, &why), 0);
	assert_int_equal(rmdir(path_in(*state, "queue/rids")), 0);
	assert_int_equal(counters_remove(*state, &why), 0);
	assert_string_equal(why.text, "");
}

/* The agent's user may make such things there. */
static void test_links_and_directories(void **state)
{
	const char *elsewhere = path_in(*state, "elsewhere"), *rids = path_in(*state, "queue/rids");
	struct reason why = { 0 };

	write_text(elsewhere, "stays");
	assert_int_equal(symlink(elsewhere, path_in(*state, "queue/rids/001")), 0);
	assert_int_equal(mkdir(path_in(*state, "queue/rids/002"), 0700), 0);
	assert_int_equal(counters_remove(*state, &why), 0);
	assert_file(elsewhere, "stays");
	assert_int_equal(count_entries(rids), 1);

	assert_int_equal(rmdir(path_in(*state, "queue/rids/002")), 0);
	assert_int_equal(rmdir(rids), 0);
	assert_int_equal(symlink(path_in(*state, "queue"), rids), 0);
	assert_int_equal(counters_remove(*state, &why), -ELOOP);
	assert_non_null(strstr(why.text, "queue/rids"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_go, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_none, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_links_and_directories, setup,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
