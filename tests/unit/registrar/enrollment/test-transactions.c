/* SPDX-License-Identifier: ISC */
/*
 * The queue of transactions: who shares a flush, who gets which answer, and who waits for the lock.
 */
#include "tests/unit/fault.h"
#include "tests/unit/support.h"

#include "common/deadline.h"
#include "registrar/enrollment/transactions.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"

/* What a test begins with. */
struct fixture {
	const char *directory;
	struct event_base *base;
	struct roster *roster;
	struct transactions *transactions;
};

/* One who waits, and what has happened to it. */
struct member {
	struct transaction_entry entry;
	const char *id;                 /* of the agent that it registers; null: none */
	struct transaction_entry *drop; /* what it drops when it is done */
	int decided, done, failed, gave_up;
	bool failed_after_decision;
	char why[256];
};

static void decide(void *owner, struct roster *roster, struct records *records)
{
	struct member *member = owner;
	struct enrollment enrollment = { .accepted = true, .agent = { .ip = "any", .key = KEY } };

	member->decided++;
	if (!member->id)
		return;
	(void)snprintf(enrollment.agent.id, sizeof enrollment.agent.id, "%s", member->id);
	(void)snprintf(enrollment.agent.name, sizeof enrollment.agent.name, "web%s", member->id);
	assert_int_equal(roster_add(roster, &enrollment.agent), 0);
	records_add(records, roster, &enrollment);
}

static void done(void *owner)
{
	struct member *member = owner;

	member->done++;
	if (member->drop)
		transactions_remove(member->drop);
}

static void failed(void *owner, bool decided, const struct reason *why)
{
	struct member *member = owner;

	member->failed++;
	member->failed_after_decision = decided;
	(void)snprintf(member->why, sizeof member->why, "%.255s", why->text);
}

static void gave_up(void *owner)
{
	struct member *member = owner;

	member->gave_up++;
}

static const struct transaction_callbacks callbacks = {
	.decide = decide,
	.done = done,
	.failed = failed,
	.gave_up = gave_up,
};

static struct member member_of(const char *id)
{
	return (struct member){ .entry = { .callbacks = &callbacks }, .id = id };
}

static void add(struct fixture *fixture, struct member *member)
{
	member->entry.owner = member;
	transactions_add(fixture->transactions, &member->entry);
}

static void run_once(struct fixture *fixture)
{
	(void)event_base_loop(fixture->base, EVLOOP_NONBLOCK);
}

/* What keeps transactions from beginning: 0, or a negative errno. */
static int other_authd;

static int may_begin(void *owner, struct reason *why)
{
	assert_null(owner);
	return other_authd < 0 ? reason_errno(why, other_authd, "Not now") : 0;
}

static struct fixture begin(const char *directory)
{
	struct fixture fixture = { .directory = directory, .base = event_base_new() };
	const struct agent_history history = { .queue = directory };
	struct transactions_settings settings = { .history = &history, .may_begin = may_begin };
	struct reason why;

	assert_non_null(fixture.base);
	assert_int_equal(agent_history_make(&history, &why), 0);
	assert_int_equal(roster_open(&fixture.roster, directory, (gid_t)-1, NULL, &why), 0);
	settings.roster = fixture.roster;
	other_authd = 0;
	fixture.transactions = transactions_new(fixture.base, &settings);
	assert_non_null(fixture.transactions);
	fault_clear();
	return fixture;
}

static void end(struct fixture *fixture)
{
	transactions_free(fixture->transactions);
	roster_close(fixture->roster);
	event_base_free(fixture->base);
}

static void test_share_one_flush(void **state)
{
	struct fixture fixture = begin(*state);
	struct member first = member_of("001"), reader = member_of(NULL), last = member_of("002");

	add(&fixture, &first);
	add(&fixture, &reader);
	add(&fixture, &last);
	assert_int_equal(first.decided, 0); /* not before the end of the round */
	run_once(&fixture);
	assert_int_equal(fault_count("fdatasync"), 1);
	assert_file(path_in(*state, "client.keys"),
		    "001 web001 any " KEY "\n002 web002 any " KEY "\n");
	for (int i = 0; i < 3; i++) {
		const struct member *member = (struct member *[]){ &first, &reader, &last }[i];

		assert_int_equal(member->decided, 1);
		assert_int_equal(member->done, 1);
		assert_int_equal(member->failed + member->gave_up, 0);
	}
	end(&fixture);
}

/* The records are written before the answers are sent. */
static void test_records_are_written(void **state)
{
	struct fixture fixture = begin(*state);
	struct member member = member_of("001");
	char *content;
	size_t length;

	add(&fixture, &member);
	run_once(&fixture);
	content = read_file(path_in(*state, "agents-timestamp"), &length);
	assert_non_null(content);
	assert_non_null(strstr(content, "001 web001 any 2"));
	free(content);
	end(&fixture);
}

static void test_failed_commit(void **state)
{
	struct fixture fixture = begin(*state);
	struct member first = member_of("001"), second = member_of("002");

	add(&fixture, &first);
	add(&fixture, &second);
	fault_always("fdatasync", ENOSPC);
	run_once(&fixture);
	assert_int_equal(first.failed, 1);
	assert_true(first.failed_after_decision);
	assert_non_null(strstr(first.why, "No space left"));
	assert_int_equal(second.failed, 1);
	assert_int_equal(first.done + second.done, 0);
	assert_file(path_in(*state, "client.keys"), "");
	assert_file(path_in(*state, "agents-timestamp"), "");
	/* The next one succeeds. */
	fault_clear();
	first = member_of("001");
	add(&fixture, &first);
	run_once(&fixture);
	assert_int_equal(first.done, 1);
	end(&fixture);
}

static void test_failed_begin(void **state)
{
	struct fixture fixture = begin(*state);
	struct member member = member_of("001");

	assert_int_equal(unlink(path_in(*state, "client.keys")), 0);
	assert_int_equal(mkdir(path_in(*state, "client.keys"), 0700), 0);
	add(&fixture, &member);
	run_once(&fixture);
	assert_int_equal(member.failed, 1);
	assert_false(member.failed_after_decision);
	assert_int_equal(member.decided + member.done, 0);
	end(&fixture);
}

/* While another authd runs, nothing is decided, and client.keys stays as it is. */
static void test_may_not_begin(void **state)
{
	struct fixture fixture = begin(*state);
	struct member first = member_of("001"), second = member_of("002");

	other_authd = -EBUSY;
	add(&fixture, &first);
	run_once(&fixture);
	assert_int_equal(first.failed, 1);
	assert_false(first.failed_after_decision);
	assert_int_equal(first.decided + first.done, 0);
	assert_non_null(strstr(first.why, "Not now"));
	assert_file(path_in(*state, "client.keys"), "");
	other_authd = 0;
	add(&fixture, &second);
	run_once(&fixture);
	assert_int_equal(second.done, 1);
	end(&fixture);
}

/* Who has a limit gives up when it has come; the others wait for as long as it takes. */
static void test_waits_for_the_lock(void **state)
{
	struct fixture fixture = begin(*state);
	struct member patient = member_of("001"), hasty = member_of("002"),
		      later = member_of("003");
	int lock = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(flock(lock, LOCK_EX), 0);
	hasty.entry.give_up_at = 1; /* long ago */
	later.entry.give_up_at = monotonic_usec() + 3600 * USEC_PER_SEC;
	add(&fixture, &patient);
	add(&fixture, &hasty);
	add(&fixture, &later);
	run_once(&fixture);
	assert_int_equal(hasty.gave_up, 1);
	assert_int_equal(hasty.decided, 0);
	assert_int_equal(patient.decided + later.decided + patient.gave_up + later.gave_up, 0);
	close(lock);
	while (patient.done == 0)
		(void)event_base_loop(fixture.base, EVLOOP_ONCE);
	assert_int_equal(later.done, 1);
	assert_int_equal(hasty.gave_up, 1);
	assert_file(path_in(*state, "client.keys"),
		    "001 web001 any " KEY "\n003 web003 any " KEY "\n");
	end(&fixture);
}

/* A client may leave while it waits, and even while others are answered. */
static void test_dropped(void **state)
{
	struct fixture fixture = begin(*state);
	struct member first = member_of("001"), gone = member_of("002"), victim = member_of("003"),
		      last = member_of("004");

	first.drop = &victim.entry;
	add(&fixture, &first);
	add(&fixture, &gone);
	add(&fixture, &victim);
	add(&fixture, &last);
	transactions_remove(&gone.entry);
	transactions_remove(&gone.entry); /* it is in no queue: nothing happens */
	run_once(&fixture);
	assert_int_equal(gone.decided + gone.done, 0);
	assert_int_equal(victim.decided, 1);
	assert_int_equal(victim.done, 0);
	assert_int_equal(first.done, 1);
	assert_int_equal(last.done, 1);
	/* The last one, too, and then the queue is as good as new. */
	add(&fixture, &gone);
	transactions_remove(&gone.entry);
	last = member_of(NULL);
	add(&fixture, &last);
	run_once(&fixture);
	assert_int_equal(gone.decided, 0);
	assert_int_equal(last.done, 1);
	end(&fixture);
}

/* Entries that wait are left alone when the queue goes. */
static void test_freed_while_waiting(void **state)
{
	struct fixture fixture = begin(*state);
	struct member member = member_of("001");

	add(&fixture, &member);
	end(&fixture);
	assert_int_equal(member.decided + member.done + member.failed + member.gave_up, 0);
	transactions_remove(&member.entry);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_directory, teardown_directory)
	const struct CMUnitTest tests[] = {
		TEST(test_share_one_flush), TEST(test_records_are_written),
		TEST(test_failed_commit),   TEST(test_failed_begin),
		TEST(test_may_not_begin),   TEST(test_waits_for_the_lock),
		TEST(test_dropped),         TEST(test_freed_while_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
