/* SPDX-License-Identifier: ISC */
/*
 * A manager is told from an agent; /etc/ossec-init.conf is what the tests say it is (see the wrap
 * in local.mk).
 */
#include "tests/unit/support.h"

#include "client/agent-files/manager-detect.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *init_text; /* null: there is no such file */

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	if (strcmp(path, "/etc/ossec-init.conf") != 0)
		return __real_fopen(path, mode);
	errno = ENOENT;
	return init_text ? fmemopen((void *)(uintptr_t)init_text, strlen(init_text), "r") : NULL;
}

static void test_init_file(void **state)
{
	static const struct {
		const char *text;
		bool is_manager;
	} rows[] = {
		{ NULL, false },
		{ "DIRECTORY=\"/nowhere\"\nVERSION=\"v3.7.0\"\nDATE=\"x\"\nTYPE=\"server\"\n",
		  true },
		{ "TYPE=\"server\"\nDIRECTORY=\"/nowhere\"\n", true },
		{ "TYPE=\"server\"", true },
		{ "DIRECTORY=\"/nowhere\"\nTYPE=\"agent\"\n", false },
		{ "DIRECTORY=\"/nowhere\"\nTYPE=\"local\"\n", false },
		{ "DIRECTORY=\"/elsewhere\"\nTYPE=\"server\"\n", false },
		{ "TYPE=\"server\"\nDIRECTORY=\"/elsewhere\"\n", false },
		{ "DIRECTORY=\"/nowhere\"\n#TYPE=\"server\"\n", false },
		{ "DIRECTORY=\"/nowhere\"\nTYPE=server\n", false },
		{ "DIRECTORY=\"/nowhere\"\nTYPE=\"server-less\"\n", false },
		{ "\n", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reason seen = { "" };

		init_text = rows[i].text;
		check_row(rows[i].text ?: "none",
			  manager_detect("/nowhere", "/nowhere/etc/client.keys", &seen) ==
				  rows[i].is_manager);
		check_row(rows[i].text ?: "none",
			  !strstr(seen.text, "/etc/ossec-init.conf") == !rows[i].is_manager);
	}
	init_text = NULL;
}

static void test_keys(void **state)
{
	static const struct {
		const char *text;
		const char *seen; /* null: an agent's */
	} rows[] = {
		{ "", NULL },
		{ "001 web-01 any aa\n", NULL },
		{ "# 002 comment\n\n001 web-01 any aa\n", NULL },
		{ "001 web-01 any aa\n002 web-02 any bb\n", "contains the entries of 2 agents" },
		{ "001 !web-01 any aa\n002 web-02 any bb\n003 #*#*#*\n", "contains the entries of "
									 "3 "
									 "agents" },
		{ "001 web-01 any aa\n002 web-02 any bb", "contains the entries of 2 agents" },
	};
	const char *path = path_in(*state, "client.keys");

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reason seen = { "" };

		write_text(path, rows[i].text);
		check_row(rows[i].text,
			  manager_detect("/nowhere", path, &seen) == (rows[i].seen != NULL));
		check_row(rows[i].text, strstr(seen.text, rows[i].seen ?: ""));
	}
	assert_false(manager_detect("/nowhere", *state, NULL)); /* a directory */
}

static void test_files(void **state)
{
	static const char *const of_managers[] = { "bin/wazuh-remoted", "bin/ossec-remoted",
						   "etc/sslmanager.key" };
	static const char *const of_agents[] = { "bin/wazuh-agentd", "bin/agent-auth",
						 "bin/manage_agents", "etc/authd.pass",
						 "etc/sslagent.key" };
	const char *directory = *state;

	assert_int_equal(
		mkdir(path_in(directory, "bin"), 0700) | mkdir(path_in(directory, "etc"), 0700), 0);
	for (size_t i = 0; i < COUNT(of_agents); i++)
		write_text(path_in(directory, of_agents[i]), "");
	assert_false(manager_detect(directory, "/nowhere/client.keys", NULL));
	for (size_t i = 0; i < COUNT(of_managers); i++) {
		const char *path = path_in(directory, of_managers[i]);
		struct reason seen = { "" };

		write_text(path, "");
		check_row(path, manager_detect(directory, "/nowhere/client.keys", &seen));
		check_row(path, strstr(seen.text, path));
		assert_int_equal(unlink(path), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_init_file),
		cmocka_unit_test_setup_teardown(test_keys, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_files, setup_directory, teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
