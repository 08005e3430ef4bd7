/* SPDX-License-Identifier: ISC */
/* Parameters of the calls of the API. */
#include "tests/unit/support.h"

#include "registrar/api/parameters.h"
#include "registrar/api/request.h"

#include <errno.h>

static void test_values(void **state)
{
	static const struct {
		const char *text;
		long long seconds;
	} times[] = {
		{ "0", 0 },
		{ "0s", 0 },
		{ "90", 90 },
		{ "90s", 90 },
		{ "10m", 600 },
		{ "1h", 3600 },
		{ "7d", 604800 },
		{ "99999999999999999999d", 3155760000LL },
		{ "36526d", 3155760000LL },
		{ "", -EINVAL },
		{ "d", -EINVAL },
		{ "-1", -EINVAL },
		{ "1w", -EINVAL },
		{ "1hs", -EINVAL },
		{ " 1", -EINVAL },
		{ "1 ", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(times); i++)
		check_row(times[i].text, api_timeframe_parse(times[i].text) == times[i].seconds);
	assert_int_equal(api_boolean_parse("true"), 1);
	assert_int_equal(api_boolean_parse("True"), 1);
	assert_int_equal(api_boolean_parse("false"), 0);
	assert_int_equal(api_boolean_parse("1"), -EINVAL);
	assert_int_equal(api_boolean_parse(""), -EINVAL);
	assert_int_equal(api_number_parse("0", 10), 0);
	assert_int_equal(api_number_parse("010", 10), 10);
	assert_int_equal(api_number_parse("11", 10), -EINVAL);
	assert_int_equal(api_number_parse("99999999999999999999999999", 10), -EINVAL);
	assert_int_equal(api_number_parse("", 10), -EINVAL);
	assert_int_equal(api_number_parse("-1", 10), -EINVAL);
	assert_int_equal(api_number_parse("1x", 10), -EINVAL);
}

static void test_parameters(void **state)
{
	static const struct api_parameter_rule rules[] = {
		{ .name = "limit", .kind = API_PARAMETER_NUMBER },
		{ .name = "purge", .kind = API_PARAMETER_BOOLEAN },
		{ .name = "list", .kind = API_PARAMETER_IDS },
		{ .name = "any", .kind = API_PARAMETER_ALL_IDS },
		{ .name = "age", .kind = API_PARAMETER_TIMEFRAME },
		{ .name = "version", .kind = API_PARAMETER_UNKNOWN },
		{ .name = "status", .kind = API_PARAMETER_TEXT, .required = true },
		{ .name = NULL },
	};
	static const struct {
		const char *query, *detail; /* null: good */
	} rows[] = {
		{ "status=all", NULL },
		{ "status=all&pretty=true&wait_for_complete=false&limit=5&purge=true&list=001,2&"
		  "any=all&age=7d",
		  NULL },
		{ "status=all&any=1,2", NULL },
		{ "status=all&pretty", NULL },
		{ "limit=5", "Missing query parameter 'status'" },
		{ "status=", "Error validating query parameter 'status': '' is not a 'text'" },
		{ "status=all&foo=1", "Extra query parameter(s) foo not in spec" },
		{ "status=all&%0a=1", "Extra query parameter(s) \\n not in spec" },
		{ "status=all&pretty=1", "Wrong type, expected 'boolean' for query parameter "
					 "'pretty'" },
		{ "status=all&purge", "Wrong type, expected 'boolean' for query parameter "
				      "'purge'" },
		{ "status=all&limit=-1", "Wrong type, expected 'integer' for query parameter "
					 "'limit'" },
		{ "status=all&limit=99999999999", "Wrong type, expected 'integer' for query "
						  "parameter 'limit'" },
		{ "status=all&list=all", "Error validating query parameter 'list': 'all' is not a "
					 "'numbers'" },
		{ "status=all&list=1,", "Error validating query parameter 'list': '1,' is not a "
					"'numbers'" },
		{ "status=all&list=,1", "Error validating query parameter 'list': ',1' is not a "
					"'numbers'" },
		{ "status=all&list=1+2", "Error validating query parameter 'list': '1 2' is not a "
					 "'numbers'" },
		{ "status=all&any=al", "Error validating query parameter 'any': 'al' is not a "
				       "'numbers_or_all'" },
		{ "status=all&age=x", "Error validating query parameter 'age': 'x' is not a "
				      "'timeframe'" },
		{ "status=all&version=v4", "Query parameter 'version' is not served by "
					   "agent-registrar, which does not know what it asks "
					   "for" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct api_problem problem = { 0 };
		struct api_query query;

		assert_int_equal(api_query_parse(&query, rows[i].query), 0);
		check_row(rows[i].query,
			  api_parameters_are_good(&query, rules, &problem) == !rows[i].detail);
		check_row(rows[i].query, problem.status == (rows[i].detail ? 400 : 0));
		if (rows[i].detail)
			assert_string_equal(problem.detail, rows[i].detail);
		api_query_clear(&query);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
