/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/endpoint.h"

#include <errno.h>

#define LABEL63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define NAME255 LABEL63 "." LABEL63 "." LABEL63 "." LABEL63

static const struct {
	const char *text, *host; /* host null: refused */
	uint16_t port;
	bool literal;
	const char *shown;
} rows[] = {
	{ "manager", "manager", 1515, false, "manager:1515" },
	{ "manager.example.org:1", "manager.example.org", 1, false, "manager.example.org:1" },
	{ "manager.example.org.", "manager.example.org.", 1515, false,
	  "manager.example.org.:1515" },
	{ "MANAGER_1", "MANAGER_1", 1515, false, "MANAGER_1:1515" },
	{ "10.0.0.1", "10.0.0.1", 1515, true, "10.0.0.1:1515" },
	{ "10.0.0.1:65535", "10.0.0.1", 65535, true, "10.0.0.1:65535" },
	{ "::1", "::1", 1515, true, "[::1]:1515" },
	{ "[::1]", "::1", 1515, true, "[::1]:1515" },
	{ "[::1]:2000", "::1", 2000, true, "[::1]:2000" },
	{ "2001:db8::1", "2001:db8::1", 1515, true, "[2001:db8::1]:1515" },
	{ "fe80::1%eth0", "fe80::1%eth0", 1515, true, "[fe80::1%eth0]:1515" },
	{ "[fe80::1%eth0]:99", "fe80::1%eth0", 99, true, "[fe80::1%eth0]:99" },
	{ "::ffff:10.0.0.1", "::ffff:10.0.0.1", 1515, true, "[::ffff:10.0.0.1]:1515" },
	{ NAME255, NAME255, 1515, false, NAME255 ":1515" },
	{ NAME255 ":65535", NAME255, 65535, false, NAME255 ":65535" },
	{ "" },
	{ ":" },
	{ ":1515" },
	{ "a:" },
	{ "a:0" },
	{ "a:65536" },
	{ "a:123456" },
	{ "a:-1" },
	{ "a:1x" },
	{ "a: 1" },
	{ "a b" },
	{ " a" },
	{ "a " },
	{ "a\n" },
	{ "a/b" },
	{ "https://a" },
	{ "-a" },
	{ ".a" },
	{ "a,b" },
	{ "user@a" },
	{ "\xc3\xa9" },
	{ "[a]" },
	{ "[::1" },
	{ "::1]" },
	{ "[::1]x" },
	{ "[::1]:" },
	{ "[::1]:0" },
	{ "[10.0.0.1]" },
	{ "[]" },
	{ "[]:1" },
	{ "1::2::3" },
	{ "a:b:c" },
	{ "a%eth0" },
	{ NAME255 "a" },
	{ "[" NAME255 "]" },
	{ "%eth0::" },
	{ "fe80::1%" },
	{ "fe80::1%eth 0" },
	{ "fe80::1%eth0\r" },
	{ "fe80::1%eth0\x1b[m" },
	{ "[fe80::1%\x80]" },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint endpoint = { .host = "before", .port = 7 };
		int r = endpoint_parse(&endpoint, rows[i].text, 1515);
		char shown[ENDPOINT_TEXT_SIZE];

		if (!rows[i].host) {
			check_row(rows[i].text, r == -EINVAL);
			check_row(rows[i].text,
				  strcmp(endpoint.host, "before") == 0 && endpoint.port == 7);
			continue;
		}
		check_row(rows[i].text, r == 0);
		check_row(rows[i].text, strcmp(endpoint.host, rows[i].host) == 0 &&
						endpoint.port == rows[i].port);
		check_row(rows[i].text, !!endpoint_is_literal(&endpoint) == rows[i].literal);
		assert_string_equal(endpoint_text(&endpoint, shown), rows[i].shown);
	}
}

/* A name that fills its room has no end, whatever comes behind it: with this port, a letter. */
static void test_name_too_long(void **state)
{
	struct endpoint endpoint = { .host = "before" };

	(void)state;
	assert_int_equal(strlen(NAME255 "a"), sizeof endpoint.host);
	assert_int_equal(endpoint_parse(&endpoint, NAME255 "a", 'a'), -EINVAL);
	assert_string_equal(endpoint.host, "before");
}

/* What is shown can be given back. */
static void test_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint endpoint, again;
		char shown[ENDPOINT_TEXT_SIZE];

		if (!rows[i].host)
			continue;
		check_row(rows[i].text, endpoint_parse(&endpoint, rows[i].text, 1515) == 0);
		check_row(rows[i].text,
			  endpoint_parse(&again, endpoint_text(&endpoint, shown), 1) == 0);
		check_row(rows[i].text,
			  strcmp(endpoint.host, again.host) == 0 && endpoint.port == again.port);
	}
}

static void test_hosts(void **state)
{
	static const struct {
		const char *address, *host;
		bool is_same;
	} hosts[] = {
		{ "m.example:1", "M.Example", true },
		{ "m.example.", "m.example", true },
		{ "m.example", "m.example.", true },
		{ "m.example", "n.example", false },
		{ "m.example", "m.example.org", false },
		{ "m.example", "", false },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.11", false },
		{ "[2001:db8::1]:1", "2001:0DB8:0:0::1", true },
		{ "fe80::1%eth0", "fe80::1", true },
		{ "2001:db8::1", "2001:db8::2", false },
		{ "2001:db8::1", "m.example", false },
		{ "m.example", " m.example", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		struct endpoint endpoint;

		check_row(hosts[i].address, endpoint_parse(&endpoint, hosts[i].address, 1) == 0);
		check_row(hosts[i].address,
			  endpoint_is_host(&endpoint, hosts[i].host) == hosts[i].is_same);
	}
}

static void test_prefixes(void **state)
{
	static const struct {
		const char *text, *prefix; /* null: refused */
	} prefixes[] = {
		{ "", "" },
		{ "/", NULL },
		{ "wazuh", "wazuh" },
		{ "wazuh/", "wazuh" },
		{ "a/b-c_d~e.f", "a/b-c_d~e.f" },
		{ "/wazuh", NULL },
		{ "wazuh//", NULL },
		{ "a//b", NULL },
		{ ".", NULL },
		{ "..", NULL },
		{ "a/../b", NULL },
		{ "a/.", NULL },
		{ "a/./b", NULL },
		{ "...", NULL },
		{ ".a", ".a" },
		{ "a b", NULL },
		{ "a?b", NULL },
		{ "a%2fb", NULL },
		{ "a\nb", NULL },
		{ "http://a", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		char prefix[ENDPOINT_PREFIX_SIZE] = "before";
		int r = endpoint_prefix_parse(prefix, prefixes[i].text);

		check_row(prefixes[i].text, r == (prefixes[i].prefix ? 0 : -EINVAL));
		check_row(prefixes[i].text, strcmp(prefix, prefixes[i].prefix ?: "before") == 0);
	}
}

static void test_long_prefixes(void **state)
{
	char text[ENDPOINT_PREFIX_SIZE + 2], prefix[ENDPOINT_PREFIX_SIZE];

	(void)state;
	memset(text, 'a', sizeof text);
	text[ENDPOINT_PREFIX_SIZE - 1] = '/';
	text[ENDPOINT_PREFIX_SIZE] = '\0';
	assert_int_equal(endpoint_prefix_parse(prefix, text), 0);
	assert_int_equal(strlen(prefix), ENDPOINT_PREFIX_SIZE - 1);
	text[ENDPOINT_PREFIX_SIZE - 1] = 'a';
	assert_int_equal(endpoint_prefix_parse(prefix, text), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),          cmocka_unit_test(test_name_too_long),
		cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_long_prefixes), cmocka_unit_test(test_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
