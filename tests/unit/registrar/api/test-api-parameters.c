/* SPDX-License-Identifier: ISC */
/* Parameters of the calls of the API. */
#include "tests/unit/support.h"

#include "registrar/api/parameters.h"
#include "registrar/api/request.h"

#include <errno.h>

static void test_times(void **state)
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
}

static void test_integers(void **state)
{
	static const struct {
		const char *text;
		long number; /* with "x": none */
	} rows[] = {
		{ "0", 0 },
		{ "010", 10 },
		{ " 5 ", 5 },
		{ "+5", 5 },
		{ "-1", -1 },
		{ "x", 0 },
		{ "", 0 },
		{ "-", 0 },
		{ "1x", 0 },
		{ "1 2", 0 },
		{ "1.0", 0 },
		{ "0x1", 0 },
		{ "99999999999", 99999999999 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		long number = 0;
		bool good = rows[i].number != 0 || rows[i].text[0] == '0';

		good = good && rows[i].text[strspn(rows[i].text, " +-0123456789")] == '\0';
		check_row(rows[i].text, (api_integer_parse(rows[i].text, &number) == 0) == good);
		check_row(rows[i].text, number == rows[i].number);
	}
}

static const char *const colours[] = { "red", "green", NULL };

static const struct api_parameter_rule rules[] = {
	API_COMMON_PARAMETERS,
	{ .name = "limit",
	  .kind = API_PARAMETER_NUMBER,
	  .least = 1,
	  .most = 100,
	  .schema = "{LIMIT}" },
	{ .name = "list",
	  .kind = API_PARAMETER_NUMBERS,
	  .is_list = true,
	  .shortest = 3,
	  .schema = "{ID}" },
	{ .name = "any",
	  .kind = API_PARAMETER_NUMBERS_OR_ALL,
	  .is_list = true,
	  .shortest = 3,
	  .schema = "{ANY}" },
	{ .name = "age", .kind = API_PARAMETER_TIMEFRAME, .schema = "{AGE}" },
	{ .name = "name", .kind = API_PARAMETER_NAMES, .longest = 4, .schema = "{NAME}" },
	{ .name = "word", .kind = API_PARAMETER_ALPHANUMERIC, .schema = "{WORD}" },
	{ .name = "group", .kind = API_PARAMETER_GROUP, .schema = "{GROUP}" },
	{ .name = "search", .kind = API_PARAMETER_SEARCH, .schema = "{SEARCH}" },
	{ .name = "sort", .kind = API_PARAMETER_SORT, .schema = "{SORT}" },
	{ .name = "q", .kind = API_PARAMETER_TEXT },
	{ .name = "status",
	  .kind = API_PARAMETER_WORD,
	  .is_list = true,
	  .words = colours,
	  .required = true,
	  .schema = "{COLOUR}" },
	{ .name = NULL },
};

static void test_parameters(void **state)
{
	static const struct {
		const char *query, *detail; /* null: good */
	} rows[] = {
		{ "status=red", NULL },
		{ "status=RED,Green", NULL },
		{ "status=red&pretty=true&wait_for_complete=False&limit=5&list=001,0002&any=all&"
		  "any=001&age=7d&name=a.-_&word=a%20b:c,d&group=a.b&search=-a(b)&sort=%2Ba,b&q=",
		  NULL },
		{ "status=red&word=gr%c3%bcn", NULL },
		{ "limit=5", "Missing query parameter 'status'" },
		{ "status=red&foo=1", "Extra query parameter(s) foo not in spec" },
		{ "foo=1&bar=2&foo=3", "Extra query parameter(s) foo, bar not in spec" },
		{ "foo=1&status=blue&b%0aar", "Extra query parameter(s) foo, b\\nar not in spec" },
		{ "status=", "'' is not one of ['red', 'green']. Failed validating 'enum' "
			     "in schema['items']: {COLOUR}. On instance[0]: ''" },
		{ "status=red,blue",
		  "'blue' is not one of ['red', 'green']. Failed validating "
		  "'enum' in schema['items']: {COLOUR}. On instance[1]: 'blue'" },
		{ "status=red&status=BLUE", "'blue' is not one of ['red', 'green']. "
					    "Failed validating 'enum' in schema['items']: "
					    "{COLOUR}. On instance[1]: 'blue'" },
		{ "status=blue&pretty", "'' is not of type 'boolean'. "
					"Failed validating 'type' in schema: "
					"{'default': False, 'type': 'boolean'}. On instance: ''" },
		{ "status=red&limit=0", "0 is less than the minimum of 1. Failed "
					"validating 'minimum' in schema: {LIMIT}. On instance: 0" },
		{ "status=red&limit=%2B0099999999999999999999",
		  "99999999999999999999 is greater than the maximum of 100. "
		  "Failed validating 'maximum' in schema: "
		  "{LIMIT}. On instance: 99999999999999999999" },
		{ "status=red&limit=-0099999999999999999999",
		  "-99999999999999999999 is less than the minimum of 1. "
		  "Failed validating 'minimum' in schema: "
		  "{LIMIT}. On instance: -99999999999999999999" },
		{ "status=red&limit=-00",
		  "0 is less than the minimum of 1. Failed "
		  "validating 'minimum' in schema: {LIMIT}. On instance: 0" },
		{ "status=red&limit=%20101", "101 is greater than the maximum of 100. "
					     "Failed validating 'maximum' in schema: "
					     "{LIMIT}. On instance: 101" },
		{ "status=red&limit=x", "'x' is not of type 'integer'. Failed validating 'type' "
					"in schema: {LIMIT}. On instance: 'x'" },
		{ "status=red&list=all", "'all' is not a 'numbers'. Failed validating 'format' "
					 "in schema['items']: {ID}. On instance[0]: 'all'" },
		{ "status=red&list=001,1", "'1' is too short. Failed validating 'minLength' "
					   "in schema['items']: {ID}. On instance[1]: '1'" },
		{ "status=red&list=001,", "'' is too short. Failed validating 'minLength' "
					  "in schema['items']: {ID}. On instance[1]: ''" },
		{ "status=red&any=abc",
		  "'abc' is not a 'numbers_or_all'. Failed validating "
		  "'format' in schema['items']: {ANY}. On instance[0]: 'abc'" },
		{ "status=red&age=1w", "'1w' is not a 'timeframe'. Failed validating 'format' "
				       "in schema: {AGE}. On instance: '1w'" },
		{ "status=red&name=abcde", "'abcde' is too long. Failed validating 'maxLength' "
					   "in schema: {NAME}. On instance: 'abcde'" },
		{ "status=red&name=a'bcd", "\"a'bcd\" is not a 'names'. Failed validating 'format' "
					   "in schema: {NAME}. On instance: \"a'bcd\"" },
		{ "status=red&word=10.1.0.0/16", "'10.1.0.0/16' is not a 'alphanumeric'. "
						 "Failed validating 'format' in schema: "
						 "{WORD}. On instance: '10.1.0.0/16'" },
		{ "status=red&group=all", "'all' is not a 'group_names'. Failed validating "
					  "'format' in schema: {GROUP}. On instance: 'all'" },
		{ "status=red&search=a*", "'a*' is not a 'search'. Failed validating 'format' "
					  "in schema: {SEARCH}. On instance: 'a*'" },
		{ "status=red&sort=a;b", "'a;b' is not a 'sort'. Failed validating 'format' "
					 "in schema: {SORT}. On instance: 'a;b'" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct api_problem problem = { 0 };
		struct api_query query;

		assert_int_equal(api_query_parse(&query, rows[i].query), 0);
		check_row(rows[i].query,
			  api_parameters_check(&query, rules, &problem) == !rows[i].detail);
		check_row(rows[i].query, problem.status == (rows[i].detail ? 400 : 0));
		if (rows[i].detail)
			assert_string_equal(problem.detail, rows[i].detail);
		api_query_clear(&query);
	}
}

/* The values of a list come together; of others, the last one counts. */
static void test_repeated(void **state)
{
	struct api_problem problem = { 0 };
	struct api_query query;

	(void)state;
	assert_int_equal(api_query_parse(&query, "list=001&status=RED&limit=1&list=002,003&limit="
						 "2"),
			 0);
	assert_true(api_parameters_check(&query, rules, &problem));
	assert_string_equal(api_query_get(&query, "list"), "001,002,003");
	assert_string_equal(api_query_get(&query, "limit"), "2");
	assert_string_equal(api_query_get(&query, "status"), "red");
	api_query_clear(&query);
}

static void test_path(void **state)
{
	static const char pattern[] = "/agents/{}/group/{}";
	static const struct api_parameter_rule path_rules[] = {
		{ .name = "agent_id",
		  .kind = API_PARAMETER_NUMBERS,
		  .shortest = 3,
		  .schema = "{ID}" },
		{ .name = "group_id", .kind = API_PARAMETER_GROUP, .schema = "{GROUP}" },
		{ .name = NULL },
	};
	static const struct {
		const char *path, *detail; /* null: good */
	} rows[] = {
		{ "/agents/001/group/web", NULL },
		{ "/agents/1/group/a%20b", "'1' is too short. Failed validating 'minLength' "
					   "in schema: {ID}. On instance: '1'" },
		{ "/agents/001/group/a%20b", "'a b' is not a 'group_names'. Failed validating "
					     "'format' in schema: {GROUP}. On instance: 'a b'" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct api_problem problem = { 0 };
		struct api_path path;

		assert_int_equal(api_path_parse(&path, rows[i].path), 0);
		check_row(rows[i].path,
			  api_path_check(&path, pattern, path_rules, &problem) == !rows[i].detail);
		if (rows[i].detail)
			assert_string_equal(problem.detail, rows[i].detail);
		check_row(rows[i].path, api_path_check(&path, pattern, NULL, &problem));
		api_path_clear(&path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),      cmocka_unit_test(test_integers),
		cmocka_unit_test(test_parameters), cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
