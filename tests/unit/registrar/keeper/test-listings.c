/* SPDX-License-Identifier: ISC */
/* Listing and removing many agents by way of the registry of the file client.keys. */
#include "tests/unit/fault.h"
#include "tests/unit/support.h"

#include "common/log.h"
#include "registrar/agents/groups.h"
#include "registrar/keeper/file-registry.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
#define MANY 4000

static char logged[1024]; /* the last message */

static void take_message(int level, const char *message)
{
	(void)level;
	(void)snprintf(logged, sizeof logged, "%s", message);
}

static struct event_base *base;
static struct roster *roster;
static struct enrollment_policy policy;
static struct transactions *transactions;
static struct registry *registry;

static void open_registry(const char *directory, const char *keys)
{
	struct transactions_settings settings = { .history = &policy.history };
	struct file_registry_settings file = { .policy = &policy };
	static char shared[1024];
	struct reason why;

	write_text(path_in(directory, "client.keys"), keys);
	policy = (struct enrollment_policy){
		.dialect = DIALECT_WAZUH,
		.history = { .queue = directory },
	};
	assert_int_equal(roster_open(&roster, directory, (gid_t)-1, NULL, &why), 0);
	(void)snprintf(shared, sizeof shared, "%s", path_in(directory, "shared"));
	assert_int_equal(mkdir(shared, 0700), 0);
	file.groups_directory = shared;
	file.base = base = event_base_new();
	settings.roster = roster;
	file.transactions = transactions = transactions_new(base, &settings);
	registry = file_registry_new(&file);
	assert_non_null(registry);
	log_divert(take_message);
	logged[0] = '\0';
	fault_clear();
}

static int close_registry(void **state)
{
	log_divert(NULL);
	registry_free(registry);
	transactions_free(transactions);
	roster_close(roster);
	event_base_free(base);
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

static void ask(enum registry_type type, const void *content)
{
	struct registry_request request = {
		.type = type,
		.content = content,
		.user = "admin",
		.answered = on_answered,
	};

	answers = 0;
	assert_int_equal(registry_submit(registry, &request), 0);
	while (answers == 0)
		(void)event_base_loop(base, EVLOOP_ONCE);
	assert_int_equal(answered.outcome, REGISTRY_DECIDED);
}

/* ------------------------------------------------------------------ listing */

/* The ids of all pages, with blanks between them. */
static const char *list(struct agents_request *request)
{
	static char ids[1024];

	ids[0] = '\0';
	do {
		ask(REGISTRY_AGENTS, request);
		assert_int_equal(answered.agents.fault, LISTING_OK);
		for (const struct agent_row *row = answered.agents.rows; row; row = row->next)
			(void)snprintf(ids + strlen(ids), sizeof ids - strlen(ids), "%s%s ",
				       row->id, row->name);
		request->from = answered.agents.next;
		registry_answer_clear(&answered);
	} while (request->from != 0);
	return ids;
}

static void test_order(void **state)
{
	struct agents_request request = { .wanted = 0 };

	open_registry(*state, "010 j any " KEY "\n002 b 10.0.0.0/8 " KEY "\n003 !c any " KEY
			      "\n0002 B any " KEY "\n002 bb any " KEY "\n");
	assert_string_equal(list(&request), "002b 0002B 002bb 010j ");
}

/* Those with the ids as they are written, in the order of the request. */
static void test_ids(void **state)
{
	struct agents_request request = {
		.count = 7,
		.ids = { "010", "0010", "002", "003", "", "000", "002" },
	};

	open_registry(*state, "010 j any " KEY "\n002 b 10.0.0.0/8 " KEY "\n003 !c any " KEY
			      "\n0002 B any " KEY "\n002 bb any " KEY "\n");
	assert_string_equal(list(&request), "010j 002b 002bb 002b 002bb ");
}

static void test_what_is_wanted(void **state)
{
	const struct timespec times[2] = { { .tv_sec = 1700000000 }, { .tv_sec = 1700000000 } };
	struct agents_request request = { .wanted = 0 };
	struct agent_row *row;
	struct reason why;

	open_registry(*state, "001 web 10.0.0.0/8 " KEY "\n002 db any " KEY "\n");
	assert_int_equal(agent_groups_write(*state, "001", "a,b", &why), 0);
	assert_int_equal(mkdir(path_in(*state, "rids"), 0700), 0);
	write_text(path_in(*state, "rids/001"), "");
	assert_int_equal(utimensat(AT_FDCWD, path_in(*state, "rids/001"), times, 0), 0);
	write_text(path_in(*state, "agents-timestamp"), "001 web any 2020-01-01 00:00:00\n");
	ask(REGISTRY_AGENTS, &request);
	row = answered.agents.rows;
	assert_string_equal(row->ip, "10.0.0.0/8");
	assert_null(row->groups);
	assert_int_equal(row->seen, AGENT_SEEN_UNKNOWN);
	assert_false(row->is_added_known);
	registry_answer_clear(&answered);
	request.wanted = AGENTS_EVERYTHING;
	ask(REGISTRY_AGENTS, &request);
	while (!answered.agents.rows->next) { /* its time was over after one: ask again */
		registry_answer_clear(&answered);
		ask(REGISTRY_AGENTS, &request);
	}
	row = answered.agents.rows;
	assert_string_equal(row->groups, "a,b");
	assert_int_equal(row->seen, AGENT_SEEN_AT);
	assert_int_equal(row->seen_at, 1700000000);
	assert_true(row->is_added_known);
	row = row->next;
	assert_string_equal(row->groups, "");
	assert_int_equal(row->seen, AGENT_SEEN_NEVER);
	assert_false(row->is_added_known);
	registry_answer_clear(&answered);
	policy.history.queue = NULL;
	ask(REGISTRY_AGENTS, &request);
	assert_int_equal(answered.agents.rows->seen, AGENT_SEEN_UNKNOWN);
	assert_null(answered.agents.rows->groups);
	registry_answer_clear(&answered);
}

static char *write_many(void)
{
	char *text = test_malloc(MANY * 128), *at = text;

	for (int i = MANY; i > 0; i--)
		at += sprintf(at, "%03d web-%d any " KEY "\n", i, i);
	return text;
}

/* None is larger than a packet, and together they have each agent once. */
static void test_pages(void **state)
{
	struct agents_request request = { .wanted = AGENTS_ADDED };
	char *keys = write_many();
	unsigned long expected = 1;
	int pages = 0;

	open_registry(*state, keys);
	do {
		size_t size = 0;

		ask(REGISTRY_AGENTS, &request);
		for (const struct agent_row *row = answered.agents.rows; row; row = row->next) {
			assert_int_equal(strtoul(row->id, NULL, 10), expected++);
			size += agent_row_size(row);
		}
		assert_true(size < LISTING_PAGE_SIZE + 256);
		request.from = answered.agents.next;
		registry_answer_clear(&answered);
		pages++;
	} while (request.from != 0);
	assert_int_equal(expected, MANY + 1);
	assert_true(pages > 2);
	test_free(keys);
}

/* Before its turn, and before its transaction. */
static void test_withdrawn(void **state)
{
	const struct agents_request wanted = { .wanted = 0 };
	struct registry_request request = {
		.type = REGISTRY_AGENTS,
		.agents = &wanted,
		.answered = on_answered,
	};

	open_registry(*state, "001 web any " KEY "\n");
	answers = 0;
	assert_int_equal(registry_submit(registry, &request), 0);
	registry_withdraw(&request);
	(void)event_base_dispatch(base);
	assert_int_equal(answers, 0);
}

/* ------------------------------------------------------------------ groups */

/* In pages, with how many agents are in each, and the sums of their files. */
static void test_groups(void **state)
{
	struct groups_request request = { .hash = "md5" };
	const struct group_row *row;
	char name[32];
	size_t count = 0;
	struct reason why;

	open_registry(*state, "001 web any " KEY "\n");
	for (unsigned int i = 0; i < 2 * GROUPS_PAGE_MAX; i++) {
		(void)snprintf(name, sizeof name, "shared/%c%03u", i % 2 ? 'g' : 'G', i);
		assert_int_equal(mkdir(path_in(*state, name), 0700), 0);
	}
	write_text(path_in(*state, "shared/g001/merged.mg"), "");
	assert_int_equal(agent_groups_write(*state, "001", "g001,G000", &why), 0);
	assert_int_equal(agent_groups_write(*state, "002", "g001", &why), 0); /* nobody's */
	policy.groups.usual = "default";
	do {
		ask(REGISTRY_GROUPS, &request);
		assert_int_equal(answered.groups.fault, LISTING_OK);
		for (row = answered.groups.rows; row; row = row->next) {
			bool is_joined = strcmp(row->name, "g001") == 0 ||
					 strcmp(row->name, "G000") == 0;

			assert_true(count == 0 || group_compare(row->name, request.after) > 0);
			assert_int_equal(row->count, is_joined);
			assert_string_equal(row->merged_sum,
					    strcmp(row->name, "g001") == 0
						    ? "d41d8cd98f00b204e9800998ecf8427e"
						    : "");
			memcpy(request.after, row->name, sizeof request.after);
			count++;
		}
		assert_true(answered.groups.has_more == (count <= 2 * GROUPS_PAGE_MAX));
		if (!answered.groups.has_more)
			break;
		registry_answer_clear(&answered);
	} while (true);
	registry_answer_clear(&answered);
	assert_int_equal(count, 2 * GROUPS_PAGE_MAX + 1);
}

/* A large file takes several turns, between which it can be withdrawn. */
static void test_large_sum(void **state)
{
	const struct groups_request wanted = { .hash = "sha3_512" };
	struct registry_request request = {
		.type = REGISTRY_GROUPS,
		.groups = &wanted,
		.answered = on_answered,
	};

	open_registry(*state, "");
	assert_int_equal(mkdir(path_in(*state, "shared/web"), 0700), 0);
	write_text(path_in(*state, "shared/web/merged.mg"), "");
	assert_int_equal(truncate(path_in(*state, "shared/web/merged.mg"), 8 << 20), 0);
	answers = 0;
	assert_int_equal(registry_submit(registry, &request), 0);
	for (int i = 0; i < 4; i++)
		(void)event_base_loop(base, EVLOOP_ONCE);
	assert_int_equal(answers, 0);
	registry_withdraw(&request);
	(void)event_base_dispatch(base);
	assert_int_equal(answers, 0);
	ask(REGISTRY_GROUPS, &wanted);
	assert_int_equal(strlen(answered.groups.rows->merged_sum), 128);
	registry_answer_clear(&answered);
}

/* ------------------------------------------------------------------ removing */

static struct removal_request *removal_of(bool purge, size_t count,
					  const struct removal_agent *agents)
{
	struct removal_request *request = removal_new(1024);

	assert_non_null(request);
	request->purge = purge;
	for (size_t i = 0; i < count; i++)
		removal_add(request, agents[i].id, agents[i].name);
	memcpy(request->user.client.text, "192.0.2.1 port 1", sizeof "192.0.2.1 port 1");
	return request;
}

/* An agent goes only if both its id and its name are still as they were. */
static void test_removal(void **state)
{
	static const struct removal_agent agents[] = {
		{ "001", "web" }, { "002", "other" }, { "0003", "c" }, { "004", "b" }, { "x", "x" },
	};
	struct removal_request *request = removal_of(false, COUNT(agents), agents);

	open_registry(*state, "001 web any " KEY "\n002 db any " KEY "\n003 c any " KEY
			      "\n004 a any " KEY "\n004 b any " KEY "\n");
	ask(REGISTRY_REMOVE, request);
	assert_int_equal(answered.removal.fault, REMOVAL_OK);
	for (size_t i = 0; i < COUNT(agents); i++)
		assert_int_equal(removal_has(&answered.removal, i), i == 0 || i == 3);
	assert_string_equal(logged, "Removed agent 004 (b) for 192.0.2.1 port 1 (user admin of the "
				    "API)");
	assert_file(path_in(*state, "client.keys"),
		    "001 !web any " KEY "\n002 db any " KEY "\n003 c any " KEY "\n004 a any " KEY
		    "\n004 !b any " KEY "\n");
	registry_answer_clear(&answered);
	free(request);
	request = removal_of(true, 1, &(struct removal_agent){ "002", "db" });
	ask(REGISTRY_REMOVE, request);
	assert_true(removal_has(&answered.removal, 0));
	assert_file(path_in(*state, "client.keys"), "001 !web any " KEY "\n003 c any " KEY
						    "\n004 a any " KEY "\n004 !b any " KEY "\n");
	registry_answer_clear(&answered);
	free(request);
}

/* All, or none of them. */
static void test_removal_fails(void **state)
{
	static const struct removal_agent agents[] = { { "001", "web" }, { "002", "db" } };
	static const char keys[] = "001 web any " KEY "\n002 db any " KEY "\n";
	struct removal_request *request = removal_of(false, COUNT(agents), agents);

	open_registry(*state, keys);
	fault_always("fsync", ENOSPC);
	ask(REGISTRY_REMOVE, request);
	assert_int_equal(answered.removal.fault, REMOVAL_INTERNAL);
	assert_int_equal(answered.removal.count, 0);
	assert_non_null(strstr(logged, "(client 192.0.2.1 port 1 (user admin of the API))"));
	assert_file(path_in(*state, "client.keys"), keys);
	registry_answer_clear(&answered);
	free(request);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_directory, close_registry)
	const struct CMUnitTest tests[] = {
		TEST(test_order),         TEST(test_ids),       TEST(test_what_is_wanted),
		TEST(test_pages),         TEST(test_withdrawn), TEST(test_removal),
		TEST(test_removal_fails), TEST(test_groups),    TEST(test_large_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
