/* SPDX-License-Identifier: ISC */
/* What every outcome's policy has to be, whatever the table says. */
#include "tests/unit/support.h"

#include "client/registration/policy.h"
#include "client/system/wakeup.h"
#include "common/outcome.h"

#include <errno.h>
#include <sysexits.h>
#include <syslog.h>

static const struct outcome_policy *policy_of(int outcome)
{
	return outcome_policy((enum outcome)outcome);
}

/* TEST_DATA is tests/data. */
static char *read_source(const char *name)
{
	char path[4096];
	char *text;

	(void)snprintf(path, sizeof path, "%s/../../%s", getenv("TEST_DATA"), name);
	text = read_file(path, NULL);
	if (!text)
		fail_msg("%s cannot be read", path);
	return text;
}

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < OUTCOME_MAX_; i++) {
		const char *name = policy_of(i)->name;

		assert_non_null(name);
		check_row(name,
			  *name && strspn(name, "abcdefghijklmnopqrstuvwxyz-") == strlen(name));
		check_row(name, outcome_from_name(name) == i);
	}
	assert_int_equal(outcome_from_name(""), -EINVAL);
	assert_int_equal(outcome_from_name("registere"), -EINVAL);
	assert_int_equal(outcome_from_name("Registered"), -EINVAL);
}

/* Callers decide by these: success is 0 alone, and "try again" is EX_TEMPFAIL. */
static void test_exit_codes(void **state)
{
	(void)state;
	assert_int_equal(EXIT_USAGE, EX_USAGE);
	assert_int_equal(EXIT_LOCAL_ERROR, EX_OSERR);
	for (int i = 0; i < OUTCOME_MAX_; i++) {
		const struct outcome_policy *policy = policy_of(i);

		check_row(policy->name, (policy->exit_code == 0) == (i == OUTCOME_REGISTERED));
		check_row(policy->name,
			  i == OUTCOME_REGISTERED || i == OUTCOME_CLONED ||
				  (policy->exit_code >= EX__BASE && policy->exit_code <= EX__MAX));
		check_row(policy->name,
			  policy->exit_code != EXIT_USAGE && policy->exit_code != EXIT_LOCAL_ERROR);
		if (policy->exit_code == EX_TEMPFAIL)
			check_row(policy->name, policy->retry != RETRY_NEVER);
	}
	assert_int_equal(policy_of(OUTCOME_MISCONFIGURED)->exit_code, EX_CONFIG);
	assert_int_equal(policy_of(OUTCOME_PROTOCOL_ERROR)->exit_code, EX_PROTOCOL);
	assert_int_equal(policy_of(OUTCOME_REFUSED)->exit_code, EX_NOPERM);
	assert_int_equal(policy_of(OUTCOME_STORAGE_ERROR)->exit_code, EX_CANTCREAT);
	assert_int_equal(policy_of(OUTCOME_CLONED)->exit_code, EX__MAX + 1);
}

/*
 * The table in agent-register(8) has the status of every outcome, and from 73 on (below are those
 * of commands and of the system) nothing else.
 */
static void test_manual_page(void **state)
{
	char *manual = read_source("man/agent-register.8");
	char *end, *entry = strstr(manual, "\n.Sh EXIT STATUS\n");

	(void)state;
	assert_non_null(entry);
	end = strstr(entry, "\n.El\n");
	assert_non_null(end);
	*end = '\0';
	for (int i = 0; i < OUTCOME_MAX_; i++) {
		char status[64];

		(void)snprintf(status, sizeof status, "\n.It %d\n", policy_of(i)->exit_code);
		check_row(policy_of(i)->name, strstr(entry, status));
	}
	while ((entry = strstr(entry, "\n.It "))) {
		long status = strtol(entry + strlen("\n.It "), &entry, 10);
		bool known = status < 73;

		for (int i = 0; i < OUTCOME_MAX_; i++)
			known |= policy_of(i)->exit_code == status;
		if (!known)
			fail_msg("no outcome has exit status %ld", status);
	}
	free(manual);
}

/* Each outcome has an id of its own, which the catalog explains. */
static void test_message_ids(void **state)
{
	char *catalog = read_source("etc/agent-register.catalog");

	(void)state;
	for (int i = 0; i < OUTCOME_MAX_; i++) {
		const char *id = policy_of(i)->message_id;
		char entry[64];

		assert_int_equal(strlen(id), 32);
		assert_int_equal(strspn(id, "0123456789abcdef"), 32);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(id, policy_of(j)->message_id);
		(void)snprintf(entry, sizeof entry, "-- %s\n", id);
		check_row(policy_of(i)->name, strstr(catalog, entry));
	}
	free(catalog);
}

/*
 * A person is needed where nothing on this machine or at the manager changes by itself; a password
 * that was refused must not be sent often, because managers lock out who does; and an event wakes
 * only for what waiting can mend.
 */
static void test_retries(void **state)
{
	(void)state;
	for (int i = 0; i < OUTCOME_MAX_; i++) {
		const struct outcome_policy *policy = policy_of(i);

		check_row(policy->name, policy->events == 0 || policy->retry != RETRY_NEVER);
		check_row(policy->name, (policy->level == LOG_INFO) == (i == OUTCOME_REGISTERED));
		check_row(policy->name, policy->level == LOG_INFO || policy->level == LOG_WARNING ||
						policy->level == LOG_ERR);
	}
	assert_int_equal(policy_of(OUTCOME_REGISTERED)->retry, RETRY_NEVER);
	assert_int_equal(policy_of(OUTCOME_MISCONFIGURED)->retry, RETRY_NEVER);
	assert_int_equal(policy_of(OUTCOME_STORAGE_ERROR)->retry, RETRY_NEVER);
	assert_int_equal(policy_of(OUTCOME_UNREACHABLE)->retry, RETRY_SOON);
	assert_int_equal(policy_of(OUTCOME_REFUSED)->retry, RETRY_RARELY);
	assert_true(policy_of(OUTCOME_UNREACHABLE)->events & WAKEUP_ON_NETWORK);
	assert_true(policy_of(OUTCOME_UNTRUSTED)->events & WAKEUP_ON_CLOCK);
	assert_true(policy_of(OUTCOME_NOT_READY)->events & WAKEUP_ON_NAME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),       cmocka_unit_test(test_exit_codes),
		cmocka_unit_test(test_manual_page), cmocka_unit_test(test_message_ids),
		cmocka_unit_test(test_retries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
