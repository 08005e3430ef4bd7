/* SPDX-License-Identifier: ISC */
/* An agent runs if it has written down its process ID, and the process is that of an agent. */
#include "tests/unit/support.h"

#include "client/agent-files/agent-process.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* *state is the agent's directory. */
static int setup(void **state)
{
	if (setup_directory(state) < 0 || mkdir(path_in(*state, "var"), 0770) < 0)
		return -1;
	return mkdir(path_in(*state, "var/run"), 0770);
}

/* This process gets the daemon's name, and writes itself down, with its ID between two texts. */
static void test_files(void **state)
{
	static const struct {
		const char *daemon, *before, *after;
		const char *control; /* null: it is no running agent */
	} rows[] = {
		{ "wazuh-agentd", "wazuh-agentd-", ".pid", "wazuh-control" },
		{ "ossec-agentd", "ossec-agentd-", ".pid", "ossec-control" },
		{ "ossec-agentd", "wazuh-agentd-", ".pid", NULL },
		{ "sleep", "wazuh-agentd-", ".pid", NULL },
		{ "wazuh-agentd-x", "wazuh-agentd-", ".pid", NULL },
		{ "wazuh-agent", "wazuh-agentd-", ".pid", NULL },
		{ "wazuh-execd", "wazuh-execd-", ".pid", NULL },
		{ "wazuh-agentd", "wazuh-agentd-0", ".pid", NULL },
		{ "wazuh-agentd", "wazuh-agentd-+", ".pid", NULL },
		{ "wazuh-agentd", "wazuh-agentd--", ".pid", NULL },
		{ "wazuh-agentd", "wazuh-agentd-", ".pid2", NULL },
		{ "wazuh-agentd", "wazuh-agentd-", "", NULL },
		{ "wazuh-agentd", "wazuh-agentd-", "x.pid", NULL },
		{ "wazuh-agentd", "wazuh-agentd-", "99999999999999999.pid", NULL },
		{ "wazuh-agentd", "wazuh-agentd", ".pid", NULL },
		{ "long-name-agentd", "long-name-agentd-", ".pid", NULL },
		{ "-agentd", "agentd-", ".pid", NULL },
		{ "-agentd", "-agentd-", ".pid", NULL },
		{ "\n-agentd", "\n-agentd-", ".pid", NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct agent_process process = { .pid = -1 };
		char path[PATH_MAX], file[64];
		bool found;

		assert_int_equal(prctl(PR_SET_NAME, rows[i].daemon), 0);
		(void)snprintf(file, sizeof file, "%s%d%s", rows[i].before, (int)getpid(),
			       rows[i].after);
		(void)snprintf(path, sizeof path, "%s/var/run/%s", (const char *)*state, file);
		write_text(path, "");
		found = agent_process_find(*state, &process);
		assert_int_equal(unlink(path), 0);
		check_row(file, found == (rows[i].control != NULL));
		check_row(file, process.pid == (found ? getpid() : -1));
		if (!found)
			continue;
		(void)snprintf(path, sizeof path, "%s/bin/%s", (const char *)*state,
			       rows[i].control);
		check_row(file, strcmp(process.control, path) == 0);
		check_row(file, strcmp(process.name, rows[i].daemon) == 0);
	}
}

static pid_t ended_process(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return pid;
}

/* What an agent that was killed has left behind hides none that runs. */
static void test_left_behind(void **state)
{
	struct agent_process process = { 0 };
	char file[64];

	assert_false(agent_process_find(*state, &process));
	(void)snprintf(file, sizeof file, "var/run/ossec-agentd-%d.pid", (int)ended_process());
	write_text(path_in(*state, file), "");
	assert_false(agent_process_find(*state, &process));
	assert_int_equal(prctl(PR_SET_NAME, "ossec-agentd"), 0);
	(void)snprintf(file, sizeof file, "var/run/ossec-agentd-%d.pid", (int)getpid());
	write_text(path_in(*state, file), "");
	assert_true(agent_process_find(*state, &process));
	assert_int_equal(process.pid, getpid());
	assert_false(agent_process_find(path_in(*state, "elsewhere"), &process));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_files, setup, teardown_directory),
		cmocka_unit_test_setup_teardown(test_left_behind, setup, teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
