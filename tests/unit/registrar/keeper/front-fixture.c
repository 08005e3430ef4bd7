/* SPDX-License-Identifier: ISC */
#include "tests/unit/registrar/keeper/front-fixture.h"

#include "common/log.h"
#include "tests/unit/support.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

struct fake_registry front_asked;
unsigned char front_packet[REGISTRY_PACKET_MAX];
char front_logged[1024];
size_t front_agents;
struct keeper_server_observer front_observer;

static void take_message(int level, const char *message)
{
	(void)level;
	(void)snprintf(front_logged, sizeof front_logged, "%s", message);
}

struct front_fixture front_fixture;

void front_run_once(void)
{
	(void)event_base_loop(front_fixture.base, EVLOOP_NONBLOCK);
}

/* Nothing that a front sends takes more rounds than this. */
void front_run(void)
{
	for (int i = 0; i < 8; i++)
		front_run_once();
}

void front_connect(void)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends),
			 0);
	assert_int_equal(keeper_server_add(front_fixture.server, ends[0]), 0);
	front_fixture.front = ends[1];
	front_fixture.length = 0;
}

static size_t count_agents(void *owner)
{
	(void)owner;
	return front_agents;
}

void front_stop_server(void)
{
	keeper_server_free(front_fixture.server);
	front_fixture.server = NULL;
}

void front_start_server(void)
{
	const struct keeper_server_settings settings = {
		.base = front_fixture.base,
		.registry = &front_asked.registry,
		.count_agents = count_agents,
		.observer = front_observer,
	};

	front_fixture.server = keeper_server_new(&settings);
	assert_non_null(front_fixture.server);
}

int front_begin(void **state)
{
	(void)state;
	fake_registry_init(&front_asked);
	front_observer = (struct keeper_server_observer){ .owner = NULL };
	front_fixture.base = event_base_new();
	front_start_server();
	log_divert(take_message);
	front_logged[0] = '\0';
	front_agents = 0;
	front_connect();
	return 0;
}

int front_end(void **state)
{
	(void)state;
	log_divert(NULL);
	close(front_fixture.front);
	keeper_server_free(front_fixture.server);
	front_run_once();
	event_base_free(front_fixture.base);
	return 0;
}

void front_send(const void *bytes, size_t length)
{
	assert_true(length > 0);
	assert_int_equal(send(front_fixture.front, bytes, length, MSG_NOSIGNAL), length);
}

static void send_hello(void)
{
	front_send(front_packet, registry_wire_hello(front_packet, REGISTRY_PACKET_HELLO));
}

size_t front_write_registration(uint64_t number)
{
	const struct agent_registration registration = {
		.way = REGISTRATION_BY_AUTHD,
		.peer = { .address = "192.0.2.1", .port = 40000 },
		.fields = { .name = { "web-01", 6 } },
	};
	const struct registry_request request = {
		.type = REGISTRY_REGISTER,
		.registration = &registration,
	};

	return registry_wire_request(front_packet, number, 1000, &request);
}

void front_ask(uint64_t number)
{
	front_send(front_packet, front_write_registration(number));
}

static void receive(void)
{
	ssize_t n = recv(front_fixture.front, front_fixture.bytes + front_fixture.length,
			 sizeof front_fixture.bytes - front_fixture.length, MSG_DONTWAIT);

	if (n > 0)
		front_fixture.length += (size_t)n;
}

bool front_next(struct packet_header *ret)
{
	receive();
	if (packet_find(ret, front_fixture.bytes, front_fixture.length, REGISTRY_PACKET_MAX) !=
	    PACKET_COMPLETE)
		return false;
	memcpy(front_packet, front_fixture.bytes, ret->length);
	front_fixture.length -= ret->length;
	memmove(front_fixture.bytes, front_fixture.bytes + ret->length, front_fixture.length);
	return true;
}

void front_expect_welcome(void)
{
	struct packet_header header;

	front_run();
	assert_true(front_next(&header));
	assert_int_equal(header.type, REGISTRY_PACKET_WELCOME);
	assert_true(registry_wire_is_our_version(front_packet, &header));
}

void front_greet(void)
{
	send_hello();
	front_expect_welcome();
}

void front_expect_answer(uint64_t number, enum registration_fault fault)
{
	struct registry_answer answer;
	struct packet_header header;

	front_run();
	assert_true(front_next(&header));
	assert_int_equal(header.type, REGISTRY_PACKET_ANSWER);
	assert_true(header.number == number);
	assert_int_equal(registry_wire_read_answer(&answer, front_packet, &header), 0);
	assert_int_equal(answer.type, REGISTRY_REGISTER);
	assert_int_equal(answer.outcome, REGISTRY_DECIDED);
	assert_int_equal(answer.decision.fault, fault);
}

void front_expect_cut_off(const char *why)
{
	char byte;

	front_run();
	assert_int_equal(keeper_server_count(front_fixture.server), 0);
	while (recv(front_fixture.front, &byte, 1, MSG_DONTWAIT) == 1)
		;
	assert_true(recv(front_fixture.front, &byte, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET);
	assert_non_null(strstr(front_logged, why));
}

void front_expect_news(enum registry_news wanted)
{
	struct packet_header header;
	enum registry_news news;
	struct reason why;

	assert_true(front_next(&header));
	assert_int_equal(header.type, REGISTRY_PACKET_NEWS);
	assert_int_equal(registry_wire_read_news(&news, &why, front_packet, &header), 0);
	assert_int_equal(news, wanted);
}
