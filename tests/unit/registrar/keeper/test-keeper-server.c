/* SPDX-License-Identifier: ISC */
/* The keeper's end of a front's socket: what it answers, and whom it cuts off. */
#include "tests/unit/support.h"

#include "registrar/net/loop-memory.h"
#include "tests/unit/registrar/keeper/front-fixture.h"
#include "tests/unit/shortage.h"

#include <unistd.h>

/* ------------------------------------------------------------------ in order */

static void test_answers(void **state)
{
	(void)state;
	front_greet();
	front_ask(1);
	front_ask(5);
	front_run();
	assert_int_equal(front_asked.asked, 2);
	assert_string_equal(front_asked.requests[0]->registration->peer.text,
			    "192.0.2.1 port 40000");
	assert_true(front_asked.requests[0]->give_up_at > 0);
	/* In whichever order they are decided. */
	fake_registry_grant(&front_asked, 1);
	front_expect_answer(5, REGISTRATION_OK);
	fake_registry_grant(&front_asked, 0);
	front_expect_answer(1, REGISTRATION_OK);
}

/* However the bytes of the packets come. */
static void test_pieces(void **state)
{
	unsigned char all[512];
	size_t length = registry_wire_hello(all, REGISTRY_PACKET_HELLO), more;

	(void)state;
	for (uint64_t number = 1; number <= 3; number++) {
		more = front_write_registration(number);
		memcpy(all + length, front_packet, more);
		length += more;
	}
	for (size_t i = 0; i < length; i++) {
		front_send(all + i, 1);
		front_run_once();
	}
	front_expect_welcome();
	assert_int_equal(front_asked.asked, 3);
}

static void test_withdrawn(void **state)
{
	(void)state;
	front_greet();
	front_ask(1);
	front_ask(2);
	front_run();
	front_send(front_packet, registry_wire_withdraw(front_packet, 1));
	front_send(front_packet, registry_wire_withdraw(front_packet, 1)); /* not there any more */
	front_send(front_packet, registry_wire_withdraw(front_packet, 77));
	front_run();
	assert_int_equal(front_asked.withdrawn, 1);
	assert_null(front_asked.requests[0]);
	fake_registry_grant(&front_asked, 1);
	front_expect_answer(2, REGISTRATION_OK);
}

/* Nobody is there to be answered: nothing is decided any more. */
static void test_front_goes(void **state)
{
	(void)state;
	front_greet();
	front_ask(1);
	front_ask(2);
	front_run();
	close(front_fixture.front);
	front_run();
	assert_int_equal(keeper_server_count(front_fixture.server), 0);
	assert_int_equal(front_asked.withdrawn, 2);
	assert_string_equal(front_logged, "");
	front_connect();
	front_greet();
	front_ask(1); /* its numbers are its own */
	front_run();
	assert_int_equal(front_asked.asked, 3);
}

static void test_two_fronts(void **state)
{
	int first = front_fixture.front;

	(void)state;
	front_greet();
	front_ask(1);
	front_connect();
	front_greet();
	front_ask(1);
	front_run();
	assert_int_equal(keeper_server_count(front_fixture.server), 2);
	close(first);
	front_run();
	assert_int_equal(front_asked.withdrawn, 1);
	fake_registry_grant(&front_asked, 1);
	front_expect_answer(1, REGISTRATION_OK);
}

/* Only those hear them that are known to understand them. */
static void test_news(void **state)
{
	struct packet_header header;
	int greeted = front_fixture.front;

	(void)state;
	front_greet();
	front_connect();
	keeper_server_announce(front_fixture.server, REGISTRY_NEWS_RELOAD, NULL);
	front_run();
	assert_false(front_next(&header));
	close(front_fixture.front);
	front_fixture.front = greeted;
	front_run();
	front_expect_news(REGISTRY_NEWS_RELOAD);
	assert_false(front_next(&header));
}

static void send_report(const struct front_report *report)
{
	front_send(front_packet, registry_wire_report(front_packet, report));
	front_run();
}

static int reports, gone;

static void on_reported(void *owner, const struct front_report *report)
{
	assert_ptr_equal(owner, &front_fixture);
	assert_true(report->is_asked);
	reports++;
}

static void on_gone(void *owner)
{
	assert_ptr_equal(owner, &front_fixture);
	gone++;
}

/* What a front has counted stays when it has gone, but for what it has now. */
static void test_reports(void **state)
{
	struct front_report report = { .is_asked = true, .registered = 5, .connections = 7 }, all;
	int first;

	(void)state;
	reports = gone = 0;
	front_stop_server();
	close(front_fixture.front);
	front_observer = (struct keeper_server_observer){ on_reported, on_gone, &front_fixture };
	front_start_server();
	front_connect();
	first = front_fixture.front;
	front_greet();
	send_report(&report);
	front_connect();
	front_greet();
	report.refused = 2;
	send_report(&report);
	assert_int_equal(reports, 2);
	all = keeper_server_totals(front_fixture.server);
	assert_true(all.registered == 10 && all.refused == 2 && all.connections == 14);
	close(first);
	front_run();
	assert_int_equal(gone, 1);
	all = keeper_server_totals(front_fixture.server);
	assert_true(all.registered == 10 && all.refused == 2 && all.connections == 7);
}

/* A reload is done when each front has said so that is still there. */
static void test_reloads(void **state)
{
	struct front_report report = { .is_asked = true };
	int first = front_fixture.front;

	(void)state;
	front_greet();
	assert_true(keeper_server_is_reloaded(front_fixture.server));
	keeper_server_announce(front_fixture.server, REGISTRY_NEWS_RELOAD, NULL);
	keeper_server_announce(front_fixture.server, REGISTRY_NEWS_RELOAD, NULL);
	front_run();
	front_expect_news(REGISTRY_NEWS_RELOAD);
	report.reloads = 1;
	send_report(&report);
	assert_false(keeper_server_is_reloaded(front_fixture.server));
	front_connect(); /* which was not told of them */
	front_greet();
	report.reloads = 0;
	send_report(&report);
	assert_false(keeper_server_is_reloaded(front_fixture.server));
	close(first);
	front_run();
	assert_true(keeper_server_is_reloaded(front_fixture.server));
}

/* Who does not reload is cut off, and those who did, or were not told, stay. */
static void test_late_front(void **state)
{
	struct front_report report = { .reloads = 1 };

	(void)state;
	front_greet();
	front_connect();
	front_greet();
	keeper_server_announce(front_fixture.server, REGISTRY_NEWS_RELOAD, NULL);
	front_run();
	send_report(&report);
	front_connect();
	front_greet();
	front_run();
	keeper_server_cut_late(front_fixture.server);
	assert_int_equal(keeper_server_count(front_fixture.server), 2);
	assert_true(keeper_server_is_reloaded(front_fixture.server));
	assert_string_equal(front_logged, "Cut off a front: it has not reloaded in time");
	front_logged[0] = '\0';
	keeper_server_cut_late(front_fixture.server);
	assert_int_equal(keeper_server_count(front_fixture.server), 2);
	assert_string_equal(front_logged, "");
}

static void test_freed_with_fronts(void **state)
{
	(void)state;
	front_greet();
	front_ask(1);
	front_run();
	front_stop_server();
	assert_int_equal(front_asked.withdrawn, 1);
	front_start_server();
}

/* ------------------------------------------------------------------ what is wrong */

static void test_no_greeting(void **state)
{
	(void)state;
	front_ask(1);
	front_expect_cut_off("another version");
	assert_int_equal(front_asked.asked, 0);
}

static void test_another_version(void **state)
{
	size_t length = registry_wire_hello(front_packet, REGISTRY_PACKET_HELLO);

	(void)state;
	front_packet[PACKET_HEADER_SIZE]++;
	front_send(front_packet, length);
	front_expect_cut_off("another version");
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
		size_t withdrawn = front_asked.withdrawn;

		front_greet();
		front_ask(1);
		front_send(rows[i].bytes, rows[i].length);
		front_expect_cut_off(rows[i].why);
		assert_int_equal(front_asked.withdrawn, withdrawn + 1);
		close(front_fixture.front);
		front_connect();
	}
}

/* By its number, a request is withdrawn: no number may be there twice. */
static void test_number_again(void **state)
{
	(void)state;
	front_greet();
	front_ask(2);
	front_ask(2);
	front_expect_cut_off("a request that is none");
	assert_int_equal(front_asked.asked, 1);
	assert_int_equal(front_asked.withdrawn, 1);
}

static void expect_no_memory(uint64_t number)
{
	struct registry_answer answer;
	struct packet_header header;

	front_run();
	assert_true(front_next(&header));
	assert_true(header.number == number);
	assert_int_equal(registry_wire_read_answer(&answer, front_packet, &header), 0);
	assert_int_equal(answer.outcome, REGISTRY_NO_MEMORY);
	assert_int_equal(answer.decision.fault, REGISTRATION_INTERNAL);
	assert_non_null(strstr(front_logged, "Out of memory"));
}

/* A request that cannot be asked fails, and no other does. */
static void test_out_of_memory(void **state)
{
	(void)state;
	front_greet();
	front_ask(1);
	front_run();
	front_asked.refuses = true;
	front_ask(2);
	expect_no_memory(2);
	front_asked.refuses = false;
	front_ask(3);
	front_run();
	fake_registry_grant(&front_asked, 0);
	front_expect_answer(1, REGISTRATION_OK);
	fake_registry_grant(&front_asked, 1);
	front_expect_answer(3, REGISTRATION_OK);
	assert_int_equal(front_asked.withdrawn, 0);
	assert_int_equal(keeper_server_count(front_fixture.server), 1);
}

/* Whichever allocation it is. */
static void test_each_allocation(void **state)
{
	uint64_t number = 1;
	bool has_failed;

	(void)state;
	front_greet();
	do {
		size_t asked = front_asked.asked;

		front_ask(number);
		shortage_begin((unsigned int)number);
		front_run();
		has_failed = shortage_end();
		if (front_asked.asked == asked)
			expect_no_memory(number);
		else
			fake_registry_grant(&front_asked, asked);
		if (front_asked.asked > asked)
			front_expect_answer(number, REGISTRATION_OK);
		number++;
	} while (has_failed);
	assert_true(number > 3);
	assert_int_equal(keeper_server_count(front_fixture.server), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, front_begin, front_end)
	const struct CMUnitTest tests[] = {
		TEST(test_answers),       TEST(test_pieces),
		TEST(test_withdrawn),     TEST(test_front_goes),
		TEST(test_two_fronts),    TEST(test_freed_with_fronts),
		TEST(test_news),          TEST(test_reports),
		TEST(test_reloads),       TEST(test_late_front),
		TEST(test_no_greeting),   TEST(test_another_version),
		TEST(test_wrong_packets), TEST(test_number_again),
		TEST(test_out_of_memory), TEST(test_each_allocation),
	};

	if (loop_memory_set_up() < 0)
		return EXIT_FAILURE;

	return cmocka_run_group_tests(tests, NULL, NULL);
}
