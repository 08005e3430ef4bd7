/* SPDX-License-Identifier: ISC */
/* Bodies of requests to the API. */
#include "tests/unit/support.h"

#include "registrar/api/body.h"

#define KEY_63 "123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

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

		check_row(rows[i].text, api_body_parse(&body, rows[i].kind, true, rows[i].text,
						       strlen(rows[i].text), &problem));
		check_row(rows[i].text, problem.status == 0);
		assert_string_equal(body.name, rows[i].name);
		assert_string_equal(body.ip, rows[i].ip);
		assert_string_equal(body.id, rows[i].id);
		assert_string_equal(body.key, rows[i].key);
	}
}

static void test_token(void **state)
{
	static const char text[] = "{\"address\":\"manager\",\"port\":1518,\"prefix\":\"\",\"ttl\":"
				   "\"2h\",\"max_uses\":4294967295,\"description\":\"the lab\","
				   "\"embed_ca\":true,\"no_credential\":false}";
	struct api_problem problem = { 0 };
	struct api_body body;
	const struct token_make_request *token = &body.token;

	(void)state;
	assert_true(api_body_parse(&body, API_BODY_TOKEN, true, text, sizeof text - 1, &problem));
	assert_string_equal(token->address, "manager");
	assert_int_equal(token->port, 1518);
	assert_true(token->has_prefix);
	assert_string_equal(token->prefix, "");
	assert_int_equal(token->ttl, 7200);
	assert_int_equal(token->most, UINT32_MAX);
	assert_string_equal(token->description, "the lab");
	assert_true(token->embeds_ca);
	assert_false(token->has_no_credential);
}

static void test_bad_bodies(void **state)
{
	static const struct {
		enum api_body_kind kind;
		const char *text;
		int error;
		const char *detail;
	} rows[] = {
		{ API_BODY_TOKEN, "{\"name\":\"a\"}", 0, "'address' is a required property" },
		{ API_BODY_TOKEN, "{\"address\":\"a\",\"name\":\"a\"}", 0,
		  "Invalid field found {'name'}" },
		{ API_BODY_TOKEN, "{\"address\":\"a\",\"port\":0}", 0,
		  "0 is not between 1 and 65535 - 'port'" },
		{ API_BODY_TOKEN, "{\"address\":\"a\",\"ttl\":\"0d\"}", 1411,
		  "Timeframe is not valid: it is 0 - 'ttl'" },
		{ API_BODY_TOKEN, "{\"address\":\"a\\u0000\"}", 0,
		  "'a\\x00' has a NUL in it - 'address'" },
		{ API_BODY_ADD, "{\"address\":\"a\"}", 0, "'name' is a required property" },
		{ API_BODY_ADD, "", 0, "Request body must not be empty" },
		{ API_BODY_ADD, "null", 0, "Request body must not be empty" },
		{ API_BODY_ADD, "{", 0,
		  "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)" },
		{ API_BODY_ADD, "name=web01", 0, "Expecting value: line 1 column 1 (char 0)" },
		{ API_BODY_ADD, "{\"name\":\"a\"}x", 0, "Extra data: line 1 column 13 (char 12)" },
		{ API_BODY_ADD, "{\"name\":\"\xff\"}", 1018, "Body request is not a valid JSON" },
		{ API_BODY_ADD, "{\"name\":NaN}", 1018, "Body request is not a valid JSON" },
		{ API_BODY_ADD, "[]", 0, "[] is not of type 'object'" },
		{ API_BODY_ADD, "\"name\"", 0, "'name' is not of type 'object'" },
		{ API_BODY_ADD, "[1.5, null, {\"a\": false}]", 0,
		  "[1.5, None, {'a': False}] is not of type 'object'" },
		{ API_BODY_ADD, "{}", 0, "'name' is a required property" },
		{ API_BODY_ADD, "{\"name\":1}", 0, "1 is not of type 'string' - 'name'" },
		{ API_BODY_ADD, "{\"name\":null}", 0, "None is not of type 'string' - 'name'" },
		{ API_BODY_ADD, "{\"name\":\"\"}", 0, "'' is not a 'names' - 'name'" },
		{ API_BODY_ADD, "{\"name\":\"a b\"}", 0, "'a b' is not a 'names' - 'name'" },
		{ API_BODY_ADD, "{\"name\":\"a'b\"}", 0, "\"a'b\" is not a 'names' - 'name'" },
		{ API_BODY_ADD, "{\"name\":\"a\\nb\"}", 0, "'a\\nb' is not a 'names' - 'name'" },
		{ API_BODY_ADD, "{\"name\":\"a\\u00e4\"}", 0,
		  "'a\xc3\xa4' is not a 'names' - 'name'" },
		{ API_BODY_ADD, "{\"name\":\"a\\u0000b\"}", 0,
		  "'a\\x00b' is not a 'names' - 'name'" },
		{ API_BODY_ADD, "{\"name\":\"a\",\"ip\":7}", 0,
		  "7 is not of type 'string' - 'ip'" },
		{ API_BODY_ADD, "{\"ip\":7}", 0, "7 is not of type 'string' - 'ip'" },
		{ API_BODY_ADD, "{\"name\":\"a\",\"ip\":\"\"}", 0,
		  "'' is not a 'alphanumeric_symbols' - 'ip'" },
		{ API_BODY_ADD, "{\"name\":\"a\",\"ip\":\"fe80::1%eth0\"}", 0,
		  "'fe80::1%eth0' is not a 'alphanumeric_symbols' - 'ip'" },
		{ API_BODY_ADD, "{\"name\":\"a\",\"force\":[]}", 0,
		  "[] is not of type 'object' - 'force'" },
		{ API_BODY_ADD, "{\"name\":\"a\",\"id\":\"001\"}", 0,
		  "Invalid field found {'id'}" },
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
		  "1 is not of type 'string' - 'id'" },
		{ API_BODY_INSERT, "{\"name\":\"a\",\"key\":\"abc\"}", 0,
		  "The value is too short - 'key'" },
		{ API_BODY_INSERT, "{\"name\":\"a\",\"key\":\"" KEY "!\"}", 0,
		  "The value is too long - 'key'" },
		{ API_BODY_INSERT, "{\"name\":\"a\",\"key\":\"!" KEY_63 "\"}", 0,
		  "The value is not a 'wazuh_key' - 'key'" },
		{ API_BODY_INSERT, "{\"name\":\"a\",\"key\":1}", 0,
		  "1 is not of type 'string' - 'key'" },
		{ API_BODY_INSERT, "{\"name\":\"a\",\"force\":true}", 0,
		  "True is not of type 'object' - 'force'" },
		{ API_BODY_INSERT, "{\"name\":\"a\",\"force\":{\"x\":1}}", 0,
		  "Invalid field found {'x'}" },
		{ API_BODY_INSERT, "{\"name\":\"a\",\"force\":{\"enabled\":\"yes\"}}", 0,
		  "'yes' is not of type 'boolean' - 'force.enabled'" },
		{ API_BODY_INSERT,
		  "{\"name\":\"a\",\"force\":{\"after_registration_time\":\"1w\"}}", 0,
		  "'1w' is not a 'timeframe' - 'force.after_registration_time'" },
		{ API_BODY_INSERT, "{\"name\":\"a\",\"force\":{\"disconnected_time\":\"1h\"}}", 0,
		  "'1h' is not of type 'object' - 'force.disconnected_time'" },
		{ API_BODY_INSERT,
		  "{\"name\":\"a\",\"force\":{\"disconnected_time\":{\"value\":0}}}", 0,
		  "0 is not of type 'string' - 'force.disconnected_time.value'" },
		{ API_BODY_INSERT,
		  "{\"name\":\"a\",\"force\":{\"disconnected_time\":{\"valu\":\"1h\"}}}", 0,
		  "Invalid field found {'valu'}" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct api_problem problem = { 0 };
		struct api_body body;

		check_row(rows[i].text, !api_body_parse(&body, rows[i].kind, true, rows[i].text,
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
	assert_true(api_name_is_short_enough(name, &problem));
	name[AGENT_NAME_MAX] = 'a';
	name[AGENT_NAME_MAX + 1] = '\0';
	assert_false(api_name_is_short_enough(name, &problem));
	assert_int_equal(problem.code, API_NAME_LONG);
	assert_int_equal(problem.status, 400);
}

/* Without a content type, what is wrong with the body is reported first. */
static void test_untyped(void **state)
{
	static const char good[] = "{\"name\":\"a\",\"x\":1}", bad[] = "{\"name\":1}";
	struct api_problem problem = { 0 };
	struct api_body body;

	(void)state;
	assert_false(api_body_parse(&body, API_BODY_ADD, false, good, strlen(good), &problem));
	assert_int_equal(problem.status, 406);
	assert_int_equal(problem.code, API_CONTENT_TYPE);
	assert_false(api_body_parse(&body, API_BODY_ADD, false, bad, strlen(bad), &problem));
	assert_int_equal(problem.status, 400);
}

static void test_force(void **state)
{
	static const char text[] = "{\"name\":\"a\",\"force\":{\"enabled\":true,"
				   "\"disconnected_time\":{\"enabled\":false,\"value\":\"2h\"},"
				   "\"after_registration_time\":\"1d\"}}";
	static const char defaults[] = "{\"name\":\"a\",\"force\":{}}",
			  plain[] = "{\"name\":\"a\"}";
	struct api_problem problem;
	struct api_body body;

	(void)state;
	assert_true(api_body_parse(&body, API_BODY_INSERT, true, text, strlen(text), &problem));
	assert_true(body.force.enabled);
	assert_false(body.force.check_disconnected);
	assert_int_equal(body.force.disconnected_time, 7200);
	assert_int_equal(body.force.after_registration_time, 86400);
	assert_true(
		api_body_parse(&body, API_BODY_INSERT, true, defaults, strlen(defaults), &problem));
	assert_true(body.force.enabled && body.force.check_disconnected);
	assert_int_equal(body.force.disconnected_time, 3600);
	assert_int_equal(body.force.after_registration_time, 3600);
	assert_true(api_body_parse(&body, API_BODY_INSERT, true, plain, strlen(plain), &problem));
	assert_true(body.force.enabled);
	assert_true(api_body_parse(&body, API_BODY_ADD, true, plain, strlen(plain), &problem));
	assert_false(body.force.enabled);
	assert_true(api_body_parse(&body, API_BODY_ADD, true, text, strlen(text), &problem));
	assert_true(body.force.enabled && body.force.disconnected_time == 7200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_bodies), cmocka_unit_test(test_token),
		cmocka_unit_test(test_bad_bodies),  cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_untyped),     cmocka_unit_test(test_force),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
