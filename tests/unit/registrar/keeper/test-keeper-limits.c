/* SPDX-License-Identifier: ISC */
/* What a front can have the keeper keep: bounded, and nothing of it is lost. */
#include "tests/unit/support.h"

#include "tests/unit/registrar/keeper/front-fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* ------------------------------------------------------------------ requests and answers */

/* Send registrations as long as they are taken. Returns the number of the last one. */
static uint64_t send_many(uint64_t number, uint64_t last)
{
	for (; number < last; front_run_once()) {
		size_t length = front_write_registration(number + 1);

		while (number < last && send(front_fixture.front, front_packet, length,
					     MSG_NOSIGNAL) == (ssize_t)length)
			length = front_write_registration(++number + 1);
		if (number < last && front_asked.asked >= KEEPER_REQUESTS_MAX)
			break;
	}
	return number;
}

static void test_too_many_requests(void **state)
{
	uint64_t last;

	(void)state;
	front_greet();
	last = send_many(0, FAKE_REQUESTS_MAX);
	front_run();
	assert_true(last > KEEPER_REQUESTS_MAX); /* the rest waits in the socket */
	assert_int_equal(front_asked.asked, KEEPER_REQUESTS_MAX);
	fake_registry_grant(&front_asked, 0);
	front_run();
	assert_int_equal(front_asked.asked, KEEPER_REQUESTS_MAX + 1);
	front_expect_answer(1, REGISTRATION_OK);
}

/* A front that takes no answers is not read from; when it takes them, none is lost. */
static void test_answers_not_taken(void **state)
{
	struct packet_header header;
	size_t asked, answered = 0;
	uint64_t last = 0;

	(void)state;
	front_greet();
	do {
		asked = front_asked.asked;
		last = send_many(last, asked + 100);
		front_run();
		fake_registry_refuse_all(&front_asked);
		front_run();
	} while (front_asked.asked > asked);
	assert_true((front_asked.asked + 1) * REFUSAL_SIZE > KEEPER_ANSWERS_MAX);
	assert_true(front_asked.asked < FAKE_REQUESTS_MAX);
	while (answered < last) {
		front_run_once();
		fake_registry_refuse_all(&front_asked);
		while (front_next(&header))
			assert_true(header.number == ++answered);
	}
	assert_int_equal(front_asked.asked, last);
}

static void ask_for(enum registry_type type, uint64_t number)
{
	static const struct agents_request agents = { .wanted = AGENTS_GROUPS };
	const struct registry_request request = {
		.type = type,
		.content = type == REGISTRY_AGENTS ? &agents : NULL,
	};

	front_send(front_packet, registry_wire_request(front_packet, number, 0, &request));
}

/* Of what has long answers only few are asked, and nothing that comes behind them. */
static void test_long_answers(void **state)
{
	const struct registry_answer page = { .type = REGISTRY_AGENTS };
	const size_t most = registry_type_limit(REGISTRY_AGENTS) + 1, all = 20;
	struct packet_header header;

	(void)state;
	front_greet();
	for (size_t number = 1; number <= all; number++)
		ask_for(REGISTRY_AGENTS, number);
	front_ask(all + 1);
	front_run();
	assert_int_equal(front_asked.asked, most);
	for (size_t i = 0; i < all; i++) {
		fake_registry_answer(&front_asked, i, &page);
		front_run();
		assert_true(front_next(&header));
		assert_true(header.number == i + 1);
		assert_true(front_asked.asked <= i + 1 + most);
	}
	assert_int_equal(front_asked.asked, all + 1);
	fake_registry_grant(&front_asked, all);
	front_expect_answer(all + 1, REGISTRATION_OK);
}

/* Requests that are long themselves: there is memory for so many bytes of them. */
static void test_long_requests(void **state)
{
	static char groups[60000];
	const struct agent_registration registration = {
		.way = REGISTRATION_BY_AUTHD,
		.fields = { .name = { "web-01", 6 }, .groups = { groups, sizeof groups } },
	};
	const struct registry_request request = {
		.type = REGISTRY_REGISTER,
		.registration = &registration,
	};
	const size_t most = KEEPER_REQUEST_BYTES / sizeof groups + 1;
	uint64_t number = 0;
	size_t length;

	(void)state;
	memset(groups, 'g', sizeof groups);
	front_greet();
	for (int i = 0; i < 200; i++) {
		length = registry_wire_request(front_packet, number + 1, 0, &request);
		if (send(front_fixture.front, front_packet, length, MSG_NOSIGNAL) !=
		    (ssize_t)length)
			break;
		number++;
		front_run();
	}
	assert_in_range(front_asked.asked, most - 2, most);
	assert_true(number < 200);
}

/* ------------------------------------------------------------------ long packets */

static void answer_with_material(size_t n, uint64_t edition, size_t length)
{
	char *large = malloc(length);
	const struct registry_answer answer = {
		.type = REGISTRY_MATERIAL,
		.material = { .edition = edition,
			      .material.client_ca = { strdup("/etc/ca"), large, length } },
	};

	assert_non_null(large);
	memset(large, 'x', length);
	fake_registry_answer(&front_asked, n, &answer);
	free(answer.material.material.client_ca.path);
	free(large);
}

/* Receive a packet as it comes, however long. */
static size_t receive_long(unsigned char *ret, size_t size, struct packet_header *header)
{
	size_t length = 0;

	while (packet_find(header, ret, length, size) == PACKET_MORE) {
		ssize_t n = recv(front_fixture.front, ret + length, size - length, MSG_DONTWAIT);

		if (n > 0)
			length += (size_t)n;
		front_run_once();
	}
	return length;
}

/* Certificates of many CAs. */
static void test_long_material(void **state)
{
	unsigned char *received = test_malloc(REGISTRY_ANSWER_MAX);
	struct registry_answer read;
	struct packet_header header;

	(void)state;
	front_greet();
	ask_for(REGISTRY_MATERIAL, 1);
	front_run();
	answer_with_material(0, 1, MATERIAL_FILE_MAX);
	assert_true(receive_long(received, REGISTRY_ANSWER_MAX, &header) > MATERIAL_FILE_MAX);
	assert_int_equal(registry_wire_read_answer(&read, received, &header), 0);
	assert_int_equal(read.outcome, REGISTRY_DECIDED);
	assert_int_equal(read.material.material.client_ca.length, MATERIAL_FILE_MAX);
	registry_answer_clear(&read);
	test_free(received);
	assert_string_equal(front_logged, "");
}

/* What no packet can have room for is a failure, and said. */
static void test_too_long_material(void **state)
{
	struct registry_answer read;
	struct packet_header header;

	(void)state;
	front_greet();
	ask_for(REGISTRY_MATERIAL, 1);
	front_run();
	answer_with_material(0, 1, REGISTRY_ANSWER_MAX);
	front_run();
	assert_true(front_next(&header));
	assert_int_equal(registry_wire_read_answer(&read, front_packet, &header), 0);
	assert_int_equal(read.outcome, REGISTRY_FAILED);
	assert_int_equal(read.material.fault, MATERIAL_INTERNAL);
	assert_non_null(strstr(front_logged, "An answer cannot be sent"));
}

/* A front that has older material than another one is told so, once. */
static void test_editions(void **state)
{
	int first = front_fixture.front;
	struct packet_header header;

	(void)state;
	front_greet();
	ask_for(REGISTRY_MATERIAL, 1);
	front_run();
	answer_with_material(0, 1, 1);
	front_run();
	assert_true(front_next(&header));
	front_connect();
	front_greet();
	for (uint64_t number = 1; number <= 2; number++) {
		ask_for(REGISTRY_MATERIAL, number);
		front_run();
		answer_with_material(number, 2, 1);
		front_run();
		assert_true(front_next(&header));
		assert_int_equal(header.type, REGISTRY_PACKET_ANSWER);
		assert_false(front_next(&header));
	}
	close(front_fixture.front);
	front_fixture.front = first;
	front_expect_news(REGISTRY_NEWS_RELOAD);
	assert_false(front_next(&header));
}

static void send_long(const unsigned char *bytes, size_t length)
{
	for (size_t at = 0; at < length;) {
		ssize_t n = send(front_fixture.front, bytes + at, length - at, MSG_NOSIGNAL);

		if (n > 0)
			at += (size_t)n;
		front_run_once();
	}
}

/* A request is as long as all agents, and no longer. */
static void test_long_removal(void **state)
{
	const size_t agents = 100 * 1000;
	struct removal_request *removal = removal_new(agents * removal_size("001", "web"));
	const struct registry_request request = { .type = REGISTRY_REMOVE, .removal = removal };
	void *long_packet;
	size_t length;

	(void)state;
	for (size_t i = 0; i < agents; i++)
		removal_add(removal, "001", "web");
	length = registry_wire_long_request(&long_packet, 1, 0, &request);
	assert_true(length > REGISTRY_PACKET_MAX);
	front_agents = agents;
	front_greet();
	send_long(long_packet, length);
	front_run();
	assert_int_equal(front_asked.asked, 1);
	assert_int_equal(front_asked.requests[0]->removal->count, agents);
	/* There never were so many agents. */
	close(front_fixture.front);
	front_stop_server();
	front_agents = 1000;
	front_start_server();
	front_connect();
	front_greet();
	front_send(long_packet, PACKET_HEADER_SIZE);
	front_expect_cut_off("no packet");
	registry_wire_free(long_packet, length);
	free(removal);
}

/* Whoever may be a front can connect more than once, but not without end. */
static void test_too_many_fronts(void **state)
{
	int fronts[KEEPER_FRONTS_MAX], ends[2];

	(void)state;
	fronts[0] = front_fixture.front;
	for (size_t i = 1; i < COUNT(fronts); i++) {
		front_connect();
		fronts[i] = front_fixture.front;
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends),
			 0);
	assert_int_equal(keeper_server_add(front_fixture.server, ends[0]), -EMFILE);
	assert_string_equal(front_logged, "Refused a front: there are 8");
	close(ends[1]);
	for (size_t i = 1; i < COUNT(fronts); i++)
		close(fronts[i]);
	front_fixture.front = fronts[0];
	front_greet();
	assert_int_equal(keeper_server_count(front_fixture.server), 1);
}

/* A hostile front comes back at once, whatever becomes of it: some of that is logged. */
static void test_many_offences(void **state)
{
	(void)state;
	for (int i = 0; i < 30; i++) {
		front_send("garbage that is long enough", 27);
		front_run();
		assert_int_equal(keeper_server_count(front_fixture.server), 0);
		assert_string_equal(front_logged,
				    i < 10 ? "Cut off a front: it sent no packet" : "");
		front_logged[0] = '\0';
		close(front_fixture.front);
		front_connect();
	}
	front_stop_server();
	assert_string_equal(front_logged, "20 more fronts were refused or cut off");
	front_start_server();
	front_connect();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, front_begin, front_end)
	const struct CMUnitTest tests[] = {
		TEST(test_too_many_requests), TEST(test_answers_not_taken),
		TEST(test_long_answers),      TEST(test_long_requests),
		TEST(test_long_material),     TEST(test_too_long_material),
		TEST(test_editions),          TEST(test_long_removal),
		TEST(test_too_many_fronts),   TEST(test_many_offences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
