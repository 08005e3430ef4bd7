/* SPDX-License-Identifier: ISC */
/* Filters of the list of agents. */
#include "tests/unit/support.h"

#include "registrar/api/filter.h"

#include <stdlib.h>

#define NOW 1800000000

/* "007 web-01 10.1.2.0/24", in the groups web and db, registered a day ago, seen two hours ago. */
static const struct {
	const char *query;
	int error; /* 0: good */
	bool matches;
} rows[] = {
	{ "", 0, true },
	{ "name=web-01", 0, true },
	{ "name=WEB-01", 0, true },
	{ "name=web", 0, false },
	{ "name=web-01,web-02", 0, false },
	{ "name=all", 0, false },
	{ "ip=10.1.2.0", 0, true },
	{ "registerIP=any", 0, false },
	{ "version=v4.14.7", 0, false },
	{ "os.name=null", 0, true },
	{ "group_config_status=synced", 0, false },
	{ "search=EB-0", 0, true },
	{ "search=-web", 0, false },
	{ "search=0.1.2", 0, true },
	{ "search=e%-_1", 0, true },
	{ "search=7", 0, true },
	{ "search=007", 0, true },
	{ "search=07x", 0, false },
	{ "search=/24", 0, false },
	{ "search=connected", 0, true },
	{ "search=nobody", 0, false },
	{ "search=null", 0, false },
	{ "search=-null", 0, true },
	{ "search='eb", 0, true },
	{ "search=%", 0, true },
	{ "search=0_", 0, true },
	{ "search=00_", 0, true },
	{ "group=web", 0, true },
	{ "group=we", 0, false },
	{ "status=all", 0, true },
	{ "status=active,all", 0, false },
	{ "status=disconnected,pending", 0, true },
	{ "older_than=0s", 0, true },
	{ "older_than=0", 0, true },
	{ "older_than=1h", 0, true },
	{ "older_than=3h", 0, false },
	{ "q=", 0, true },
	{ "q=name=web-01", 0, true },
	{ "q=name!=web-01", 0, false },
	{ "q=name!=db", 0, true },
	{ "q=name<x", 0, true },
	{ "q=name>WEB-00", 0, true },
	{ "q=name='eb-01", 0, true },
	{ "q=name=\"eb-01", 0, true },
	{ "q=id=7", 0, true },
	{ "q=id=007", 0, true },
	{ "q=id>6", 0, true },
	{ "q=id<007", 0, false },
	{ "q=id>x", 0, false },
	{ "q=id~7", 0, true },
	{ "q=id~07", 0, false },
	{ "q=id!=000;name~EB", 0, true },
	{ "q=id=007;name~db", 0, false },
	{ "q=name=a,name=web-01", 0, true },
	{ "q=name=web-01,id=1;id=2", 0, true },
	{ "q=(name=web-01,id=1);id=2", 0, false },
	{ "q=((id=7));(name=a,(ip~10.1;status=disconnected))", 0, true },
	{ "q=status!=active", 0, true },
	{ "q=status=all", 0, true },
	{ "q=status=all,name=db", 0, false },
	{ "q=(status=all),name=db", 0, false },
	{ "q=status=all,name=web-01", 0, true },
	{ "q=status=all;name=db", 0, false },
	{ "q=id>all;name=web-01", 0, true },
	{ "q=(name=all;ip=all),id=8", 0, false },
	{ "q=group=db", 0, true },
	{ "q=group!=db", 0, false },
	{ "q=group!=d", 0, true },
	{ "q=group~eb,d", 1407, false },
	{ "q=group~eb", 0, true },
	{ "q=version=v4", 0, false },
	{ "q=version!=v4", 0, false },
	{ "q=version=null", 0, true },
	{ "q=name=null", 0, false },
	{ "q=dateAdd<2d", 0, true },
	{ "q=dateAdd>2d", 0, false },
	{ "q=lastKeepAlive>1h;lastKeepAlive<3h", 0, true },
	{ "q=dateAdd>2020-01-01", 0, true },
	{ "q=dateAdd<2020-01-01T00:00:00Z", 0, false },
	{ "q=dateAdd!=2020-01-01 00:00:00", 0, true },
	{ "q=dateAdd=soon", 1412, false },
	{ "q=dateAdd<1d12h", 0, true },
	{ "q=dateAdd<20h3m", 0, false },
	{ "q=dateAdd>1h30m5", 0, true },
	{ "q=dateAdd~1h", 0, true },
	{ "q=dateAdd~3d", 0, false },
	{ "q=dateAdd<1d2w", 1412, false },
	{ "q=dateAdd<1w", 1412, false },
	{ "q=dateAdd<1w;foo=1", 1408, false },
	{ "q=dateAdd<1w,id==7", 1409, false },
	{ "q=dateAdd<1w,group<a", 1412, false },
	{ "q=group<a", 1409, false },
	{ "q=group<'eb,db", 1407, false },
	{ "q=group<'eb", 0, false },
	{ "q=group<\"eb_db", 0, true },
	{ "q=name>'eb-01", 0, true },
	{ "q=name>'eb", 0, false },
	{ "q=name!='eb-01", 0, false },
	{ "q=id<nan", 0, true },
	{ "q=id>0x1", 0, false },
	{ "q=id< 10", 0, true },
	{ "q=name==a", 1409, false },
	{ "q=id<=7", 1409, false },
	{ "q=name!a", 1409, false },
	{ "q=foo=1", 1408, false },
	{ "q=internal_key=1", 1408, false },
	{ "q=bad", 1407, false },
	{ "q==a", 1407, false },
	{ "q=name=", 1407, false },
	{ "q=name=a;", 1407, false },
	{ "q=;", 1407, false },
	{ "q=(name=a", 1407, false },
	{ "q=name=a)", 1407, false },
	{ "q=((((((((((((((((((((((((((((((((((name=a", 1407, false },
};

static struct api_agent look_at(const struct agent_row *row)
{
	struct agent_row *copy = agent_row_copy(row);

	assert_non_null(copy);
	return api_agent_of(copy, NOW);
}

static void test_filters(void **state)
{
	static const struct agent_row row = {
		.id = "007",
		.name = "web-01",
		.ip = "10.1.2.0/24",
		.groups = "web,db",
		.seen = AGENT_SEEN_AT,
		.seen_at = NOW - 7200,
		.is_added_known = true,
		.added_at = NOW - 86400,
	};
	struct api_agent agent = look_at(&row);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct api_problem problem = { 0 };
		struct api_filter filter;
		struct api_query query;
		bool good;

		assert_int_equal(api_query_parse(&query, rows[i].query), 0);
		good = api_filter_read(&filter, &query, "0s", &problem);
		check_row(rows[i].query, (int)problem.code == rows[i].error);
		check_row(rows[i].query, good == !rows[i].error);
		if (good) {
			filter.now = NOW;
			check_row(rows[i].query,
				  api_filter_matches(&filter, &agent) == rows[i].matches);
		}
		api_query_clear(&query);
	}
	free(agent.row);
}

/* Nothing holds of an agent of which only its line is known, and no age is old enough. */
static void test_unknown(void **state)
{
	static const char *const queries[] = {
		"group=web",     "q=group!=web",  "q=dateAdd>1s",
		"q=dateAdd<1d",  "older_than=1s", "q=lastKeepAlive!=2020-01-01",
		"status=active",
	};
	static const struct agent_row row = { .id = "007", .name = "web-01", .ip = "any" };
	struct api_agent agent = look_at(&row);

	(void)state;
	for (size_t i = 0; i < COUNT(queries); i++) {
		struct api_problem problem = { 0 };
		struct api_filter filter;
		struct api_query query;

		assert_int_equal(api_query_parse(&query, queries[i]), 0);
		assert_true(api_filter_read(&filter, &query, "0s", &problem));
		check_row(queries[i], !api_filter_matches(&filter, &agent));
		api_query_clear(&query);
	}
	free(agent.row);
}

/* Files are looked at only for what a filter is about. */
static void test_wanted(void **state)
{
	static const struct {
		const char *query;
		unsigned int wanted;
	} cases[] = {
		{ "", 0 },
		{ "name=web-01", 0 },
		{ "version=v4", 0 },
		{ "q=id>5;name~web", 0 },
		{ "group=web", AGENTS_GROUPS },
		{ "status=active", AGENTS_SEEN },
		{ "older_than=0s", 0 },
		{ "older_than=1d", AGENTS_SEEN | AGENTS_ADDED },
		{ "search=web", AGENTS_EVERYTHING },
		{ "q=(id>5,dateAdd<1d);name~web", AGENTS_ADDED },
		{ "q=name=a,(lastKeepAlive>1d;id=1)", AGENTS_SEEN },
		{ "q=group=web,status=active", AGENTS_GROUPS | AGENTS_SEEN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct api_problem problem = { 0 };
		struct api_filter filter;
		struct api_query query;

		assert_int_equal(api_query_parse(&query, cases[i].query), 0);
		assert_true(api_filter_read(&filter, &query, "0s", &problem));
		check_row(cases[i].query, filter.wanted == cases[i].wanted);
		api_query_clear(&query);
	}
}

static void test_like(void **state)
{
	(void)state;
	assert_true(api_text_is_like("web-01", "%B_0%"));
	assert_true(api_text_is_like("", "%"));
	assert_true(api_text_is_like("aab", "%ab"));
	assert_true(api_text_is_like("abcabc", "a%c"));
	assert_false(api_text_is_like("abcabd", "a%c"));
	assert_false(api_text_is_like("ab", "a"));
	assert_false(api_text_is_like("", "_"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_like),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
