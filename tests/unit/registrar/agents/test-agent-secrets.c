/* SPDX-License-Identifier: ISC */
/* The secrets of agents that enroll again: what counts, after which end of a transaction. */
#include "tests/unit/fault.h"
#include "tests/unit/roster.h"
#include "tests/unit/support.h"

#include "registrar/agents/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define THIRD_KEY "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"

static struct fixture {
	const char *directory;
	struct roster *roster;
	struct agent_secrets *secrets;
} fixture;

static void open_secrets(void)
{
	fixture.secrets = agent_secrets_new(fixture.directory, fixture.roster);
	assert_non_null(fixture.secrets);
}

/* As after a restart. */
static void open_again(void)
{
	struct reason why;

	agent_secrets_free(fixture.secrets);
	open_secrets();
	assert_int_equal(agent_secrets_refresh(fixture.secrets, &why), 0);
}

static int setup(void **state)
{
	int r = setup_directory(state);

	fixture.directory = *state;
	fixture.roster = open_with(*state, "001 web-01 any " KEY "\n002 web-02 any " KEY "\n");
	open_secrets();
	fault_clear();
	return r;
}

static int teardown(void **state)
{
	fault_clear();
	agent_secrets_free(fixture.secrets);
	roster_close(fixture.roster);
	return teardown_directory(state);
}

static const char *file(void)
{
	return path_in(fixture.directory, AGENT_SECRETS_FILE);
}

static struct agent_key agent_with(const char *id, const char *key)
{
	struct agent_key agent = { .name = "web", .ip = "any" };

	(void)snprintf(agent.id, sizeof agent.id, "%s", id);
	(void)snprintf(agent.key, sizeof agent.key, "%s", key);
	return agent;
}

/* Stage a secret for the agent with this key, shown to be it by `used`. Returns the new one's. */
static struct signing_key stage(const char *id, const char *key, const struct agent_secret *used,
				const struct signing_key *used_key)
{
	const struct agent_key agent = agent_with(id, key);
	char text[ENROLL_AGENT_SECRET_LENGTH + 1];
	struct signing_key made;
	struct agent_secret *secret;
	struct reason why;

	assert_int_equal(agent_secrets_make(fixture.secrets, &secret, text, &why), 0);
	assert_int_equal(strspn(text, "0123456789abcdef"), ENROLL_AGENT_SECRET_LENGTH);
	made = secret->line.key;
	agent_secrets_stage(fixture.secrets, secret, &agent, used, used_key);
	assert_true(agent_secrets_is_staged(fixture.secrets, id));
	return made;
}

static void begin_secrets(void)
{
	struct reason why;

	assert_int_equal(agent_secrets_begin(fixture.secrets, &why), 0);
}

/* `is_stored`: whether client.keys could be written as well. */
static void end_secrets(bool is_stored)
{
	struct reason why;

	assert_int_equal(agent_secrets_write(fixture.secrets, &why), 0);
	agent_secrets_end(fixture.secrets, is_stored);
}

static struct signing_key give(const char *id, const char *key)
{
	struct signing_key made;

	begin_secrets();
	made = stage(id, key, NULL, NULL);
	end_secrets(true);
	return made;
}

/* What is known of the agent while it has this key. */
static const struct agent_secret *known(const char *id, const char *key)
{
	return agent_secret_for_key(agent_secrets_find(fixture.secrets, id), key);
}

static void assert_known(const char *id, const char *key, const struct signing_key *current,
			 const struct signing_key *previous)
{
	const struct agent_secret *secret = known(id, key);

	assert_non_null(secret);
	assert_memory_equal(&secret->line.key, current, sizeof *current);
	assert_int_equal(secret->line.has_previous, previous != NULL);
	if (previous)
		assert_memory_equal(&secret->line.previous, previous, sizeof *previous);
}

/* ------------------------------------------------------------------ tests */

static void test_nothing(void **state)
{
	struct reason why;

	(void)state;
	assert_int_equal(agent_secrets_refresh(fixture.secrets, &why), 0);
	assert_null(agent_secrets_find(fixture.secrets, "001"));
	begin_secrets();
	end_secrets(true);
	assert_int_equal(access(file(), F_OK), -1);
	agent_secret_discard(NULL);
	agent_secrets_free(NULL);
}

static void test_additions_share_one_flush(void **state)
{
	struct signing_key first, second;
	struct stat status;

	(void)state;
	begin_secrets();
	first = stage("001", KEY, NULL, NULL);
	second = stage("002", KEY, NULL, NULL);
	fault_clear();
	end_secrets(true);
	assert_string_equal(fault_trace(), "write fdatasync");
	assert_false(agent_secrets_is_staged(fixture.secrets, "001"));
	assert_memory_not_equal(&first, &second, sizeof first);
	assert_int_equal(stat(file(), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	for (int i = 0; i < 2; i++) {
		assert_known("001", KEY, &first, NULL);
		assert_known("002", KEY, &second, NULL);
		assert_null(known("001", OTHER_KEY));
		assert_null(agent_secrets_find(fixture.secrets, "003"));
		open_again();
	}
}

/* Whatever a crash has left, the agent is known by the key that client.keys has. */
static void test_rotation(void **state)
{
	struct signing_key first = give("001", KEY), second, third;

	(void)state;
	begin_secrets();
	second = stage("001", OTHER_KEY, known("001", KEY), &first);
	end_secrets(false);
	assert_known("001", KEY, &first, NULL);
	assert_null(known("001", OTHER_KEY));
	/* It had come further: the secret is on the disk, and client.keys has either key. */
	open_again();
	assert_known("001", KEY, &first, NULL);
	assert_known("001", OTHER_KEY, &second, &first);
	begin_secrets();
	third = stage("001", THIRD_KEY, known("001", KEY), &first);
	end_secrets(true);
	for (int i = 0; i < 2; i++) {
		assert_known("001", THIRD_KEY, &third, &first);
		assert_null(known("001", OTHER_KEY));
		open_again();
	}
	begin_secrets();
	second = stage("001", KEY, known("001", THIRD_KEY), &third);
	end_secrets(true);
	assert_known("001", KEY, &second, &third);
	assert_null(known("001", THIRD_KEY));
}

/* Another secret for the same key. */
static void test_same_key(void **state)
{
	struct signing_key first = give("001", KEY), second;

	(void)state;
	begin_secrets();
	second = stage("001", KEY, known("001", KEY), &first);
	end_secrets(true);
	for (int i = 0; i < 2; i++) {
		assert_known("001", KEY, &second, &first);
		assert_null(agent_secrets_find(fixture.secrets, "001")->next);
		open_again();
	}
}

static void test_damaged_lines(void **state)
{
	struct signing_key first = give("001", KEY), second;
	FILE *stream = fopen(file(), "ae");

	(void)state;
	assert_non_null(stream);
	assert_true(fputs("\n001 - - -\n001 nonsense\n001 - 0011", stream) >= 0);
	assert_int_equal(fclose(stream), 0);
	second = give("002", KEY);
	for (int i = 0; i < 2; i++) {
		assert_known("001", KEY, &first, NULL);
		assert_known("002", KEY, &second, NULL);
		open_again();
	}
}

static void test_failed_writes(void **state)
{
	static const struct {
		const char *call;
		int error;
	} cases[] = { { "write", ENOSPC }, { "write", FAULT_SHORT }, { "fdatasync", EIO } };
	struct signing_key first = give("001", KEY);
	size_t length;
	char *before = read_file(file(), &length);
	struct reason why;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		begin_secrets();
		(void)stage("001", OTHER_KEY, known("001", KEY), &first);
		fault_set(cases[i].call, 1, cases[i].error);
		assert_true(agent_secrets_write(fixture.secrets, &why) < 0);
		agent_secrets_end(fixture.secrets, false);
		assert_non_null(strstr(why.text, AGENT_SECRETS_FILE));
		fault_clear();
		assert_file(file(), before);
		assert_known("001", KEY, &first, NULL);
	}
	free(before);
}

static void assert_no_secret_is_made(void)
{
	char text[ENROLL_AGENT_SECRET_LENGTH + 1];
	struct agent_secret *secret;
	struct reason why;

	assert_int_equal(agent_secrets_make(fixture.secrets, &secret, text, &why), -EIO);
	assert_non_null(strstr(why.text, AGENT_SECRETS_FILE));
}

/* Nothing counts before the file itself is on the disk, however often that fails. */
static void test_failed_flushes_of_a_new_file(void **state)
{
	(void)state;
	begin_secrets();
	fault_always("fsync", EIO);
	assert_no_secret_is_made();
	agent_secrets_end(fixture.secrets, false);
	begin_secrets();
	assert_no_secret_is_made();
	agent_secrets_end(fixture.secrets, false);
	fault_clear();
	(void)give("001", KEY);
	assert_string_equal(fault_trace(), "fsync write fdatasync");
	fault_clear();
	(void)give("001", KEY);
	assert_string_equal(fault_trace(), "write fdatasync");
}

static void test_changes_by_others(void **state)
{
	struct reason why;

	(void)state;
	(void)give("001", KEY);
	assert_int_equal(unlink(file()), 0);
	assert_int_equal(agent_secrets_refresh(fixture.secrets, &why), 0);
	assert_null(agent_secrets_find(fixture.secrets, "001"));
	assert_int_equal(symlink("client.keys", file()), 0);
	assert_int_equal(agent_secrets_refresh(fixture.secrets, &why), -ELOOP);
	assert_true(agent_secrets_begin(fixture.secrets, &why) < 0);
}

/* Whatever it makes of the time at which it was changed. */
static void test_a_restored_time(void **state)
{
	struct signing_key first = give("001", KEY);
	struct stat status;
	struct reason why;
	size_t length;
	char *text = read_file(file(), &length);

	(void)state;
	assert_int_equal(stat(file(), &status), 0);
	text[length - 4] = text[length - 4] == '0' ? '1' : '0'; /* of the key */
	write_file(file(), text, length);
	free(text);
	assert_int_equal(utimensat(AT_FDCWD, file(),
				   (struct timespec[]){ status.st_atim, status.st_mtim }, 0),
			 0);
	assert_int_equal(agent_secrets_refresh(fixture.secrets, &why), 0);
	assert_memory_not_equal(&known("001", KEY)->line.key, &first, sizeof first);
}

/* A removal that could not be stored leaves the roster without the agent for a while. */
static void test_removals_that_fail(void **state)
{
	struct signing_key first = give("001", KEY);
	struct reason why;

	(void)state;
	assert_int_equal(roster_begin(fixture.roster, &why), 0);
	roster_remove(fixture.roster, roster_find_agent(fixture.roster, "001", NULL),
		      ROSTER_TOMBSTONE_NOTHING);
	fault_always("renameat", EACCES);
	assert_true(roster_commit(fixture.roster, &why) < 0);
	assert_known("001", KEY, &first, NULL);
}

/* One line more than there may be: the next transaction replaces the file. */
static void make_it_long(struct signing_key *ret_last, struct signing_key *ret_before)
{
	struct signing_key first = give("001", KEY), second = first;

	for (int i = 0; i < 1004; i++) {
		first = second;
		begin_secrets();
		second = stage("001", KEY, known("001", KEY), &first);
		end_secrets(true);
	}
	*ret_last = second;
	*ret_before = first;
}

/* What is added to a file that took the place of another is not lost with it. */
static void test_failed_flushes_of_a_shorter_file(void **state)
{
	struct signing_key last, before;

	(void)state;
	make_it_long(&last, &before);
	fault_set("fsync", 2, EIO); /* the first is that of the file itself */
	begin_secrets();
	assert_non_null(strstr(fault_trace(), "write fsync renameat fsync"));
	fault_always("fsync", EIO);
	assert_no_secret_is_made();
	agent_secrets_end(fixture.secrets, false);
	assert_known("001", KEY, &last, &before);
	fault_clear();
	(void)give("001", KEY);
	assert_string_equal(fault_trace(), "fsync write fdatasync");
}

/* What does not count any more goes, and nobody's secret with it. */
static void test_a_long_file(void **state)
{
	struct signing_key first, second;
	struct stat status;

	(void)state;
	(void)give("003", KEY); /* of an agent that is gone */
	make_it_long(&second, &first);
	begin_secrets();
	(void)stage("001", OTHER_KEY, known("001", KEY), &second);
	end_secrets(false);
	assert_int_equal(stat(file(), &status), 0);
	assert_in_range(status.st_size, 1, 20 * SECRET_LINE_SIZE);
	assert_int_equal(status.st_mode & 0777, 0600);
	for (int i = 0; i < 2; i++) {
		assert_known("001", KEY, &second, &first);
		open_again();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_additions_share_one_flush, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rotation, setup, teardown),
		cmocka_unit_test_setup_teardown(test_same_key, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failed_writes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failed_flushes_of_a_new_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failed_flushes_of_a_shorter_file, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_changes_by_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_restored_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_removals_that_fail, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_long_file, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
