/* SPDX-License-Identifier: ISC */
/*
 * Removing so many agents that it is done in pieces: what happens in between, and after each end.
 */
#include "tests/unit/fault.h"
#include "tests/unit/support.h"

#include "common/deadline.h"
#include "common/log.h"
#include "registrar/agents/groups.h"
#include "registrar/keeper/file-registry.h"
#include "registrar/net/turns.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
#define MANY 3200                    /* agents, of which those with odd ids are removed */
#define PATIENCE (60 * USEC_PER_SEC) /* with the lock of client.keys */
#define WITH_FILES 200               /* of them, the first, have files of their own */

static unsigned int removals_logged, warnings;

static void take_message(int level, const char *message)
{
	(void)level;
	if (strncmp(message, "Removed agent", 13) == 0) {
		removals_logged++;
	} else if (strncmp(message, "Registered", 10) != 0) {
		warnings++;
		print_message("%s\n", message);
	}
}

/* The clock is ahead of the machine's, and by so much more each time that somebody looks at it. */
static uint64_t ahead, ahead_more;

uint64_t __real_monotonic_usec(void);
uint64_t __wrap_monotonic_usec(void);
uint64_t __wrap_monotonic_usec(void)
{
	ahead += ahead_more;
	return __real_monotonic_usec() + ahead;
}

static struct event_base *base;
static struct roster *roster;
static struct enrollment_policy policy;
static struct transactions *transactions;
static struct registry *registry;
static struct removal_request *request;

/* ------------------------------------------------------------------ the manager's files */

static const char *file_of(const char *directory, const char *kind, int number)
{
	char name[64];

	(void)snprintf(name, sizeof name, "%s/%03d", kind, number);
	return path_in(directory, name);
}

static void write_files(const char *directory)
{
	char *keys = test_malloc(MANY * 128), *stamps = test_malloc(MANY * 64);
	char *key = keys, *stamp = stamps;

	assert_int_equal(mkdir(path_in(directory, "rids"), 0700), 0);
	assert_int_equal(mkdir(path_in(directory, "agent-groups"), 0700), 0);
	for (int i = 1; i <= MANY; i++) {
		key += sprintf(key, "%03d web-%d any " KEY "\n", i, i);
		stamp += sprintf(stamp, "%03d web-%d any 2020-01-01 00:00:00\n", i, i);
	}
	for (int i = 1; i <= WITH_FILES; i++) {
		write_text(file_of(directory, "rids", i), "");
		write_text(file_of(directory, "agent-groups", i), "default\n");
	}
	write_text(path_in(directory, "client.keys"), keys);
	write_text(path_in(directory, "agents-timestamp"), stamps);
	test_free(keys);
	test_free(stamps);
}

/* As another program does. */
static void append_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "ae");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static size_t count_lines(const char *path, const char *needle)
{
	size_t length, n = 0;
	char *content = read_file(path, &length);

	for (char *at = content; (at = strstr(at, needle)); at++)
		n++;
	free(content);
	return n;
}

/* Those of the odd ids are removed, with all that was kept of them; or all are there. */
static void check_files(const char *directory, bool is_removed)
{
	for (int i = 1; i <= WITH_FILES; i++) {
		bool stays = i % 2 == 0 || !is_removed;

		assert_int_equal(access(file_of(directory, "rids", i), F_OK), stays ? 0 : -1);
		assert_int_equal(access(file_of(directory, "agent-groups", i), F_OK),
				 stays ? 0 : -1);
	}
	assert_int_equal(count_lines(path_in(directory, "client.keys"), " web-"),
			 is_removed ? MANY / 2 : MANY);
	assert_int_equal(count_lines(path_in(directory, "client.keys"), " !web-"),
			 is_removed && !request->purge ? MANY / 2 : 0);
	assert_int_equal(count_lines(path_in(directory, "agents-timestamp"), " web-"),
			 is_removed ? MANY / 2 : MANY);
	assert_int_equal(access(path_in(directory, "agents-removed"), F_OK), -1);
	assert_int_equal(access(path_in(directory, ".client.keys.new"), F_OK), -1);
	assert_int_equal(access(path_in(directory, ".agents-timestamp.new"), F_OK), -1);
}

/* ------------------------------------------------------------------ the registry */

static void open_registry(const char *directory)
{
	struct transactions_settings settings = { .history = &policy.history };
	struct file_registry_settings file = { .policy = &policy };
	struct reason why;

	policy = (struct enrollment_policy){
		.dialect = DIALECT_WAZUH,
		.on_duplicate = ON_DUPLICATE_REPLACE,
		.history = { .queue = directory },
	};
	assert_int_equal(roster_open(&roster, directory, (gid_t)-1, NULL, &why), 0);
	file.base = base = event_base_new();
	settings.roster = roster;
	file.transactions = transactions = transactions_new(base, &settings);
	registry = file_registry_new(&file);
	assert_non_null(registry);
	log_divert(take_message);
	removals_logged = warnings = 0;
	fault_clear();
}

static void close_registry(void)
{
	log_divert(NULL);
	registry_free(registry);
	transactions_free(transactions);
	roster_close(roster);
	event_base_free(base);
	registry = NULL;
}

static int set_up(void **state)
{
	char id[16], name[32];

	if (setup_directory(state) != 0)
		return -1;
	ahead = ahead_more = 0;
	write_files(*state);
	request = removal_new(MANY * REMOVAL_AGENT_MOST);
	for (int i = 1; i <= MANY; i += 2) {
		(void)snprintf(id, sizeof id, "%03d", i);
		(void)snprintf(name, sizeof name, "web-%d", i);
		removal_add(request, id, name);
	}
	open_registry(*state);
	return 0;
}

static int tear_down(void **state)
{
	if (registry)
		close_registry();
	free(request);
	return teardown_directory(state);
}

static struct registry_answer answered; /* the last answer; what it has is taken */
static int answers;

static void on_answered(void *owner, struct registry_answer *answer)
{
	(void)owner;
	answered = *answer;
	*answer = (struct registry_answer){ .type = answer->type };
	answers++;
}

static void begin_removal_within(struct registry_request *asked, uint64_t give_up_at)
{
	*asked = (struct registry_request){
		.type = REGISTRY_REMOVE,
		.removal = request,
		.give_up_at = give_up_at,
		.user = "admin",
		.answered = on_answered,
	};
	answers = 0;
	assert_int_equal(registry_submit(registry, asked), 0);
}

static void begin_removal(struct registry_request *asked)
{
	begin_removal_within(asked, 0);
}

static void loop_until_answered(void)
{
	while (answers == 0)
		(void)event_base_loop(base, EVLOOP_ONCE);
}

static void loop_until(const char *path, bool exists)
{
	while ((access(path, F_OK) == 0) != exists) {
		assert_int_equal(answers, 0); /* or it would never come */
		(void)event_base_loop(base, EVLOOP_ONCE);
	}
}

static void check_answer(void)
{
	assert_int_equal(answered.outcome, REGISTRY_DECIDED);
	assert_int_equal(answered.removal.fault, REMOVAL_OK);
	assert_int_equal(answered.removal.count, MANY / 2);
	for (size_t i = 0; i < MANY / 2; i++)
		assert_true(removal_has(&answered.removal, i));
	registry_answer_clear(&answered);
}

struct agent {
	struct registry_request request;
	struct agent_registration *registration;
	bool is_registered;
};

static void on_registered(void *owner, struct registry_answer *answer)
{
	struct agent *agent = owner;

	agent_registration_free(agent->registration);
	agent->is_registered = answer->outcome == REGISTRY_DECIDED &&
			       answer->decision.fault == REGISTRATION_OK;
}

/* Register an agent, in a transaction that comes as soon as it can. */
static void register_agent(struct agent *agent, const char *name)
{
	const struct agent_registration registration = {
		.fields = { .name = { .text = name, .length = strlen(name) } },
	};

	*agent = (struct agent){ .registration = agent_registration_copy(&registration) };
	assert_non_null(agent->registration);
	agent->request = (struct registry_request){
		.type = REGISTRY_REGISTER,
		.registration = agent->registration,
		.answered = on_registered,
		.owner = agent,
	};
	assert_int_equal(registry_submit(registry, &agent->request), 0);
}

/* ------------------------------------------------------------------ tests */

static void test_all(void **state)
{
	struct registry_request asked;

	request->purge = false;
	begin_removal(&asked);
	loop_until_answered();
	check_answer();
	check_files(*state, true);
	assert_int_equal(removals_logged, MANY / 2);
	assert_int_equal(warnings, 0);
	assert_int_equal(roster_count(roster), MANY / 2);
}

/* Each callback takes a turn, and those who register in between are not lost. */
static void test_registrations_between(void **state)
{
	static struct agent agents[MANY];
	struct registry_request asked;
	char name[32];
	int n = 0;

	request->purge = true;
	begin_removal(&asked);
	while (answers == 0) {
		if (n < MANY && (n == 0 || agents[n - 1].is_registered)) {
			(void)snprintf(name, sizeof name, "new-%d", n);
			register_agent(&agents[n++], name);
		}
		(void)event_base_loop(base, EVLOOP_ONCE);
	}
	check_answer();
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	assert_true(n > 10);
	assert_true(agents[n - 1].is_registered);
	check_files(*state, true);
	assert_int_equal(count_lines(path_in(*state, "client.keys"), " new-"), n);
	assert_int_equal(count_lines(path_in(*state, "agents-timestamp"), " new-"), n);
	assert_int_equal(warnings, 0);
}

/* Others append to the file, remove what was begun beside it, and replace it. */
static void test_changed_by_others(void **state)
{
	static struct agent agents[8];
	struct registry_request asked;
	char *staged = test_malloc(1024);

	request->purge = false;
	ahead_more = TURN_USEC / 4; /* little is done in a turn */
	(void)snprintf(staged, 1024, "%s", path_in(*state, ".client.keys.new"));
	begin_removal(&asked);
	loop_until(staged, true);
	append_text(path_in(*state, "client.keys"), "90000 other any " KEY "\n");
	for (int i = 0; i < 3; i++)
		(void)event_base_loop(base, EVLOOP_ONCE);
	loop_until(staged, true);
	assert_int_equal(unlink(staged), 0);
	for (size_t i = 0; i < COUNT(agents) && answers == 0; i++) {
		register_agent(&agents[i], "web-2"); /* takes the place of the one there is */
		while (!agents[i].is_registered)
			(void)event_base_loop(base, EVLOOP_ONCE);
	}
	loop_until_answered();
	check_answer();
	assert_int_equal(count_lines(path_in(*state, "client.keys"), " other any"), 1);
	assert_int_equal(count_lines(path_in(*state, "client.keys"), " web-2 any"), 1);
	assert_int_equal(count_lines(path_in(*state, "client.keys"), " web-1 any"), 0);
	assert_int_equal(roster_count(roster), MANY / 2 + 1);
	test_free(staged);
}

/* The client goes: as long as nobody was removed, nobody is; later, everything goes on. */
static void test_withdrawn_early(void **state)
{
	struct registry_request asked;

	request->purge = false;
	begin_removal(&asked);
	loop_until(path_in(*state, ".client.keys.new"), true);
	registry_withdraw(&asked);
	(void)event_base_dispatch(base);
	assert_int_equal(answers, 0);
	check_files(*state, false);
	begin_removal(&asked);
	loop_until_answered();
	check_answer();
	check_files(*state, true);
}

static void test_withdrawn_late(void **state)
{
	struct registry_request asked;

	request->purge = false;
	begin_removal(&asked);
	loop_until(file_of(*state, "rids", 1), false);
	registry_withdraw(&asked);
	(void)event_base_dispatch(base);
	assert_int_equal(answers, 0);
	assert_int_equal(removals_logged, MANY / 2);
	check_files(*state, true);
}

/* What a process that is ended in between leaves, the next one does; nobody is removed by that. */
static void test_ended(void **state)
{
	struct registry_request asked;

	request->purge = true;
	begin_removal(&asked);
	loop_until(file_of(*state, "rids", 1), false);
	registry_withdraw(&asked);
	close_registry();
	assert_int_equal(access(path_in(*state, "agents-removed"), F_OK), 0);
	/* One of them has come back before. */
	append_text(path_in(*state, "client.keys"), "199 web-199 any " KEY "\n");
	open_registry(*state);
	(void)event_base_dispatch(base);
	assert_int_equal(access(file_of(*state, "rids", 197), F_OK), -1);
	assert_int_equal(access(file_of(*state, "rids", 199), F_OK), 0);
	assert_int_equal(access(file_of(*state, "agent-groups", 199), F_OK), 0);
	assert_int_equal(count_lines(path_in(*state, "agents-timestamp"), " web-"), MANY / 2 + 1);
	assert_int_equal(access(path_in(*state, "agents-removed"), F_OK), -1);
	assert_int_equal(roster_count(roster), MANY / 2 + 1);
	assert_int_equal(warnings, 0);
}

/* A list of what was not removed, in the end, removes nothing. */
static void test_list_without_removal(void **state)
{
	close_registry();
	write_text(path_in(*state, "agents-removed"), "001\n003\nx\n\n0005\n");
	open_registry(*state);
	(void)event_base_dispatch(base);
	check_files(*state, false);
}

/* All, or none of them; the list of what is to be forgotten is not worth a removal. */
static void test_cannot_be_stored(void **state)
{
	static const char *const calls[] = { "fsync", "write", "fdatasync", "renameat" };
	struct registry_request asked;

	request->purge = false;
	for (size_t i = 0; i < COUNT(calls); i++) {
		warnings = 0;
		fault_always(calls[i], ENOSPC);
		begin_removal(&asked);
		loop_until_answered();
		fault_clear();
		check_row(calls[i], answered.removal.fault == REMOVAL_INTERNAL);
		check_row(calls[i], warnings == 1 || warnings == 2);
		registry_answer_clear(&answered);
		check_files(*state, false);
	}
	begin_removal(&asked);
	loop_until_answered();
	check_answer();
	check_files(*state, true);
}

/* One after the other, and what another one has removed is not there any more. */
static void test_two(void **state)
{
	struct registry_request first, second;

	request->purge = false;
	begin_removal(&first);
	begin_removal(&second);
	loop_until_answered();
	check_answer();
	answers = 0;
	loop_until_answered();
	assert_int_equal(answered.removal.fault, REMOVAL_OK);
	for (size_t i = 0; i < MANY / 2; i++)
		assert_false(removal_has(&answered.removal, i));
	registry_answer_clear(&answered);
	check_files(*state, true);
}

/* Somebody else locks client.keys once the removal has begun. Returns the lock. */
static int lock_begun(struct registry_request *asked, const char *directory)
{
	int lock = open(directory, O_RDONLY | O_CLOEXEC);

	assert_true(lock >= 0);
	begin_removal_within(asked, monotonic_usec() + PATIENCE);
	loop_until(path_in(directory, ".client.keys.new"), true);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	return lock;
}

static void loop_some(void)
{
	for (int i = 0; i < 4; i++)
		(void)event_base_loop(base, EVLOOP_ONCE);
}

/* The patience for others is that of each transaction, however long the whole takes. */
static void test_patience(void **state)
{
	struct registry_request asked;
	int lock;

	request->purge = false;
	ahead_more = TURN_USEC / 4; /* little is done in a turn */
	lock = lock_begun(&asked, *state);
	loop_some();
	assert_int_equal(answers, 0);
	ahead += 2 * PATIENCE;
	loop_until_answered();
	assert_int_equal(answered.outcome, REGISTRY_BUSY);
	registry_answer_clear(&answered);
	close(lock);
	check_files(*state, false);

	lock = lock_begun(&asked, *state);
	ahead += 2 * PATIENCE;
	loop_some();
	assert_int_equal(answers, 0);
	close(lock);
	loop_until_answered();
	check_answer();
	check_files(*state, true);
}

/* What others remove of what was begun beside the file of timestamps is made again. */
static void test_copy_of_timestamps_removed(void **state)
{
	char *staged = test_malloc(1024);
	struct registry_request asked;

	request->purge = false;
	ahead_more = TURN_USEC / 4;
	(void)snprintf(staged, 1024, "%s", path_in(*state, ".agents-timestamp.new"));
	begin_removal(&asked);
	loop_until(staged, true);
	assert_int_equal(unlink(staged), 0);
	loop_until_answered();
	check_answer();
	check_files(*state, true);
	assert_int_equal(warnings, 0);
	test_free(staged);
}

/* Each that was removed is logged whatever becomes of its files; the next process goes on. */
static void test_fails_half_way(void **state)
{
	char *keys = test_malloc(1024), *kept = test_malloc(1024);
	struct registry_request asked;

	request->purge = false;
	ahead_more = TURN_USEC / 4;
	(void)snprintf(keys, 1024, "%s", path_in(*state, "client.keys"));
	(void)snprintf(kept, 1024, "%s", path_in(*state, "kept"));
	begin_removal(&asked);
	while (removals_logged == 0)
		(void)event_base_loop(base, EVLOOP_ONCE);
	assert_true(removals_logged < MANY / 2);
	assert_int_equal(rename(keys, kept), 0);
	assert_int_equal(symlink("kept", keys), 0); /* nobody follows it */
	loop_until_answered();
	check_answer();
	assert_int_equal(removals_logged, MANY / 2);
	assert_int_equal(warnings, 1);
	close_registry();
	assert_int_equal(rename(kept, keys), 0);
	open_registry(*state);
	(void)event_base_dispatch(base);
	check_files(*state, true);
	assert_int_equal(removals_logged, 0);
	test_free(keys);
	test_free(kept);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_all),
		TEST(test_registrations_between),
		TEST(test_changed_by_others),
		TEST(test_withdrawn_early),
		TEST(test_withdrawn_late),
		TEST(test_ended),
		TEST(test_list_without_removal),
		TEST(test_cannot_be_stored),
		TEST(test_two),
		TEST(test_patience),
		TEST(test_copy_of_timestamps_removed),
		TEST(test_fails_half_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
