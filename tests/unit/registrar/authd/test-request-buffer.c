/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "registrar/authd/request-buffer.h"
#include "registrar/enrollment/agent-version.h"
#include "registrar/enrollment/dialect.h"
#include "registrar/enrollment/enrollment.h"
#include "registrar/enrollment/group-rules.h"

/* ------------------------------------------------------------------ bytes in */

static void test_request_ends_at_its_newline(void **state)
{
	static const char request[] = "OSSEC PASS: it's OSSEC A:'web-01' G:'a,b' K:'x'\nOSSEC "
				      "A:'second'\n";
	struct authd_request_fields fields;

	(void)state;
	for (size_t piece = 1; piece < sizeof request; piece++) {
		struct request_buffer buffer = { 0 };
		enum request_buffer_state seen = REQUEST_BUFFER_MORE;

		for (size_t at = 0; at < sizeof request - 1; at += piece) {
			size_t n = sizeof request - 1 - at < piece ? sizeof request - 1 - at
								   : piece;

			assert_int_equal(seen, memchr(request, '\n', at) ? REQUEST_BUFFER_COMPLETE
									 : REQUEST_BUFFER_MORE);
			seen = request_buffer_feed(&buffer, request + at, n);
		}
		assert_int_equal(seen, REQUEST_BUFFER_COMPLETE);
		assert_int_equal(request_buffer_request(&buffer, "it's", &fields),
				 AUTHD_REQUEST_OK);
		assert_int_equal(fields.name.length, 6);
		assert_memory_equal(fields.name.text, "web-01", 6);
		assert_memory_equal(fields.groups.text, "a,b", 3);
		assert_null(fields.ip.text);
		assert_int_equal(request_buffer_request(&buffer, "other", &fields),
				 AUTHD_REQUEST_PASSWORD);
		request_buffer_wipe(&buffer);
	}
}

static void test_request_without_newline(void **state)
{
	static const struct {
		const char *text;
		const char *password;
		enum request_buffer_state pause, finish;
	} rows[] = {
		{ "OSSEC A:'web'", NULL, REQUEST_BUFFER_COMPLETE, REQUEST_BUFFER_COMPLETE },
		{ "OSSEC A:'web' G:'a'", NULL, REQUEST_BUFFER_COMPLETE, REQUEST_BUFFER_COMPLETE },
		{ "OSSEC A:'web' and more", NULL, REQUEST_BUFFER_COMPLETE,
		  REQUEST_BUFFER_COMPLETE },
		{ "OSSEC PASS: x OSSEC A:'web'", "x", REQUEST_BUFFER_COMPLETE,
		  REQUEST_BUFFER_COMPLETE },
		{ "OSSEC A:'we", NULL, REQUEST_BUFFER_MORE, REQUEST_BUFFER_COMPLETE },
		{ "OSSEC A:'web' G:'a", NULL, REQUEST_BUFFER_MORE, REQUEST_BUFFER_COMPLETE },
		{ "OSSEC PASS: ", "x", REQUEST_BUFFER_MORE, REQUEST_BUFFER_COMPLETE },
		{ "OSSEC PASS: y OSSEC A:'web'", "x", REQUEST_BUFFER_MORE,
		  REQUEST_BUFFER_COMPLETE },
		{ "", NULL, REQUEST_BUFFER_MORE, REQUEST_BUFFER_MORE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request_buffer buffer = { 0 };

		check_row(rows[i].text,
			  request_buffer_feed(&buffer, rows[i].text, strlen(rows[i].text)) ==
				  REQUEST_BUFFER_MORE);
		check_row(rows[i].text,
			  request_buffer_pause(&buffer, rows[i].password) == rows[i].pause);
		check_row(rows[i].text, request_buffer_finish(&buffer) == rows[i].finish);
		request_buffer_wipe(&buffer);
	}
}

static void test_longest_request(void **state)
{
	static char bytes[REQUEST_BUFFER_MAX];
	struct request_buffer buffer = { 0 };

	(void)state;
	memset(bytes, 'A', sizeof bytes);
	assert_int_equal(request_buffer_feed(&buffer, bytes, REQUEST_BUFFER_MAX - 1),
			 REQUEST_BUFFER_MORE);
	assert_int_equal(request_buffer_feed(&buffer, "\n", 1), REQUEST_BUFFER_COMPLETE);
	request_buffer_wipe(&buffer);
	assert_int_equal(request_buffer_feed(&buffer, bytes, REQUEST_BUFFER_MAX - 1),
			 REQUEST_BUFFER_MORE);
	assert_int_equal(request_buffer_feed(&buffer, "A", 1), REQUEST_BUFFER_TOO_LONG);
	request_buffer_wipe(&buffer);
	assert_int_equal(request_buffer_feed(&buffer, bytes, REQUEST_BUFFER_MAX),
			 REQUEST_BUFFER_TOO_LONG);
	request_buffer_wipe(&buffer);
}

/* ------------------------------------------------------------------ answers out */

static void check_answer(const char *label, const struct answer *answer, const char *first,
			 const char *second, bool close_notify)
{
	check_row(label, answer->records[0] == strlen(first) &&
				 memcmp(answer->text, first, strlen(first)) == 0);
	check_row(label, answer->records[1] == strlen(second) &&
				 memcmp(answer->text + strlen(first), second, strlen(second)) == 0);
	check_row(label, answer->close_notify == close_notify);
}

static void test_answers(void **state)
{
	const struct agent_key agent = { .id = "001", .name = "web", .ip = "any", .key = "5a" };
	struct answer answer;

	(void)state;
	answer_key(&answer, DIALECT_OSSEC, &agent, agent.ip);
	check_answer("ossec key", &answer, "OSSEC K:'001 web any 5a'\n\n", "", true);
	answer_key(&answer, DIALECT_WAZUH, &agent, agent.ip);
	check_answer("wazuh key", &answer, "OSSEC K:'001 web any 5a'", "", true);
	answer_refusal(&answer, DIALECT_OSSEC, "Invalid agent name: x");
	check_answer("ossec error", &answer, "ERROR: Invalid agent name: x\n\n",
		     "ERROR: Unable to add agent.\n\n", false);
	answer_refusal(&answer, DIALECT_WAZUH, "Invalid agent name: x");
	check_answer("wazuh error", &answer, "ERROR: Invalid agent name: x. Unable to add agent",
		     "", true);
	answer_fault(&answer, DIALECT_OSSEC, AUTHD_REQUEST_PASSWORD);
	check_answer("ossec password", &answer, "", "", false);
	answer_fault(&answer, DIALECT_OSSEC, AUTHD_REQUEST_MALFORMED);
	check_answer("ossec malformed", &answer, "", "", false);
	answer_fault(&answer, DIALECT_WAZUH, AUTHD_REQUEST_PASSWORD);
	check_answer("wazuh password", &answer, "ERROR: Invalid password. Unable to add agent", "",
		     true);
	answer_fault(&answer, DIALECT_WAZUH, AUTHD_REQUEST_OPEN_GROUPS);
	check_answer("wazuh open field", &answer,
		     "ERROR: Unterminated group field. Unable to add agent", "", true);
}

static void test_long_refusals_are_cut(void **state)
{
	char text[3000];
	struct answer answer;

	(void)state;
	memset(text, 'n', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	answer_refusal(&answer, DIALECT_WAZUH, text);
	assert_int_equal(answer.records[0], 2068);
	assert_memory_equal(answer.text + 2068 - 21, ". Unable to add agent", 21);
	answer_refusal(&answer, DIALECT_OSSEC, text);
	assert_int_equal(answer.records[0], 2047);
	/* cut through its line end, as OSSEC does */
	assert_memory_equal(answer.text + 2045, "nnERROR: ", 9);
}

/* ------------------------------------------------------------------ groups */

static void test_groups(void **state)
{
	static char many[2000], large[257];
	static const struct {
		const char *text, *refusal; /* null: fine */
	} rows[] = {
		{ "web", NULL },
		{ "web,db", NULL },
		{ "web,web", NULL },
		{ "", "Invalid group name: Empty Group" },
		{ ",", "Invalid group name: ,... cannot start or end with ','" },
		{ "web,", "Invalid group name: web,... cannot start or end with ','" },
		{ "a,,b", "Invalid group name: a,,b... consecutive ',' are not allowed" },
		{ "../etc", "Invalid group name: ../etc... characters '\\/:*?\"<>|,' are "
			    "prohibited" },
		{ ".", "Invalid group name: ." },
		{ "a,..", "Invalid group name: .." },
		{ "web!", "Invalid group name: web!" },
		{ many, "Maximum multigroup reached: Limit is 128" },
		{ large, NULL /* set below */ },
	};
	char refusal[REFUSAL_SIZE], too_large[REFUSAL_SIZE];

	(void)state;
	for (int i = 0; i <= AGENT_GROUPS_MAX; i++)
		(void)snprintf(many + strlen(many), sizeof many - strlen(many), "%sg%d",
			       i ? "," : "", i);
	memset(large, 'g', 256);
	(void)snprintf(too_large, sizeof too_large,
		       "Invalid group name: %.255s... group is too large", large);

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *expected = rows[i].text == large ? too_large : rows[i].refusal;
		bool valid = group_rules_check(rows[i].text, strlen(rows[i].text), NULL, refusal,
					       sizeof refusal);

		check_row(rows[i].text, valid == !expected);
		check_row(rows[i].text, valid || strcmp(refusal, expected) == 0);
	}
}

/* ------------------------------------------------------------------ words of the command line */

static void test_words(void **state)
{
	(void)state;
	assert_int_equal(dialect_from_text("ossec"), DIALECT_OSSEC);
	assert_int_equal(dialect_from_text("wazuh"), DIALECT_WAZUH);
	assert_true(dialect_from_text("Wazuh") < 0);
	assert_int_equal(on_duplicate_from_text("rename"), ON_DUPLICATE_RENAME);
	assert_int_equal(on_duplicate_from_text("refuse"), ON_DUPLICATE_REFUSE);
	assert_int_equal(on_duplicate_from_text("replace"), ON_DUPLICATE_REPLACE);
	assert_true(on_duplicate_from_text("") < 0);
	assert_true(manager_version_is_valid("v4.14.5"));
	assert_true(manager_version_is_valid("4.14"));
	assert_false(manager_version_is_valid("new"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request_ends_at_its_newline),
		cmocka_unit_test(test_request_without_newline),
		cmocka_unit_test(test_longest_request),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_long_refusals_are_cut),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
