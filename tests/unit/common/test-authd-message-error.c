/* SPDX-License-Identifier: ISC */
/*
 * What each text of a manager means for the client: every one that OSSEC and Wazuh 2 to 5 are known
 * to send.
 */
#include "tests/unit/support.h"

#include "common/authd-message.h"

static const struct {
	const char *text;
	enum outcome outcome;
	bool hint;
} texts[] = {
	{ "Invalid password", OUTCOME_REFUSED, true },
	{ "Invalid password. Unable to add agent", OUTCOME_REFUSED, true },
	{ "Invalid request for new agent", OUTCOME_REFUSED, true },
	{ "Invalid agent name: a b", OUTCOME_REFUSED, true },
	{ "Unterminated version field", OUTCOME_REFUSED, true },
	{ "Unterminated group field", OUTCOME_REFUSED, true },
	{ "Unterminated IP field", OUTCOME_REFUSED, true },
	{ "Unterminated key field", OUTCOME_REFUSED, false },
	{ "Agent version must be lower or equal to manager version", OUTCOME_REFUSED, true },
	{ "Invalid group name: Empty Group", OUTCOME_REFUSED, true },
	{ "Invalid group name: we b... characters '\\/:*?\"<>|,' are prohibited", OUTCOME_REFUSED,
	  true },
	{ "Invalid group: nogroup", OUTCOME_REFUSED, true },
	{ "Invalid Group(s) Name(s)", OUTCOME_REFUSED, true },
	{ "Maximum multigroup reached: Limit is 128", OUTCOME_REFUSED, true },
	{ "Invalid IP: 300.1.1.1", OUTCOME_REFUSED, true },
	{ "Unable to add agent", OUTCOME_REFUSED, false },
	{ "Invalid message format", OUTCOME_REFUSED, false },
	{ "Duplicate IP: 10.0.0.1", OUTCOME_DUPLICATE, false },
	{ "Duplicate agent name: web-01", OUTCOME_DUPLICATE, false },
	{ "Duplicated IP 10.0.0.1", OUTCOME_DUPLICATE, false },
	{ "Duplicated agent name: web-01", OUTCOME_DUPLICATE, false },
	{ "Duplicate name", OUTCOME_DUPLICATE, false },
	{ "Duplicate IP", OUTCOME_DUPLICATE, false },
	{ "Duplicate ID", OUTCOME_DUPLICATE, false },
	{ "Invalid IP address: 1024", OUTCOME_DUPLICATE, false },
	{ "Insuficient memory", OUTCOME_BUSY, true },
	{ "Insufficient memory", OUTCOME_BUSY, true },
	{ "Internal manager error adding agent: web-01", OUTCOME_BUSY, true },
	{ "Internal manager error setting agent centralized group: web", OUTCOME_BUSY, true },
	{ "Internal validation error", OUTCOME_BUSY, true },
	{ "Internal error", OUTCOME_BUSY, true },
	{ "The maximum number of agents has been reached", OUTCOME_BUSY, true },
	{ "Maximum number of agents reached", OUTCOME_BUSY, true },
	{ "Agent limit (10) reached", OUTCOME_BUSY, true },
	{ "Cannot comunicate with master", OUTCOME_BUSY, true },
	{ "Cannot communicate with master", OUTCOME_BUSY, true },
	{ "Issue generating key", OUTCOME_BUSY, true },
	{ "Enrollment password not available", OUTCOME_BUSY, true },
	{ "", OUTCOME_REFUSED, false },
	{ "something new", OUTCOME_REFUSED, false },
	{ "invalid password", OUTCOME_REFUSED, false },
	{ "Sorry: Duplicate IP", OUTCOME_REFUSED, false },
};

static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		const char *hint = "before";

		check_row(texts[i].text, authd_error_outcome(texts[i].text, strlen(texts[i].text),
							     &hint) == texts[i].outcome);
		check_row(texts[i].text,
			  texts[i].hint ? hint && strcmp(hint, "before") != 0 : !hint);
		check_row(texts[i].text, authd_error_outcome(texts[i].text, strlen(texts[i].text),
							     NULL) == texts[i].outcome);
	}
}

/* What is taken, or missing: another name helps against neither an address nor a group. */
static void test_subjects(void **state)
{
	static const struct {
		const char *text;
		enum refusal_subject subject;
	} rows[] = {
		{ "Duplicate agent name: web-01. Unable to add agent", REFUSED_NAME },
		{ "Duplicated agent name: web-01", REFUSED_NAME },
		{ "Duplicate name", REFUSED_NAME },
		{ "Duplicate IP: 10.0.0.1. Unable to add agent", REFUSED_ADDRESS },
		{ "Duplicate IP", REFUSED_ADDRESS },
		{ "Duplicated IP 10.0.0.1", REFUSED_ADDRESS },
		{ "Invalid IP address: 1024", REFUSED_ADDRESS },
		{ "Invalid IP: 300.1.1.1", REFUSED_OTHER },
		{ "Duplicate ID", REFUSED_ID },
		{ "Invalid group: web. Unable to add agent", REFUSED_GROUP },
		{ "Invalid Group(s) Name(s)", REFUSED_GROUP },
		{ "Invalid group name: web@db. Unable to add agent", REFUSED_OTHER },
		{ "Maximum multigroup reached: Limit is 128", REFUSED_OTHER },
		{ "Invalid agent name: web-01", REFUSED_OTHER },
		{ "something new", REFUSED_OTHER },
		{ "", REFUSED_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(rows[i].text, authd_error_subject(rows[i].text, strlen(rows[i].text)) ==
						rows[i].subject);
}

/* A text that is cut short is not looked at behind its end. */
static void test_length_counts(void **state)
{
	(void)state;
	assert_int_equal(authd_error_outcome("Duplicate", 8, NULL), OUTCOME_REFUSED);
	assert_int_equal(authd_error_outcome("Duplicate", 9, NULL), OUTCOME_DUPLICATE);
}

/*
 * Every recorded refusal: none of them is something this client does not know, and none counts as
 * success.
 */
static void test_recorded(void **state)
{
	struct data_file data;
	unsigned errors = 0;

	(void)state;
	for (data_open(&data, "replies.txt"); data_next(&data);) {
		const struct field *f = data.fields;
		const char *hint;
		enum outcome outcome;

		if (strcmp(f[1].text, "error") != 0)
			continue;
		errors++;
		outcome = authd_error_outcome(f[2].text, f[2].length, &hint);
		check_row(f[0].text, outcome == OUTCOME_REFUSED || outcome == OUTCOME_DUPLICATE ||
					     outcome == OUTCOME_BUSY);
		check_row(f[0].text, hint || outcome == OUTCOME_DUPLICATE ||
					     strncmp(f[2].text, "Unterminated key", 16) == 0);
		check_row(f[0].text, (strncmp(f[2].text, "Duplicate", 9) == 0 ||
				      strncmp(f[2].text, "Invalid IP address", 18) == 0) ==
					     (outcome == OUTCOME_DUPLICATE));
	}
	assert_true(errors >= 70);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_length_counts),
		cmocka_unit_test(test_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
