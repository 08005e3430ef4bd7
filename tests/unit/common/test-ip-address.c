/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "common/ip-address.h"

static void test_valid(void **state)
{
	static const struct {
		const char *text;
		bool is_valid;
	} rows[] = {
		{ "10.0.0.15", true },        { "fd00::15", true }, { "::", true },
		{ "::ffff:192.0.2.1", true }, { "", false },        { "10.0.0.15 ", false },
		{ "10.0.0.015x", false },     { "10.0.0", false },  { "192.0.2.1:1515", false },
		{ "fe80::1%eth0", false },    { "[::1]", false },   { "manager.example", false },
		{ "192.0.2.0/24", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(rows[i].text, ip_address_is_valid(rows[i].text) == rows[i].is_valid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
