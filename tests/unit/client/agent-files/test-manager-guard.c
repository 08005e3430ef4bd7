/* SPDX-License-Identifier: ISC */
/*
 * A manager is distinguished from an agent; /etc/ossec-init.conf is what the tests say it is (see
 * the wrap in local.mk).
 */
#include "tests/unit/support.h"

#include "client/agent-files/manager-guard.h"
#include "common/trusted-file.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *init_text; /* null: there is no such file */

int __real_trusted_file_open(const struct trusted_file *wanted, struct stat *ret,
			     struct reason *why);
int __wrap_trusted_file_open(const struct trusted_file *wanted, struct stat *ret,
			     struct reason *why);
int __wrap_trusted_file_open(const struct trusted_file *wanted, struct stat *ret,
			     struct reason *why)
{
	int fd;

	if (strcmp(wanted->path, "/etc/ossec-init.conf") != 0)
		return __real_trusted_file_open(wanted, ret, why);
	if (!init_text)
		return -ENOENT;
	fd = memfd_create("ossec-init.conf", 0);
	assert_int_equal(write(fd, init_text, strlen(init_text)), strlen(init_text));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
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
		{ "DIRECTORY=\"/nowhere\"\nTYPE=\"local\"\n", true },
		{ "DIRECTORY=\"/nowhere\"\nTYPE=\"hybrid\"\n", true },
		{ "TYPE=\"manager\"\n", true },
		{ "TYPE='server'\n", true },
		{ "TYPE=server # as the shell takes it\n", true },
		/* packages append, and the shell takes the last one */
		{ "TYPE=\"agent\"\nTYPE=\"server\"\n", true },
		{ "TYPE=\"server\"\nTYPE=\"agent\"\n", false },
		{ "DIRECTORY=\"/elsewhere\"\nDIRECTORY=\"/nowhere\"\nTYPE=\"server\"\n", true },
		{ "DIRECTORY=\"/elsewhere\"\nTYPE=\"server\"\n", false },
		{ "TYPE=\"server\"\nDIRECTORY=\"/elsewhere\"\n", false },
		{ "DIRECTORY=\"/nowhere\"\n#TYPE=\"server\"\n", false },
		{ "DIRECTORY=\"/nowhere\"\nTYPE=server\n", true },
		{ "DIRECTORY=\"/nowhere\"\nTYPE=\"\"\n", false },
		{ "DIRECTORY=\"/nowhere\"\n TYPE=\"server\"\n", false },
		{ "SUBTYPE=\"server\"\n", false },
		{ "DIRECTORY=\"/nowhere\"\nTYPE=\"server-less\"\n", false },
		{ "\n", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reason seen = { "" };

		init_text = rows[i].text;
		check_row(rows[i].text ?: "none",
			  manager_guard_detect("/nowhere", "/nowhere/etc/client.keys", &seen) ==
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
		{ "001 !web-01 any aa\n002 web-02 any bb\n003 #*#*#*\n",
		  "contains the entries of 3 agents" },
		{ "001 web-01 any aa\n002 web-02 any bb", "contains the entries of 2 agents" },
		{ "001 web-01 any 002 any 003 aa\n  004 a\nx005 a\n", NULL },
		{ "001\n002\n 003\n004 a any aa\n", NULL },
	};
	const char *path = path_in(*state, "client.keys");

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reason seen = { "" };

		write_text(path, rows[i].text);
		check_row(rows[i].text, manager_guard_check_entries("/nowhere", path, &seen) ==
						(rows[i].seen ? -EPERM : 0));
		check_row(rows[i].text, strstr(seen.text, rows[i].seen ?: ""));
	}
	assert_int_equal(manager_guard_check_entries("/nowhere", *state, NULL),
			 0); /* a directory */
}

/* Wherever the pieces end in which it is read. */
static void test_long_keys(void **state)
{
	const char *path = path_in(*state, "client.keys");
	char text[8300];

	for (size_t length = 4080; length < 4110; length++) {
		struct reason seen = { "" };

		memset(text, '#', length);
		(void)strcpy(text + length, "\n12345 web-01 any aa\n002 web-02 any bb\n");
		write_text(path, text);
		assert_int_equal(manager_guard_check_entries("/nowhere", path, &seen), -EPERM);
		assert_non_null(strstr(seen.text, "contains the entries of 2 agents"));
	}
}

static void test_files(void **state)
{
	static const char *const of_managers[] = {
		/* OSSEC's server; Wazuh's manager 2, 3, 4.0 and 4.1 */
		"bin/ossec-remoted", "bin/ossec-analysisd",
		/* OSSEC's type local, which has no remoted */
		"bin/ossec-monitord", "bin/ossec-maild",
		/* Wazuh 4.2 and later */
		"bin/wazuh-remoted", "bin/wazuh-analysisd", "bin/wazuh-monitord",
		/* Wazuh 5 */
		"bin/wazuh-manager-remoted", "bin/wazuh-manager-analysisd",
		"bin/wazuh-manager-monitord",
		/* any, and ours */
		"etc/sslmanager.key"
	};
	static const char *const of_agents[] = {
		"bin/ossec-agentd",    "bin/ossec-execd",       "bin/ossec-logcollector",
		"bin/ossec-syscheckd", "bin/ossec-control",     "bin/wazuh-agentd",
		"bin/wazuh-modulesd",  "bin/wazuh-control",     "bin/wazuh-execd",
		"bin/agent-auth",      "bin/manage_agents",     "bin/analysisd",
		"bin/ossec-remoted.1", "bin/old-ossec-remoted", "etc/authd.pass",
		"etc/sslagent.key",    "etc/ossec-remoted"
	};
	const char *directory = *state;

	assert_int_equal(
		mkdir(path_in(directory, "bin"), 0700) | mkdir(path_in(directory, "etc"), 0700), 0);
	for (size_t i = 0; i < COUNT(of_agents); i++)
		write_text(path_in(directory, of_agents[i]), "");
	assert_false(manager_guard_detect(directory, "/nowhere/client.keys", NULL));
	for (size_t i = 0; i < COUNT(of_managers); i++) {
		const char *path = path_in(directory, of_managers[i]);
		struct reason seen = { "" };

		write_text(path, "");
		check_row(path, manager_guard_detect(directory, "/nowhere/client.keys", &seen));
		check_row(path, strstr(seen.text, path));
		assert_int_equal(unlink(path), 0);
	}
}

/* The file in the directory is that of its installation, whatever /etc says of another one. */
static void test_own_init_file(void **state)
{
	const char *directory = *state, *path = path_in(directory, "etc/ossec-init.conf");
	struct reason seen = { "" };

	assert_int_equal(mkdir(path_in(directory, "etc"), 0700), 0);
	write_text(path, "DIRECTORY=\"/moved\"\nTYPE=\"local\"\n");
	assert_true(manager_guard_detect(directory, "/nowhere/client.keys", &seen));
	assert_non_null(strstr(seen.text, path));
	assert_non_null(strstr(seen.text, "TYPE=\"local\""));
	write_text(path, "DIRECTORY=\"/moved\"\nTYPE=\"agent\"\n");
	init_text = "TYPE=\"server\"\n";
	assert_false(manager_guard_detect(directory, "/nowhere/client.keys", NULL));
	init_text = NULL;
}

/* The directory under another name: a link, or with a slash behind it. */
static void test_directory_of_init_file(void **state)
{
	const char *directory = *state, *link = path_in(directory, "link");
	char text[512];

	assert_int_equal(symlink(directory, link), 0);
	(void)snprintf(text, sizeof text, "DIRECTORY=\"%s/\"\nTYPE=\"server\"\n", directory);
	init_text = text;
	assert_true(manager_guard_detect(link, "/nowhere/client.keys", NULL));
	assert_true(manager_guard_detect(directory, "/nowhere/client.keys", NULL));
	assert_false(
		manager_guard_detect(path_in(directory, "agent"), "/nowhere/client.keys", NULL));
	init_text = NULL;
}

/* What is replaced is the key file, wherever the configuration says that the agent is. */
static void test_directory_of_key_file(void **state)
{
	const char *directory = *state, *keys = path_in(directory, "server/etc/client.keys");
	const char *linked = path_in(directory, "agent/etc/client.keys");

	assert_int_equal(mkdir(path_in(directory, "server"), 0700), 0);
	assert_int_equal(mkdir(path_in(directory, "server/bin"), 0700), 0);
	assert_int_equal(mkdir(path_in(directory, "server/etc"), 0700), 0);
	assert_int_equal(mkdir(path_in(directory, "agent"), 0700), 0);
	assert_int_equal(symlink(path_in(directory, "server/etc"), path_in(directory, "agent/etc")),
			 0);
	assert_false(manager_guard_detect("/nowhere", keys, NULL));
	write_text(path_in(directory, "server/bin/ossec-analysisd"), "");
	assert_true(manager_guard_detect("/nowhere", keys, NULL));
	assert_true(manager_guard_detect(path_in(directory, "agent"), linked, NULL));
	assert_false(manager_guard_detect("/nowhere", path_in(directory, "server/keys"), NULL));
	assert_false(manager_guard_detect("/nowhere", "client.keys", NULL));
}

static void test_refusal(void **state)
{
	const char *directory = *state, *path = path_in(directory, "client.keys");
	struct reason why = { "" };

	write_text(path, "001 web-01 any aa\n");
	assert_int_equal(manager_guard_check_entries(directory, path, &why), 0);
	write_text(path, "001 web-01 any aa\n002 web-02 any bb\n");
	/* an agent uses the first one */
	assert_int_equal(manager_guard_check(directory, path, &why), 0);
	assert_string_equal(why.text, "");
	assert_int_equal(manager_guard_check_entries(directory, path, &why), -EPERM);
	assert_non_null(strstr(why.text, "This machine is a manager: "));
	assert_non_null(strstr(why.text, "contains the entries of 2 agents"));

	assert_int_equal(mkdir(path_in(directory, "bin"), 0700), 0);
	write_text(path_in(directory, "bin/ossec-analysisd"), "");
	assert_int_equal(manager_guard_check(directory, path, &why), -EPERM);
	assert_non_null(strstr(why.text, "This machine is a manager: found "));
	assert_int_equal(manager_guard_check_entries(directory, path, &why), -EPERM);
	assert_non_null(strstr(why.text, "/bin/ossec-analysisd"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_init_file),
		cmocka_unit_test_setup_teardown(test_keys, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_long_keys, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_files, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_own_init_file, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_directory_of_init_file, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_directory_of_key_file, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_refusal, setup_directory, teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
