/* SPDX-License-Identifier: ISC */
/* The rules for groups, and the words of the command line for rules. */
#include "tests/unit/support.h"

#include "registrar/agents/groups.h"
#include "registrar/enrollment/agent-version.h"
#include "registrar/enrollment/enrollment.h"
#include "registrar/enrollment/group-rules.h"
#include "registrar/enrollment/request-rules.h"

#include <sys/stat.h>

static const char *repeat(char *target, const char *text, size_t times)
{
	target[0] = '\0';
	for (char *at = target; times > 0; times--)
		at = stpcpy(at, text);
	return target;
}

/* The list as a text; what Wazuh 4.14.7 has for each fault of it. */
static void test_group_lists(void **state)
{
	static char large[300], two[400], longest[70000], too_long[70000];
	static const struct {
		const char *text, *fault; /* null: fine */
	} rows[] = {
		{ "web", NULL },
		{ "web,db", NULL },
		{ "web,web", NULL },
		{ "a:b;c_d-e=f+g!h@(i)", NULL },
		{ ",", "characters '\\/:*?\"<>|,' are prohibited" },
		{ ",,", "consecutive ',' are not allowed" },
		{ "web,", "cannot start or end with ','" },
		{ ",web", "cannot start or end with ','" },
		{ "a,,b", "consecutive ',' are not allowed" },
		{ ",a,,b/", "consecutive ',' are not allowed" },
		{ "we b", "characters '\\/:*?\"<>|,' are prohibited" },
		{ "we b,db", "white spaces are not allowed" },
		{ "db,,we b", "white spaces are not allowed" },
		{ " ,", "white spaces are not allowed" },
		{ "a/b,", "cannot start or end with ','" },
		{ "../etc", "characters '\\/:*?\"<>|,' are prohibited" },
		{ "a,b\t", "characters '\\/:*?\"<>|,' are prohibited" },
		{ "gr\xc3\xbcn", "characters '\\/:*?\"<>|,' are prohibited" },
		{ ".", NULL /* each name by itself, later */ },
		{ large, "group is too large" },
		{ longest, NULL },
		{ too_long, "multigroup is too large" },
	};
	char refusal[REFUSAL_SIZE], expected[REFUSAL_SIZE];

	(void)state;
	repeat(large, "g", 256);
	repeat(longest, "gggg,", 65535 / 5);
	longest[65534] = 'g';
	repeat(too_long, "gggg,", 65535 / 5 + 1);
	too_long[65536] = '\0';
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool valid = group_list_check(rows[i].text, strlen(rows[i].text), refusal,
					      sizeof refusal) == GROUP_OK;

		check_row(rows[i].text, valid == !rows[i].fault);
		(void)snprintf(expected, sizeof expected, "Invalid group name: %.255s... %s",
			       rows[i].text, rows[i].fault);
		check_row(rows[i].text, valid || strcmp(refusal, expected) == 0);
	}
	assert_int_equal(group_list_check("", 0, refusal, sizeof refusal), GROUP_INVALID);
	assert_string_equal(refusal, "Invalid group name: Empty Group");

	/* Of several, the refusal repeats the one that is too large. */
	(void)snprintf(two, sizeof two, "web,%s,db", large);
	assert_int_equal(group_list_check(two, strlen(two), refusal, sizeof refusal),
			 GROUP_INVALID);
	(void)snprintf(expected, sizeof expected,
		       "Invalid group name: %.255s... group is too large", large);
	assert_string_equal(refusal, expected);
}

static void test_group_names(void **state)
{
	static char many[2000], repeated[2000], repeated_too_often[2000];
	static const struct {
		const char *text, *refusal; /* null: fine */
	} rows[] = {
		{ "web,db", NULL },
		{ "a..b", NULL },
		{ ".", "Invalid group name: ." },
		{ "a,..", "Invalid group name: .." },
		{ "web!", "Invalid group name: web!" },
		{ "web,a:b", "Invalid group name: a:b" },
		{ many, "Maximum multigroup reached: Limit is 128" },
		/* Repeated names count once, but only among the first 127. */
		{ repeated, NULL },
		{ repeated_too_often, "Maximum multigroup reached: Limit is 128" },
	};
	const struct group_place anywhere = { .directory = NULL };
	char refusal[REFUSAL_SIZE];

	(void)state;
	for (int i = 0; i <= AGENT_GROUPS_MAX; i++)
		(void)snprintf(many + strlen(many), sizeof many - strlen(many), "%sg%d",
			       i ? "," : "", i);
	repeat(repeated, "web,", 127 + 127);
	repeat(repeated_too_often, "web,", 127 + 128);
	repeated[strlen(repeated) - 1] = '\0';
	repeated_too_often[strlen(repeated_too_often) - 1] = '\0';
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool valid = group_names_check(rows[i].text, strlen(rows[i].text), &anywhere,
					       refusal, sizeof refusal) == GROUP_OK;

		check_row(rows[i].text, valid == !rows[i].refusal);
		check_row(rows[i].text, valid || strcmp(refusal, rows[i].refusal) == 0);
	}
}

/* A group that does not exist is another fault than a name that could not be one. */
static void test_absent_groups(void **state)
{
	const struct group_place place = { .directory = *state, .usual = "default" };
	const struct group_place other = { .directory = *state };
	char refusal[REFUSAL_SIZE];

	assert_int_equal(mkdir(path_in(*state, "web"), 0700), 0);
	write_text(path_in(*state, "file"), "");
	assert_int_equal(group_names_check("web", 3, &place, refusal, sizeof refusal), GROUP_OK);
	assert_int_equal(group_names_check("web,db", 6, &place, refusal, sizeof refusal),
			 GROUP_ABSENT);
	assert_string_equal(refusal, "Invalid group: db");
	assert_int_equal(group_names_check("file", 4, &place, refusal, sizeof refusal),
			 GROUP_ABSENT);
	/* Wazuh's managers put everybody there, and it cannot be deleted. */
	assert_int_equal(group_names_check("web,default", 11, &place, refusal, sizeof refusal),
			 GROUP_OK);
	assert_int_equal(group_names_check("defaul", 6, &place, refusal, sizeof refusal),
			 GROUP_ABSENT);
	assert_int_equal(group_names_check("default", 7, &other, refusal, sizeof refusal),
			 GROUP_ABSENT);
	assert_int_equal(group_names_check("web,!", 5, &place, refusal, sizeof refusal),
			 GROUP_INVALID);
}

/*
 * Several faults in one request: the first is answered, in the order of the fields, and before it
 * is asked whether the groups exist.
 */
static void test_first_fault(void **state)
{
	static const struct {
		const char *line, *refusal; /* null: fine */
		enum registration_fault fault;
	} rows[] = {
		{ "OSSEC A:'a b' V:'v9.0' G:'' IP:'x'", "Invalid agent name: a b",
		  REGISTRATION_NAME },
		{ "OSSEC A:'ab' V:'v9.0' G:'' IP:'x'",
		  "Agent version must be lower or equal to manager version", REGISTRATION_VERSION },
		{ "OSSEC A:'ab' V:'v1' G:'' IP:'x'", "Invalid group name: Empty Group",
		  REGISTRATION_GROUPS },
		{ "OSSEC A:'ab' V:'v1' G:'..' IP:'x'", "Invalid IP: x", REGISTRATION_IP },
		{ "OSSEC A:'ab' V:x' G:'none' IP:'srcx'", NULL, REGISTRATION_OK },
	};
	static const struct enrollment_policy policy = { .dialect = DIALECT_WAZUH,
							 .manager_version = "v4.14.7",
							 .groups.directory = "/nonexistent" };
	char refusal[REFUSAL_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct enrollment_request request = { .peer = "192.0.2.1" };

		check_row(rows[i].line,
			  authd_request_parse(&request.fields, rows[i].line, strlen(rows[i].line),
					      NULL) == AUTHD_REQUEST_OK);
		check_row(rows[i].line, request_rules_check(&policy, &request, refusal,
							    sizeof refusal) == rows[i].fault);
		check_row(rows[i].line, !rows[i].refusal || strcmp(refusal, rows[i].refusal) == 0);
	}
}

static void test_manager_version(void **state)
{
	(void)state;
	assert_true(manager_version_is_valid("v4.14.5"));
	assert_true(manager_version_is_valid("4.14"));
	assert_false(manager_version_is_valid("new"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_group_lists),
		cmocka_unit_test(test_group_names),
		cmocka_unit_test(test_first_fault),
		cmocka_unit_test_setup_teardown(test_absent_groups, setup_directory,
						teardown_directory),
		cmocka_unit_test(test_manager_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
