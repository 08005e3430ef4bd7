/* SPDX-License-Identifier: ISC */
/* Addresses and networks that an administrator named. */
#include "tests/unit/support.h"

#include "registrar/net/network-list.h"

#include <errno.h>

static void test_contained(void **state)
{
	static const struct {
		const char *network, *address;
		bool is_in;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.77/24", "192.0.2.1", true },
		{ "192.0.2.0/255.255.255.0", "192.0.2.9", true },
		{ "192.0.2.128/25", "192.0.2.127", false },
		{ "192.0.2.128/25", "192.0.2.128", true },
		{ "0.0.0.0/0", "198.51.100.1", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "192.0.2.0/24", "::ffff:192.0.2.1", true },
		{ "::ffff:192.0.2.1", "192.0.2.1", true },
		{ "2001:db8::/32", "2001:db8:ffff::1", true },
		{ "2001:db8::/32", "2001:db9::1", false },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "2001:db8::1", "2001:db8::1", true },
		{ "2001:db8::1", "", false },
		{ "192.0.2.1", "nonsense", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct network_list list = { .count = 0 };

		check_row(rows[i].address, !network_list_has(&list, rows[i].address));
		check_row(rows[i].network, network_list_add(&list, rows[i].network) == 0);
		check_row(rows[i].network,
			  network_list_has(&list, rows[i].address) == rows[i].is_in);
	}
}

static void test_refused(void **state)
{
	static const char *const texts[] = { "",           "any",           "!192.0.2.1",
					     "web-01",     "192.0.2.0/33",  "192.0.2.0/255.0.255.0",
					     "192.0.2.1 ", "192.0.2.0/024", "2001:db8::/129" };
	struct network_list list = { .count = 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		check_row(texts[i], network_list_add(&list, texts[i]) == -EINVAL);
	assert_int_equal(list.count, 0);
	for (int i = 0; i < NETWORK_LIST_MAX; i++)
		assert_int_equal(network_list_add(&list, "192.0.2.1"), 0);
	assert_int_equal(network_list_add(&list, "192.0.2.2"), -E2BIG);
	assert_false(network_list_has(&list, "192.0.2.2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contained),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
