/* SPDX-License-Identifier: ISC */
/* Every outcome has its policy, and the exit codes are those that the manual page promises. */
#include "tests/unit/support.h"

#include "client/registration/policy.h"
#include "common/outcome.h"

static void test_exit_codes(void **state)
{
	static const struct {
		enum outcome outcome;
		int exit_code;
		const char *name;
	} rows[] = {
		{ OUTCOME_REGISTERED, 0, "registered" },
		{ OUTCOME_NOT_READY, 75, "not-ready" },
		{ OUTCOME_UNREACHABLE, 75, "unreachable" },
		{ OUTCOME_UNTRUSTED, 75, "untrusted" },
		{ OUTCOME_BUSY, 75, "busy" },
		{ OUTCOME_DUPLICATE, 75, "duplicate" },
		{ OUTCOME_REFUSED, 77, "refused" },
		{ OUTCOME_PROTOCOL_ERROR, 76, "protocol-error" },
		{ OUTCOME_MISCONFIGURED, 78, "misconfigured" },
		{ OUTCOME_STORAGE_ERROR, 73, "storage-error" },
		{ OUTCOME_CLONED, 79, "cloned" },
	};

	(void)state;
	assert_int_equal(COUNT(rows), OUTCOME_MAX_);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct outcome_policy *policy = outcome_policy(rows[i].outcome);

		check_row(rows[i].name, policy->exit_code == rows[i].exit_code &&
						strcmp(policy->name, rows[i].name) == 0);
	}
}

/* Message ids are 32 hexadecimal digits, and no two outcomes share one. */
static void test_message_ids(void **state)
{
	(void)state;
	for (int i = 0; i < OUTCOME_MAX_; i++) {
		const char *id = outcome_policy((enum outcome)i)->message_id;

		assert_int_equal(strlen(id), 32);
		assert_int_equal(strspn(id, "0123456789abcdef"), 32);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(id, outcome_policy((enum outcome)j)->message_id);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_codes),
		cmocka_unit_test(test_message_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
