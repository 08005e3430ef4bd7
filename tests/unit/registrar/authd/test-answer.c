/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "registrar/authd/answer.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_long_refusals_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
