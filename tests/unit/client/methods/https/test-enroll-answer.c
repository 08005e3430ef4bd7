/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "client/methods/https/enroll-answer.h"

#include <errno.h>

#define INVALID(member) "an invalid " member
#define KEY "48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db"
#define SECRET "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define AGENT "\"id\":\"003\",\"name\":\"web-01\",\"ip\":\"any\""

/* ------------------------------------------------------------------ an identity */

static int accept(struct enrolled *ret, const char *body, struct reason *why)
{
	return enroll_answer_accept(ret, body, strlen(body), why);
}

static void test_accepts(void **state)
{
	struct enrolled enrolled;

	(void)state;
	assert_int_equal(
		accept(&enrolled,
		       "{" AGENT ",\"key\":\"" KEY "\",\"reenroll_secret\":\"" SECRET "\"}", NULL),
		0);
	assert_string_equal(enrolled.key.id, "003");
	assert_string_equal(enrolled.key.name, "web-01");
	assert_string_equal(enrolled.key.ip, "any");
	assert_string_equal(enrolled.key.key, KEY);
	assert_string_equal(enrolled.secret.id, "003");
	assert_string_equal(enrolled.secret.text, SECRET);

	/* a manager that gives no such secret, and one that gives more than we know */
	assert_int_equal(accept(&enrolled, " {\"key\":\"" KEY "\"," AGENT ",\"new\":{\"a\":[1]}}\n",
				NULL),
			 0);
	assert_string_equal(enrolled.secret.text, "");
}

static void test_refuses(void **state)
{
	static const struct {
		const char *body, *word;
	} rows[] = {
		{ "", "JSON" },
		{ "<html>", "JSON" },
		{ "[]", "JSON" },
		{ "null", "JSON" },
		{ "{" AGENT ",\"key\":\"" KEY "\"} x", "JSON" },
		{ "{" AGENT ",\"key\":\"" KEY "\"", "JSON" },
		{ "{" AGENT ",\"key\":\"" KEY "\",\"id\":\"004\"}", "duplicate member" },
		{ "{" AGENT ",\"key\":\"" KEY "\",\"a\":{\"b\":1,\"b\":2}}", "duplicate member" },
		{ "{" AGENT "}", "without key" },
		{ "{\"name\":\"web-01\",\"ip\":\"any\",\"key\":\"" KEY "\"}", "without id" },
		{ "{\"id\":3,\"name\":\"web-01\",\"ip\":\"any\",\"key\":\"" KEY "\"}",
		  "without id" },
		{ "{\"id\":\"003\",\"name\":null,\"ip\":\"any\",\"key\":\"" KEY "\"}",
		  "without name" },
		{ "{\"id\":\"003\",\"name\":\"web-01\",\"ip\":[],\"key\":\"" KEY "\"}",
		  "without ip" },
		{ "{\"id\":\"\",\"name\":\"web-01\",\"ip\":\"any\",\"key\":\"" KEY "\"}", "id" },
		{ "{\"id\":\"3x\",\"name\":\"web-01\",\"ip\":\"any\",\"key\":\"" KEY "\"}", "id" },
		{ "{\"id\":\"123456789\",\"name\":\"web-01\",\"ip\":\"any\",\"key\":\"" KEY "\"}",
		  "id" },
		{ "{\"id\":\"3 4\",\"name\":\"web-01\",\"ip\":\"any\",\"key\":\"" KEY "\"}",
		  INVALID("id") },
		{ "{\"id\":\"003\",\"name\":\"web 01\",\"ip\":\"any\",\"key\":\"" KEY "\"}",
		  INVALID("name") },
		{ "{\"id\":\"003\",\"name\":\"web\\n01\",\"ip\":\"any\",\"key\":\"" KEY "\"}",
		  "name" },
		{ "{\"id\":\"003\",\"name\":\"../x\",\"ip\":\"any\",\"key\":\"" KEY "\"}", "name" },
		{ "{\"id\":\"003\",\"name\":\"web-01\",\"ip\":\"10.0.0.1/99\",\"key\":\"" KEY "\"}",
		  INVALID("ip") },
		{ "{\"id\":\"003\",\"name\":\"web-01\",\"ip\":\"\",\"key\":\"" KEY "\"}",
		  INVALID("ip") },
		{ "{" AGENT ",\"key\":\"\"}", "key" },
		{ "{" AGENT ",\"key\":\"" KEY "0\"}", "key" },
		{ "{" AGENT
		  ",\"key\":\"48A99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db\"}",
		  "key" },
		{ "{" AGENT ",\"key\":"
		  "\"48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637d"
		  "\\u0000\"}",
		  "JSON" },
		{ "{" AGENT
		  ",\"key\":\"g8a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db\"}",
		  "key" },
		{ "{" AGENT ",\"key\":\"" KEY "\",\"reenroll_secret\":null}", "secret" },
		{ "{" AGENT ",\"key\":\"" KEY "\",\"reenroll_secret\":\"\"}", "secret" },
		{ "{" AGENT ",\"key\":\"" KEY "\",\"reenroll_secret\":\"" SECRET "0\"}", "secret" },
		{ "{" AGENT ",\"key\":\"" KEY "\",\"reenroll_secret\":"
		  "\"000102030405060708090A0B0C0D0E0F"
		  "101112131415161718191A1B1C1D1E1F\"}",
		  "secret" },
		{ "{" AGENT ",\"key\":\"" KEY "\",\"reenroll_secret\":[\"" SECRET "\"]}",
		  "secret" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct enrolled enrolled = { .secret.text = "untouched" };
		struct reason why = { 0 };

		check_row(rows[i].body, accept(&enrolled, rows[i].body, &why) == -EBADMSG);
		if (!strstr(why.text, rows[i].word))
			fail_msg("row '%s': the reason '%s' lacks '%s'", rows[i].body, why.text,
				 rows[i].word);
		check_row(rows[i].body, !strstr(why.text, "48a99873") && !strstr(why.text, SECRET));
		assert_string_equal(enrolled.secret.text, "untouched");
	}
}

static void test_long_members(void **state)
{
	char body[2000], name[1000];
	struct enrolled enrolled;
	struct reason why;

	(void)state;
	memset(name, 'a', sizeof name);
	name[sizeof name - 1] = '\0';
	(void)snprintf(body, sizeof body,
		       "{\"id\":\"003\",\"name\":\"%s\",\"ip\":\"any\",\"key\":\"" KEY "\"}", name);
	assert_int_equal(accept(&enrolled, body, &why), -EBADMSG);
}

/* ------------------------------------------------------------------ a refusal */

#define CLASS(name) "Bearer error=\"invalid_token\", error_description=\"" name "\""
#define ERROR(code, message) "{\"error\":{\"code\":" code ",\"message\":\"" message "\"}}"

static const struct {
	long status;
	const char *challenge, *body;
	enum outcome outcome;
	const char *flags; /* f: final, s: stale, c: credential, n: not known yet */
	const char *word;  /* in text or hint */
} refusals[] = {
	/* the eight classes of a 401 */
	{ 401, CLASS("invalid_request"),
	  ERROR("\"invalid_request\"", "Invalid client authentication"), OUTCOME_REFUSED, "fc",
	  "another kind" },
	{ 401, "Bearer error=\"invalid_request\"", "", OUTCOME_REFUSED, "c", "another kind" },
	{ 401, "Bearer error=\"invalid_token\"", "", OUTCOME_REFUSED, "c", "HTTP 401" },
	{ 401, CLASS("invalid_signature"), ERROR("\"invalid_signature\"", "x"), OUTCOME_REFUSED,
	  "fc", "password_file" },
	{ 401, CLASS("stale_token"), ERROR("\"stale_token\"", "x"), OUTCOME_BUSY, "fs", "clock" },
	{ 401, CLASS("token_unknown"), ERROR("\"token_unknown\"", "x"), OUTCOME_BUSY, "fcn",
	  "create another token" },
	{ 401, CLASS("token_expired"), ERROR("\"token_expired\"", "x"), OUTCOME_REFUSED, "fc",
	  "create another token" },
	{ 401, CLASS("token_revoked"), ERROR("\"token_revoked\"", "x"), OUTCOME_REFUSED, "fc",
	  "create another token" },
	{ 401, CLASS("unknown_agent"), ERROR("\"unknown_agent\"", "x"), OUTCOME_REFUSED, "fc",
	  "re-enrollment secret" },
	{ 401, "Bearer", ERROR("\"enrollment_key_unavailable\"", "x"), OUTCOME_BUSY, "fc",
	  "authd.pass" },
	{ 401, "Bearer", "", OUTCOME_BUSY, "c", "authd.pass" },
	{ 401, "bearer", ERROR("\"invalid_signature\"", "x"), OUTCOME_REFUSED, "fc",
	  "password_file" },
	/* the class in one place only, and one from the future */
	{ 401, CLASS("stale_token"), "", OUTCOME_BUSY, "s", "stale_token" },
	{ 401, NULL, ERROR("\"stale_token\"", "x"), OUTCOME_BUSY, "fs", "stale_token" },
	{ 401, CLASS("other"), ERROR("\"other\"", "x"), OUTCOME_REFUSED, "fc", "other" },
	{ 401, "Basic realm=\"proxy\"", "<html>", OUTCOME_REFUSED, "c", "HTTP 401" },
	{ 401, "Bearer error_description=\"stale_token", "", OUTCOME_REFUSED, "c", "HTTP 401" },
	{ 401, "Bearer error_description=\"\"", "", OUTCOME_REFUSED, "c", "HTTP 401" },
	/* authd's codes */
	{ 400, NULL, ERROR("9014", "Invalid Group(s) Name(s)"), OUTCOME_REFUSED, "f", "Group(s)" },
	{ 403, NULL, ERROR("9022", "x"), OUTCOME_REFUSED, "fc", "create another token" },
	{ 403, NULL, ERROR("9023", "x"), OUTCOME_REFUSED, "fc", "create another token" },
	{ 403, NULL, ERROR("9024", "x"), OUTCOME_REFUSED, "fc", "create another token" },
	{ 403, NULL, ERROR("0", "Enrollment is disabled"), OUTCOME_REFUSED, "f",
	  "Enrollment is disabled" },
	{ 403, NULL, ERROR("9025", "x"), OUTCOME_PROTOCOL_ERROR, "f", "address, port and prefix" },
	{ 401, NULL, ERROR("9026", "x"), OUTCOME_REFUSED, "fc", "was built anew" },
	{ 401, NULL, ERROR("9027", "x"), OUTCOME_REFUSED, "fc", "was built anew" },
	{ 401, NULL, ERROR("9028", "x"), OUTCOME_BUSY, "fs", "clock" },
	{ 409, NULL, ERROR("9007", "Duplicate IP"), OUTCOME_DUPLICATE, "f", "Duplicate IP" },
	{ 409, NULL, ERROR("9008", "Duplicate name"), OUTCOME_DUPLICATE, "f", "Duplicate name" },
	{ 409, NULL, ERROR("9012", "Duplicate ID"), OUTCOME_DUPLICATE, "f", "9012" },
	{ 409, NULL, ERROR("9030", "x"), OUTCOME_BUSY, "f", "nothing needs to be done" },
	{ 500, NULL, ERROR("9001", "Internal error"), OUTCOME_BUSY, "", "Internal error" },
	{ 503, NULL, ERROR("9013", "x"), OUTCOME_BUSY, "", "max_agents" },
	{ 500, NULL, ERROR("9029", "x"), OUTCOME_BUSY, "", "space on its disk" },
	{ 503, NULL, ERROR("9031", "x"), OUTCOME_BUSY, "", "space on its disk" },
	{ 401, NULL, ERROR("9032", "x"), OUTCOME_REFUSED, "fc", "was built anew" },
	{ 503, NULL, ERROR("-1", "Enrollment service temporarily unavailable"), OUTCOME_BUSY, "",
	  "temporarily" },
	/* statuses */
	{ 400, NULL, ERROR("0", "Agent version too new"), OUTCOME_REFUSED, "f",
	  "Agent version too new" },
	{ 400, NULL, ERROR("0", "Invalid agent name"), OUTCOME_REFUSED, "f", "begins with a dot" },
	{ 400, NULL, ERROR("0", "Invalid IP"), OUTCOME_REFUSED, "f", "no ip with a dotted mask" },
	{ 400, NULL, "{\"error\":\"Unsupported protocol-version\",\"code\":400}", OUTCOME_REFUSED,
	  "f", "protocol-version" },
	{ 404, NULL, "<html>", OUTCOME_PROTOCOL_ERROR, "", "prefix" },
	{ 413, NULL, ERROR("0", "x"), OUTCOME_REFUSED, "f", "fewer groups" },
	{ 415, NULL, ERROR("0", "x"), OUTCOME_REFUSED, "f", "plain JSON" },
	{ 429, NULL, "{\"error\":\"slow down\",\"code\":429}", OUTCOME_BUSY, "f", "slow down" },
	{ 500, NULL, "", OUTCOME_BUSY, "", "HTTP 500" },
	{ 502, NULL, "<html>Bad Gateway", OUTCOME_BUSY, "", "HTTP 502" },
	{ 503, NULL, "{\"error\":", OUTCOME_BUSY, "", "HTTP 503" },
	{ 504, NULL, "", OUTCOME_BUSY, "", "HTTP 504" },
	{ 201, NULL, "{}", OUTCOME_PROTOCOL_ERROR, "", "HTTP 201" },
	{ 302, NULL, "", OUTCOME_PROTOCOL_ERROR, "", "HTTP 302" },
	{ 418, NULL, "", OUTCOME_PROTOCOL_ERROR, "", "HTTP 418" },
	/* bodies that want to confuse */
	{ 400, NULL, "{\"error\":[1]}", OUTCOME_REFUSED, "f", "HTTP 400" },
	{ 400, NULL, "{\"error\":{\"code\":{},\"message\":7}}", OUTCOME_REFUSED, "f", "HTTP 400" },
	{ 400, NULL, "{\"error\":{\"code\":99999999999999999999}}", OUTCOME_REFUSED, "",
	  "HTTP 400" },
	{ 400, NULL, ERROR("0", "a\\u001b[31m\\nb"), OUTCOME_REFUSED, "f", "a\\x1b[31m\\nb" },
	{ 400, NULL, ERROR("0", "you sent BEARER"), OUTCOME_REFUSED, "f", "HTTP 400" },
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct enroll_refusal refusal;
		char label[400], flags[5], all[800];

		(void)snprintf(label, sizeof label, "%ld %s %s", refusals[i].status,
			       refusals[i].challenge ?: "", refusals[i].body);
		enroll_answer_refuse(&refusal, refusals[i].status, refusals[i].challenge,
				     refusals[i].body, strlen(refusals[i].body), "BEARER");
		(void)snprintf(flags, sizeof flags, "%s%s%s%s", refusal.is_final ? "f" : "",
			       refusal.is_stale ? "s" : "", refusal.is_credential ? "c" : "",
			       refusal.is_not_known_yet ? "n" : "");
		(void)snprintf(all, sizeof all, "%s -- %s", refusal.text, refusal.hint ?: "");
		check_row(label, refusal.outcome == refusals[i].outcome);
		check_row(label, strcmp(flags, refusals[i].flags) == 0);
		check_row(label, !strstr(all, "BEARER"));
		if (!strstr(all, refusals[i].word))
			fail_msg("row '%s': '%s' lacks '%s'", label, all, refusals[i].word);
	}
}

/* Without a credential, the remedy is to have one. */
static void test_no_credential(void **state)
{
	struct enroll_refusal refusal;

	(void)state;
	enroll_answer_refuse(&refusal, 401, "Bearer error=\"invalid_request\"", "", 0, NULL);
	assert_non_null(strstr(refusal.hint, "set token_file or password_file"));
}

static void test_subjects(void **state)
{
	static const struct {
		const char *code;
		enum refusal_subject subject;
	} rows[] = { { "9007", REFUSED_ADDRESS },
		     { "9008", REFUSED_NAME },
		     { "9012", REFUSED_ID },
		     { "9014", REFUSED_GROUP },
		     { "9013", REFUSED_OTHER } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct enroll_refusal refusal;
		char body[100];

		(void)snprintf(body, sizeof body, "{\"error\":{\"code\":%s,\"message\":\"x\"}}",
			       rows[i].code);
		enroll_answer_refuse(&refusal, 409, NULL, body, strlen(body), NULL);
		check_row(rows[i].code, refusal.subject == rows[i].subject);
	}
}

static void test_long_messages(void **state)
{
	char body[4000], message[3000];
	struct enroll_refusal refusal;

	(void)state;
	memset(message, 'x', sizeof message);
	message[sizeof message - 1] = '\0';
	(void)snprintf(body, sizeof body, ERROR("\"%.100s\"", "%s"), message, message);
	enroll_answer_refuse(&refusal, 400, NULL, body, strlen(body), NULL);
	assert_int_equal(refusal.outcome, OUTCOME_REFUSED);
	assert_non_null(strstr(refusal.text, "..."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepts),       cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_long_members),  cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_no_credential), cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_long_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
