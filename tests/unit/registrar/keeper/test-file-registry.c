/* SPDX-License-Identifier: ISC */
/* The registry of the file client.keys: what is asked is decided, stored, answered once. */
#include "tests/unit/fault.h"
#include "tests/unit/support.h"

#include "common/log.h"
#include "registrar/agents/groups.h"
#include "registrar/keeper/file-registry.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"

static char logged[1024]; /* the last message */

static void take_message(int level, const char *message)
{
	(void)level;
	(void)snprintf(logged, sizeof logged, "%s", message);
}

struct fixture {
	struct event_base *base;
	struct roster *roster;
	struct enrollment_policy policy;
	char tokens_file[PATH_MAX];
	struct enroll_tokens tokens;
	struct transactions *transactions;
	struct registry *registry;
};

/* One who asks, and what was answered. */
struct asker {
	struct registry_request request;
	struct registry_request *withdraws; /* what it withdraws when it is answered */
	int answers;
	enum registry_outcome outcome;
	struct registration_decision decision;
};

static void on_answered(void *owner, struct registry_answer *answer)
{
	struct asker *asker = owner;

	assert_null(asker->request.registry);
	asker->answers++;
	asker->outcome = answer->outcome;
	asker->decision = answer->decision;
	if (asker->withdraws)
		registry_withdraw(asker->withdraws);
}

static void begin(struct fixture *fixture, const char *directory)
{
	static const struct agent_history history = { .queue = NULL };
	struct transactions_settings settings = { .history = &history };
	struct file_registry_settings registry = { .log = NULL };
	struct reason why;

	*fixture = (struct fixture){
		.base = event_base_new(),
		.policy = { .dialect = DIALECT_WAZUH, .on_duplicate = ON_DUPLICATE_REFUSE },
	};
	(void)snprintf(fixture->tokens_file, sizeof fixture->tokens_file, "%s",
		       path_in(directory, ENROLL_TOKENS_FILE));
	fixture->tokens.path = fixture->tokens_file;
	assert_int_equal(roster_open(&fixture->roster, directory, (gid_t)-1, NULL, &why), 0);
	settings.roster = fixture->roster;
	settings.tokens = &fixture->tokens;
	fixture->transactions = transactions_new(fixture->base, &settings);
	registry.base = fixture->base;
	registry.transactions = fixture->transactions;
	registry.tokens = &fixture->tokens;
	registry.policy = &fixture->policy;
	fixture->registry = file_registry_new(&registry);
	assert_non_null(fixture->registry);
	log_divert(take_message);
	logged[0] = '\0';
	fault_clear();
}

static void end(struct fixture *fixture)
{
	log_divert(NULL);
	registry_free(fixture->registry);
	transactions_free(fixture->transactions);
	roster_close(fixture->roster);
	enroll_tokens_clear(&fixture->tokens);
	event_base_free(fixture->base);
}

static struct authd_field field(const char *text)
{
	return (struct authd_field){ text, strlen(text) };
}

static struct agent_registration by_authd(const char *name)
{
	return (struct agent_registration){
		.way = REGISTRATION_BY_AUTHD,
		.peer = { .address = "192.0.2.1", .text = "192.0.2.1 port 40000" },
		.fields = { .name = field(name) },
	};
}

static struct agent_registration by_api(const char *name, bool force)
{
	struct agent_registration registration = by_authd(name);

	registration.way = REGISTRATION_BY_API;
	registration.force.enabled = force;
	return registration;
}

static void ask(struct fixture *fixture, struct asker *asker,
		const struct agent_registration *registration)
{
	asker->request.type = REGISTRY_REGISTER;
	asker->request.registration = registration;
	asker->request.answered = on_answered;
	asker->request.owner = asker;
	(void)snprintf(asker->request.user, sizeof asker->request.user, "admin");
	assert_int_equal(registry_submit(fixture->registry, &asker->request), 0);
	assert_int_equal(asker->answers, 0); /* never from within */
}

static void run_once(struct fixture *fixture)
{
	(void)event_base_loop(fixture->base, EVLOOP_NONBLOCK);
}

static void test_accepted(void **state)
{
	struct agent_registration registration = by_authd("web");
	struct fixture fixture;
	struct asker asker = { .answers = 0 };

	begin(&fixture, *state);
	ask(&fixture, &asker, &registration);
	run_once(&fixture);
	run_once(&fixture);
	assert_int_equal(asker.answers, 1);
	assert_int_equal(asker.outcome, REGISTRY_DECIDED);
	assert_int_equal(asker.decision.fault, REGISTRATION_OK);
	assert_string_equal(asker.decision.agent.id, "001");
	assert_string_equal(asker.decision.agent.name, "web");
	assert_string_equal(asker.decision.shown_ip, "any");
	assert_int_equal(roster_count(fixture.roster), 1);
	assert_string_equal(logged, "Registered web as 001, address any, for 192.0.2.1 port 40000");
	end(&fixture);
}

static void test_refused(void **state)
{
	struct agent_registration registration = by_authd("web"), enroll = by_authd("w");
	struct fixture fixture;
	struct asker first = { .answers = 0 }, second = first, third = first;

	begin(&fixture, *state);
	enroll.way = REGISTRATION_BY_ENROLL;
	ask(&fixture, &first, &registration);
	ask(&fixture, &second, &registration);
	ask(&fixture, &third, &enroll);
	run_once(&fixture);
	assert_int_equal(first.decision.fault, REGISTRATION_OK);
	assert_int_equal(second.outcome, REGISTRY_DECIDED);
	assert_int_equal(second.decision.fault, REGISTRATION_NAME_TAKEN);
	assert_string_equal(second.decision.refusal, "Duplicate agent name: web");
	assert_string_equal(second.decision.agent.key, "");
	assert_int_equal(third.decision.fault, REGISTRATION_NAME);
	assert_non_null(strstr(logged, "192.0.2.1 port 40000 (enrolling)"));
	end(&fixture);
}

/* A field cannot be read: that is said, unless one before it breaks a rule. */
static void test_open_field(void **state)
{
	struct agent_registration registration = by_authd("web");
	struct fixture fixture;
	struct asker first = { .answers = 0 }, second = first;

	begin(&fixture, *state);
	registration.fault = AUTHD_REQUEST_OPEN_IP;
	ask(&fixture, &first, &registration);
	run_once(&fixture);
	assert_int_equal(first.decision.fault, REGISTRATION_OPEN);
	assert_string_equal(first.decision.refusal, "Unterminated IP field");
	assert_string_equal(logged, "Refused 192.0.2.1 port 40000: Unterminated IP field (agent "
				    "web)");
	registration.fields.groups = field("a//b");
	ask(&fixture, &second, &registration);
	run_once(&fixture);
	assert_int_equal(second.decision.fault, REGISTRATION_GROUPS);
	assert_int_equal(roster_count(fixture.roster), 0);
	end(&fixture);
}

/* A user of the API chooses id and key, and says who may be replaced, whatever the policy. */
static void test_by_api(void **state)
{
	struct agent_registration registration = by_api("web", false), force = by_api("web", true);
	struct fixture fixture;
	struct asker first = { .answers = 0 }, second = first, third = first;

	begin(&fixture, *state);
	fixture.policy.on_duplicate = ON_DUPLICATE_REPLACE;
	registration.id = field("007");
	registration.key = field(KEY);
	ask(&fixture, &first, &registration);
	run_once(&fixture);
	assert_string_equal(first.decision.agent.id, "007");
	assert_string_equal(first.decision.agent.key, KEY);
	assert_non_null(strstr(logged, "(user admin of the API)"));
	registration.id.text = registration.key.text = NULL;
	ask(&fixture, &second, &registration);
	run_once(&fixture);
	assert_int_equal(second.decision.fault, REGISTRATION_NAME_TAKEN);
	ask(&fixture, &third, &force);
	run_once(&fixture);
	assert_int_equal(third.decision.fault, REGISTRATION_OK);
	assert_int_equal(roster_count(fixture.roster), 1);
	assert_non_null(strstr(logged, ", replacing 007,"));
	end(&fixture);
}

/* What cannot be stored is refused, and nothing of the key goes out. */
static void test_disk_is_full(void **state)
{
	struct agent_registration registration = by_authd("web");
	struct fixture fixture;
	struct asker asker = { .answers = 0 };

	begin(&fixture, *state);
	fault_always("fdatasync", ENOSPC);
	ask(&fixture, &asker, &registration);
	run_once(&fixture);
	assert_int_equal(asker.outcome, REGISTRY_DECIDED);
	assert_int_equal(asker.decision.fault, REGISTRATION_INTERNAL);
	assert_string_equal(asker.decision.refusal, "Internal manager error adding agent: web");
	assert_string_equal(asker.decision.agent.key, "");
	assert_non_null(strstr(logged, "No space left"));
	assert_non_null(strstr(logged, "(agent web; client 192.0.2.1 port 40000 got: Internal"));
	assert_file(path_in(*state, "client.keys"), "");
	end(&fixture);
}

/* Before anything could be decided. */
static void test_cannot_begin(void **state)
{
	struct agent_registration registration = by_api("web", false);
	struct fixture fixture;
	struct asker asker = { .answers = 0 };

	begin(&fixture, *state);
	assert_int_equal(unlink(path_in(*state, "client.keys")), 0);
	assert_int_equal(mkdir(path_in(*state, "client.keys"), 0700), 0);
	ask(&fixture, &asker, &registration);
	run_once(&fixture);
	assert_int_equal(asker.outcome, REGISTRY_FAILED);
	assert_int_equal(asker.decision.fault, REGISTRATION_INTERNAL);
	assert_non_null(strstr(logged, "(agent web; client 192.0.2.1 port 40000 (user admin of"));
	end(&fixture);
}

/* Of a token that cannot be looked up, nothing is said: the agent is to come again. */
static void test_tokens_are_broken(void **state)
{
	struct agent_registration registration = by_authd("web");
	struct asker first = { .answers = 0 }, second = first;
	struct fixture fixture;

	begin(&fixture, *state);
	registration.way = REGISTRATION_BY_ENROLL;
	(void)snprintf(registration.bearer.key_id, sizeof registration.bearer.key_id, "%s",
		       "AAECAwQFBgcICQoLDA0ODw");
	ask(&fixture, &first, &registration);
	run_once(&fixture);
	assert_int_equal(first.outcome, REGISTRY_DECIDED);
	assert_int_equal(first.decision.fault, REGISTRATION_TOKEN_UNKNOWN);
	write_text(fixture.tokens_file, "nonsense\n");
	ask(&fixture, &second, &registration);
	run_once(&fixture);
	assert_int_equal(second.outcome, REGISTRY_NO_MEMORY);
	assert_int_equal(second.decision.fault, REGISTRATION_INTERNAL);
	assert_non_null(strstr(logged, "is no file of agent-registrar's enrollment tokens"));
	end(&fixture);
}

static void test_stays_locked(void **state)
{
	struct agent_registration registration = by_authd("web");
	struct fixture fixture;
	struct asker hasty = { .request.give_up_at = 1 }, patient = { .answers = 0 };
	int lock = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	begin(&fixture, *state);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	ask(&fixture, &hasty, &registration);
	ask(&fixture, &patient, &registration);
	run_once(&fixture);
	assert_int_equal(hasty.answers, 1);
	assert_int_equal(hasty.outcome, REGISTRY_BUSY);
	assert_int_equal(hasty.decision.fault, REGISTRATION_INTERNAL);
	assert_string_equal(hasty.decision.refusal, "Internal manager error adding agent: web");
	assert_non_null(strstr(logged, "client.keys stayed locked by another program (agent web"));
	close(lock);
	while (patient.answers == 0)
		(void)event_base_loop(fixture.base, EVLOOP_ONCE);
	assert_int_equal(patient.decision.fault, REGISTRATION_OK);
	end(&fixture);
}

/* Before it is decided, and by another answer afterwards. */
static void test_withdrawn(void **state)
{
	struct agent_registration registration = by_authd("web"), other = by_authd("db"),
				  last = by_authd("mail");
	struct fixture fixture;
	struct asker gone = { .answers = 0 }, first = gone, late = gone;

	begin(&fixture, *state);
	ask(&fixture, &gone, &registration);
	first.withdraws = &late.request;
	ask(&fixture, &first, &other);
	ask(&fixture, &late, &last);
	registry_withdraw(&gone.request);
	registry_withdraw(&gone.request); /* it is nowhere: nothing happens */
	run_once(&fixture);
	assert_int_equal(gone.answers + late.answers, 0);
	assert_int_equal(first.answers, 1);
	assert_int_equal(roster_count(fixture.roster), 2);
	assert_null(roster_find_name(fixture.roster, "web"));
	end(&fixture);
}

/* ------------------------------------------------------------------ what users ask */

static struct registry_answer answered; /* the last answer to a user */
static int user_answers;

static void on_user_answered(void *owner, struct registry_answer *answer)
{
	(void)owner;
	answered = *answer;
	user_answers++;
}

static void set_user(struct registry_user *ret)
{
	*ret = (struct registry_user){
		.client = { .address = "192.0.2.1", .text = "192.0.2.1 port 40000" },
	};
}

static void ask_as_user(struct fixture *fixture, enum registry_type type, const void *content)
{
	struct registry_request request = {
		.type = type,
		.content = content,
		.answered = on_user_answered,
		.user = "admin",
	};

	logged[0] = '\0';
	user_answers = 0;
	assert_int_equal(registry_submit(fixture->registry, &request), 0);
	run_once(fixture);
	assert_int_equal(user_answers, 1);
	assert_int_equal(answered.type, type);
}

static void register_one(struct fixture *fixture, const char *name)
{
	struct agent_registration registration = by_authd(name);
	struct asker asker = { .answers = 0 };

	ask(fixture, &asker, &registration);
	run_once(fixture);
	assert_int_equal(asker.decision.fault, REGISTRATION_OK);
}

static void test_key(void **state)
{
	static const struct {
		const char *id;
		enum key_fault fault;
	} rows[] = {
		{ "001", KEY_OK },     { "0001", KEY_ABSENT }, { "002", KEY_ABSENT },
		{ "000", KEY_ABSENT }, { "", KEY_ABSENT },     { "x", KEY_ABSENT },
	};
	struct key_request request;
	struct fixture fixture;

	begin(&fixture, *state);
	register_one(&fixture, "web");
	set_user(&request.user);
	for (size_t i = 0; i < COUNT(rows); i++) {
		(void)snprintf(request.id, sizeof request.id, "%s", rows[i].id);
		ask_as_user(&fixture, REGISTRY_KEY, &request);
		assert_int_equal(answered.outcome, REGISTRY_DECIDED);
		assert_int_equal(answered.key.fault, rows[i].fault);
		assert_int_equal(strlen(answered.key.agent.key),
				 rows[i].fault == KEY_OK ? strlen(KEY) : 0);
	}
	end(&fixture);
}

/* What is not in a transaction any more is in none of its failures. */
static void test_user_requests_fail(void **state)
{
	struct key_request key = { .id = "001" };
	struct join_request join = { .id = "001", .group = "web" };
	struct fixture fixture;

	begin(&fixture, *state);
	set_user(&key.user);
	set_user(&join.user);
	assert_int_equal(unlink(path_in(*state, "client.keys")), 0);
	assert_int_equal(mkdir(path_in(*state, "client.keys"), 0700), 0);
	ask_as_user(&fixture, REGISTRY_KEY, &key);
	assert_int_equal(answered.outcome, REGISTRY_FAILED);
	assert_int_equal(answered.key.fault, KEY_INTERNAL);
	assert_non_null(strstr(logged, "(client 192.0.2.1 port 40000 (user admin of the API))"));
	ask_as_user(&fixture, REGISTRY_JOIN, &join);
	assert_int_equal(answered.outcome, REGISTRY_FAILED);
	assert_int_equal(answered.join.fault, JOIN_INTERNAL);
	end(&fixture);
}

static enum join_fault join(struct fixture *fixture, const char *id, const char *group, bool alone)
{
	struct join_request request = { .alone = alone };

	set_user(&request.user);
	(void)snprintf(request.id, sizeof request.id, "%s", id);
	(void)snprintf(request.group, sizeof request.group, "%s", group);
	ask_as_user(fixture, REGISTRY_JOIN, &request);
	assert_int_equal(answered.outcome, REGISTRY_DECIDED);
	return answered.join.fault;
}

static void test_join(void **state)
{
	struct fixture fixture;
	char groups[16], shared[1024];

	begin(&fixture, *state);
	(void)snprintf(shared, sizeof shared, "%s", path_in(*state, "shared"));
	fixture.policy.history.queue = *state;
	fixture.policy.groups.directory = shared;
	assert_int_equal(mkdir(fixture.policy.groups.directory, 0700), 0);
	for (int i = 0; i < AGENT_GROUPS_MAX + 1; i++) {
		(void)snprintf(groups, sizeof groups, "shared/g%d", i);
		assert_int_equal(mkdir(path_in(*state, groups), 0700), 0);
	}
	register_one(&fixture, "web");
	assert_int_equal(join(&fixture, "001", "g0", false), JOIN_OK);
	assert_string_equal(logged, "Agent 001 web is in group g0 now, for 192.0.2.1 port 40000 "
				    "(user admin of the API)");
	assert_int_equal(join(&fixture, "001", "g0", false), JOIN_MEMBER);
	assert_int_equal(join(&fixture, "001", "g1", false), JOIN_OK);
	assert_file(path_in(*state, "agent-groups/001"), "g0,g1\n");
	assert_int_equal(join(&fixture, "001", "g2", true), JOIN_OK);
	assert_file(path_in(*state, "agent-groups/001"), "g2\n");
	for (int i = 3; i < AGENT_GROUPS_MAX + 2; i++) {
		(void)snprintf(groups, sizeof groups, "g%d", i % (AGENT_GROUPS_MAX + 1));
		assert_int_equal(join(&fixture, "001", groups, false), JOIN_OK);
	}
	assert_int_equal(join(&fixture, "001", "g1", false), JOIN_LIMIT);
	/* Of the keeper's own accord, whatever a front has looked at. */
	assert_int_equal(join(&fixture, "001", "..", false), JOIN_NAME);
	assert_int_equal(join(&fixture, "001", "a/b\nc", true), JOIN_NAME);
	assert_int_equal(join(&fixture, "001", "other", false), JOIN_GROUP_ABSENT);
	assert_int_equal(join(&fixture, "002", "other", false), JOIN_GROUP_ABSENT);
	assert_int_equal(join(&fixture, "002", "g1", false), JOIN_AGENT_ABSENT);
	fixture.policy.history.queue = NULL;
	assert_int_equal(join(&fixture, "001", "g1", false), JOIN_INTERNAL);
	assert_non_null(strstr(logged, "Groups cannot be kept (client 192.0.2.1 port 40000"));
	end(&fixture);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_directory, teardown_directory)
	const struct CMUnitTest tests[] = {
		TEST(test_accepted),     TEST(test_refused),
		TEST(test_open_field),   TEST(test_by_api),
		TEST(test_disk_is_full), TEST(test_cannot_begin),
		TEST(test_stays_locked), TEST(test_withdrawn),
		TEST(test_key),          TEST(test_user_requests_fail),
		TEST(test_join),         TEST(test_tokens_are_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
