/* SPDX-License-Identifier: ISC */
/* Path, query and Authorization of a request to the API. */
#include "tests/unit/support.h"

#include "registrar/api/request.h"

#include <errno.h>

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
		{ "Bearer ", API_SCHEME_ALONE, NULL, NULL },
		{ NULL, API_SCHEME_NONE, NULL, NULL },
		{ "", API_SCHEME_NONE, NULL, NULL },
		{ "Basic", API_SCHEME_ALONE, NULL, NULL },
		{ "Basic ", API_SCHEME_ALONE, NULL, NULL },
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_segments_are_decoded_once),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_query_of_many_parameters),
		cmocka_unit_test(test_credentials),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
