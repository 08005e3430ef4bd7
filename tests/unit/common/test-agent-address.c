/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/agent-address.h"
#include "common/agent-key.h"

#include <errno.h>

/* What the real validator said to thousands of texts. */
static void test_recorded(void **state)
{
	struct data_file data;
	unsigned accepted = 0;

	(void)state;
	for (data_open(&data, "wazuh-addresses.tsv"); data_next(&data);) {
		const struct field *text = &data.fields[1];
		bool is_valid = data.fields[0].text[0] == '1';

		check_row(text->text, agent_ip_is_valid(text->text, text->length) == is_valid);
		accepted += is_valid;
	}
	assert_true(accepted > 800);
}

/* The corners of the rule, as its source has them. */
static void test_rule(void **state)
{
	static const struct {
		const char *text;
		enum agent_address_kind kind;
		int prefix;
		bool is_valid;
	} rows[] = {
		{ "any", AGENT_ADDRESS_ANY, 0, true },
		{ "!any", AGENT_ADDRESS_ANY, 0, true },
		{ "10.0.0.0/8", AGENT_ADDRESS_IPV4, 8, true },
		{ "10.0.0.0/0", AGENT_ADDRESS_IPV4, 0, true },
		{ "10.0.0.0/255.240.0.0", AGENT_ADDRESS_IPV4, 12, true },
		{ "10.0.0.0/255.0.255.0", AGENT_ADDRESS_IPV4, -1, true },
		{ "!10.0.0.1", AGENT_ADDRESS_IPV4, 32, true },
		{ "::FfFf:10.0.0.1/24", AGENT_ADDRESS_IPV4, 24, true },
		{ "::ffff:255.255.255.255/255.255.255.255", AGENT_ADDRESS_IPV4, 32, true },
		{ "::", AGENT_ADDRESS_IPV6, 128, true },
		{ "0::/0", AGENT_ADDRESS_IPV6, 0, true },
		{ "::1/08", AGENT_ADDRESS_IPV6, 8, true },
		{ "::1/00", AGENT_ADDRESS_IPV6, 0, true },
		{ "::ffff:a00:1/128", AGENT_ADDRESS_IPV6, 128, true },
		{ "1:2:3:4:5:6:7::", AGENT_ADDRESS_IPV6, 128, true },
		{ "!0001:0002:0003:0004:0005:0006:0007:0008/128", AGENT_ADDRESS_IPV6, 128, true },
		{ "!", 0, 0, false },
		{ "!!any", 0, 0, false },
		{ "any/8", 0, 0, false },
		{ "10.0.0.0/08", 0, 0, false },
		{ "10.0.0.0/00", 0, 0, false },
		{ "10.0.0.0/032", 0, 0, false },
		{ "10.0.0.0/33", 0, 0, false },
		{ "10.0.0.01", 0, 0, false },
		{ "10.0.0.0/255.0.0.00", 0, 0, false },
		{ "10.0.0.0/255.0.0", 0, 0, false },
		{ "::ffff:10.0.0.1/128", 0, 0, false },
		{ "0::ffff:10.0.0.1", 0, 0, false },
		{ "64:ff9b::10.0.0.1", 0, 0, false },
		{ "::10.0.0.1", 0, 0, false },
		{ "::/0", 0, 0, false },
		{ "::1/008", 0, 0, false },
		{ "::1/129", 0, 0, false },
		{ "::1/255.0.0.0", 0, 0, false },
		{ "1:2:3:4:5:6:7:8::", 0, 0, false },
		{ "1::2:3:4:5:6:7:8", 0, 0, false },
		{ "00001::", 0, 0, false },
		{ "fe80::1%eth0", 0, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct agent_address address = { .prefix = 99 };
		int r = agent_address_parse(&address, rows[i].text, strlen(rows[i].text));

		check_row(rows[i].text, (r == 0) == rows[i].is_valid);
		check_row(rows[i].text, address.prefix == (r == 0 ? rows[i].prefix : 99));
		check_row(rows[i].text, r < 0 || address.kind == rows[i].kind);
	}
	assert_int_equal(agent_address_parse(&(struct agent_address){ 0 }, "any\0", 4), -EINVAL);
}

static void test_equal_addresses_have_equal_keys(void **state)
{
	static const struct {
		const char *text, *key;
	} rows[] = {
		{ "any", "any" },
		{ "192.0.2.1", "192.0.2.1" },
		{ "192.0.2.1/32", "192.0.2.1" },
		{ "!192.0.2.1/255.255.255.255", "192.0.2.1" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "::FFFF:C000:201", "192.0.2.1" },
		{ "0000:0000:0000:0000:0000:FFFF:C000:0201/128", "192.0.2.1" },
		{ "::ffff:c000:200/120", "192.0.2.0/24" },
		{ "192.0.2.0/255.255.255.0", "192.0.2.0/24" },
		{ "::ffff:192.0.2.0/24", "192.0.2.0/24" },
		{ "192.0.2.0/255.0.255.0", "192.0.2.0/255.0.255.0" },
		{ "::ffff:0:0/96", "0.0.0.0/0" },
		{ "::ffff:c000:201/64", "::ffff:c000:201/64" },
		{ "::c000:201", "::c000:201" },
		{ "2001:0DB8:0000:0000:0000:0000:0000:0001/128", "2001:db8::1" },
		{ "2001:db8::1/064", "2001:db8::1/064" }, /* no address */
		{ "2001:db8::/09", "2001:db8::/9" },
		{ "0::0", "::" },
		{ "0::/0", "0::/0" },
		{ "damaged", "damaged" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char key[AGENT_ADDRESS_KEY_SIZE];

		agent_address_key(key, rows[i].text);
		check_row(rows[i].text, strcmp(key, rows[i].key) == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_rule),
		cmocka_unit_test(test_equal_addresses_have_equal_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
