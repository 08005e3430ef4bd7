/* SPDX-License-Identifier: ISC */
/* A registry in another process: what is long, and one that fails again and again. */
#include "tests/unit/support.h"

#include "common/deadline.h"
#include "tests/unit/registrar/registry/keeper-fixture.h"

#include <stdlib.h>
#include <unistd.h>

static void on_material(void *owner, struct registry_answer *answer)
{
	size_t *length = owner;

	assert_int_equal(answer->outcome, REGISTRY_DECIDED);
	*length = answer->material.material.client_ca.length;
}

static void ask_for_material(struct registry_request *request, size_t *length)
{
	*request = (struct registry_request){
		.type = REGISTRY_MATERIAL,
		.answered = on_material,
		.owner = length,
	};
	assert_int_equal(registry_submit(keeper_fixture.registry, request), 0);
}

static void hand_out_material(size_t n)
{
	char *large = test_malloc(MATERIAL_FILE_MAX), path[] = "/etc/ca";
	const struct registry_answer answer = {
		.type = REGISTRY_MATERIAL,
		.material.material.client_ca = { path, large, MATERIAL_FILE_MAX },
	};

	memset(large, 'x', MATERIAL_FILE_MAX);
	fake_registry_answer(&keeper_asked, n, &answer);
	test_free(large);
}

/* Of what has long answers, the keeper is asked for few at a time; the rest waits here. */
static void test_few_at_a_time(void **state)
{
	struct asker asker = { .answers = 0 };
	struct registry_request requests[3];
	size_t lengths[3] = { 0 };

	(void)state;
	keeper_start();
	keeper_run();
	for (size_t i = 0; i < COUNT(requests); i++)
		ask_for_material(&requests[i], &lengths[i]);
	asker_ask(&asker);
	keeper_run();
	assert_int_equal(keeper_asked.asked, 2); /* and what came behind them */
	assert_int_equal(keeper_asked.requests[0]->type, REGISTRY_MATERIAL);
	assert_int_equal(keeper_asked.requests[1]->type, REGISTRY_REGISTER);
	fake_registry_grant(&keeper_asked, 1);
	registry_withdraw(&requests[1]);
	hand_out_material(0);
	while (lengths[0] == 0 || asker.answers == 0)
		keeper_run();
	assert_int_equal(lengths[0], MATERIAL_FILE_MAX);
	while (keeper_asked.asked < 3)
		keeper_run();
	registry_withdraw(&requests[2]);
	assert_string_equal(keeper_logged, "");
}

/* An answer that nobody waits for any more can be long, too. */
static void test_withdrawn_material(void **state)
{
	struct registry_request request;
	size_t length = 0;

	(void)state;
	keeper_start();
	keeper_run();
	ask_for_material(&request, &length);
	keeper_run();
	hand_out_material(0);
	registry_withdraw(&request);
	keeper_run();
	ask_for_material(&request, &length);
	while (keeper_asked.asked < 2)
		keeper_run();
	hand_out_material(1);
	while (length == 0)
		keeper_run();
	assert_string_equal(keeper_logged, "");
}

static void on_removed(void *owner, struct registry_answer *answer)
{
	size_t *count = owner;

	*count = answer->removal.count;
}

/* All agents of a large manager, in one request. */
static void test_long_removal(void **state)
{
	const size_t agents = 100 * 1000;
	struct removal_request *removal = removal_new(agents * removal_size("100000", "web-01"));
	size_t count = 0;
	struct registry_request request = {
		.type = REGISTRY_REMOVE,
		.removal = removal,
		.answered = on_removed,
		.owner = &count,
	};
	const struct registry_answer answer = {
		.type = REGISTRY_REMOVE,
		.removal = { .removed = calloc(agents / 8, 1), .count = agents },
	};

	(void)state;
	keeper_agents = agents;
	for (size_t i = 0; i < agents; i++)
		removal_add(removal, "100000", "web-01");
	keeper_start();
	keeper_run();
	assert_int_equal(registry_submit(keeper_fixture.registry, &request), 0);
	while (keeper_asked.asked == 0)
		keeper_run();
	assert_int_equal(keeper_asked.requests[0]->removal->count, agents);
	fake_registry_answer(&keeper_asked, 0, &answer);
	while (count == 0)
		keeper_run();
	assert_int_equal(count, agents);
	free(answer.removal.removed);
	registry_request_clear(&request);
	assert_string_equal(keeper_logged, "");
}

/* ------------------------------------------------------------------ a keeper that fails */

static size_t count_lines(void)
{
	size_t count = 0;

	for (const char *at = keeper_logged; (at = strchr(at, '\n')); at++)
		count++;
	return count;
}

static void send_garbage(void)
{
	memset(keeper_packet, 0xff, PACKET_HEADER_SIZE);
	keeper_send(PACKET_HEADER_SIZE);
}

/* However often it comes back: it is said once, and it is asked less and less often. */
static void test_garbage_again(void **state)
{
	uint64_t begin = monotonic_usec();

	(void)state;
	keeper_welcome();
	send_garbage();
	for (int i = 2; i <= 5; i++) {
		close(keeper_fixture.keeper);
		while (keeper_fixture.attempts < i)
			(void)event_base_loop(keeper_fixture.base, EVLOOP_ONCE);
		keeper_welcome();
		send_garbage();
	}
	assert_int_equal(count_lines(), 1);
	/* 20, 40, 80 and 160 ms between them, each from the beginning of a turn of the loop. */
	assert_true(monotonic_usec() - begin >= 280 * USEC_PER_MSEC);
}

/* What could not be sent waits as long as it may, while the keeper comes and goes. */
static void test_patience(void **state)
{
	struct asker patient = { .request.give_up_at = monotonic_usec() + 60 * USEC_PER_SEC },
		     hasty = { .request.give_up_at = monotonic_usec() + USEC_PER_SEC / 2 };

	(void)state;
	keeper_start();
	keeper_run();
	keeper_stop();
	keeper_run();
	asker_ask(&patient);
	asker_ask(&hasty);
	asker_wait(&hasty);
	asker_expect_failure(&hasty, REGISTRY_BUSY);
	keeper_start();
	while (keeper_asked.asked == 0)
		(void)event_base_loop(keeper_fixture.base, EVLOOP_ONCE);
	assert_int_equal(keeper_asked.asked, 1);
	fake_registry_grant(&keeper_asked, 0);
	asker_wait(&patient);
	assert_int_equal(patient.outcome, REGISTRY_DECIDED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, keeper_begin, keeper_end)
	const struct CMUnitTest tests[] = {
		TEST(test_few_at_a_time), TEST(test_withdrawn_material), TEST(test_long_removal),
		TEST(test_garbage_again), TEST(test_patience),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
