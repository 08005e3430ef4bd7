/* SPDX-License-Identifier: ISC */
/* The keeper's end of a front's socket: what it answers, and whom it cuts off. */
#include "tests/unit/support.h"

#include "common/log.h"
#include "registrar/keeper/keeper-server.h"
#include "registrar/registry/registry-wire.h"
#include "tests/unit/registrar/fake-registry.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fake_registry fake;
static unsigned char packet[REGISTRY_PACKET_MAX];
static char logged[1024]; /* the last message */

static void take_message(int level, const char *message)
{
	(void)level;
	(void)snprintf(logged, sizeof logged, "%s", message);
}

struct fixture {
	struct event_base *base;
	struct keeper_server *server;
	int front;                                    /* the other end */
	unsigned char bytes[2 * REGISTRY_PACKET_MAX]; /* what it has received */
	size_t length;
};

static struct fixture fixture;

static void run_once(void)
{
	(void)event_base_loop(fixture.base, EVLOOP_NONBLOCK);
}

/* Nothing that a front sends takes more rounds than this. */
static void run(void)
{
	for (int i = 0; i < 8; i++)
		run_once();
}

static void connect_front(void)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends),
			 0);
	assert_int_equal(keeper_server_add(fixture.server, ends[0]), 0);
	fixture.front = ends[1];
	fixture.length = 0;
}

static size_t count_agents(void *owner)
{
	(void)owner;
	return 0;
}

static void start_server(void)
{
	const struct keeper_server_settings settings = {
		.base = fixture.base,
		.registry = &fake.registry,
		.count_agents = count_agents,
	};

	fixture.server = keeper_server_new(&settings);
	assert_non_null(fixture.server);
}

static int begin(void **state)
{
	(void)state;
	fake_registry_init(&fake);
	fixture.base = event_base_new();
	start_server();
	log_divert(take_message);
	logged[0] = '\0';
	connect_front();
	return 0;
}

static int end(void **state)
{
	(void)state;
	log_divert(NULL);
	close(fixture.front);
	keeper_server_free(fixture.server);
	run_once();
	event_base_free(fixture.base);
	return 0;
}

static void send_bytes(const void *bytes, size_t length)
{
	assert_true(length > 0);
	assert_int_equal(send(fixture.front, bytes, length, MSG_NOSIGNAL), length);
}

static void send_hello(void)
{
	send_bytes(packet, registry_wire_hello(packet, REGISTRY_PACKET_HELLO));
}

static size_t write_registration(uint64_t number)
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

	return registry_wire_request(packet, number, 1000, &request);
}

static void send_registration(uint64_t number)
{
	send_bytes(packet, write_registration(number));
}

static void receive(void)
{
	ssize_t n = recv(fixture.front, fixture.bytes + fixture.length,
			 sizeof fixture.bytes - fixture.length, MSG_DONTWAIT);

	if (n > 0)
		fixture.length += (size_t)n;
}

/* The next packet that the front has received. False: there is none. */
static bool next_packet(struct packet_header *ret, unsigned char copy[static REGISTRY_PACKET_MAX])
{
	receive();
	if (packet_find(ret, fixture.bytes, fixture.length, REGISTRY_PACKET_MAX) != PACKET_COMPLETE)
		return false;
	memcpy(copy, fixture.bytes, ret->length);
	fixture.length -= ret->length;
	memmove(fixture.bytes, fixture.bytes + ret->length, fixture.length);
	return true;
}

static void expect_welcome(void)
{
	struct packet_header header;

	run();
	assert_true(next_packet(&header, packet));
	assert_int_equal(header.type, REGISTRY_PACKET_WELCOME);
	assert_true(registry_wire_is_our_version(packet, &header));
}

static void greet(void)
{
	send_hello();
	expect_welcome();
}

static void expect_answer(uint64_t number, enum registration_fault fault)
{
	struct registry_answer answer;
	struct packet_header header;

	run();
	assert_true(next_packet(&header, packet));
	assert_int_equal(header.type, REGISTRY_PACKET_ANSWER);
	assert_true(header.number == number);
	assert_int_equal(registry_wire_read_answer(&answer, packet, &header), 0);
	assert_int_equal(answer.type, REGISTRY_REGISTER);
	assert_int_equal(answer.outcome, REGISTRY_DECIDED);
	assert_int_equal(answer.decision.fault, fault);
}

static void expect_cut_off(const char *why)
{
	char byte;

	run();
	assert_int_equal(keeper_server_count(fixture.server), 0);
	while (recv(fixture.front, &byte, 1, MSG_DONTWAIT) == 1)
		;
	assert_true(recv(fixture.front, &byte, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET);
	assert_non_null(strstr(logged, why));
}

/* ------------------------------------------------------------------ in order */

static void test_answers(void **state)
{
	(void)state;
	greet();
	send_registration(1);
	send_registration(5);
	run();
	assert_int_equal(fake.asked, 2);
	assert_string_equal(fake.requests[0]->registration->peer.text, "192.0.2.1 port 40000");
	assert_true(fake.requests[0]->give_up_at > 0);
	/* In whichever order they are decided. */
	fake_registry_grant(&fake, 1);
	expect_answer(5, REGISTRATION_OK);
	fake_registry_grant(&fake, 0);
	expect_answer(1, REGISTRATION_OK);
}

/* However the bytes of the packets come. */
static void test_pieces(void **state)
{
	unsigned char all[512];
	size_t length = registry_wire_hello(all, REGISTRY_PACKET_HELLO), more;

	(void)state;
	for (uint64_t number = 1; number <= 3; number++) {
		more = write_registration(number);
		memcpy(all + length, packet, more);
		length += more;
	}
	for (size_t i = 0; i < length; i++) {
		send_bytes(all + i, 1);
		run_once();
	}
	expect_welcome();
	assert_int_equal(fake.asked, 3);
}

static void test_withdrawn(void **state)
{
	(void)state;
	greet();
	send_registration(1);
	send_registration(2);
	run();
	send_bytes(packet, registry_wire_withdraw(packet, 1));
	send_bytes(packet, registry_wire_withdraw(packet, 1)); /* not there any more */
	send_bytes(packet, registry_wire_withdraw(packet, 77));
	run();
	assert_int_equal(fake.withdrawn, 1);
	assert_null(fake.requests[0]);
	fake_registry_grant(&fake, 1);
	expect_answer(2, REGISTRATION_OK);
}

/* Nobody is there to be answered: nothing is decided any more. */
static void test_front_goes(void **state)
{
	(void)state;
	greet();
	send_registration(1);
	send_registration(2);
	run();
	close(fixture.front);
	run();
	assert_int_equal(keeper_server_count(fixture.server), 0);
	assert_int_equal(fake.withdrawn, 2);
	assert_string_equal(logged, "");
	connect_front();
	greet();
	send_registration(1); /* its numbers are its own */
	run();
	assert_int_equal(fake.asked, 3);
}

static void test_two_fronts(void **state)
{
	int first = fixture.front;

	(void)state;
	greet();
	send_registration(1);
	connect_front();
	greet();
	send_registration(1);
	run();
	assert_int_equal(keeper_server_count(fixture.server), 2);
	close(first);
	run();
	assert_int_equal(fake.withdrawn, 1);
	fake_registry_grant(&fake, 1);
	expect_answer(1, REGISTRATION_OK);
}

static void expect_news(enum registry_news wanted)
{
	struct packet_header header;
	enum registry_news news;
	struct reason why;

	assert_true(next_packet(&header, packet));
	assert_int_equal(header.type, REGISTRY_PACKET_NEWS);
	assert_int_equal(registry_wire_read_news(&news, &why, packet, &header), 0);
	assert_int_equal(news, wanted);
}

/* Only those hear them that are known to understand them. */
static void test_news(void **state)
{
	struct packet_header header;
	int greeted = fixture.front;

	(void)state;
	greet();
	connect_front();
	keeper_server_announce(fixture.server, REGISTRY_NEWS_RELOAD, NULL);
	run();
	assert_false(next_packet(&header, packet));
	close(fixture.front);
	fixture.front = greeted;
	run();
	expect_news(REGISTRY_NEWS_RELOAD);
	assert_false(next_packet(&header, packet));
}

static void send_report(const struct front_report *report)
{
	send_bytes(packet, registry_wire_report(packet, report));
	run();
}

static int reports, gone;

static void on_reported(void *owner, const struct front_report *report)
{
	assert_ptr_equal(owner, &fixture);
	assert_true(report->is_asked);
	reports++;
}

static void on_gone(void *owner)
{
	assert_ptr_equal(owner, &fixture);
	gone++;
}

/* What a front has counted stays when it has gone, but for what it has now. */
static void test_reports(void **state)
{
	const struct keeper_server_observer observer = { on_reported, on_gone, &fixture };
	struct front_report report = { .is_asked = true, .registered = 5, .connections = 7 }, all;
	int first = fixture.front;

	(void)state;
	reports = gone = 0;
	keeper_server_observe(fixture.server, &observer);
	greet();
	send_report(&report);
	connect_front();
	greet();
	report.refused = 2;
	send_report(&report);
	assert_int_equal(reports, 2);
	all = keeper_server_totals(fixture.server);
	assert_true(all.registered == 10 && all.refused == 2 && all.connections == 14);
	close(first);
	run();
	assert_int_equal(gone, 1);
	all = keeper_server_totals(fixture.server);
	assert_true(all.registered == 10 && all.refused == 2 && all.connections == 7);
}

/* A reload is done when each front has said so that is still there. */
static void test_reloads(void **state)
{
	struct front_report report = { .is_asked = true };
	int first = fixture.front;

	(void)state;
	greet();
	assert_true(keeper_server_is_reloaded(fixture.server));
	keeper_server_announce(fixture.server, REGISTRY_NEWS_RELOAD, NULL);
	keeper_server_announce(fixture.server, REGISTRY_NEWS_RELOAD, NULL);
	run();
	expect_news(REGISTRY_NEWS_RELOAD);
	report.reloads = 1;
	send_report(&report);
	assert_false(keeper_server_is_reloaded(fixture.server));
	connect_front(); /* which was not told of them */
	greet();
	report.reloads = 0;
	send_report(&report);
	assert_false(keeper_server_is_reloaded(fixture.server));
	close(first);
	run();
	assert_true(keeper_server_is_reloaded(fixture.server));
}

static void test_freed_with_fronts(void **state)
{
	(void)state;
	greet();
	send_registration(1);
	run();
	keeper_server_free(fixture.server);
	assert_int_equal(fake.withdrawn, 1);
	start_server();
}

/* ------------------------------------------------------------------ what is wrong */

static void test_no_greeting(void **state)
{
	(void)state;
	send_registration(1);
	expect_cut_off("another version");
	assert_int_equal(fake.asked, 0);
}

static void test_another_version(void **state)
{
	size_t length = registry_wire_hello(packet, REGISTRY_PACKET_HELLO);

	(void)state;
	packet[PACKET_HEADER_SIZE]++;
	send_bytes(packet, length);
	expect_cut_off("another version");
}

static void test_wrong_packets(void **state)
{
	static const struct {
		const char *bytes, *why;
		size_t length;
	} rows[] = {
#define ROW(bytes, why) { bytes, why, sizeof(bytes) - 1 }
		ROW("GET / HTTP/1.1\r\n\r\n", "no packet"),
		ROW("\xff\xff\xff\xff\3\0\0\0\1\0\0\0\0\0\0\0", "no packet"),
		ROW("\1\0\2\0\3\0\0\0\1\0\0\0\0\0\0\0", "no packet"), /* 128 KiB and a byte */
		ROW("\20\0\0\0\3\0\1\0\1\0\0\0\0\0\0\0", "no packet"),
		ROW("\20\0\0\0\3\0\0\0\2\0\0\0\0\0\0\0", "a request that is none"),
		ROW("\21\0\0\0\4\0\0\0\1\0\0\0\0\0\0\0x", "a withdrawal that is none"),
		ROW("\20\0\0\0\7\0\0\0\0\0\0\0\0\0\0\0", "a report that is none"),
		ROW("\20\0\0\0\1\0\0\0\1\0\0\0\0\0\0\0", "a type that there is not"),
		ROW("\20\0\0\0\5\0\0\0\1\0\0\0\0\0\0\0", "a type that there is not"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t withdrawn = fake.withdrawn;

		greet();
		send_registration(1);
		send_bytes(rows[i].bytes, rows[i].length);
		expect_cut_off(rows[i].why);
		assert_int_equal(fake.withdrawn, withdrawn + 1);
		close(fixture.front);
		connect_front();
	}
}

/* By its number, a request is withdrawn: no number may be there twice. */
static void test_number_again(void **state)
{
	(void)state;
	greet();
	send_registration(2);
	send_registration(2);
	expect_cut_off("a request that is none");
	assert_int_equal(fake.asked, 1);
	assert_int_equal(fake.withdrawn, 1);
}

static void test_out_of_memory(void **state)
{
	(void)state;
	greet();
	fake.refuses = true;
	send_registration(1);
	expect_cut_off("out of memory");
	assert_int_equal(fake.withdrawn, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_answers),      TEST(test_pieces),          TEST(test_withdrawn),
		TEST(test_front_goes),   TEST(test_two_fronts),      TEST(test_freed_with_fronts),
		TEST(test_news),         TEST(test_reports),         TEST(test_reloads),
		TEST(test_no_greeting),  TEST(test_another_version), TEST(test_wrong_packets),
		TEST(test_number_again), TEST(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
