/* SPDX-License-Identifier: ISC */
/* What is taken from the agent's file, and what is wrong with it. */
#include "tests/unit/support.h"

#include "client/config/inherit.h"
#include "client/config/types.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLIENT(text) "<ossec_config>\n<client>\n" text "</client>\n</ossec_config>\n"
#define SERVER(host) "<server><address>" host "</address><port>1514</port></server>\n"
#define ENROLLMENT(text) "<enrollment>\n" text "</enrollment>\n"
#define ENDPOINT(text)                                                                \
	"<ossec_config>\n<agent>\n<manager><endpoint>" text "</endpoint></manager>\n" \
	"</agent>\n</ossec_config>\n"

static const struct config_key *key_of(const char *name)
{
	for (const struct config_key *key = config_keys; key->section; key++) {
		size_t length = strlen(key->section);

		if (strncmp(name, key->section, length) == 0 && name[length] == '.' &&
		    strcmp(name + length + 1, key->name) == 0)
			return key;
	}
	fail_msg("no key %s", name);
	return config_keys;
}

/* All items of the value, separated by blanks. */
static const char *value_of(const struct config *config, const char *name)
{
	static char text[1024];
	const struct config_key *key = key_of(name);
	char buffer[CONFIG_TEXT_SIZE];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i == 0 || key->type->is_list; i++) {
		const char *item = key->type->text((const char *)config + key->offset, i, key->type,
						   buffer);

		if (!item)
			break;
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "",
					 item);
	}
	return text;
}

static void install(const char *directory, const char *version, const char *text)
{
	char line[64];

	(void)mkdir(path_in(directory, "etc"), 0755);
	(void)snprintf(line, sizeof line, "{\"version\": \"%s\"}\n", version);
	write_text(path_in(directory, "VERSION.json"), line);
	write_text(path_in(directory, "etc/ossec.conf"), text);
}

/* `ours` are assignments. Returns what config_inherit() does. */
static int inherit(struct config *config, const char *directory, const char *const *ours,
		   struct reason *why)
{
	assert_int_equal(config_init(config), 0);
	assert_int_equal(config_set(config, "agent", "directory", directory, "here", why), 0);
	for (; *ours; ours++)
		if (config_assign(config, *ours, "here", why) < 0)
			fail_msg("%s", why->text);
	return config_inherit(config, why);
}

/* ------------------------------------------------------------------ what is taken */

static const struct {
	const char *label, *version, *text;
	const char *ours[4];
	const char *expected[9]; /* names and values, in turn */
} good[] = {
	{ "servers in their order",
	  "4.14.7",
	  CLIENT(SERVER("a") SERVER("b") SERVER("a")),
	  { NULL },
	  { "manager.address", "a b", "manager.port", "", "manager.method", "authd" } },
	{ "the manager for enrolling first",
	  "4.14.7",
	  CLIENT(SERVER("a") ENROLLMENT("<manager_address>b</manager_address><port>99</port>")),
	  { NULL },
	  { "manager.address", "b a", "manager.port", "99" } },
	{ "placeholders",
	  "4.14.7",
	  CLIENT(SERVER("MANAGER_IP") SERVER("a")
			 ENROLLMENT("<manager_address>0.0.0.0</manager_address>")),
	  { NULL },
	  { "manager.address", "a" } },
	{ "an interface",
	  "4.14.7",
	  CLIENT(SERVER("fe80::1") SERVER("fd00::1")
			 ENROLLMENT("<interface_index>3</interface_index>")),
	  { NULL },
	  { "manager.address", "fe80::1%3 fd00::1" } },
	{ "Wazuh 5",
	  "5.0.0",
	  ENDPOINT("https://m:8443/a/b/"),
	  { NULL },
	  { "manager.address", "m", "manager.port", "8443", "manager.method", "enroll",
	    "manager.prefix", "a/b/" } },
	{ "Wazuh 5 with the file of 4",
	  "5.0.0",
	  CLIENT(SERVER("m")),
	  { NULL },
	  { "manager.address", "m", "manager.port", "", "manager.method", "authd" } },
	{ "our manager",
	  "4.14.7",
	  CLIENT(SERVER("a") ENROLLMENT("<port>99</port><agent_name>n1</agent_name>")),
	  { "manager.address=ours" },
	  { "manager.address", "ours", "manager.port", "", "agent.name", "n1" } },
	{ "our name",
	  "4.14.7",
	  CLIENT(SERVER("a") ENROLLMENT("<agent_name>n1</agent_name><groups>g</groups>")),
	  { "agent.name=ours" },
	  { "manager.address", "a", "agent.name", "ours", "agent.groups", "" } },
	{ "our groups",
	  "4.14.7",
	  CLIENT(ENROLLMENT("<agent_name>n1</agent_name><groups>g</groups>")),
	  { "agent.groups=ours" },
	  { "agent.name", "%H", "agent.groups", "ours" } },
	{ "all of the name",
	  "4.14.7",
	  CLIENT(ENROLLMENT("<agent_name>n1</agent_name><groups>a,b</groups>"
			    "<use_source_ip>yes</use_source_ip>")),
	  { NULL },
	  { "agent.name", "n1", "agent.groups", "a b", "agent.ip", "src" } },
	{ "one half of a certificate",
	  "4.14.7",
	  CLIENT(ENROLLMENT("<agent_key_path>etc/k</agent_key_path>")),
	  { NULL },
	  { "tls.certificate_file", "", "tls.private_key_file", "" } },
	{ "no trust",
	  "4.14.7",
	  CLIENT(ENROLLMENT("<server_ca_path>/ca</server_ca_path>"
			    "<ssl_cipher>NULL</ssl_cipher>")),
	  { NULL },
	  { "tls.ca_file", "", "tls.ciphers", "", "tls.verify", "yes" } },
	{ "a CA that is asked for",
	  "4.14.7",
	  CLIENT(ENROLLMENT("<server_ca_path>/ca</server_ca_path>")),
	  { "tls.ca_file=inherit" },
	  { "tls.ca_file", "/ca" } },
	{ "Wazuh 3 does not enroll",
	  "3.13.6",
	  CLIENT(SERVER("a") ENROLLMENT("<port>99</port><agent_name>n1</agent_name>")),
	  { NULL },
	  { "manager.address", "a", "manager.port", "", "agent.name", "%H" } },
	{ "turned off",
	  "4.14.7",
	  CLIENT(SERVER("a") ENROLLMENT("<agent_name>n1</agent_name>")),
	  { "agent.inherit=no" },
	  { "manager.address", "", "agent.name", "%H" } },
	{ "an imported key",
	  "4.14.7",
	  CLIENT(SERVER("a") ENROLLMENT("<agent_name>n1</agent_name>")),
	  { "manager.method=import" },
	  { "manager.address", "", "agent.name", "%H" } },
	{ "a port of ours that is the agent's",
	  "4.14.7",
	  CLIENT(SERVER("a")),
	  { "manager.port=1515" },
	  { "manager.address", "a", "manager.port", "1515" } },
	{ "variables, which only we replace",
	  "4.14.7",
	  "<var name=\"Site\">example</var><var name=\"P\">MANAGER_IP</var>\n" CLIENT(
		  SERVER("m1.$SITE") SERVER("$P") SERVER("m2.$site")
			  ENROLLMENT("<groups>$site,web</groups>")),
	  { NULL },
	  { "manager.address", "m1.example m2.example", "agent.groups", "example web" } },
	{ "a variable within an endpoint",
	  "5.0.0",
	  "<var name=\"HOST\">m.example</var>\n<ossec_config><agent><manager>"
	  "<endpoint>https://$HOST:443/a</endpoint></manager></agent></ossec_config>",
	  { NULL },
	  { "manager.address", "m.example", "manager.port", "443", "manager.prefix", "a" } },
	{ "a variable in an endpoint",
	  "5.0.0",
	  "<var name=\"E\">https://m.example:443/a</var>\n"
	  "<ossec_config><agent><manager><endpoint>$E</endpoint></manager></agent></ossec_config>",
	  { NULL },
	  { "manager.address", "m.example", "manager.port", "443", "manager.prefix", "a",
	    "manager.method", "enroll" } },
	{ "empty elements",
	  "4.14.7",
	  CLIENT(SERVER("a") ENROLLMENT("<agent_name></agent_name><groups/><port></port>")),
	  { NULL },
	  { "agent.name", "%H", "agent.groups", "", "manager.port", "" } },
};

static void test_good(void **state)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		struct config config;
		struct reason why = { "" };

		install(*state, good[i].version, good[i].text);
		check_row(good[i].label, inherit(&config, *state, good[i].ours, &why) == 0);
		check_row(good[i].label, !config.agents_file.problem);
		for (const char *const *pair = good[i].expected; *pair; pair += 2)
			if (strcmp(value_of(&config, pair[0]), pair[1]) != 0)
				fail_msg("row '%s': %s is '%s'", good[i].label, pair[0],
					 value_of(&config, pair[0]));
		config_clear(&config);
	}
}

/* ------------------------------------------------------------------ what is wrong */

static const struct {
	const char *label, *text;
	const char *ours[3];
	bool is_needed;
	const char *said;
} bad[] = {
	{ "a name",
	  CLIENT(ENROLLMENT("<agent_name>a b</agent_name>")),
	  { NULL },
	  true,
	  "etc/ossec.conf:4: 'a b' in <agent_name> is not a name" },
	{ "a specifier",
	  CLIENT(ENROLLMENT("<agent_name>%m</agent_name>")),
	  { NULL },
	  true,
	  "'%m' in <agent_name> is not a name" },
	{ "a port",
	  CLIENT(SERVER("a") ENROLLMENT("<port>x</port>")),
	  { NULL },
	  true,
	  "etc/ossec.conf:5: 'x' is not a valid value for port in [manager]: expected a port from "
	  "1 to 65535; it is in <port>: correct it there, or set address" },
	{ "an address with a port",
	  CLIENT(SERVER("a:1514")),
	  { NULL },
	  true,
	  "etc/ossec.conf:3: 'a:1514' in <address> is neither" },
	{ "blanks", CLIENT(SERVER(" a ")), { NULL }, true, "' a ' in <address> has blanks" },
	{ "an address in a CRLF file",
	  CLIENT("<server>\r\n<address>a\r\n</address>\r\n</server>\r\n"),
	  { NULL },
	  true,
	  "etc/ossec.conf:4: 'a\\r\\n' in <address> has blanks or line ends in it, which belong to "
	  "the host name for the agent: correct it there" },
	{ "another value in a CRLF file",
	  CLIENT(ENROLLMENT("<groups>web\r\n</groups>\r\n")),
	  { NULL },
	  true,
	  "etc/ossec.conf:4: 'web\\r\\n' is not a valid value for groups" },
	{ "use_source_ip in a CRLF file",
	  CLIENT(ENROLLMENT("<use_source_ip>yes\r\n</use_source_ip>\r\n")),
	  { NULL },
	  true,
	  "etc/ossec.conf:4: 'yes\\r\\n' in <use_source_ip> is neither yes nor no" },
	{ "a variable in a name that is not defined",
	  "<var name=\"m\">m</var>" CLIENT(SERVER("$M")
						   ENROLLMENT("<agent_name>$n-1</agent_name>")),
	  { NULL },
	  true,
	  "etc/ossec.conf:5: '$n-1' in <agent_name> is not a name" },
	{ "a variable that is not defined",
	  CLIENT(SERVER("$M")) "<var name=\"M\">m</var>\n",
	  { NULL },
	  true,
	  "etc/ossec.conf:3: '$M' in <address> has a variable that the file does not define before "
	  "it: correct it there, or set address" },
	{ "a variable beside an address",
	  CLIENT(SERVER("a") ENROLLMENT("<manager_address>$M</manager_address>\n")),
	  { NULL },
	  true,
	  "etc/ossec.conf:5: '$M' in <manager_address> has a variable" },
	{ "escape codes", CLIENT(SERVER("\x1b[31m")), { NULL }, true, "'\\x1b[31m' in <address>" },
	{ "two addresses of the agent",
	  CLIENT(ENROLLMENT("<agent_address>any</agent_address>\n"
			    "<use_source_ip>yes</use_source_ip>\n")),
	  { NULL },
	  true,
	  "etc/ossec.conf:5: 'yes' in <use_source_ip> contradicts" },
	{ "a path",
	  CLIENT(ENROLLMENT("<server_ca_path>\x80</server_ca_path>")),
	  { "tls.ca_file=inherit" },
	  true,
	  "'\\x80' in <server_ca_path> is not a path" },
	{ "a password in place of its file",
	  CLIENT(ENROLLMENT("<authorization_pass_path>/hunter2\x80</authorization_pass_path>")),
	  { NULL },
	  true,
	  "etc/ossec.conf:4: what is in <authorization_pass_path> is not a path" },
	{ "a port of ours",
	  CLIENT(SERVER("a")),
	  { "manager.port=99" },
	  true,
	  "here: port = 99 belongs to an address" },
	{ "a method of ours",
	  CLIENT(SERVER("a")),
	  { "manager.method=api" },
	  true,
	  "here: method = api belongs to an address" },
	{ "no agent would read it",
	  "<ossec_config>\n<client>",
	  { NULL },
	  true,
	  "etc/ossec.conf, line" },
	{ "... with a manager of ours",
	  "<ossec_config>\n<client>",
	  { "manager.address=a" },
	  false,
	  "etc/ossec.conf, line" },
	{ "... with a manager, but not the CA",
	  "<ossec_config>\n<client>",
	  { "manager.address=a", "tls.ca_file=inherit" },
	  true,
	  "etc/ossec.conf, line" },
	{ "the first of two",
	  CLIENT(SERVER(" a ") ENROLLMENT("<agent_name>b c</agent_name>")),
	  { NULL },
	  true,
	  "' a '" },
};

static void test_bad(void **state)
{
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct config config;
		struct reason why = { "" };
		int r;

		install(*state, "4.14.7", bad[i].text);
		check_row(bad[i].label, inherit(&config, *state, bad[i].ours, &why) == 0);
		assert_non_null(config.agents_file.problem);
		if (!strstr(config.agents_file.problem, bad[i].said))
			fail_msg("row '%s': %s", bad[i].label, config.agents_file.problem);
		check_row(bad[i].label, config.agents_file.is_needed == bad[i].is_needed);
		r = config_check(&config, &why);
		check_row(bad[i].label, r < 0); /* at last for want of trust */
		check_row(bad[i].label,
			  (strcmp(why.text, config.agents_file.problem) == 0) == bad[i].is_needed);
		config_clear(&config);
	}
}

/* ------------------------------------------------------------------ where it is from */

static void test_origins_and_homes(void **state)
{
	static const char *const none[] = { NULL };
	struct config config;
	struct reason why = { "" };
	char expected[PATH_MAX];

	install(*state, "4.14.7",
		CLIENT(SERVER("a") SERVER("b")
			       ENROLLMENT("<agent_certificate_path>etc/c</agent_certificate_path>\n"
					  "<agent_key_path>/k</agent_key_path>\n")));
	write_text(path_in(*state, "etc/authd.pass"), "word\n");
	assert_int_equal(inherit(&config, *state, none, &why), 0);
	(void)snprintf(expected, sizeof expected, "%s/etc/ossec.conf:4", (char *)*state);
	assert_string_equal(config_origin(&config, key_of("manager.address"), 1), expected);
	(void)snprintf(expected, sizeof expected, "%s/etc/c", (char *)*state);
	assert_string_equal(config.tls.certificate_file, expected);
	assert_string_equal(config_home(&config, &config.tls.certificate_file), *state);
	assert_string_equal(config_home(&config, &config.tls.private_key_file), *state);
	assert_string_equal(config_home(&config, &config.auth.password_file), *state);
	assert_string_equal(config_password_home(&config), *state);
	assert_null(config_home(&config, &config.tls.ca_file));
	/* what replaces it is ours */
	assert_int_equal(config_set(&config, "tls", "certificate_file", "/ours", "here", &why), 0);
	assert_null(config_home(&config, &config.tls.certificate_file));
	assert_int_equal(config_set(&config, "auth", "password_file", "", "here", &why), 0);
	assert_null(config_home(&config, &config.auth.password_file));
	config_clear(&config);
}

/* Nothing of ours, and nothing of the agent's. */
static void test_nothing(void **state)
{
	struct config config;
	struct reason why = { "" };

	install(*state, "4.14.7", CLIENT(SERVER("a")));
	assert_int_equal(config_init(&config), 0);
	free(config.agent.directory);
	config.agent.directory = strdup(*state); /* as if by default */
	assert_int_equal(config_inherit(&config, &why), 0);
	assert_false(config_has_work(&config));
	assert_int_equal(config_set(&config, "tls", "verify", "no", "here", &why), 0);
	assert_int_equal(config_inherit(&config, &why), 0);
	assert_true(config_has_work(&config));
	config_clear(&config);

	assert_int_equal(unlink(path_in(*state, "etc/ossec.conf")), 0);
	assert_int_equal(inherit(&config, *state, (const char *const[]){ NULL }, &why), 0);
	assert_null(config.agents_file.problem);
	assert_false(config_has_work(&config));
	config_clear(&config);
}

static void test_many_servers(void **state)
{
	static char text[4096];
	struct config config;
	struct reason why = { "" };
	size_t used = 0;

	used += (size_t)snprintf(text + used, sizeof text - used, "<ossec_config><client>\n");
	for (int i = 0; i < CONFIG_MAX_MANAGERS + 5; i++)
		used += (size_t)snprintf(text + used, sizeof text - used,
					 "<server><address>m%d</address></server>\n", i);
	(void)snprintf(text + used, sizeof text - used, "</client></ossec_config>\n");
	install(*state, "4.14.7", text);
	assert_int_equal(
		inherit(&config, *state, (const char *const[]){ "tls.verify=no", NULL }, &why), 0);
	assert_int_equal(config.manager.address.count, CONFIG_MAX_MANAGERS);
	assert_int_equal(config_check(&config, &why), 0);
	config_clear(&config);
}

static void test_ca_is_offered(void **state)
{
	struct config config;
	struct reason why = { "" };

	install(*state, "4.14.7",
		CLIENT(SERVER("a") ENROLLMENT("<server_ca_path>etc/ca.pem</server_ca_path>")));
	assert_int_equal(inherit(&config, *state, (const char *const[]){ NULL }, &why), 0);
	assert_true(config_check(&config, &why) < 0);
	assert_non_null(strstr(why.text, "etc/ossec.conf:5 names, etc/ca.pem, which the agent's "
					 "group may change: ca_file = inherit"));
	config_clear(&config);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup_directory, teardown_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_good),    TEST(test_bad),          TEST(test_origins_and_homes),
		TEST(test_nothing), TEST(test_many_servers), TEST(test_ca_is_offered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
