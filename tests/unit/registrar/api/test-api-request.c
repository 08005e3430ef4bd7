/* SPDX-License-Identifier: ISC */
/* What clients send to the API: path, query, Authorization, parameters, bodies. */
#include "tests/unit/support.h"

#include "registrar/api/body.h"
#include "registrar/api/filter.h"
#include "registrar/api/parameters.h"
#include "registrar/api/request.h"

#include <errno.h>

#define KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* ------------------------------------------------------------------ path */

static void test_paths(void **state)
{
	static const struct {
		const char *path, *pattern;
		int r;
		bool matches;
	} rows[] = {
		{ "/agents", "/agents", 0, true },
		{ "/agents/", "/agents", 0, true },
		{ "/agents/001/key", "/agents/{}/key", 0, true },
		{ "/agents/001/key/", "/agents/{}/key", 0, true },
		{ "/agents/001", "/agents/{}/key", 0, false },
		{ "/agents/001/key/x", "/agents/{}/key", 0, false },
		{ "/%61gents", "/agents", 0, true },
		{ "/agents/a%2Fb/key", "/agents/{}/key", 0, true },
		{ "/Agents", "/agents", 0, false },
		{ "/agent", "/agents", 0, false },
		{ "/agentsx", "/agents", 0, false },
		{ "/", "/agents", 0, false },
		{ "//agents", "/agents", -EINVAL, false },
		{ "/agents//key", "/agents", -EINVAL, false },
		{ "/agents//", "/agents", -EINVAL, false },
		{ "/agents/%00", "/agents/{}", -EINVAL, false },
		{ "/agents/%zz", "/agents/{}", 0, true },
		{ "/agents/%4", "/agents/{}", 0, true },
		{ "/agents/%", "/agents/{}", 0, true },
		{ "agents", "/agents", -EINVAL, false },
		{ "", "/agents", -EINVAL, false },
		{ "*", "/agents", -EINVAL, false },
		{ "/1/2/3/4/5/6", "/agents", 0, false },
		{ "/1/2/3/4/5/6/7", "/agents", -E2BIG, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct api_path path = { 0 };

		check_row(rows[i].path, api_path_parse(&path, rows[i].path) == rows[i].r);
		if (rows[i].r == 0)
			check_row(rows[i].path,
				  api_path_matches(&path, rows[i].pattern) == rows[i].matches);
		api_path_clear(&path);
	}
}

static void test_segments_are_decoded_once(void **state)
{
	struct api_path path;

	(void)state;
	assert_int_equal(api_path_parse(&path, "/agents/%2541%2f+/key"), 0);
	assert_string_equal(path.segments[1], "%41/+");
	api_path_clear(&path);
}

/* ------------------------------------------------------------------ query */

static void test_query(void **state)
{
	struct api_query query;

	(void)state;
	assert_int_equal(api_query_parse(&query, "a=1&b=%3D%26+x&&c&a=2&d=e=f&%67=h"), 0);
	assert_int_equal(query.count, 6);
	assert_string_equal(api_query_get(&query, "a"), "2");
	assert_string_equal(api_query_get(&query, "b"), "=& x");
	assert_string_equal(api_query_get(&query, "c"), "");
	assert_string_equal(api_query_get(&query, "d"), "e=f");
	assert_string_equal(api_query_get(&query, "g"), "h");
	assert_null(api_query_get(&query, "x"));
	api_query_clear(&query);

	assert_int_equal(api_query_parse(&query, NULL), 0);
	assert_int_equal(query.count, 0);
	api_query_clear(&query);
	assert_int_equal(api_query_parse(&query, "a=%00"), -EINVAL);
	assert_int_equal(api_query_parse(&query, "a%00=1"), -EINVAL);
}

static void test_query_of_many_parameters(void **state)
{
	char text[2 * API_PARAMETERS_MAX + 3] = "";
	struct api_query query;

	(void)state;
	for (int i = 0; i < API_PARAMETERS_MAX; i++)
		strcat(text, "a&");
	assert_int_equal(api_query_parse(&query, text), 0);
	assert_int_equal(query.count, API_PARAMETERS_MAX);
	api_query_clear(&query);
	strcat(text, "a");
	assert_int_equal(api_query_parse(&query, text), -E2BIG);
}

/* ------------------------------------------------------------------ Authorization */

static void test_credentials(void **state)
{
	static const struct {
		const char *header;
		enum api_scheme scheme;
		const char *name, *secret;
	} rows[] = {
		{ "Basic d2F6dWg6d2F6dWg=", API_SCHEME_BASIC, "wazuh", "wazuh" },
		{ "basic  d2F6dWg6d2F6dWg=", API_SCHEME_BASIC, "wazuh", "wazuh" },
		{ "Basic YTpiOmM=", API_SCHEME_BASIC, "a", "b:c" },
		{ "Basic YTo=", API_SCHEME_BASIC, "a", "" },
		{ "Basic Og==", API_SCHEME_BASIC, "", "" },
		{ "Bearer a.b.c", API_SCHEME_BEARER, NULL, "a.b.c" },
		{ "BEARER a.b.c", API_SCHEME_BEARER, NULL, "a.b.c" },
		{ "Bearer ", API_SCHEME_BEARER, NULL, "" },
		{ NULL, API_SCHEME_NONE, NULL, NULL },
		{ "", API_SCHEME_NONE, NULL, NULL },
		{ "Basic", API_SCHEME_NONE, NULL, NULL },
		{ "Basic ", API_SCHEME_NONE, NULL, NULL },
		{ "Basic d2F6dWg=", API_SCHEME_NONE, NULL, NULL },         /* no colon */
		{ "Basic d2F6dWg6d2F6dWg", API_SCHEME_NONE, NULL, NULL },  /* no padding */
		{ "Basic d2F6dWg6AHdhenVo", API_SCHEME_NONE, NULL, NULL }, /* a NUL */
		{ "Basic !!!!", API_SCHEME_NONE, NULL, NULL },
		{ "Digest username=\"wazuh\"", API_SCHEME_NONE, NULL, NULL },
		{ "Bearerx a", API_SCHEME_NONE, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct api_credentials credentials;
		const char *label = rows[i].header ?: "null";

		api_credentials_parse(&credentials, rows[i].header);
		check_row(label, credentials.scheme == rows[i].scheme);
		if (rows[i].scheme == API_SCHEME_BASIC)
			check_row(label, strcmp(credentials.name, rows[i].name) == 0 &&
						 strcmp(credentials.password, rows[i].secret) == 0);
		if (rows[i].scheme == API_SCHEME_BEARER)
			check_row(label, strcmp(credentials.token, rows[i].secret) == 0);
		api_credentials_wipe(&credentials);
	}
}

/* ------------------------------------------------------------------ values */

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

/* ------------------------------------------------------------------ bodies */

static void test_good_bodies(void **state)
{
	static const struct {
		enum api_body_kind kind;
		const char *text, *name, *ip, *id, *key;
	} rows[] = {
		{ API_BODY_ADD, "{\"name\":\"web-01\"}", "web-01", "", "", "" },
		{ API_BODY_ADD, " {\"ip\": \"10.0.0.0/8\", \"name\": \"w%\"} ", "w%", "10.0.0.0/8",
		  "", "" },
		{ API_BODY_ADD, "{\"name\":\"a\",\"name\":\"b\"}", "b", "", "", "" },
		{ API_BODY_INSERT, "{\"name\":\"a\",\"id\":\"00012345\",\"key\":\"" KEY "\"}", "a",
		  "", "00012345", KEY },
		{ API_BODY_INSERT, "{\"name\":\"a\",\"force\":{}}", "a", "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct api_problem problem = { 0 };
		struct api_body body;

		check_row(rows[i].text, api_body_parse(&body, rows[i].kind, rows[i].text,
						       strlen(rows[i].text), &problem));
		check_row(rows[i].text, problem.status == 0);
		assert_string_equal(body.name, rows[i].name);
		assert_string_equal(body.ip, rows[i].ip);
		assert_string_equal(body.id, rows[i].id);
		assert_string_equal(body.key, rows[i].key);
	}
}

static void test_bad_bodies(void **state)
{
	static const struct {
		enum api_body_kind kind;
		const char *text;
		int error;
		const char *detail;
	} rows[] = {
		{ API_BODY_ADD, "", 0, "RequestBody is required" },
		{ API_BODY_ADD, "{", 1018, "Body request is not a valid JSON" },
		{ API_BODY_ADD, "name=web01", 1018, "Body request is not a valid JSON" },
		{ API_BODY_ADD, "{\"name\":\"a\"}x", 1018, "Body request is not a valid JSON" },
		{ API_BODY_ADD, "{\"name\":\"\xff\"}", 1018, "Body request is not a valid JSON" },
		{ API_BODY_ADD, "[]", 0, "The body is not of type 'object'" },
		{ API_BODY_ADD, "\"name\"", 0, "The body is not of type 'object'" },
		{ API_BODY_ADD, "null", 0, "The body is not of type 'object'" },
		{ API_BODY_ADD, "{}", 0, "'name' is a required property" },
		{ API_BODY_ADD, "{\"name\":1}", 0, "The value is not of type 'string' - 'name'" },
		{ API_BODY_ADD, "{\"name\":null}", 0,
		  "The value is not of type 'string' - 'name'" },
		{ API_BODY_ADD, "{\"name\":\"\"}", 0, "'' is not a 'names' - 'name'" },
		{ API_BODY_ADD, "{\"name\":\"a b\"}", 0, "'a b' is not a 'names' - 'name'" },
		{ API_BODY_ADD, "{\"name\":\"a\\nb\"}", 0, "'a\\nb' is not a 'names' - 'name'" },
		{ API_BODY_ADD, "{\"name\":\"a\\u00e4\"}", 0,
		  "'a\\xc3\\xa4' is not a 'names' - 'name'" },
		{ API_BODY_ADD, "{\"name\":\"a\\u0000b\"}", 1018,
		  "Body request is not a valid JSON" },
		{ API_BODY_ADD, "{\"name\":\"a\",\"ip\":7}", 0,
		  "The value is not of type 'string' - 'ip'" },
		{ API_BODY_ADD, "{\"name\":\"a\",\"ip\":\"\"}", 0,
		  "'' is not a 'alphanumeric' - 'ip'" },
		{ API_BODY_ADD, "{\"name\":\"a\",\"force\":{}}", 0,
		  "Invalid field found {'force'}" },
		{ API_BODY_ADD, "{\"name\":\"a\",\"groups\":\"web\"}", 0,
		  "Invalid field found {'groups'}" },
		{ API_BODY_ADD, "{\"name\":\"a\",\"x\\ny\":1}", 0,
		  "Invalid field found {'x\\ny'}" },
		{ API_BODY_INSERT, "{\"name\":\"a\",\"id\":\"12\"}", 0,
		  "'12' is too short - 'id'" },
		{ API_BODY_INSERT, "{\"name\":\"a\",\"id\":\"12a\"}", 0,
		  "'12a' is not a 'numbers' - 'id'" },
		{ API_BODY_INSERT, "{\"name\":\"a\",\"id\":\"123456789\"}", 0,
		  "'123456789' is not a 'numbers' - 'id'" },
		{ API_BODY_INSERT, "{\"name\":\"a\",\"id\":1}", 0,
		  "The value is not of type 'string' - 'id'" },
		{ API_BODY_INSERT, "{\"name\":\"a\",\"key\":\"abc\"}", 1709, "Too short key size" },
		{ API_BODY_INSERT, "{\"name\":\"a\",\"key\":\"" KEY "!\"}", 0,
		  "The value is not a 'wazuh_key' - 'key'" },
		{ API_BODY_INSERT, "{\"name\":\"a\",\"key\":1}", 0,
		  "The value is not a 'wazuh_key' - 'key'" },
		{ API_BODY_INSERT, "{\"name\":\"a\",\"force\":true}", 0,
		  "The value is not of type 'object' - 'force'" },
		{ API_BODY_INSERT, "{\"name\":\"a\",\"force\":{\"x\":1}}", 0,
		  "Invalid field found {'x'}" },
		{ API_BODY_INSERT, "{\"name\":\"a\",\"force\":{\"enabled\":\"yes\"}}", 0,
		  "The value is not of type 'boolean' - 'force.enabled'" },
		{ API_BODY_INSERT,
		  "{\"name\":\"a\",\"force\":{\"after_registration_time\":\"1w\"}}", 0,
		  "'1w' is not a 'timeframe' - 'force.after_registration_time'" },
		{ API_BODY_INSERT, "{\"name\":\"a\",\"force\":{\"disconnected_time\":\"1h\"}}", 0,
		  "The value is not of type 'object' - 'force.disconnected_time'" },
		{ API_BODY_INSERT,
		  "{\"name\":\"a\",\"force\":{\"disconnected_time\":{\"valu\":\"1h\"}}}", 0,
		  "Invalid field found {'valu'}" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct api_problem problem = { 0 };
		struct api_body body;

		check_row(rows[i].text, !api_body_parse(&body, rows[i].kind, rows[i].text,
							strlen(rows[i].text), &problem));
		check_row(rows[i].text,
			  problem.status == 400 && (int)problem.code == rows[i].error);
		assert_string_equal(problem.detail, rows[i].detail);
	}
}

static void test_long_names(void **state)
{
	struct api_problem problem = { 0 };
	char name[AGENT_NAME_MAX + 2];

	(void)state;
	memset(name, 'a', sizeof name);
	name[AGENT_NAME_MAX] = '\0';
	assert_true(api_name_is_acceptable(name, &problem));
	name[AGENT_NAME_MAX] = 'a';
	name[AGENT_NAME_MAX + 1] = '\0';
	assert_false(api_name_is_acceptable(name, &problem));
	assert_int_equal(problem.code, API_NAME_LONG);
	assert_int_equal(problem.status, 400);
}

static void test_force(void **state)
{
	static const char text[] = "{\"name\":\"a\",\"force\":{\"enabled\":true,\"disconnected_"
				   "time\":{\"enabled\":false,\"value\":\"2h\"},\"after_"
				   "registration_time\":\"1d\"}}";
	static const char defaults[] = "{\"name\":\"a\",\"force\":{}}";
	struct api_problem problem;
	struct api_body body;

	(void)state;
	assert_true(api_body_parse(&body, API_BODY_INSERT, text, strlen(text), &problem));
	assert_true(body.force.enabled);
	assert_false(body.force.ask_disconnected);
	assert_int_equal(body.force.disconnected_time, 7200);
	assert_int_equal(body.force.after_registration_time, 86400);
	assert_true(api_body_parse(&body, API_BODY_INSERT, defaults, strlen(defaults), &problem));
	assert_true(body.force.enabled && body.force.ask_disconnected);
	assert_int_equal(body.force.disconnected_time, 3600);
	assert_int_equal(body.force.after_registration_time, 3600);
	assert_true(api_body_parse(&body, API_BODY_INSERT, "{\"name\":\"a\"}", 12, &problem));
	assert_false(body.force.enabled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_segments_are_decoded_once),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_query_of_many_parameters),
		cmocka_unit_test(test_credentials),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_good_bodies),
		cmocka_unit_test(test_bad_bodies),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_force),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
