/* SPDX-License-Identifier: ISC */
/* The registry in another process: what is passed on, and what happens without that process. */
#include "tests/unit/support.h"

#include "common/deadline.h"
#include "registrar/keeper/keeper-server.h"
#include "tests/unit/registrar/registry/keeper-fixture.h"

/* ------------------------------------------------------------------ with a keeper */

static void test_answers(void **state)
{
	struct asker early = { .answers = 0 }, later = { .request.give_up_at = 0 };

	(void)state;
	keeper_start();
	asker_ask(&early); /* before there is a connection */
	keeper_run();
	later.request.give_up_at = monotonic_usec() + 3600 * USEC_PER_SEC;
	asker_ask(&later);
	keeper_run();
	assert_int_equal(keeper_asked.asked, 2);
	assert_memory_equal(keeper_asked.requests[0]->registration->fields.groups.text, "a,b", 3);
	assert_true(keeper_asked.requests[0]->give_up_at == 0);
	assert_true(keeper_asked.requests[1]->give_up_at >= later.request.give_up_at);
	fake_registry_grant(&keeper_asked, 1);
	keeper_run();
	assert_int_equal(early.answers, 0);
	assert_int_equal(later.answers, 1);
	assert_int_equal(later.decision.fault, REGISTRATION_OK);
	assert_string_equal(later.decision.agent.key, "key");
	fake_registry_refuse_all(&keeper_asked);
	keeper_run();
	assert_int_equal(early.answers, 1);
	assert_int_equal(early.decision.fault, REGISTRATION_NAME);
	assert_int_equal(strlen(early.decision.refusal), REFUSAL_SIZE - 1);
	assert_string_equal(keeper_logged, "");
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
	keeper_start();
	assert_int_equal(registry_submit(keeper_fixture.registry, &request), 0);
	keeper_run();
	assert_int_equal(keeper_asked.asked, 1);
	assert_int_equal(keeper_asked.requests[0]->type, REGISTRY_KEY);
	assert_string_equal(keeper_asked.requests[0]->key->id, "001");
	assert_string_equal(keeper_asked.requests[0]->key->user.client.address, "2001:db8::1");
	fake_registry_answer(&keeper_asked, 0, &answer);
	keeper_run();
	assert_int_equal(key.fault, KEY_OK);
	assert_string_equal(key.agent.key, "key");
}

static void test_withdrawn(void **state)
{
	struct asker early = { .answers = 0 }, sent = early, answered = early;

	(void)state;
	asker_ask(&early);
	registry_withdraw(&early.request); /* never sent */
	keeper_start();
	keeper_run();
	assert_int_equal(keeper_asked.asked, 0);
	asker_ask(&sent);
	asker_ask(&answered);
	keeper_run();
	registry_withdraw(&sent.request);
	keeper_run();
	assert_int_equal(keeper_asked.withdrawn, 1);
	fake_registry_grant(&keeper_asked, 1);
	registry_withdraw(&answered.request); /* while the answer is under way */
	keeper_run();
	assert_int_equal(early.answers + sent.answers + answered.answers, 0);
	assert_string_equal(keeper_logged, "");
}

static void test_reload(void **state)
{
	(void)state;
	keeper_start();
	keeper_run();
	assert_int_equal(keeper_fixture.connections, 1);
	keeper_server_announce(keeper_fixture.server, REGISTRY_NEWS_RELOAD, NULL);
	keeper_run();
	assert_int_equal(keeper_fixture.news[REGISTRY_NEWS_RELOAD], 1);
	assert_int_equal(keeper_fixture.news[REGISTRY_NEWS_CLOSING], 0);
	assert_string_equal(keeper_logged, "");
}

/* A keeper that ends answers what it has been asked; the rest is for the next one. */
static void test_closing(void **state)
{
	struct asker asked = { .answers = 0 }, later = asked;

	(void)state;
	keeper_start();
	keeper_run();
	asker_ask(&asked);
	keeper_run();
	assert_int_equal(keeper_asked.asked, 1);
	keeper_server_announce(keeper_fixture.server, REGISTRY_NEWS_CLOSING, NULL);
	keeper_run();
	assert_int_equal(keeper_fixture.news[REGISTRY_NEWS_CLOSING], 1);
	asker_ask(&later);
	keeper_run();
	assert_int_equal(keeper_asked.asked, 1);
	fake_registry_grant(&keeper_asked, 0);
	keeper_run();
	assert_int_equal(asked.answers, 1);
	assert_int_equal(asked.outcome, REGISTRY_DECIDED);
	keeper_stop();
	keeper_run();
	assert_null(strstr(keeper_logged, "have failed"));
	keeper_start();
	while (keeper_asked.asked < 2)
		(void)event_base_loop(keeper_fixture.base, EVLOOP_ONCE);
	assert_int_equal(keeper_fixture.connections, 2);
	fake_registry_grant(&keeper_asked, 1);
	asker_wait(&later);
	assert_int_equal(later.outcome, REGISTRY_DECIDED);
}

/* Nothing is under way: the connection ends, and what was asked meanwhile is for the next one. */
static void test_closing_for_good(void **state)
{
	struct asker later = { .answers = 0 };

	(void)state;
	keeper_fixture.is_faithful = true;
	keeper_start();
	keeper_run();
	keeper_server_announce(keeper_fixture.server, REGISTRY_NEWS_CLOSING, "another authd runs");
	keeper_run();
	assert_string_equal(keeper_fixture.why, "another authd runs");
	assert_int_equal(keeper_fixture.losses, 1);
	assert_int_equal(keeper_server_count(keeper_fixture.server), 0);
	asker_ask(&later);
	keeper_run();
	assert_int_equal(keeper_fixture.attempts, 1);
	assert_string_equal(keeper_logged, "");
	registry_withdraw(&later.request);
}

static void test_report(void **state)
{
	const struct front_report report = { .is_serving = true, .refused = 3 };

	(void)state;
	remote_registry_report(keeper_fixture.registry, &report); /* to nobody */
	keeper_start();
	keeper_run();
	assert_false(keeper_fixture.reported.is_serving);
	keeper_server_announce(keeper_fixture.server, REGISTRY_NEWS_PING, NULL);
	keeper_run();
	assert_int_equal(keeper_fixture.news[REGISTRY_NEWS_PING], 1);
	remote_registry_report(keeper_fixture.registry, &report);
	keeper_run();
	assert_true(keeper_fixture.reported.is_serving);
	assert_int_equal(keeper_fixture.reported.refused, 3);
}

/* ------------------------------------------------------------------ without one */

/* What was sent has failed and is never sent again; what was not sent waits for the next one. */
static void test_keeper_goes(void **state)
{
	struct asker sent = { .answers = 0 }, waiting = sent;

	(void)state;
	keeper_start();
	keeper_run();
	asker_ask(&sent);
	keeper_run();
	keeper_stop();
	keeper_run();
	asker_expect_failure(&sent, REGISTRY_FAILED);
	assert_non_null(strstr(keeper_logged, "No connection to the keeper: it has closed"));
	assert_non_null(strstr(keeper_logged, "1 requests have failed: the keeper has gone"));
	asker_ask(&waiting);
	keeper_run();
	assert_int_equal(waiting.answers, 0);
	keeper_start();
	while (keeper_asked.asked < 2)
		(void)event_base_loop(keeper_fixture.base, EVLOOP_ONCE);
	keeper_run();
	assert_int_equal(keeper_asked.asked, 2);
	fake_registry_grant(&keeper_asked, 1);
	keeper_run();
	assert_int_equal(waiting.decision.fault, REGISTRATION_OK);
	assert_int_equal(sent.answers, 1);
	assert_non_null(strstr(keeper_logged, "The keeper is there again"));
}

static void test_no_keeper(void **state)
{
	struct asker hasty = { .request.give_up_at = 1 }, patient = { .answers = 0 };
	const char *first;

	(void)state;
	asker_ask(&patient);
	asker_ask(&hasty);
	asker_wait(&hasty);
	asker_expect_failure(&hasty, REGISTRY_BUSY);
	assert_int_equal(patient.answers, 0);
	assert_true(keeper_fixture.attempts >= 3);
	/* It is said once. */
	first = strstr(keeper_logged, "No connection to the keeper: Connection refused");
	assert_non_null(first);
	assert_null(strstr(first + 1, "No connection"));
	registry_withdraw(&patient.request);
}

/* ------------------------------------------------------------------ a keeper that is none */

static size_t write_answer(uint64_t number, enum registry_type type)
{
	const struct registry_answer answer = { .outcome = REGISTRY_DECIDED, .type = type };

	return registry_wire_answer(keeper_packet, number, &answer);
}

static void test_another_version(void **state)
{
	struct asker asker = { .answers = 0 };
	size_t length;

	(void)state;
	asker_ask(&asker);
	keeper_fixture.is_raw = true;
	keeper_run();
	length = registry_wire_hello(keeper_packet, REGISTRY_PACKET_WELCOME);
	keeper_packet[PACKET_HEADER_SIZE]++;
	keeper_send(length);
	assert_non_null(strstr(keeper_logged, "another version"));
	assert_int_equal(asker.answers, 0); /* it was not sent */
	registry_withdraw(&asker.request);
}

/* A keeper that is silent is not waited for without end. */
static void test_silent_keeper(void **state)
{
	struct asker asker = { .request.give_up_at = 1 };

	(void)state;
	keeper_welcome();
	asker_ask(&asker);
	asker_wait(&asker);
	asker_expect_failure(&asker, REGISTRY_FAILED);
	assert_non_null(strstr(keeper_logged, "The keeper does not answer"));
	keeper_send(write_answer(1, REGISTRY_REGISTER)); /* nobody waits for it any more */
	assert_null(strstr(keeper_logged, "No connection"));
}

static void test_answer_to_nothing(void **state)
{
	struct asker asker = { .answers = 0 };

	(void)state;
	keeper_welcome();
	asker_ask(&asker);
	keeper_run();
	keeper_send(write_answer(2, REGISTRY_REGISTER));
	asker_expect_failure(&asker, REGISTRY_FAILED);
	assert_non_null(strstr(keeper_logged, "No connection to the keeper"));
}

/* An answer of another type than its request says nothing that can be used. */
static void test_answer_of_another_type(void **state)
{
	struct asker asker = { .answers = 0 };

	(void)state;
	keeper_welcome();
	asker_ask(&asker);
	keeper_run();
	keeper_send(write_answer(1, REGISTRY_KEY));
	asker_expect_failure(&asker, REGISTRY_FAILED);
	assert_non_null(strstr(keeper_logged, "No connection to the keeper"));
}

static void test_broken_packet(void **state)
{
	struct asker asker = { .answers = 0 };

	(void)state;
	keeper_welcome();
	asker_ask(&asker);
	keeper_run();
	memset(keeper_packet, 0xff, PACKET_HEADER_SIZE);
	keeper_send(PACKET_HEADER_SIZE);
	asker_expect_failure(&asker, REGISTRY_FAILED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, keeper_begin, keeper_end)
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
