/* SPDX-License-Identifier: ISC */
/*
 * What the agents' files say. The files are shaped as the agents' packages and people's hands leave
 * them.
 */
#include "tests/unit/support.h"

#include "client/agent-files/agent-settings-variables.h"
#include "client/agent-files/agent-settings.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* As the installer of OSSEC makes it. */
static const char ossec[] = "<ossec_config>\n"
			    "  <client>\n"
			    "    <server-ip>192.0.2.10</server-ip>\n"
			    "  </client>\n"
			    "\n"
			    "  <syscheck>\n"
			    "    <frequency>79200</frequency>\n"
			    "    <directories check_all=\"yes\">/etc,/usr/bin</directories>\n"
			    "  </syscheck>\n"
			    "  <localfile>\n"
			    "    <log_format>command</log_format>\n"
			    "    <command>df -P && netstat -tan | awk '{print $1}'</command>\n"
			    "  </localfile>\n"
			    "</ossec_config>\n";

/* As the packages of Wazuh 4 do, with a second root that somebody has added. */
static const char wazuh[] =
	"<!--\n"
	"  Wazuh - Agent - Default configuration\n"
	"-->\n"
	"\n"
	"<ossec_config>\n"
	"  <client>\n"
	"    <server>\n"
	"      <address>MANAGER_IP</address>\n"
	"      <port>1514</port>\n"
	"      <protocol>tcp</protocol>\n"
	"    </server>\n"
	"    <config-profile>debian, debian12</config-profile>\n"
	"    <crypto_method>aes</crypto_method>\n"
	"    <enrollment>\n"
	"      <manager_address>192.0.2.20</manager_address>\n"
	"      <port>11515</port>\n"
	"      <!-- <agent_name>commented-out</agent_name> -->\n"
	"      <groups>web,linux</groups>\n"
	"      <authorization_pass_path>etc/authd.pass</authorization_pass_path>\n"
	"    </enrollment>\n"
	"  </client>\n"
	"</ossec_config>\n"
	"\n"
	"<ossec_config>\n"
	"  <client>\n"
	"    <server>\n"
	"      <address>manager.example</address>\n"
	"      <port>11514</port>\n"
	"      <protocol>udp</protocol>\n"
	"    </server>\n"
	"    <enrollment>\n"
	"      <agent_name>web-01</agent_name>\n"
	"      <port>21515</port>\n"
	"    </enrollment>\n"
	"  </client>\n"
	"</ossec_config>\n";

static struct agent_settings settings_of(const char *text, enum agent_generation generation)
{
	struct agent_settings settings;
	struct reason why = { "" };

	if (agent_settings_read(&settings, text, strlen(text), generation, &why) < 0)
		fail_msg("%s", why.text);
	return settings;
}

/* "HOST PORT[PREFIX] KIND LINE[ udp][ placeholder][ variable]" for each server. */
static char *servers_of(const char *text, enum agent_generation generation)
{
	static const char *const kinds[] = { "address", "ip", "hostname", "endpoint" };
	struct agent_settings settings = settings_of(text, generation);
	size_t length;
	char *ret = NULL;
	FILE *stream = open_memstream(&ret, &length);

	for (size_t i = 0; i < settings.server_count; i++) {
		const struct agent_server *server = &settings.servers[i];

		(void)fprintf(stream, "%s[%s] %u%s %s %zu%s%s%s", i ? ", " : "", server->host,
			      server->port, server->prefix ? server->prefix : "",
			      kinds[server->kind], server->line, server->is_udp ? " udp" : "",
			      server->is_placeholder ? " placeholder" : "",
			      server->by_variable ? " variable" : "");
	}
	(void)fclose(stream);
	agent_settings_clear(&settings);
	return ret;
}

static void check_servers(const char *text, enum agent_generation generation, const char *wanted)
{
	char *servers = servers_of(text, generation);

	if (strcmp(servers, wanted) != 0)
		print_error("of %s\n", text);
	assert_string_equal(servers, wanted);
	free(servers);
}

#define CLIENT(text) "<ossec_config><client>" text "</client></ossec_config>"
#define AGENT(text) "<ossec_config><agent>" text "</agent></ossec_config>"

static void test_servers_of_ossec(void **state)
{
	static const struct {
		const char *text, *servers;
	} rows[] = {
		{ ossec, "[192.0.2.10] 1514 ip 3 udp" },
		{ CLIENT("<server-ip>192.0.2.1</server-ip><server-hostname>m</server-hostname>"
			 "<port>1</port><port>11514</port>"),
		  "[192.0.2.1] 11514 ip 1 udp, [m] 11514 hostname 1 udp" },
		/* not known to it */
		{ CLIENT("<server><address>m</address></server>"), "" },
		{ CLIENT("<server-ip>0.0.0.0</server-ip>"), "[0.0.0.0] 1514 ip 1 udp placeholder" },
		/* one port for all */
		{ CLIENT("<server-ip>192.0.2.1</server-ip><port>1</port>")
			  CLIENT("<server-hostname>m</server-hostname><port>2</port>"),
		  "[192.0.2.1] 2 ip 1 udp, [m] 2 hostname 1 udp" },
		{ CLIENT("<server-ip>192.0.2.1</server-ip><port>1</port>")
			  CLIENT("<server-hostname>m</server-hostname>"),
		  "[192.0.2.1] 1 ip 1 udp, [m] 1 hostname 1 udp" },
		{ "<other><client><server-ip>192.0.2.1</server-ip></client></other>", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_servers(rows[i].text, AGENT_OSSEC, rows[i].servers);
}

static void test_servers_of_wazuh(void **state)
{
	static const struct {
		const char *text, *servers;
	} rows[] = {
		{ wazuh, "[MANAGER_IP] 1514 address 8 placeholder, "
			 "[manager.example] 11514 address 27 udp" },
		{ CLIENT("<server><port>1</port></server>"), "[] 1 address 1 placeholder" },
		{ CLIENT("<server><address>a</address><address>b</address></server>"),
		  "[b] 1514 address 1" },
		{ CLIENT("<server><address> \n</address></server>"),
		  "[ \n] 1514 address 1 placeholder" },
		{ CLIENT("<server><address> a</address></server>"), "[ a] 1514 address 1" },
		{ CLIENT("<server><address/></server>"), "[] 1514 address 1 placeholder" },
		{ CLIENT("<server><address>2001:db8::1</address></server>"),
		  "[2001:db8::1] 1514 address 1" },
		{ CLIENT("<server-ip>192.0.2.1</server-ip><server><address>b</address></server>"
			 "<port>2</port><protocol>udp</protocol>"),
		  "[192.0.2.1] 2 ip 1 udp, [b] 1514 address 1" },
		{ CLIENT("<server><address><!-- MANAGER_IP -->m</address></server>"),
		  "[m] 1514 address 1" },
		{ CLIENT("<!-- <server><address>m</address></server> -->"), "" },
		{ AGENT("<server><address>m</address></server>"), "" },
		{ "<var name=\"M\">m</var>" CLIENT("<server><address>$m</address></server>"
						   "<server><address>$N.$M</address></server>"),
		  "[$m] 1514 address 1 placeholder variable, "
		  "[$N.$M] 1514 address 1 placeholder variable" },
		{ CLIENT("<server><address>$M</address></server>"),
		  "[$M] 1514 address 1 placeholder variable" },
		{ CLIENT("<server>\r\n<address>m\r\n</address>\r\n</server>\r\n"),
		  "[m\r\n] 1514 address 2" },
		{ CLIENT("<server><address>\r\n MANAGER_IP\r\n</address></server>"),
		  "[\r\n MANAGER_IP\r\n] 1514 address 1 placeholder" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_servers(rows[i].text, AGENT_WAZUH, rows[i].servers);
		check_servers(rows[i].text, AGENT_UNKNOWN, rows[i].servers);
	}
}

/* The default has been TCP since version 4, and servers of several blocks have added up. */
static void test_servers_of_wazuh_3(void **state)
{
	static const struct {
		const char *text, *servers;
	} rows[] = {
		{ wazuh, "[manager.example] 11514 address 27 udp" },
		{ CLIENT("<server><address>a</address></server>")
			  CLIENT("<server><address>b</address></server>"
				 "<server-ip>192.0.2.1</server-ip>")
				  CLIENT("<config-profile>web</config-profile>"),
		  "[b] 1514 address 1 udp, [192.0.2.1] 1514 ip 1 udp" },
		{ CLIENT("<server><address>a</address></server>"), "[a] 1514 address 1 udp" },
		{ CLIENT("<server><address>a</address><protocol>tcp</protocol></server>"),
		  "[a] 1514 address 1" },
		{ CLIENT("<server-ip>192.0.2.1</server-ip>"), "[192.0.2.1] 1514 ip 1 udp" },
		{ CLIENT("<server-ip>192.0.2.1</server-ip><protocol>tcp</protocol>"),
		  "[192.0.2.1] 1514 ip 1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_servers(rows[i].text, AGENT_WAZUH_3, rows[i].servers);
}

#define OLD CLIENT("<server><address>old</address><port>1514</port></server>")

static void test_servers_of_wazuh_5(void **state)
{
	static const struct {
		const char *text, *servers;
	} rows[] = {
		{ AGENT("<manager><endpoint>m</endpoint></manager>"), "[m] 1517 endpoint 1" },
		{ AGENT("<manager><endpoint>https://m:443/a/b</endpoint></manager>"),
		  "[m] 443/a/b endpoint 1" },
		{ AGENT("<manager><endpoint>https://[2001:db8::1]:443</endpoint></manager>"),
		  "[2001:db8::1] 443 endpoint 1" },
		{ AGENT("<manager><endpoint>[2001:db8::1]/a</endpoint></manager>"),
		  "[2001:db8::1] 1517/a endpoint 1" },
		{ AGENT("<manager><endpoint>https://MANAGER_IP:1517</endpoint></manager>"),
		  "[MANAGER_IP] 1517 endpoint 1 placeholder" },
		{ AGENT("<manager><endpoint>https://$M:443/a</endpoint></manager>"),
		  "[$M] 443/a endpoint 1 placeholder variable" },
		{ AGENT("<manager><endpoint>m:443/$A</endpoint></manager>"),
		  "[m] 443/$A endpoint 1" },
		{ AGENT("<manager><endpoint>IP</endpoint></manager>"),
		  "[IP] 1517 endpoint 1 placeholder" },
		{ AGENT("<manager><endpoint>m</endpoint><address>n</address></manager>"),
		  "[m] 1517 endpoint 1" },
		{ AGENT("<server><address>m</address></server>"), "[m] 1517 address 1" },
		{ AGENT("<server><address>m</address><port>1</port></server>"
			"<server><address>n</address></server>"),
		  "[n] 1517 address 1" },
		{ AGENT("<manager><endpoint>m</endpoint></manager>"
			"<manager><address>n</address></manager>"),
		  "[n] 1517 address 1" },
		{ AGENT("<manager><endpoint>HTTPS://m/</endpoint></manager>"),
		  "[m] 1517/ endpoint 1" },
		{ AGENT("<manager><endpoint>[fe80::1%25eth0]:443</endpoint></manager>"),
		  "[fe80::1%eth0] 443 endpoint 1" },
		{ AGENT("<manager><endpoint>m:65536</endpoint></manager>"), "[m] 0 endpoint 1" },
		{ OLD, "[old] 1517 address 1" },
		{ AGENT("<manager><endpoint>m</endpoint></manager>") OLD, "[m] 1517 endpoint 1" },
		{ CLIENT("<server><endpoint>m:443</endpoint></server>"
			 "<server><address>n</address></server>"),
		  "[m] 443 endpoint 1" },
		{ OLD OLD AGENT("<server><address>m</address></server>"), "[m] 1517 address 1" },
		{ CLIENT("") OLD CLIENT("<server><address>c</address></server>"),
		  "[old] 1517 address 1" },
		{ CLIENT("<server><address>a</address></server><server><address>b</address>"
			 "</server><server-ip>192.0.2.1</server-ip>"),
		  "[b] 1517 address 1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_servers(rows[i].text, AGENT_WAZUH_5, rows[i].servers);
}

static void check_value(const struct agent_settings *settings, enum agent_setting_key key,
			const char *text, size_t line)
{
	const struct agent_setting *setting = &settings->values[key];

	check_row(agent_setting_name(key), (setting->text == NULL) == (text == NULL));
	if (text)
		assert_string_equal(setting->text, text);
	assert_int_equal(setting->line, line);
}

/* Of what is there several times the last one counts, whatever block it stands in. */
static void test_values(void **state)
{
	struct agent_settings settings = settings_of(wazuh, AGENT_WAZUH);

	(void)state;
	check_value(&settings, AGENT_ENROLLMENT_MANAGER_ADDRESS, "192.0.2.20", 15);
	check_value(&settings, AGENT_ENROLLMENT_PORT, "21515", 33);
	check_value(&settings, AGENT_ENROLLMENT_GROUPS, "web,linux", 18);
	check_value(&settings, AGENT_ENROLLMENT_AGENT_NAME, "web-01", 32);
	check_value(&settings, AGENT_ENROLLMENT_PASSWORD_PATH, "etc/authd.pass", 19);
	check_value(&settings, AGENT_ENROLLMENT_SERVER_CA_PATH, NULL, 0);
	assert_int_equal(settings.syntax.items[settings.block].line, 25);
	assert_int_equal(settings.syntax.items[settings.enrollment].line, 31);
	agent_settings_clear(&settings);

	settings = settings_of(AGENT("<ssl><certificate>c</certificate><key>k</key></ssl>"
				     "<enrollment><agent_name>n</agent_name></enrollment>"),
			       AGENT_WAZUH_5);
	check_value(&settings, AGENT_SSL_CERTIFICATE, "c", 1);
	check_value(&settings, AGENT_SSL_KEY, "k", 1);
	check_value(&settings, AGENT_ENROLLMENT_AGENT_NAME, "n", 1);
	agent_settings_clear(&settings);
}

/*
 * The agent's group can write the file: what is made of it is not more than what is in it, whatever
 * variables it has.
 */
static void test_many_variables(void **state)
{
	static const char server[] = "<server><address>$V</address></server>";
	enum { SERVERS = 16000, VALUE = 20000 };
	struct agent_settings settings;
	size_t length, sum = 0;
	char *text = NULL;
	FILE *stream = open_memstream(&text, &length);

	(void)state;
	(void)fprintf(stream, "<var name=\"V\">%0*d</var><ossec_config><client>", VALUE, 0);
	for (int i = 0; i < SERVERS; i++)
		(void)fputs(server, stream);
	(void)fputs("</client></ossec_config>", stream);
	(void)fclose(stream);
	assert_int_equal(agent_settings_read(&settings, text, length, AGENT_WAZUH, NULL), 0);
	assert_int_equal(settings.server_count, SERVERS);
	for (size_t i = 0; i < settings.server_count; i++)
		sum += strlen(settings.servers[i].text);
	assert_true(sum < length);
	agent_settings_clear(&settings);
	free(text);
}

/* The same, where what is meant is asked for. */
static void test_replacing_is_limited(void **state)
{
	static const struct {
		unsigned int servers, value; /* how many servers; how long the variable is */
		bool is_too_much;
	} rows[] = {
		{ 256, 256, false },
		{ 257, 1, true },
		{ 4, 16384, false },
		{ 4, 16385, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct agent_settings settings;
		struct reason why = { 0 };
		char *text = NULL;
		size_t length;
		FILE *stream = open_memstream(&text, &length);
		int r;

		(void)fprintf(stream, "<var name=\"V\">%0*u</var>\n<ossec_config><client>",
			      (int)rows[i].value, 0U);
		for (unsigned int n = 0; n < rows[i].servers; n++)
			(void)fputs("<server><address>$V</address></server>", stream);
		(void)fputs("</client></ossec_config>", stream);
		(void)fclose(stream);
		assert_int_equal(agent_settings_read(&settings, text, length, AGENT_WAZUH, NULL),
				 0);
		r = agent_settings_replace_variables(&settings, &why);
		assert_int_equal(r, rows[i].is_too_much ? -E2BIG : 0);
		if (r < 0)
			assert_non_null(strstr(why.text, "line 2: there are more variables"));
		else
			assert_int_equal(strlen(settings.servers[0].host), rows[i].value);
		agent_settings_clear(&settings);
		free(text);
	}
}

/* What is no address to start with. */
static void test_has_manager(void **state)
{
	static const struct {
		const char *text;
		bool has;
	} rows[] = {
		{ "", false },
		{ wazuh, true },
		{ CLIENT("<server><address>MANAGER_IP</address></server>"), false },
		{ CLIENT("<server><address>MANAGER_IPS</address></server>"), true },
		{ "<var name=\"M\">m</var>" CLIENT("<server><address>$M</address></server>"),
		  false },
		{ CLIENT("<server><address>MANAGER_IP</address></server>"
			 "<server><address>m</address></server>"),
		  true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct agent_settings settings = settings_of(rows[i].text, AGENT_WAZUH);

		check_row(rows[i].text, agent_settings_has_manager(&settings) == rows[i].has);
		agent_settings_clear(&settings);
	}
}

static void test_enrolls(void **state)
{
	static const char off[] = CLIENT("<enrollment><enabled>no</enabled></enrollment>");
	static const struct {
		const char *text;
		enum agent_generation generation;
		bool enrolls;
	} rows[] = {
		{ "", AGENT_WAZUH, true },
		{ "", AGENT_WAZUH_5, true },
		{ "", AGENT_WAZUH_3, false },
		{ "", AGENT_OSSEC, false },
		{ off, AGENT_WAZUH, false },
		{ off, AGENT_WAZUH_5, false }, /* an upgrade keeps that block */
		{ CLIENT("<enrollment><enabled>no</enabled></enrollment>")
			  AGENT("<enrollment><enabled>yes</enabled></enrollment>"),
		  AGENT_WAZUH_5, true },
		/* but does not read it behind one of version 5 */
		{ AGENT("<enrollment><groups>a</groups></enrollment>")
			  CLIENT("<enrollment><enabled>no</enabled></enrollment>"),
		  AGENT_WAZUH_5, true },
		{ AGENT("<enrollment></enrollment>")
			  CLIENT("<enrollment><enabled>no</enabled></enrollment>"),
		  AGENT_WAZUH_5, false },
		{ AGENT("<enrollment><enabled>no</enabled></enrollment>"), AGENT_WAZUH_5, false },
		{ CLIENT("<enrollment><enabled>no</enabled></enrollment>"
			 "<enrollment><enabled>yes</enabled></enrollment>"),
		  AGENT_WAZUH, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct agent_settings settings = settings_of(rows[i].text, rows[i].generation);

		check_row(rows[i].text, agent_settings_enrolls(&settings) == rows[i].enrolls);
		agent_settings_clear(&settings);
	}
}

/* ------------------------------------------------------------------ from the disk */

static void write_below(const char *directory, const char *name, const char *text)
{
	char parent[512];

	(void)snprintf(parent, sizeof parent, "%s", path_in(directory, name));
	*strrchr(parent, '/') = '\0';
	(void)mkdir(parent, 0755);
	write_text(path_in(directory, name), text);
}

static void test_generation(void **state)
{
	static const struct {
		const char *name, *text;
		enum agent_generation generation;
	} rows[] = {
		{ "VERSION.json", "{\n    \"version\": \"5.0.0\",\n    \"stage\": \"rc1\"\n}\n",
		  AGENT_WAZUH_5 },
		{ "VERSION.json", "{\"version\":\"4.14.7\"}", AGENT_WAZUH },
		{ "VERSION.json", "{\"version\":\"10.0.0\"}", AGENT_WAZUH_5 },
		{ "VERSION.json", "{}", AGENT_UNKNOWN },
		{ "bin/wazuh-control", "#!/bin/sh\nVERSION=\"v5.1.0\"\nTYPE=\"agent\"\n",
		  AGENT_WAZUH_5 },
		{ "bin/wazuh-control", "#!/bin/sh\nVERSION=\"v4.9.2\"\n", AGENT_WAZUH },
		{ "bin/wazuh-control", "#!/bin/sh\n", AGENT_WAZUH },
		{ "etc/ossec-init.conf", "NAME=\"Wazuh\"\nVERSION=\"v4.1.5\"\n", AGENT_WAZUH },
		{ "etc/ossec-init.conf", "NAME=\"Wazuh\"\nVERSION=\"v3.13.6\"\n", AGENT_WAZUH_3 },
		{ "etc/ossec-init.conf", "VERSION=\"v3.8.0\"\n", AGENT_UNKNOWN },
		{ "bin/wazuh-agentd", "", AGENT_WAZUH },
		{ "bin/wazuh-agent-auth", "", AGENT_WAZUH_5 },
		{ "bin/ossec-agentd", "", AGENT_OSSEC },
		{ "bin/other", "", AGENT_UNKNOWN },
	};
	const char *directory = *state;

	assert_int_equal(agent_generation_detect(directory, NULL), AGENT_UNKNOWN);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reason how = { "" };

		write_below(directory, rows[i].name, rows[i].text);
		check_row(rows[i].text,
			  agent_generation_detect(directory, &how) == (int)rows[i].generation);
		if (rows[i].generation != AGENT_UNKNOWN)
			assert_non_null(strstr(how.text, rows[i].name));
		assert_int_equal(unlink(path_in(directory, rows[i].name)), 0);
	}
	/* what an upgrade leaves */
	write_below(directory, "bin/ossec-agentd", "");
	write_below(directory, "bin/wazuh-agentd", "");
	assert_int_equal(agent_generation_detect(directory, NULL), AGENT_WAZUH);
}

static void test_load(void **state)
{
	const char *directory = *state;
	struct agent_settings settings = { 0 };
	struct reason why = { "" };

	assert_int_equal(agent_settings_load(&settings, directory, &why), 0);
	write_below(directory, "bin/ossec-agentd", "");
	write_below(directory, "etc/ossec.conf", ossec);
	assert_int_equal(agent_settings_load(&settings, directory, &why), 1);
	assert_int_equal(settings.generation, AGENT_OSSEC);
	assert_int_equal(settings.server_count, 1);
	assert_string_equal(settings.path, path_in(directory, "etc/ossec.conf"));
	agent_settings_clear(&settings);
	write_below(directory, "etc/ossec.conf", "<ossec_config>\n<client>\n</ossec_config>\n");
	assert_int_equal(agent_settings_load(&settings, directory, &why), -EINVAL);
	assert_non_null(strstr(why.text, "etc/ossec.conf, line 2: an element is not closed"));
	/* the agent's group may write beside it, and so put a link there */
	assert_int_equal(unlink(path_in(directory, "etc/ossec.conf")), 0);
	assert_int_equal(chmod(path_in(directory, "etc"), 0777), 0);
	assert_int_equal(symlink("/etc/passwd", path_in(directory, "etc/ossec.conf")), 0);
	assert_int_equal(agent_settings_load(&settings, directory, &why), -ELOOP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_servers_of_ossec),
		cmocka_unit_test(test_servers_of_wazuh),
		cmocka_unit_test(test_servers_of_wazuh_3),
		cmocka_unit_test(test_servers_of_wazuh_5),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_many_variables),
		cmocka_unit_test(test_replacing_is_limited),
		cmocka_unit_test(test_has_manager),
		cmocka_unit_test(test_enrolls),
		cmocka_unit_test_setup_teardown(test_generation, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_load, setup_directory, teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
