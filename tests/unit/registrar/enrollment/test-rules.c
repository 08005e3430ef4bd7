/* SPDX-License-Identifier: ISC */
/* The rules for groups, and the words of the command line for rules. */
#include "tests/unit/support.h"

#include "registrar/agents/groups.h"
#include "registrar/enrollment/agent-version.h"
#include "registrar/enrollment/enrollment.h"
#include "registrar/enrollment/group-rules.h"

#include <sys/stat.h>

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
					       sizeof refusal) == GROUP_OK;

		check_row(rows[i].text, valid == !expected);
		check_row(rows[i].text, valid || strcmp(refusal, expected) == 0);
	}
}

/* A group that does not exist is another fault than a name that could not be one. */
static void test_absent_groups(void **state)
{
	char refusal[REFUSAL_SIZE];

	assert_int_equal(mkdir(path_in(*state, "web"), 0700), 0);
	write_text(path_in(*state, "file"), "");
	assert_int_equal(group_rules_check("web", 3, *state, refusal, sizeof refusal), GROUP_OK);
	assert_int_equal(group_rules_check("web,db", 6, *state, refusal, sizeof refusal),
			 GROUP_ABSENT);
	assert_string_equal(refusal, "Invalid group: db");
	assert_int_equal(group_rules_check("file", 4, *state, refusal, sizeof refusal),
			 GROUP_ABSENT);
	assert_int_equal(group_rules_check("web,!", 5, *state, refusal, sizeof refusal),
			 GROUP_INVALID);
}

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
		cmocka_unit_test(test_groups),
		cmocka_unit_test_setup_teardown(test_absent_groups, setup_directory,
						teardown_directory),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
