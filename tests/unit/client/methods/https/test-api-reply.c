/* SPDX-License-Identifier: ISC */
/* What replies of Wazuh's API mean, of version 4 and 3, and which keys of it are taken. */
#include "tests/unit/support.h"

#include "client/methods/https/api-reply.h"

#define KEY "6b5c1a5e1ee1c0d5a7b7a3e0f3c1f6d2b1a7d9e4c8f0a1b2c3d4e5f60718293a"

static const struct {
	const char *label;
	int status;
	const char *body;
	bool success;
	enum outcome outcome; /* of one that is no success */
	long long code;
	const char *text;
} rows[] = {
	{ "granted", 200, "{\"data\":{\"id\":\"001\",\"key\":\"x\"},\"error\":0}", true, OUTCOME_OK,
	  0, NULL },
	{ "version 3", 200, "{\"error\":0,\"data\":\"x\"}", true, OUTCOME_OK, 0, NULL },
	{ "duplicate", 400, "{\"title\":\"Bad Request\",\"detail\":\"Same name\",\"error\":1705}",
	  false, OUTCOME_DUPLICATE, 1705, "Same name" },
	{ "duplicate, 3", 200, "{\"error\":9008,\"message\":\"Duplicate\"}", false,
	  OUTCOME_DUPLICATE, 9008, "Duplicate" },
	{ "code as text", 200, "{\"error\":\"9007\",\"message\":\"m\"}", false, OUTCOME_DUPLICATE,
	  9007, "m" },
	{ "code in no text", 400, "{\"error\":\"9007x\"}", false, OUTCOME_REFUSED, 0, NULL },
	{ "code too long", 400, "{\"error\":\"999999999999\"}", false, OUTCOME_REFUSED, 0, NULL },
	{ "huge code", 400, "{\"error\":9223372036854775807}", false, OUTCOME_REFUSED, INT64_MAX,
	  NULL },
	{ "real as code", 400, "{\"error\":1705.0}", false, OUTCOME_REFUSED, 0, NULL },
	{ "failed item", 200,
	  "{\"data\":{\"affected_items\":[],\"failed_items\":[{\"error\":{\"code\":1701,"
	  "\"message\":\"No\"},\"id\":[\"001\"]}]},\"message\":\"M\",\"error\":1}",
	  false, OUTCOME_REFUSED, 1701, "No" },
	{ "no failed item", 200, "{\"data\":{\"failed_items\":[]},\"message\":\"M\",\"error\":1}",
	  false, OUTCOME_REFUSED, 1, "M" },
	{ "failed items of a kind", 200, "{\"data\":{\"failed_items\":[7]},\"error\":1}", false,
	  OUTCOME_REFUSED, 1, NULL },
	{ "success with another status", 201, "{\"error\":0}", false, OUTCOME_PROTOCOL_ERROR, 0,
	  NULL },
	{ "error 0 and 500", 500, "{\"error\":0}", false, OUTCOME_BUSY, 0, NULL },
	{ "authd is not running", 400, "{\"detail\":\"d\",\"error\":1726}", false, OUTCOME_BUSY,
	  1726, "d" },
	{ "rate limit of a duplicate", 429, "{\"error\":1705}", false, OUTCOME_BUSY, 1705, NULL },
	{ "true as error", 200, "{\"error\":true}", false, OUTCOME_PROTOCOL_ERROR, 0, NULL },
	{ "a title only", 401, "{\"title\":\"Unauthorized\"}", false, OUTCOME_REFUSED, 0,
	  "Unauthorized" },
	{ "a number as detail", 400, "{\"title\":\"T\",\"detail\":7}", false, OUTCOME_REFUSED, 0,
	  "T" },
	{ "no JSON", 200, "<html>", false, OUTCOME_PROTOCOL_ERROR, 0, NULL },
	{ "no JSON of a gateway", 502, "<html>", false, OUTCOME_BUSY, 0, NULL },
	{ "no JSON, 403", 403, "", false, OUTCOME_REFUSED, 0, NULL },
	{ "no object", 200, "[0]", false, OUTCOME_PROTOCOL_ERROR, 0, NULL },
	{ "twice", 200, "{\"error\":0,\"error\":0}", false, OUTCOME_PROTOCOL_ERROR, 0, NULL },
	{ "conflict", 409, "{\"title\":\"Conflict\"}", false, OUTCOME_DUPLICATE, 0, "Conflict" },
	{ "redirect", 302, "", false, OUTCOME_PROTOCOL_ERROR, 0, NULL },
	{ "not found", 404, "{\"title\":\"Not Found\"}", false, OUTCOME_PROTOCOL_ERROR, 0,
	  "Not Found" },
	{ "a status like no other", 999, "{}", false, OUTCOME_PROTOCOL_ERROR, 0, NULL },
	{ "no status", 0, "{}", false, OUTCOME_PROTOCOL_ERROR, 0, NULL },
};

static void test_meaning(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct api_reply reply;
		const char *hint;

		api_reply_parse(&reply, rows[i].status, rows[i].body, strlen(rows[i].body));
		check_row(rows[i].label, api_reply_is_success(&reply) == rows[i].success);
		check_row(rows[i].label,
			  rows[i].success || api_reply_outcome(&reply, &hint) == rows[i].outcome);
		check_row(rows[i].label, reply.code == rows[i].code);
		check_row(rows[i].label,
			  !reply.text == !rows[i].text &&
				  (!reply.text || strcmp(reply.text, rows[i].text) == 0));
		api_reply_clear(&reply);
	}
}

struct answer {
	const char *label;
	int status;
	const char *body;
	bool expected;
};

/* Put a question to each answer. */
static void check_answers(const struct answer *answers, size_t count,
			  bool question(const struct api_reply *reply))
{
	for (size_t i = 0; i < count; i++) {
		struct api_reply reply;

		api_reply_parse(&reply, answers[i].status, answers[i].body,
				strlen(answers[i].body));
		check_row(answers[i].label, question(&reply) == answers[i].expected);
		api_reply_clear(&reply);
	}
}

/* Was nothing done for sure? */
static void test_final(void **state)
{
	static const struct answer answers[] = {
		{ "duplicate", 400, "{\"title\":\"t\",\"error\":1705}", true },
		{ "duplicate, 3", 200, "{\"error\":9008,\"message\":\"m\"}", true },
		{ "duplicate, 3, server error", 500, "{\"error\":9008,\"message\":\"m\"}", true },
		{ "limit of agents", 500, "{\"error\":9013}", true },
		{ "unknown code", 400, "{\"error\":1234}", true },
		{ "unknown code, server error", 500, "{\"error\":1000}", false },
		{ "node had no patience", 500, "{\"error\":3021}", false },
		{ "authd did not answer", 500, "{\"error\":1725}", false },
		{ "gateway had no patience", 504, "<html>", false },
		{ "gateway refuses", 403, "<html>", true },
		{ "rate limit", 429, "{\"error\":3021}", true },
		{ "request came too slowly", 408, "", false },
		{ "redirect", 302, "", true },
		{ "neither success nor error", 200, "{}", false },
		{ "no status", 0, "{}", false },
	};

	(void)state;
	check_answers(answers, COUNT(answers), api_reply_is_final);
}

static void test_version_3(void **state)
{
	static const struct answer answers[] = {
		{ "version 3", 404,
		  "{\"error\":603,\"message\":\"The requested URL was not found\"}", true },
		{ "version 3, early", 404, "{\"error\":\"603\",\"data\":\"\",\"message\":\"m\"}",
		  true },
		{ "version 4", 404, "{\"title\":\"Not Found\",\"detail\":\"404: Not Found\"}",
		  false },
		{ "version 4 with a code", 404,
		  "{\"title\":\"Not Found\",\"detail\":\"d\",\"error\":603}", false },
		{ "another status", 400, "{\"error\":603}", false },
		{ "another server", 404, "<html>", false },
	};

	(void)state;
	check_answers(answers, COUNT(answers), api_reply_is_of_version_3);
}

static void test_members(void **state)
{
	static const char one[] =
		"{\"data\":{\"id\":\"001\",\"n\":7,\"affected_items\":[{\"a\":1}]},\"error\":0}";
	static const char two[] = "{\"data\":{\"affected_items\":[{},{}]},\"error\":0}";
	struct api_reply reply;

	(void)state;
	api_reply_parse(&reply, 200, one, strlen(one));
	assert_string_equal(api_reply_text(&reply, "id"), "001");
	assert_null(api_reply_text(&reply, "n"));
	assert_null(api_reply_text(&reply, "none"));
	assert_int_equal(json_integer_value(json_object_get(api_reply_item(&reply), "a")), 1);
	api_reply_clear(&reply);
	api_reply_parse(&reply, 200, two, strlen(two));
	assert_null(api_reply_item(&reply));
	api_reply_clear(&reply);
	api_reply_parse(&reply, 200, "[]", 2);
	assert_null(api_reply_text(&reply, "id"));
	assert_null(api_reply_item(&reply));
	api_reply_clear(&reply);
}

static void test_keys(void **state)
{
	static const struct {
		const char *base64;
		const char *fault; /* null: none */
	} keys[] = {
		{ "MDAxIHdlYi0wMSBhbnkgNmI1YzFhNWUxZWUxYzBkNWE3YjdhM2UwZjNjMWY2ZDJiMWE3ZDllNGM4ZjBh"
		  "MWIyYzNkNGU1ZjYwNzE4MjkzYQ==",
		  NULL },
		{ "MDAxIHdlYi0wMSBhbnkgenp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6"
		  "enp6enp6enp6enp6enp6enp6eno=",
		  NULL },
		{ "MDAxIHdlYi0wMSBhbnkgWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpa"
		  "WlpaWlpaWlpaWlpaWlpaWlpaWlpa",
		  NULL },
		{ "MDAxIHdlYi0wMSBhbnkgYWI=", "the key is not 64 to 128 letters and digits" },
		{ "MDAxIHdlYi0wMSBhbnkgbnVsbA==", "the key is not 64 to 128 letters and digits" },
		{ "MDAxIC53ZWIgYW55IGFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh"
		  "YWFhYWFhYWFhYWFhYWFhYWE=",
		  "the name is not" },
		{ "", "not a line of client.keys in base64" },
		{ "=", "not a line of client.keys in base64" },
		{ "====", "not a line of client.keys in base64" },
		{ "A===", "not a line of client.keys in base64" },
		{ "MDAx", "four fields" },
		{ "MDAxIHdlYi0wMSBhbnkgYWI", "not a line of client.keys in base64" },
		{ "MDAxIHdlYi0wMSBhbnkgYWI=\n", "not a line of client.keys in base64" },
		{ "MDAxIHdlYi0wMSBhbnkg!WI=", "not a line of client.keys in base64" },
		{ "MDAxIHdlYi0wMSBhbnkgYWIK", "key" },
		{ "MDAxIHdlYi0wMSBhbnkgYWIA", "key" },
		{ "IHdlYi0wMSBhbnkgYWJjZGVm", "four fields" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct agent_key key = { 0 };
		const char *fault = api_key_parse(&key, keys[i].base64);

		check_row(keys[i].base64,
			  keys[i].fault ? fault && strstr(fault, keys[i].fault) : !fault);
		check_row(keys[i].base64,
			  fault || (strcmp(key.id, "001") == 0 && strcmp(key.name, "web-01") == 0 &&
				    strcmp(key.ip, "any") == 0));
		check_row(keys[i].base64, !fault || key.key[0] == '\0');
		check_row(keys[i].base64, i != 0 || strcmp(key.key, KEY) == 0);
	}
}

static void test_subjects(void **state)
{
	static const struct {
		int code;
		enum refusal_subject subject;
	} subjects[] = { { 1705, REFUSED_NAME },    { 9008, REFUSED_NAME },
			 { 1706, REFUSED_ADDRESS }, { 9007, REFUSED_ADDRESS },
			 { 1708, REFUSED_ID },      { 9012, REFUSED_ID },
			 { 1710, REFUSED_GROUP },   { 1701, REFUSED_OTHER },
			 { 4242, REFUSED_OTHER } };

	(void)state;
	for (size_t i = 0; i < COUNT(subjects); i++) {
		struct api_reply reply;
		char body[64];

		(void)snprintf(body, sizeof body, "{\"detail\":\"d\",\"error\":%d}",
			       subjects[i].code);
		api_reply_parse(&reply, 400, body, strlen(body));
		check_row(body, api_reply_subject(&reply) == subjects[i].subject);
		api_reply_clear(&reply);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meaning), cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_final),   cmocka_unit_test(test_version_3),
		cmocka_unit_test(test_members), cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
