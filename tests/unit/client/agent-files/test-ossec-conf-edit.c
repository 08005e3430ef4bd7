/* SPDX-License-Identifier: ISC */
/* Each row is a file before and behind a change; what is not shown as changed is the same bytes. */
#include "tests/unit/support.h"

#include "client/agent-files/ossec-conf-edit.h"

#include <errno.h>
#include <stdlib.h>

static const struct agent_manager one[] = { { .host = "m1.example" } };
static const struct agent_manager three[] = {
	{ .host = "m1.example" },
	{ .host = "192.0.2.2" },
	{ .host = "2001:db8::3" },
};

static struct ossec_conf_wish wish_of(enum agent_generation generation, enum set_manager mode,
				      const struct agent_manager *managers, size_t count)
{
	return (struct ossec_conf_wish){
		.generation = generation,
		.set_manager = mode,
		.managers = managers,
		.manager_count = count,
	};
}

/* `after`: the new text; null: nothing is to be done; "! REASON": it is refused. */
static void check_edit(const char *before, const struct ossec_conf_wish *wish, const char *after)
{
	struct reason why = { "" };
	char *text = NULL;
	size_t length;
	int r = ossec_conf_edit(&text, &length, before, strlen(before), wish, &why);

	if (r < 0 && (!after || after[0] != '!'))
		fail_msg("of %s\n%s", before, why.text);
	if (r >= 0 && after && after[0] == '!')
		fail_msg("%s\nwas not refused", before);
	if (r < 0) {
		assert_string_equal(why.text, after + 2);
		return;
	}
	assert_int_equal(r, after != NULL);
	if (!after)
		return;
	assert_string_equal(text, after);
	assert_int_equal(length, strlen(after));
	/* a second time there is nothing to do */
	free(text);
	assert_int_equal(ossec_conf_edit(&text, &length, after, strlen(after), wish, &why), 0);
}

struct edit_row {
	const char *before, *after;
};

static void check_edits(const struct edit_row *rows, size_t count,
			const struct ossec_conf_wish *wish)
{
	for (size_t i = 0; i < count; i++)
		check_edit(rows[i].before, wish, rows[i].after);
}

#define ROOT(text) "<ossec_config>\n" text "</ossec_config>\n"
#define CLIENT(text) ROOT("  <client>\n" text "  </client>\n")
#define SERVER(address)                          \
	"    <server>\n"                         \
	"      <address>" address "</address>\n" \
	"      <port>1514</port>\n"              \
	"      <protocol>tcp</protocol>\n"       \
	"    </server>\n"
#define OTHER "    <crypto_method>aes</crypto_method>\n"

static void test_one_manager(void **state)
{
	static const struct edit_row rows[] = {
		{ CLIENT(SERVER("MANAGER_IP") OTHER), CLIENT(SERVER("m1.example") OTHER) },
		{ CLIENT(SERVER("0.0.0.0")), CLIENT(SERVER("m1.example")) },
		{ CLIENT(SERVER("")), CLIENT(SERVER("m1.example")) },
		{ CLIENT(SERVER("<!>MANAGER_IP!>")), CLIENT(SERVER("<!>MANAGER_IP!>m1.example")) },
		{ CLIENT(SERVER(" \n ")), CLIENT(SERVER("m1.example")) },
		{ CLIENT(SERVER("another")), NULL },
		{ CLIENT(SERVER("another") SERVER("MANAGER_IP")), NULL },
		{ CLIENT(SERVER("m1.example")), NULL },
		/* comments stay, within the value and around it */
		{ "<!-- a -->\n" CLIENT(SERVER("<!-- here: -->MANAGER_IP<! ! !>")) "<!-- b -->",
		  "<!-- a -->\n" CLIENT(SERVER("<!-- here: -->m1.example<! ! !>")) "<!-- b -->" },
		{ CLIENT(SERVER("<!-- none -->")), CLIENT(SERVER("<!-- none -->m1.example")) },
		{ CLIENT("<!--" SERVER("MANAGER_IP") "-->" SERVER("MANAGER_IP")),
		  CLIENT("<!--" SERVER("MANAGER_IP") "-->" SERVER("m1.example")) },
		/* a second root, as installers and people add them */
		{ ROOT("") CLIENT(SERVER("MANAGER_IP")), ROOT("") CLIENT(SERVER("m1.example")) },
		/* two places, one manager */
		{ CLIENT(SERVER("MANAGER_IP") SERVER("MANAGER_IP")),
		  CLIENT(SERVER("m1.example") SERVER("m1.example")) },
		/* the rest of the file has what XML has not */
		{ CLIENT(SERVER("MANAGER_IP")) "<x>a && b \\< c</x>\r\n & <y k='1'/>",
		  CLIENT(SERVER("m1.example")) "<x>a && b \\< c</x>\r\n & <y k='1'/>" },
		/* no place for an address yet */
		{ CLIENT("    <server>\n      <port>1514</port>\n    </server>\n"),
		  CLIENT("    <server>\n      <port>1514</port>\n"
			 "      <address>m1.example</address>\n    </server>\n") },
		{ CLIENT(OTHER), CLIENT(OTHER "    <server>\n      <address>m1.example</address>\n"
					      "    </server>\n") },
		{ ROOT("  <x>\n    <y>1</y>\n  </x>\n"),
		  ROOT("  <x>\n    <y>1</y>\n  </x>\n  <client>\n    <server>\n"
		       "      <address>m1.example</address>\n    </server>\n  </client>\n") },
		{ ROOT("\t<client/>\n"), ROOT("\t<client>\n\t\t<server>\n\t\t\t<address>m1.example"
					      "</address>\n\t\t</server>\n\t</client>\n") },
		{ CLIENT("    <server>\n      <address/>\n    </server>\n"),
		  CLIENT("    <server>\n      <address>m1.example</address>\n    </server>\n") },
		{ "<ossec_config><client><server><address>MANAGER_IP</address></server></client>"
		  "</ossec_config>",
		  "<ossec_config><client><server><address>m1.example</address></server></client>"
		  "</ossec_config>" },
		{ "<ossec_config><client></client></ossec_config>",
		  "<ossec_config><client><server><address>m1.example</address></server></client>"
		  "</ossec_config>" },
		{ "", "! there is no <ossec_config> in it" },
		{ ROOT("  <client>\n"), "! line 2: an element is not closed by the same name: "
					"client" },
		{ "<var name=\"M\">MANAGER_IP</var>\n" CLIENT(SERVER("$M")),
		  "! line 5: $M is a variable, and agents do not replace variables in this file; "
		  "write the value itself there" },
		{ CLIENT(SERVER("$UNKNOWN")),
		  "! line 4: $UNKNOWN is a variable, and agents do not replace variables in this "
		  "file; write the value itself there" },
		/* not one that says where the manager is */
		{ CLIENT(SERVER("$M") SERVER("m2.example")), NULL },
		{ CLIENT(SERVER("<x/>MANAGER_IP")),
		  "! line 4: there are elements where a value should be" },
	};
	struct ossec_conf_wish wish = wish_of(AGENT_WAZUH, SET_MANAGER_YES, one, COUNT(one));

	(void)state;
	check_edits(rows, COUNT(rows), &wish);
}

static void test_three_managers(void **state)
{
	static const struct edit_row rows[] = {
		{ CLIENT(SERVER("MANAGER_IP") OTHER),
		  CLIENT(SERVER("m1.example") SERVER("192.0.2.2") SERVER("2001:db8::3") OTHER) },
		{ CLIENT(SERVER("MANAGER_IP") SERVER("MANAGER_IP") OTHER),
		  CLIENT(SERVER("m1.example") SERVER("192.0.2.2") SERVER("2001:db8::3") OTHER) },
		/* tabs, and a comment that is not repeated */
		{ ROOT("\t<client>\n\t\t<server><!-- x -->\n\t\t\t<address>MANAGER_IP</address>\n"
		       "\t\t</server>\n\t</client>\n"),
		  ROOT("\t<client>\n\t\t<server><!-- x -->\n\t\t\t<address>m1.example</address>\n"
		       "\t\t</server>\n"
		       "\t\t<server>\n\t\t\t<address>192.0.2.2</address>\n\t\t</server>\n"
		       "\t\t<server>\n\t\t\t<address>2001:db8::3</address>\n\t\t</server>\n"
		       "\t</client>\n") },
		/* line ends of Windows */
		{ "<ossec_config>\r\n <client>\r\n  <server>\r\n   <address>MANAGER_IP</address>"
		  "\r\n  </server>\r\n </client>\r\n</ossec_config>\r\n",
		  "<ossec_config>\r\n <client>\r\n  <server>\r\n   <address>m1.example</address>"
		  "\r\n  </server>\r\n"
		  "  <server>\r\n   <address>192.0.2.2</address>\r\n  </server>\r\n"
		  "  <server>\r\n   <address>2001:db8::3</address>\r\n  </server>\r\n"
		  " </client>\r\n</ossec_config>\r\n" },
		{ "<ossec_config><client><server><address>MANAGER_IP</address></server></client>"
		  "</ossec_config>",
		  "<ossec_config><client><server><address>m1.example</address></server>"
		  "<server><address>192.0.2.2</address></server>"
		  "<server><address>2001:db8::3</address></server></client></ossec_config>" },
		{ CLIENT(""),
		  CLIENT("    <server>\n      <address>m1.example</address>\n    </server>\n"
			 "    <server>\n      <address>192.0.2.2</address>\n    </server>\n"
			 "    <server>\n      <address>2001:db8::3</address>\n    </server>\n") },
		/* what version 3 has left */
		{ CLIENT("    <server-ip>0.0.0.0</server-ip>\n"),
		  CLIENT("    <server-hostname>m1.example</server-hostname>\n"
			 "    <server-ip>192.0.2.2</server-ip>\n"
			 "    <server-ip>2001:db8::3</server-ip>\n") },
	};
	struct ossec_conf_wish wish = wish_of(AGENT_WAZUH, SET_MANAGER_YES, three, COUNT(three));

	(void)state;
	check_edits(rows, COUNT(rows), &wish);
}

static void test_force(void **state)
{
	static const struct edit_row rows[] = {
		{ CLIENT(SERVER("m1.example") SERVER("192.0.2.2") SERVER("2001:db8::3")), NULL },
		{ CLIENT(SERVER("192.0.2.2") SERVER("m1.example")),
		  CLIENT(SERVER("m1.example") SERVER("192.0.2.2") SERVER("2001:db8::3")) },
		{ CLIENT(SERVER("a") SERVER("b") SERVER("c") SERVER("d")),
		  CLIENT(SERVER("m1.example") SERVER("192.0.2.2") SERVER("2001:db8::3")
				 SERVER("m1.example")) },
		{ CLIENT(SERVER(" m1.example")),
		  CLIENT(SERVER("m1.example") SERVER("192.0.2.2") SERVER("2001:db8::3")) },
	};
	struct ossec_conf_wish wish = wish_of(AGENT_WAZUH, SET_MANAGER_FORCE, three, COUNT(three));

	(void)state;
	check_edits(rows, COUNT(rows), &wish);
}

static void test_ossec(void **state)
{
	static const struct edit_row rows[] = {
		{ CLIENT("    <server-ip>0.0.0.0</server-ip>\n"),
		  CLIENT("    <server-hostname>m1.example</server-hostname>\n") },
		{ CLIENT("    <server-hostname>MANAGER_IP</server-hostname>\n"),
		  CLIENT("    <server-hostname>m1.example</server-hostname>\n") },
		{ CLIENT("    <config-profile>a</config-profile>\n"),
		  CLIENT("    <config-profile>a</config-profile>\n"
			 "    <server-hostname>m1.example</server-hostname>\n") },
		{ CLIENT("    <server-ip>192.0.2.1</server-ip>\n"), NULL },
		{ CLIENT("    <server-ip k=\"1\">0.0.0.0</server-ip>\n"),
		  "! line 3: the element has attributes, comments or elements, which would be "
		  "lost" },
		{ "<?xml version=\"1.0\"?>\n" CLIENT("    <server-ip>0.0.0.0</server-ip>\n"),
		  "<?xml version=\"1.0\"?>\n" CLIENT(
			  "    <server-hostname>m1.example</server-hostname>\n") },
	};
	static const struct edit_row of_address[] = {
		{ CLIENT("    <server-ip>0.0.0.0</server-ip>\n"),
		  CLIENT("    <server-ip>192.0.2.2</server-ip>\n") },
		{ CLIENT("    <server-hostname>MANAGER_IP</server-hostname>\n"),
		  CLIENT("    <server-ip>192.0.2.2</server-ip>\n") },
	};
	struct ossec_conf_wish wish = wish_of(AGENT_OSSEC, SET_MANAGER_YES, one, 1);

	(void)state;
	check_edits(rows, COUNT(rows), &wish);
	wish = wish_of(AGENT_OSSEC, SET_MANAGER_YES, &three[1], 1);
	check_edits(of_address, COUNT(of_address), &wish);
}

/* Where events go to another port than the usual one. */
static void test_ports(void **state)
{
	static const struct agent_manager managers[] = {
		{ .host = "m1.example", .port = 11514 },
		{ .host = "m2.example", .port = 21514 },
	};
	static const struct edit_row rows[] = {
		{ CLIENT("    <server>\n      <address>MANAGER_IP</address>\n    </server>\n"),
		  CLIENT("    <server>\n      <address>m1.example</address>\n"
			 "      <port>11514</port>\n    </server>\n"
			 "    <server>\n      <address>m2.example</address>\n"
			 "      <port>21514</port>\n    </server>\n") },
		{ CLIENT("    <server>\n      <address>MANAGER_IP</address>\n"
			 "      <port>1514</port>\n      <protocol>tcp</protocol>\n"
			 "    </server>\n"),
		  CLIENT("    <server>\n      <address>m1.example</address>\n"
			 "      <port>11514</port>\n      <protocol>tcp</protocol>\n"
			 "    </server>\n"
			 "    <server>\n      <address>m2.example</address>\n"
			 "      <port>21514</port>\n      <protocol>tcp</protocol>\n"
			 "    </server>\n") },
		{ CLIENT("    <server-ip>0.0.0.0</server-ip>\n"),
		  "! line 3: <server-ip> and <server-hostname> have no port of their own; write "
		  "<port>11514</port> into <client>" },
	};
	struct ossec_conf_wish wish = wish_of(AGENT_WAZUH, SET_MANAGER_YES, managers,
					      COUNT(managers));

	(void)state;
	check_edits(rows, COUNT(rows), &wish);
}

#define AGENT(text) ROOT("  <agent>\n" text "  </agent>\n")
#define MANAGER(endpoint)                           \
	"    <manager>\n"                           \
	"      <endpoint>" endpoint "</endpoint>\n" \
	"    </manager>\n"

static void test_wazuh_5(void **state)
{
	static const struct edit_row rows[] = {
		{ AGENT(MANAGER("IP")), AGENT(MANAGER("m1.example")) },
		{ AGENT(MANAGER("https://MANAGER_IP:1517")),
		  AGENT(MANAGER("https://m1.example:1517")) },
		{ AGENT(MANAGER("HTTPS://MANAGER_IP")), AGENT(MANAGER("https://m1.example")) },
		{ AGENT(MANAGER("https://IP/a")), AGENT(MANAGER("https://m1.example/a")) },
		{ AGENT(MANAGER("https://[2001:db8::1]")), NULL },
		{ AGENT("    <server>\n      <address>IP</address>\n    </server>\n"),
		  AGENT("    <server>\n      <address>m1.example</address>\n    </server>\n") },
		{ CLIENT(SERVER("MANAGER_IP")), CLIENT(SERVER("m1.example")) },
		{ AGENT(""), AGENT(MANAGER("https://m1.example")) },
		{ ROOT("  <x>\n    <y>1</y>\n  </x>\n"),
		  ROOT("  <x>\n    <y>1</y>\n  </x>\n  <agent>\n" MANAGER(
			  "https://m1.example") "  </agent>\n") },
	};
	struct ossec_conf_wish wish = wish_of(AGENT_WAZUH_5, SET_MANAGER_YES, one, 1);

	(void)state;
	check_edits(rows, COUNT(rows), &wish);
}

/* Port and prefix, as an enrollment token says them. */
static void test_endpoints(void **state)
{
	static const struct agent_manager manager = { "2001:db8::3", 443, "a/b" };
	static const struct edit_row rows[] = {
		{ AGENT(MANAGER("IP")), AGENT(MANAGER("[2001:db8::3]:443/a/b")) },
		{ AGENT(MANAGER("https://IP:1517/")),
		  AGENT(MANAGER("https://[2001:db8::3]:443/a/b")) },
		{ AGENT(MANAGER("https://[2001:db8::3]:443/a/b/")), NULL },
		{ AGENT("    <server>\n      <address>IP</address>\n    </server>\n"),
		  "! line 4: a manager that is given as an address has no prefix; write "
		  "<manager><endpoint> instead" },
		{ AGENT("    <manager>\n      <address>IP</address>\n    </manager>\n"),
		  AGENT("    <manager>\n      <address>IP</address>\n"
			"      <endpoint>https://[2001:db8::3]:443/a/b</endpoint>\n"
			"    </manager>\n") },
		{ CLIENT(SERVER("MANAGER_IP")),
		  ROOT("  <client>\n" SERVER(
			  "MANAGER_IP") "  </client>\n"
					"  <agent>\n" MANAGER(
						"https://[2001:db8::3]:443/a/b") "  </agent>\n") },
	};
	struct ossec_conf_wish wish = wish_of(AGENT_WAZUH_5, SET_MANAGER_FORCE, &manager, 1);

	(void)state;
	check_edits(rows, COUNT(rows), &wish);
}

/* All of it is for the new manager; what is not known of that is the usual. */
static void test_another_endpoint(void **state)
{
	static const struct agent_manager manager = { "m1.example", 1517, "wazuh-manager" };
	static const struct edit_row rows[] = {
		{ AGENT(MANAGER("https://old.example:8443/a")),
		  AGENT(MANAGER("https://m1.example:1517")) },
		{ AGENT(MANAGER("old.example/a")), AGENT(MANAGER("m1.example")) },
		{ AGENT(MANAGER("https://m1.example/a")), AGENT(MANAGER("https://m1.example")) },
		{ AGENT(MANAGER("https://m1.example:8443")),
		  AGENT(MANAGER("https://m1.example:1517")) },
		{ AGENT(MANAGER("https://IP:8443/a")), AGENT(MANAGER("https://m1.example:1517")) },
		{ AGENT(MANAGER("https://m1.example/wazuh-manager/")), NULL },
		{ AGENT(MANAGER("https://m1.example/")), NULL },
		{ AGENT("    <manager>\n      <address>old</address>\n    </manager>\n"),
		  AGENT("    <manager>\n      <address>m1.example</address>\n    </manager>\n") },
	};
	static const struct edit_row of_unknown[] = {
		{ AGENT(MANAGER("https://old.example:8443/a")),
		  AGENT(MANAGER("https://m1.example:1517")) },
		{ AGENT(MANAGER("old.example/a")), AGENT(MANAGER("m1.example")) },
		{ AGENT(MANAGER("https://m1.example:8443/a")), NULL },
		{ AGENT(MANAGER("https://IP:8443/a")),
		  AGENT(MANAGER("https://m1.example:8443/a")) },
	};
	struct ossec_conf_wish wish = wish_of(AGENT_WAZUH_5, SET_MANAGER_FORCE, &manager, 1);

	(void)state;
	check_edits(rows, COUNT(rows), &wish);
	wish.managers = one;
	check_edits(of_unknown, COUNT(of_unknown), &wish);
}

#define ZONE_IS_REFUSED                                                                      \
	"! agents of Wazuh do not understand the zone of fe80::1%eth0; set manager_address " \
	"in [agent] to another address of that manager, or to this one without its zone, "   \
	"with the number of the interface as <interface_index> beside it"

/* OSSEC's agents take it; Wazuh's do not start. */
static void test_zone(void **state)
{
	static const struct agent_manager manager = { .host = "fe80::1%eth0" };
	struct ossec_conf_wish wish = wish_of(AGENT_OSSEC, SET_MANAGER_YES, &manager, 1);

	(void)state;
	check_edit(CLIENT("    <server-ip>0.0.0.0</server-ip>\n"), &wish,
		   CLIENT("    <server-ip>fe80::1%eth0</server-ip>\n"));
	wish.generation = AGENT_WAZUH;
	check_edit(CLIENT(SERVER("MANAGER_IP")), &wish, ZONE_IS_REFUSED);
	check_edit(CLIENT(SERVER("fe80::1")), &wish, NULL);
	wish.generation = AGENT_WAZUH_5;
	check_edit(AGENT(MANAGER("IP")), &wish, ZONE_IS_REFUSED);
}

#define ENROLLMENT(text) "    <enrollment>\n" text "    </enrollment>\n"
#define NO "      <enabled>no</enabled>\n"

static void test_enrollment_off(void **state)
{
	static const struct edit_row rows[] = {
		{ CLIENT(OTHER), CLIENT(OTHER ENROLLMENT(NO)) },
		{ CLIENT(OTHER) CLIENT(OTHER), CLIENT(OTHER) CLIENT(OTHER ENROLLMENT(NO)) },
		{ CLIENT(ENROLLMENT("      <port>1515</port>\n")),
		  CLIENT(ENROLLMENT("      <port>1515</port>\n" NO)) },
		{ CLIENT(ENROLLMENT("")), CLIENT(ENROLLMENT(NO)) },
		{ CLIENT("    <enrollment/>\n"), CLIENT(ENROLLMENT(NO)) },
		{ CLIENT(ENROLLMENT("      <enabled>yes</enabled>\n")), CLIENT(ENROLLMENT(NO)) },
		{ CLIENT(ENROLLMENT(NO "      <enabled>yes</enabled>\n")),
		  CLIENT(ENROLLMENT(NO NO)) },
		{ CLIENT(ENROLLMENT(NO)), NULL },
	};
	static const struct edit_row of_5[] = {
		{ CLIENT(OTHER), ROOT("  <client>\n" OTHER
				      "  </client>\n  <agent>\n" ENROLLMENT(NO) "  </agent>\n") },
		{ AGENT(""), AGENT(ENROLLMENT(NO)) },
	};
	static const struct edit_row of_others[] = {
		{ CLIENT(OTHER), NULL },
		{ "", NULL },
	};
	struct ossec_conf_wish wish = { .own_enrollment = OWN_ENROLLMENT_OFF };

	(void)state;
	wish.generation = AGENT_WAZUH;
	check_edits(rows, COUNT(rows), &wish);
	wish.generation = AGENT_WAZUH_5;
	check_edits(of_5, COUNT(of_5), &wish);
	/* they do not enroll, and do not start with an <enrollment> that they do not know */
	wish.generation = AGENT_WAZUH_3;
	check_edits(of_others, COUNT(of_others), &wish);
	wish.generation = AGENT_OSSEC;
	check_edits(of_others, COUNT(of_others), &wish);
}

static void test_enrollment_same(void **state)
{
	static const struct edit_row rows[] = {
		{ CLIENT(OTHER), CLIENT(OTHER ENROLLMENT("      <agent_name>web-01</agent_name>\n"
							 "      <groups>web,linux</groups>\n")) },
		{ CLIENT(ENROLLMENT("      <agent_name>golden</agent_name>\n"
				    "      <!-- stays -->\n"
				    "      <groups>old</groups>\n"
				    "      <agent_address>192.0.2.9</agent_address>\n"
				    "      <use_source_ip>yes</use_source_ip>\n")),
		  CLIENT(ENROLLMENT("      <agent_name>web-01</agent_name>\n"
				    "      <!-- stays -->\n"
				    "      <groups>web,linux</groups>\n"
				    "      <use_source_ip>no</use_source_ip>\n")) },
		{ CLIENT(ENROLLMENT("<agent_name>web-01</agent_name><groups>web,linux</groups>"
				    "<agent_address>192.0.2.9</agent_address>")),
		  CLIENT(ENROLLMENT("<agent_name>web-01</agent_name><groups>web,linux</groups>")) },
		{ CLIENT(ENROLLMENT(
			  "      <agent_name>web-01</agent_name>\n"
			  "      <groups>web,linux</groups>\n"
			  "      <!-- of the image: -->\n\n"
			  "      <agent_address>192.0.2.9</agent_address> <!-- gone -->\n")),
		  CLIENT(ENROLLMENT("      <agent_name>web-01</agent_name>\n"
				    "      <groups>web,linux</groups>\n"
				    "      <!-- of the image: -->\n\n"
				    "       <!-- gone -->\n")) },
	};
	/* what would go with an element that is not wanted any more */
	static const struct edit_row full[] = {
		{ CLIENT(ENROLLMENT("      <agent_name>web-01</agent_name>\n"
				    "      <groups>a<x>1</x></groups>\n")),
		  "! line 5: the element has attributes, comments or elements, which would be "
		  "lost" },
		{ CLIENT(ENROLLMENT("      <agent_name>web-01</agent_name>\n"
				    "      <groups>a<!-- why --></groups>\n")),
		  "! line 5: the element has attributes, comments or elements, which would be "
		  "lost" },
		{ CLIENT(ENROLLMENT("      <agent_name>web-01</agent_name>\n"
				    "      <groups of=\"image\">a</groups>\n")),
		  "! line 5: the element has attributes, comments or elements, which would be "
		  "lost" },
		{ CLIENT(ENROLLMENT("      <agent_name>web-01</agent_name>\n"
				    "      <groups>  a  </groups>\n")),
		  CLIENT(ENROLLMENT("      <agent_name>web-01</agent_name>\n")) },
	};
	struct ossec_conf_wish wish = {
		.generation = AGENT_WAZUH,
		.own_enrollment = OWN_ENROLLMENT_SAME,
		.agent_name = "web-01",
		.groups = "web,linux",
	};

	(void)state;
	check_edits(rows, COUNT(rows), &wish);
	wish.groups = NULL;
	check_edit(CLIENT(ENROLLMENT("      <agent_name>web-01</agent_name>\n"
				     "      <groups>a</groups>\n      <groups>b</groups>\n")),
		   &wish, CLIENT(ENROLLMENT("      <agent_name>web-01</agent_name>\n")));
	check_edits(full, COUNT(full), &wish);
	wish.agent_name = "a<b";
	check_edit(CLIENT(ENROLLMENT("      <agent_name>x</agent_name>\n")), &wish,
		   "! line 4: the new value cannot stand in this file");
}

/* A key that is there needs no address; a file that has none does. */
static void test_no_address(void **state)
{
	struct ossec_conf_wish wish = wish_of(AGENT_WAZUH, SET_MANAGER_YES, NULL, 0);

	(void)state;
	check_edit(CLIENT(SERVER("m1.example")), &wish, NULL);
	check_edit(CLIENT(SERVER("MANAGER_IP")), &wish,
		   "! set_manager in [agent] has no address to set; write manager_address = HOST "
		   "there");
}

/* Real agents of Wazuh 3 refuse the one, and ask for another name than the other. */
static void test_unfit_managers(void **state)
{
	static const struct agent_manager six = { .host = "2001:db8::3" };
	char name[127];
	const struct agent_manager longest = { .host = name };
	struct ossec_conf_wish wish = wish_of(AGENT_WAZUH_3, SET_MANAGER_YES, &six, 1);

	(void)state;
	check_edit(CLIENT(SERVER("MANAGER_IP")), &wish,
		   "! agents of Wazuh 3 know no IPv6, and 2001:db8::3 is an address of it; write "
		   "manager_address = HOST with another one into [agent]");
	memset(name, 'm', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	wish = wish_of(AGENT_WAZUH, SET_MANAGER_YES, &longest, 1);
	check_edit(CLIENT(SERVER("MANAGER_IP")), &wish,
		   "! the agent cuts the name of its manager off behind 125 characters; write "
		   "manager_address = HOST with a shorter one into [agent]");
}

/* Both at once: first the manager, then the rest. */
static void test_everything(void **state)
{
	struct ossec_conf_wish wish = wish_of(AGENT_WAZUH, SET_MANAGER_YES, one, 1);

	(void)state;
	wish.own_enrollment = OWN_ENROLLMENT_OFF;
	check_edit(CLIENT(SERVER("MANAGER_IP")), &wish,
		   CLIENT(SERVER("m1.example") ENROLLMENT(NO)));
	check_edit(ROOT(""), &wish,
		   ROOT("  <client>\n    <server>\n      <address>m1.example</address>\n"
			"    </server>\n    <enrollment>\n" NO "    </enrollment>\n  </client>\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_manager),
		cmocka_unit_test(test_three_managers),
		cmocka_unit_test(test_force),
		cmocka_unit_test(test_ossec),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_wazuh_5),
		cmocka_unit_test(test_endpoints),
		cmocka_unit_test(test_enrollment_off),
		cmocka_unit_test(test_enrollment_same),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_no_address),
		cmocka_unit_test(test_another_endpoint),
		cmocka_unit_test(test_zone),
		cmocka_unit_test(test_unfit_managers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
