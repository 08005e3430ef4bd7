/* SPDX-License-Identifier: ISC */
/* Addresses of agents, as each dialect takes, shows and stores them. */
#include "tests/unit/support.h"

#include "registrar/enrollment/address.h"

#include <errno.h>

#define DB8 "2001:0DB8:0000:0000:0000:0000:0000:000"

static void test_addresses(void **state)
{
	static const struct {
		const char *text, *stored, *shown; /* null: is refused */
		enum dialect dialect;
	} rows[] = {
		/* as Wazuh 4.14.5 answered and stored */
		{ "any", "any", "any", DIALECT_WAZUH },
		{ "10.1.2.0/24", "10.1.2.0/24", "10.1.2.0/24", DIALECT_WAZUH },
		{ "10.9.0.0/255.255.0.0", "10.9.0.0/16", "10.9.0.0/255.255.0.0", DIALECT_WAZUH },
		{ "10.1.2.3/32", "10.1.2.3", "10.1.2.3/32", DIALECT_WAZUH },
		{ "0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0", DIALECT_WAZUH },
		{ "2001:db8::1", DB8 "1", DB8 "1", DIALECT_WAZUH },
		{ "2001:DB8:0:0::2/64", DB8 "2/64", DB8 "2/64", DIALECT_WAZUH },
		{ "!10.4.4.4", "10.4.4.4", "10.4.4.4", DIALECT_WAZUH },
		{ "300.1.1.1", NULL, NULL, DIALECT_WAZUH },
		/* where nothing was recorded */
		{ "!any", "any", "any", DIALECT_OSSEC },
		{ "!!any", NULL, NULL, DIALECT_OSSEC },
		{ "2001:db8::1/128", DB8 "1", DB8 "1/128", DIALECT_WAZUH },
		{ "10.9.0.0/255.0.255.0", "10.9.0.0/255.0.255.0", "10.9.0.0/255.0.255.0",
		  DIALECT_WAZUH },
		{ "::ffff:10.0.0.1/128", NULL, NULL, DIALECT_WAZUH },
		{ "::ffff:10.0.0.0/24", "10.0.0.0/24", "10.0.0.0/24", DIALECT_WAZUH },
		{ "2001:db8::1/0", DB8 "1/0", DB8 "1", DIALECT_WAZUH },
		{ "10.0.0.0/08", NULL, NULL, DIALECT_WAZUH },
		{ "::ffff:10.0.0.1", "10.0.0.1", "10.0.0.1", DIALECT_WAZUH },
		{ "::ffff:10.0.0.0/104", "10.0.0.0/8", "10.0.0.0/8", DIALECT_OSSEC },
		{ "::ffff:10.0.0.1/128", "10.0.0.1", "10.0.0.1", DIALECT_OSSEC },
		{ "!::FFFF:10.0.0.1/128", "10.0.0.1", "10.0.0.1", DIALECT_OSSEC },
		{ "::ffff:a00:1", "10.0.0.1", "10.0.0.1", DIALECT_OSSEC },
		{ "::ffff:a00:0/104", "10.0.0.0/8", "10.0.0.0/8", DIALECT_OSSEC },
		{ "::ffff:a00:0/64", "::ffff:a00:0/64", "::ffff:a00:0/64", DIALECT_OSSEC },
		{ "::ffff:10.0.0.0/95", NULL, NULL, DIALECT_OSSEC },
		{ "::ffff:10.0.0.0/0104", NULL, NULL, DIALECT_OSSEC },
		{ "::ffff:10.0.0.0/129", NULL, NULL, DIALECT_OSSEC },
		{ "10.0.0.0/104", NULL, NULL, DIALECT_OSSEC },
		{ "0::/0", "0::/0", "0::/0", DIALECT_OSSEC },
		{ "::/0", NULL, NULL, DIALECT_OSSEC },
		{ "::a00:1", "::a00:1", "::a00:1", DIALECT_OSSEC },
		{ "2001:0DB8::0001", "2001:db8::1", "2001:db8::1", DIALECT_OSSEC },
		{ "10.9.0.0/255.255.0.0", "10.9.0.0/16", "10.9.0.0/16", DIALECT_OSSEC },
		{ "10.9.0.0/0.0.0.0", "10.9.0.0/0", "10.9.0.0/0", DIALECT_OSSEC },
		{ "10.9.0.0/255.255.255.254", "10.9.0.0/31", "10.9.0.0/31", DIALECT_OSSEC },
		{ "10.9.0.0/008", NULL, NULL, DIALECT_OSSEC },
		{ "10.9.0.0/08", NULL, NULL, DIALECT_OSSEC },
		{ "10.9.0.0/0.255.255.255", NULL, NULL, DIALECT_OSSEC },
		{ "10.9.0.0/255.0.255.0", NULL, NULL, DIALECT_OSSEC },
		{ "10.9.0.0/", NULL, NULL, DIALECT_OSSEC },
		{ "10.9.0.0/33", NULL, NULL, DIALECT_OSSEC },
		{ "2001:db8::/129", NULL, NULL, DIALECT_OSSEC },
		{ "2001:db8::/255.0.0.0", NULL, NULL, DIALECT_OSSEC },
		{ "ANY", NULL, NULL, DIALECT_OSSEC },
		{ "anyway", NULL, NULL, DIALECT_OSSEC },
		{ "!", NULL, NULL, DIALECT_OSSEC },
		{ "", NULL, NULL, DIALECT_OSSEC },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct address address;
		int r = address_read(&address, rows[i].text, strlen(rows[i].text), rows[i].dialect);

		check_row(rows[i].text, (r == 0) == (rows[i].stored != NULL));
		check_row(rows[i].text, r == 0 || r == -EINVAL);
		if (r == 0) {
			check_row(rows[i].text, strcmp(address.stored, rows[i].stored) == 0);
			check_row(rows[i].text, strcmp(address.shown, rows[i].shown) == 0);
		}
	}
}

/* Every text that Wazuh takes is shown as Wazuh shows it, and stored so that agents read it. */
static void test_recorded_addresses(void **state)
{
	struct data_file data;

	(void)state;
	for (data_open(&data, "wazuh-addresses.tsv"); data_next(&data);) {
		const struct field *text = &data.fields[1];
		struct address address, again;
		int r = address_read(&address, text->text, text->length, DIALECT_WAZUH);

		check_row(text->text, (r == 0) == (data.fields[0].text[0] == '1'));
		if (r < 0)
			continue;
		check_row(text->text, strcmp(address.shown, data.fields[2].text) == 0);
		check_row(text->text, agent_ip_is_valid(address.stored, strlen(address.stored)));
		check_row(text->text, address_read(&again, address.stored, strlen(address.stored),
						   DIALECT_WAZUH) == 0 &&
					      strcmp(again.stored, address.stored) == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_recorded_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
