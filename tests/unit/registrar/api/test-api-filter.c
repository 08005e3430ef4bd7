/* SPDX-License-Identifier: ISC */
/* Filters of the list of agents. */
#include "tests/unit/support.h"

#include "registrar/api/filter.h"

static void test_filters(void **state)
{
	static const struct {
		const char *query;
		bool good, matches; /* "007 web-01 10.1.2.3", of which nothing else is known */
	} rows[] = {
		{ "", true, true },
		{ "name=web-01", true, true },
		{ "name=web", true, false },
		{ "ip=10.1.2.3", true, true },
		{ "registerIP=any", true, false },
		{ "search=EB-0", true, true },
		{ "search=-web", true, false },
		{ "search=10.1", true, true },
		{ "search=nobody", true, false },
		{ "group=web", true, false },
		{ "status=all", true, true },
		{ "status=active,all", true, true },
		{ "status=active", true, false },
		{ "status=never_connected,disconnected,pending", true, false },
		{ "status=gone", false, false },
		{ "status=active,", false, false },
		{ "older_than=0s", true, true },
		{ "older_than=1s", true, false }, /* nobody knows how old it is */
		{ "q=name=web-01", true, true },
		{ "q=name!=web-01", true, false },
		{ "q=id!=000;name~web", true, true },
		{ "q=id=007;name~db", true, false },
		{ "q=registerIP~10.", true, true },
		{ "q=status=active", false, false },
		{ "q=name=a,name=b", false, false },
		{ "q=(name=a)", false, false },
		{ "q=name=", false, false },
		{ "q==a", false, false },
		{ "q=name", false, false },
		{ "q=name!a", false, false },
		{ "q=name=a;", false, false },
		{ "q=;", false, false },
		{ "q=", false, false },
		{ "q=id>3", false, false },
	};
	static const struct agent_history history = { .queue = NULL };
	const struct roster_entry entry = {
		.id = 7, .id_text = "007", .name = "web-01", .ip = "10.1.2.3"
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct api_problem problem = { 0 };
		struct api_filter filter;
		struct api_query query;

		assert_int_equal(api_query_parse(&query, rows[i].query), 0);
		check_row(rows[i].query, api_filter_read(&filter, &query, "0s", &history,
							 &problem) == rows[i].good);
		check_row(rows[i].query, (problem.status == 400) == !rows[i].good);
		if (rows[i].good)
			check_row(rows[i].query,
				  api_filter_matches(&filter, &entry) == rows[i].matches);
		if (rows[i].good)
			api_filter_clear(&filter);
		api_query_clear(&query);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
