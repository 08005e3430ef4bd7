/* SPDX-License-Identifier: ISC */
/* Where a manager shows that it serves agents, by what the agent says. */
#include "tests/unit/support.h"

#include "client/agent-files/ossec-conf-edit.h"
#include "client/registration/probe.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define UDP 0 /* no port, and a note that says why */

static struct config config;

static int setup(void **state)
{
	if (setup_directory(state) < 0 || config_init(&config) < 0)
		return -1;
	config.manager.probe = true;
	free(config.agent.directory);
	config.agent.directory = strdup(*state);
	assert_int_equal(mkdir(path_in(*state, "etc"), 0755), 0);
	return 0;
}

static int teardown(void **state)
{
	config_clear(&config);
	return teardown_directory(state);
}

/* The port of manager.example, with and without a note. */
static unsigned int port_of(const char *label)
{
	struct endpoint manager = { "manager.example", 1515 };
	struct reason note = { "" }, why = { "" };
	struct probe probe = { 0 };
	unsigned int port;

	check_row(label, probe_open(&probe, &config, &note, &why) == 0);
	check_row(label, !note.text[0]);
	port = probe_port(&probe, &manager, &note);
	check_row(label, (port == UDP) == !!strstr(note.text, "UDP"));
	check_row(label, probe_port(&probe, &manager, NULL) == port);
	probe_close(&probe);
	return port;
}

static void write_agent(const char *directory, const char *version, const char *client)
{
	char text[1024];

	(void)snprintf(text, sizeof text, "{\"version\": \"%s\"}", version);
	write_text(path_in(directory, "VERSION.json"), text);
	(void)snprintf(text, sizeof text, "<ossec_config>%s</ossec_config>\n", client);
	write_text(path_in(directory, "etc/ossec.conf"), text);
}

#define SERVER(address, more) \
	"<client><server><address>" address "</address>" more "</server></client>"

static void test_ports(void **state)
{
	static const struct {
		const char *label, *version, *client;
		unsigned int port;
	} rows[] = {
		{ "nothing said", "4.14.7", "", 1514 },
		{ "a placeholder", "4.14.7", SERVER("MANAGER_IP", ""), 1514 },
		{ "its port", "4.14.7", SERVER("manager.example", "<port>2514</port>"), 2514 },
		{ "in another case", "4.14.7",
		  SERVER("other", "<port>1</port>") SERVER("Manager.Example", "<port>7</port>"),
		  7 },
		{ "others only", "4.14.7",
		  SERVER("other", "<port>6</port>") SERVER("another", "<port>7</port>"), 6 },
		{ "UDP", "4.14.7", SERVER("manager.example", "<protocol>udp</protocol>"), UDP },
		{ "UDP of another one", "4.14.7",
		  SERVER("other", "<protocol>udp</protocol>") SERVER("manager.example", ""), 1514 },
		{ "Wazuh 3", "3.13.6", SERVER("manager.example", ""), UDP },
		{ "Wazuh 3, TCP", "3.13.6", SERVER("manager.example", "<protocol>tcp</protocol>"),
		  1514 },
		{ "Wazuh 3 without a server", "3.13.6", "", UDP },
		{ "Wazuh 5", "5.0.0", "", 1517 },
		{ "Wazuh 5, endpoint", "5.0.0",
		  "<agent><manager><endpoint>https://manager.example:2517</endpoint></manager>"
		  "</agent>",
		  2517 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		write_agent(*state, rows[i].version, rows[i].client);
		check_row(rows[i].label, port_of(rows[i].label) == rows[i].port);
		config.manager.probe_port = 9999; /* whatever the agent says */
		check_row(rows[i].label, port_of(rows[i].label) == 9999);
		config.manager.probe_port = 0;
	}
}

static void test_ossec(void **state)
{
	assert_int_equal(mkdir(path_in(*state, "bin"), 0755), 0);
	write_text(path_in(*state, "bin/ossec-agentd"), "");
	assert_int_equal(port_of("no file"), UDP);
	write_text(path_in(*state, "etc/ossec.conf"),
		   "<ossec_config><client><server-ip>192.0.2.1</server-ip></client>"
		   "</ossec_config>\n");
	assert_int_equal(port_of("a file"), UDP);
}

/* The key may come before its agent. */
static void test_no_agent(void **state)
{
	(void)state;
	assert_int_equal(port_of("no agent"), 1514);
	config.manager.method = METHOD_ENROLL;
	assert_int_equal(port_of("no agent, enroll"), 1517);
}

/* A manager that only registers agents need not serve them. */
static void test_registers_only(void **state)
{
	struct endpoint manager = { "manager.example", 1515 };
	struct reason note = { "" }, why = { "" };
	struct probe probe = { 0 };

	write_agent(*state, "4.14.7", SERVER("worker.example", ""));
	assert_int_equal(
		config_set(&config, "agent", "manager_address", "worker.example", "test", &why), 0);
	assert_int_equal(probe_open(&probe, &config, &note, &why), 0);
	assert_int_equal(probe_port(&probe, &manager, &note), 0);
	assert_non_null(strstr(note.text, "set probe_port"));
	(void)strcpy(manager.host, "worker.example");
	assert_int_equal(probe_port(&probe, &manager, NULL), 1514);
	config.manager.probe_port = 9999;
	(void)strcpy(manager.host, "manager.example");
	assert_int_equal(probe_port(&probe, &manager, NULL), 9999);
	probe_close(&probe);
}

/* Where an agent of Wazuh 5 enrolls, it will send its events to. */
static void test_port_that_is_told(void **state)
{
	struct endpoint manager = { "manager.example", 8443 };
	struct reason note = { "" }, why = { "" };
	struct probe probe = { 0 };

	write_agent(*state, "5.0.0", "<agent><manager><endpoint>IP</endpoint></manager></agent>");
	config.manager.method = METHOD_ENROLL;
	config.agent.set_manager = SET_MANAGER_YES;
	assert_int_equal(probe_open(&probe, &config, &note, &why), 0);
	assert_int_equal(probe_port(&probe, &manager, NULL), 8443);
	config.agent.set_manager = SET_MANAGER_NO;
	assert_int_equal(probe_port(&probe, &manager, NULL), 1517);
	probe_close(&probe);
}

static void test_not_wanted(void **state)
{
	struct endpoint manager = { "manager.example", 1515 };
	struct reason note = { "" }, why = { "" };
	struct probe probe = { 0 };

	write_agent(*state, "4.14.7", "<client");
	config.manager.probe = false;
	config.manager.probe_port = 1514;
	assert_int_equal(probe_open(&probe, &config, &note, &why), 0);
	assert_int_equal(probe_port(&probe, &manager, &note), 0);
	assert_string_equal(note.text, "");
	probe_close(&probe);
}

/* A file that the agent cannot read either is a reason for a note, and not to register nothing. */
static void test_broken_file(void **state)
{
	struct endpoint manager = { "manager.example", 1515 };
	struct reason note = { "" }, why = { "" };
	struct probe probe = { 0 };

	write_agent(*state, "5.0.0", "<client");
	assert_int_equal(probe_open(&probe, &config, &note, &why), 0);
	assert_non_null(strstr(note.text, "etc/ossec.conf"));
	assert_int_equal(probe_port(&probe, &manager, NULL), 1517);
	probe_close(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_AGENT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
		WITH_AGENT(test_ports),
		WITH_AGENT(test_ossec),
		WITH_AGENT(test_no_agent),
		WITH_AGENT(test_not_wanted),
		WITH_AGENT(test_broken_file),
		WITH_AGENT(test_registers_only),
		WITH_AGENT(test_port_that_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
