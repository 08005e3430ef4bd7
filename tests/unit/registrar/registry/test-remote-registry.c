/* SPDX-License-Identifier: ISC */
/* The registry in another process: what is passed on, and what happens without that process. */
#include "tests/unit/support.h"

#include "common/deadline.h"
#include "common/log.h"
#include "registrar/keeper/keeper-server.h"
#include "registrar/registry/registry-wire.h"
#include "registrar/registry/remote-registry.h"
#include "tests/unit/registrar/fake-registry.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fake_registry fake; /* at the other end */
static unsigned char packet[REGISTRY_PACKET_MAX];
static char logged[1024]; /* all messages */

static void take_message(int level, const char *message)
{
	size_t length = strlen(logged);

	(void)level;
	(void)snprintf(logged + length, sizeof logged - length, "%s\n", message);
}

struct fixture {
	struct event_base *base;
	struct registry *registry;
	struct keeper_server *server; /* null: there is no keeper */
	bool is_raw;                  /* the test speaks for the keeper ... */
	int keeper;                   /* ... at this end */
	int attempts;                 /* to connect */
	int connections;
	int news[REGISTRY_NEWS_PING + 1]; /* how often it was said */
	char why[64];                     /* the keeper will not come back */
	int losses;                       /* of a connection */
	bool is_faithful;                 /* looks for no other one */
	struct front_report reported;     /* what the keeper has heard */
};

static struct fixture fixture;

static int connect_keeper(void *owner)
{
	int ends[2];

	assert_ptr_equal(owner, &fixture);
	fixture.attempts++;
	if (!fixture.server && !fixture.is_raw)
		return -ECONNREFUSED;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends),
			 0);
	if (fixture.is_raw)
		fixture.keeper = ends[0];
	else
		assert_int_equal(keeper_server_add(fixture.server, ends[0]), 0);
	return ends[1];
}

static void run(void)
{
	for (int i = 0; i < 8; i++)
		(void)event_base_loop(fixture.base, EVLOOP_NONBLOCK);
}

static size_t count_agents(void *owner)
{
	(void)owner;
	return 0;
}

static void on_reported(void *owner, const struct front_report *report)
{
	(void)owner;
	fixture.reported = *report;
}

static void start_keeper(void)
{
	const struct keeper_server_observer observer = { .reported = on_reported };
	const struct keeper_server_settings settings = {
		.base = fixture.base,
		.registry = &fake.registry,
		.count_agents = count_agents,
	};

	fixture.server = keeper_server_new(&settings);
	assert_non_null(fixture.server);
	keeper_server_observe(fixture.server, &observer);
}

static void stop_keeper(void)
{
	keeper_server_free(fixture.server);
	fixture.server = NULL;
}

static void on_connected(void *owner)
{
	assert_ptr_equal(owner, &fixture);
	fixture.connections++;
}

static void on_news(void *owner, enum registry_news news, const char *why)
{
	assert_ptr_equal(owner, &fixture);
	fixture.news[news]++;
	(void)snprintf(fixture.why, sizeof fixture.why, "%s", why ?: "");
}

static bool on_lost(void *owner)
{
	assert_ptr_equal(owner, &fixture);
	fixture.losses++;
	return !fixture.is_faithful;
}

static int begin(void **state)
{
	const struct remote_registry_settings settings = {
		.base = event_base_new(),
		.connect = connect_keeper,
		.connected = on_connected,
		.news = on_news,
		.lost = on_lost,
		.owner = &fixture,
	};

	(void)state;
	fake_registry_init(&fake);
	fixture = (struct fixture){ .base = settings.base, .keeper = -1 };
	log_divert(take_message);
	logged[0] = '\0';
	fixture.registry = remote_registry_new(&settings);
	assert_non_null(fixture.registry);
	return 0;
}

static int end(void **state)
{
	(void)state;
	log_divert(NULL);
	registry_free(fixture.registry);
	keeper_server_free(fixture.server);
	if (fixture.keeper >= 0)
		close(fixture.keeper);
	run();
	event_base_free(fixture.base);
	return 0;
}

/* One who asks, and what was answered. */
struct asker {
	struct registry_request request;
	int answers;
	enum registry_outcome outcome;
	struct registration_decision decision;
};

static void on_answered(void *owner, struct registry_answer *answer)
{
	struct asker *asker = owner;

	asker->answers++;
	asker->outcome = answer->outcome;
	asker->decision = answer->decision;
}

static void ask(struct asker *asker)
{
	static const struct agent_registration registration = {
		.way = REGISTRATION_BY_AUTHD,
		.peer = { .address = "192.0.2.1", .port = 40000 },
		.fields = { .name = { "web-01", 6 }, .groups = { "a,b", 3 } },
	};

	asker->request.type = REGISTRY_REGISTER;
	asker->request.registration = &registration;
	asker->request.answered = on_answered;
	asker->request.owner = asker;
	assert_int_equal(registry_submit(fixture.registry, &asker->request), 0);
	assert_int_equal(asker->answers, 0);
}

static void run_until_answered(const struct asker *asker)
{
	while (asker->answers == 0)
		(void)event_base_loop(fixture.base, EVLOOP_ONCE);
}

static void expect_failure(const struct asker *asker, enum registry_outcome outcome)
{
	assert_int_equal(asker->answers, 1);
	assert_int_equal(asker->outcome, outcome);
	assert_int_equal(asker->decision.fault, REGISTRATION_INTERNAL);
	assert_string_equal(asker->decision.refusal, "Internal manager error adding agent: web-01");
}

/* ------------------------------------------------------------------ with a keeper */

static void test_answers(void **state)
{
	struct asker early = { .answers = 0 }, later = { .request.give_up_at = 0 };

	(void)state;
	start_keeper();
	ask(&early); /* before there is a connection */
	run();
	later.request.give_up_at = monotonic_usec() + 3600 * USEC_PER_SEC;
	ask(&later);
	run();
	assert_int_equal(fake.asked, 2);
	assert_memory_equal(fake.requests[0]->registration->fields.groups.text, "a,b", 3);
	assert_true(fake.requests[0]->give_up_at == 0);
	assert_true(fake.requests[1]->give_up_at >= later.request.give_up_at);
	fake_registry_grant(&fake, 1);
	run();
	assert_int_equal(early.answers, 0);
	assert_int_equal(later.answers, 1);
	assert_int_equal(later.decision.fault, REGISTRATION_OK);
	assert_string_equal(later.decision.agent.key, "key");
	fake_registry_refuse_all(&fake);
	run();
	assert_int_equal(early.answers, 1);
	assert_int_equal(early.decision.fault, REGISTRATION_NAME);
	assert_int_equal(strlen(early.decision.refusal), REFUSAL_SIZE - 1);
	assert_string_equal(logged, "");
}

static void on_key(void *owner, struct registry_answer *answer)
{
	struct key_answer *key = owner;

	assert_int_equal(answer->type, REGISTRY_KEY);
	*key = answer->key;
}

/* What users ask goes the same way. */
static void test_key(void **state)
{
	const struct key_request wanted = {
		.user = { .client = { .address = "2001:db8::1", .port = 40000 }, .token = "token" },
		.id = "001",
	};
	const struct registry_answer answer = {
		.outcome = REGISTRY_DECIDED,
		.type = REGISTRY_KEY,
		.key = { .fault = KEY_OK, .agent = { "001", "web-01", "any", "key" } },
	};
	struct key_answer key = { .fault = KEY_INTERNAL };
	struct registry_request request = {
		.type = REGISTRY_KEY,
		.key = &wanted,
		.answered = on_key,
		.owner = &key,
	};

	(void)state;
	start_keeper();
	assert_int_equal(registry_submit(fixture.registry, &request), 0);
	run();
	assert_int_equal(fake.asked, 1);
	assert_int_equal(fake.requests[0]->type, REGISTRY_KEY);
	assert_string_equal(fake.requests[0]->key->id, "001");
	assert_string_equal(fake.requests[0]->key->user.client.address, "2001:db8::1");
	fake_registry_answer(&fake, 0, &answer);
	run();
	assert_int_equal(key.fault, KEY_OK);
	assert_string_equal(key.agent.key, "key");
}

static void test_withdrawn(void **state)
{
	struct asker early = { .answers = 0 }, sent = early, answered = early;

	(void)state;
	ask(&early);
	registry_withdraw(&early.request); /* never sent */
	start_keeper();
	run();
	assert_int_equal(fake.asked, 0);
	ask(&sent);
	ask(&answered);
	run();
	registry_withdraw(&sent.request);
	run();
	assert_int_equal(fake.withdrawn, 1);
	fake_registry_grant(&fake, 1);
	registry_withdraw(&answered.request); /* while the answer is under way */
	run();
	assert_int_equal(early.answers + sent.answers + answered.answers, 0);
	assert_string_equal(logged, "");
}

static void test_reload(void **state)
{
	(void)state;
	start_keeper();
	run();
	assert_int_equal(fixture.connections, 1);
	keeper_server_announce(fixture.server, REGISTRY_NEWS_RELOAD, NULL);
	run();
	assert_int_equal(fixture.news[REGISTRY_NEWS_RELOAD], 1);
	assert_int_equal(fixture.news[REGISTRY_NEWS_CLOSING], 0);
	assert_string_equal(logged, "");
}

/* A keeper that ends answers what it has been asked; the rest is for the next one. */
static void test_closing(void **state)
{
	struct asker asked = { .answers = 0 }, later = asked;

	(void)state;
	start_keeper();
	run();
	ask(&asked);
	run();
	assert_true(keeper_server_is_busy(fixture.server));
	keeper_server_announce(fixture.server, REGISTRY_NEWS_CLOSING, NULL);
	run();
	assert_int_equal(fixture.news[REGISTRY_NEWS_CLOSING], 1);
	ask(&later);
	run();
	assert_int_equal(fake.asked, 1);
	fake_registry_grant(&fake, 0);
	run();
	assert_int_equal(asked.answers, 1);
	assert_int_equal(asked.outcome, REGISTRY_DECIDED);
	assert_false(keeper_server_is_busy(fixture.server));
	stop_keeper();
	run();
	assert_null(strstr(logged, "have failed"));
	start_keeper();
	while (fake.asked < 2)
		(void)event_base_loop(fixture.base, EVLOOP_ONCE);
	assert_int_equal(fixture.connections, 2);
	fake_registry_grant(&fake, 1);
	run_until_answered(&later);
	assert_int_equal(later.outcome, REGISTRY_DECIDED);
}

/* Nothing is under way: the connection ends, and what was asked meanwhile is for the next one. */
static void test_closing_for_good(void **state)
{
	struct asker later = { .answers = 0 };

	(void)state;
	fixture.is_faithful = true;
	start_keeper();
	run();
	keeper_server_announce(fixture.server, REGISTRY_NEWS_CLOSING, "another authd runs");
	run();
	assert_string_equal(fixture.why, "another authd runs");
	assert_int_equal(fixture.losses, 1);
	assert_int_equal(keeper_server_count(fixture.server), 0);
	ask(&later);
	run();
	assert_int_equal(fixture.attempts, 1);
	assert_string_equal(logged, "");
	registry_withdraw(&later.request);
}

static void test_report(void **state)
{
	const struct front_report report = { .is_serving = true, .refused = 3 };

	(void)state;
	remote_registry_report(fixture.registry, &report); /* to nobody */
	start_keeper();
	run();
	assert_false(fixture.reported.is_serving);
	keeper_server_announce(fixture.server, REGISTRY_NEWS_PING, NULL);
	run();
	assert_int_equal(fixture.news[REGISTRY_NEWS_PING], 1);
	remote_registry_report(fixture.registry, &report);
	run();
	assert_true(fixture.reported.is_serving);
	assert_int_equal(fixture.reported.refused, 3);
}

/* ------------------------------------------------------------------ without one */

/* What was sent has failed and is never sent again; what was not sent waits for the next one. */
static void test_keeper_goes(void **state)
{
	struct asker sent = { .answers = 0 }, waiting = sent;

	(void)state;
	start_keeper();
	run();
	ask(&sent);
	run();
	stop_keeper();
	run();
	expect_failure(&sent, REGISTRY_FAILED);
	assert_non_null(strstr(logged, "No connection to the keeper: it has closed"));
	assert_non_null(strstr(logged, "1 requests have failed: the keeper has gone"));
	ask(&waiting);
	run();
	assert_int_equal(waiting.answers, 0);
	start_keeper();
	while (fake.asked < 2)
		(void)event_base_loop(fixture.base, EVLOOP_ONCE);
	run();
	assert_int_equal(fake.asked, 2);
	fake_registry_grant(&fake, 1);
	run();
	assert_int_equal(waiting.decision.fault, REGISTRATION_OK);
	assert_int_equal(sent.answers, 1);
	assert_non_null(strstr(logged, "The keeper is there again"));
}

static void test_no_keeper(void **state)
{
	struct asker hasty = { .request.give_up_at = 1 }, patient = { .answers = 0 };
	const char *first;

	(void)state;
	ask(&patient);
	ask(&hasty);
	run_until_answered(&hasty);
	expect_failure(&hasty, REGISTRY_BUSY);
	assert_int_equal(patient.answers, 0);
	assert_true(fixture.attempts >= 3);
	/* It is said once. */
	first = strstr(logged, "No connection to the keeper: Connection refused");
	assert_non_null(first);
	assert_null(strstr(first + 1, "No connection"));
	registry_withdraw(&patient.request);
}

/* ------------------------------------------------------------------ a keeper that is none */

static void send_raw(size_t length)
{
	assert_int_equal(send(fixture.keeper, packet, length, MSG_NOSIGNAL), length);
	run();
}

static void welcome(void)
{
	fixture.is_raw = true;
	run();
	send_raw(registry_wire_hello(packet, REGISTRY_PACKET_WELCOME));
}

static size_t write_answer(uint64_t number, enum registry_type type)
{
	const struct registry_answer answer = { .outcome = REGISTRY_DECIDED, .type = type };

	return registry_wire_answer(packet, number, &answer);
}

static void test_another_version(void **state)
{
	struct asker asker = { .answers = 0 };
	size_t length;

	(void)state;
	ask(&asker);
	fixture.is_raw = true;
	run();
	length = registry_wire_hello(packet, REGISTRY_PACKET_WELCOME);
	packet[PACKET_HEADER_SIZE]++;
	send_raw(length);
	assert_non_null(strstr(logged, "another version"));
	assert_int_equal(asker.answers, 0); /* it was not sent */
	registry_withdraw(&asker.request);
}

/* A keeper that is silent is not waited for without end. */
static void test_silent_keeper(void **state)
{
	struct asker asker = { .request.give_up_at = 1 };

	(void)state;
	welcome();
	ask(&asker);
	run_until_answered(&asker);
	expect_failure(&asker, REGISTRY_FAILED);
	assert_non_null(strstr(logged, "The keeper does not answer"));
	send_raw(write_answer(1, REGISTRY_REGISTER)); /* nobody waits for it any more */
	assert_null(strstr(logged, "No connection"));
}

static void test_answer_to_nothing(void **state)
{
	struct asker asker = { .answers = 0 };

	(void)state;
	welcome();
	ask(&asker);
	run();
	send_raw(write_answer(2, REGISTRY_REGISTER));
	expect_failure(&asker, REGISTRY_FAILED);
	assert_non_null(strstr(logged, "No connection to the keeper"));
}

/* An answer of another type than its request says nothing that can be used. */
static void test_answer_of_another_type(void **state)
{
	struct asker asker = { .answers = 0 };

	(void)state;
	welcome();
	ask(&asker);
	run();
	send_raw(write_answer(1, REGISTRY_KEY));
	expect_failure(&asker, REGISTRY_FAILED);
	assert_non_null(strstr(logged, "No connection to the keeper"));
}

static void test_broken_packet(void **state)
{
	struct asker asker = { .answers = 0 };

	(void)state;
	welcome();
	ask(&asker);
	run();
	memset(packet, 0xff, PACKET_HEADER_SIZE);
	send_raw(PACKET_HEADER_SIZE);
	expect_failure(&asker, REGISTRY_FAILED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_answers),
		TEST(test_key),
		TEST(test_withdrawn),
		TEST(test_reload),
		TEST(test_closing),
		TEST(test_closing_for_good),
		TEST(test_report),
		TEST(test_keeper_goes),
		TEST(test_no_keeper),
		TEST(test_another_version),
		TEST(test_silent_keeper),
		TEST(test_answer_to_nothing),
		TEST(test_answer_of_another_type),
		TEST(test_broken_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
