/* SPDX-License-Identifier: ISC */
/* Packets over a socket: when they are handed over, and how a stream ends. */
#include "tests/unit/support.h"

#include "common/deadline.h"
#include "registrar/net/loop-events.h"
#include "registrar/net/priority.h"
#include "registrar/registry/packet-stream.h"
#include "tests/unit/shortage.h"

#include <sys/socket.h>
#include <unistd.h>

#define LARGE (100 * 1000)

struct fixture {
	struct event_base *base;
	struct packet_stream *stream; /* null: freed */
	int other;                    /* the other end */
	int received, sent, ended, dropped;
	uint64_t last_dropped;
	uint64_t last;     /* number of the last packet */
	bool is_malformed; /* how it ended */
	size_t most;       /* that a packet may have */
	int hold_at;       /* hold the stream with this packet; 0: never */
	int free_at;       /* the same, for freeing it */
};

static struct fixture fixture;

static void on_received(void *owner, const struct packet_header *header, const void *packet)
{
	assert_ptr_equal(owner, &fixture);
	assert_non_null(packet);
	fixture.received++;
	fixture.last = header->number;
	if (fixture.received == fixture.hold_at)
		packet_stream_hold(fixture.stream, true);
	if (fixture.received == fixture.free_at) {
		packet_stream_free(fixture.stream);
		fixture.stream = NULL;
	}
}

static void on_sent(void *owner)
{
	(void)owner;
	fixture.sent++;
}

static void on_ended(void *owner, bool is_malformed)
{
	(void)owner;
	fixture.ended++;
	fixture.is_malformed = is_malformed;
	packet_stream_free(fixture.stream);
	fixture.stream = NULL;
}

static void on_dropped(void *owner, const struct packet_header *header, const void *begin)
{
	assert_ptr_equal(owner, &fixture);
	assert_non_null(begin);
	assert_true(header->length > PACKET_STREAM_MOST);
	fixture.dropped++;
	fixture.last_dropped = header->number;
}

static size_t most_bytes(void *owner)
{
	assert_ptr_equal(owner, &fixture);
	return fixture.most;
}

static void make(unsigned int pause)
{
	const struct packet_stream_owner owner = {
		.received = on_received,
		.sent = on_sent,
		.dropped = on_dropped,
		.ended = on_ended,
		.most = most_bytes,
		.pause = pause,
		.owner = &fixture,
	};
	int ends[2];

	fixture = (struct fixture){ .base = priority_base_new(), .most = PACKET_STREAM_MOST };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends),
			 0);
	fixture.other = ends[1];
	fixture.stream = packet_stream_new(fixture.base, ends[0], &owner);
	assert_non_null(fixture.stream);
}

static int begin(void **state)
{
	(void)state;
	make(0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	packet_stream_free(fixture.stream);
	if (fixture.other >= 0)
		close(fixture.other);
	event_base_free(fixture.base);
	return 0;
}

static void run(void)
{
	for (int i = 0; i < 4; i++)
		(void)event_base_loop(fixture.base, EVLOOP_NONBLOCK);
}

static void send_packets(uint64_t first, uint64_t last)
{
	unsigned char packet[64];
	struct packet_writer writer;
	size_t length;

	for (; first <= last; first++) {
		packet_begin(&writer, packet, sizeof packet, 1, first);
		packet_put_text(&writer, "text", 4);
		length = packet_end(&writer);
		assert_int_equal(send(fixture.other, packet, length, MSG_NOSIGNAL), length);
	}
}

static void close_other(void)
{
	close(fixture.other);
	fixture.other = -1;
}

/* What has come before the end is handed over first. */
static void test_end(void **state)
{
	(void)state;
	send_packets(1, 3);
	assert_int_equal(send(fixture.other, "rest", 4, MSG_NOSIGNAL), 4);
	close_other();
	run();
	assert_int_equal(fixture.received, 3);
	assert_true(fixture.last == 3);
	assert_int_equal(fixture.ended, 1);
	assert_false(fixture.is_malformed);
}

static void test_malformed(void **state)
{
	static const char bytes[PACKET_HEADER_SIZE] = { 1 };

	(void)state;
	send_packets(1, 2);
	assert_int_equal(send(fixture.other, bytes, sizeof bytes, MSG_NOSIGNAL), sizeof bytes);
	run();
	assert_int_equal(fixture.received, 2);
	assert_int_equal(fixture.ended, 1);
	assert_true(fixture.is_malformed);
}

/* A stream that is held hands over nothing, and afterwards all, though nothing more comes. */
static void test_hold(void **state)
{
	(void)state;
	fixture.hold_at = 2;
	send_packets(1, 5);
	run();
	assert_int_equal(fixture.received, 2);
	send_packets(6, 6);
	close_other();
	run();
	assert_int_equal(fixture.received, 2);
	assert_int_equal(fixture.ended, 0);
	packet_stream_hold(fixture.stream, false);
	assert_int_equal(fixture.received, 2); /* not from within */
	run();
	assert_int_equal(fixture.received, 6);
	assert_int_equal(fixture.ended, 1);
}

static void send_pieces(const unsigned char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = send(fixture.other, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0) {
			bytes += n;
			length -= (size_t)n;
		}
		(void)event_base_loop(fixture.base, EVLOOP_NONBLOCK);
	}
}

/* A packet that is longer than others arrives whole, and what is behind it. */
static void test_long_packet(void **state)
{
	const size_t most = 8 * PACKET_STREAM_MOST + 1;
	unsigned char *packet = test_calloc(2, most);
	struct packet_writer writer;

	(void)state;
	fixture.most = most;
	packet_begin(&writer, packet, most, 1, 7);
	packet_put_bytes(&writer, packet + most, most - PACKET_HEADER_SIZE);
	assert_int_equal(packet_end(&writer), most);
	send_packets(1, 2);
	send_pieces(packet, most);
	send_packets(8, 9);
	run();
	assert_int_equal(fixture.received, 5);
	assert_true(fixture.last == 9);
	/* One byte more, and it is none. */
	fixture.most = most - 1;
	send_pieces(packet, PACKET_HEADER_SIZE);
	run();
	assert_int_equal(fixture.ended, 1);
	assert_true(fixture.is_malformed);
	test_free(packet);
}

/* Without memory for it, it is lost, and nothing else: what comes with it is handed over. */
static void test_dropped_packet(void **state)
{
	const size_t most = 4 * PACKET_STREAM_MOST;
	unsigned char *packet = test_malloc(most);
	struct packet_writer writer;
	unsigned int nth = 1;
	bool has_failed;

	(void)state;
	fixture.most = most;
	memset(packet, 0, most);
	packet_begin(&writer, packet, most, 1, 7);
	writer.length = most;
	assert_int_equal(packet_end(&writer), most);
	do {
		fixture.received = fixture.dropped = 0;
		send_packets(1, 2);
		shortage_begin(nth++);
		send_pieces(packet, most);
		has_failed = shortage_end();
		send_packets(8, 9);
		run();
		assert_int_equal(fixture.received + fixture.dropped, 5);
		assert_int_equal(fixture.dropped, has_failed && fixture.received == 4);
		assert_true(fixture.last == 9 &&
			    (fixture.dropped == 0 || fixture.last_dropped == 7));
		assert_int_equal(fixture.ended, 0);
	} while (has_failed);
	assert_true(nth > 3);
	test_free(packet);
}

static void test_freed_within(void **state)
{
	(void)state;
	fixture.free_at = 2;
	send_packets(1, 5);
	run();
	assert_int_equal(fixture.received, 2);
	assert_int_equal(fixture.ended, 0);
}

/* Whatever the other end takes at once, all of it arrives. */
static void test_large_output(void **state)
{
	static unsigned char packet[LARGE], taken[4 * LARGE];
	size_t length = 0;

	(void)state;
	for (int i = 0; i < 4; i++) {
		memset(packet, 'a' + i, sizeof packet);
		packet_stream_send(fixture.stream, packet, sizeof packet);
	}
	assert_int_equal(packet_stream_unsent(fixture.stream), sizeof taken);
	while (length < sizeof taken) {
		ssize_t n;

		run();
		while ((n = recv(fixture.other, taken + length, sizeof taken - length,
				 MSG_DONTWAIT)) > 0)
			length += (size_t)n;
	}
	for (size_t i = 0; i < sizeof taken; i++)
		assert_true(taken[i] == 'a' + i / LARGE);
	run();
	assert_int_equal(packet_stream_unsent(fixture.stream), 0);
	assert_true(fixture.sent > 1);
}

/* Nobody takes it: no signal, but an end. */
static void test_send_to_nobody(void **state)
{
	(void)state;
	close_other();
	packet_stream_send(fixture.stream, "packet", 6);
	run();
	assert_int_equal(fixture.ended, 1);
	assert_false(fixture.is_malformed);
}

#define PAUSE 40000       /* microseconds */
#define LONG_PAUSE 900000 /* the same */

static ssize_t receive(char bytes[static 16])
{
	return recv(fixture.other, bytes, 16, MSG_DONTWAIT);
}

static void make_again(unsigned int pause)
{
	packet_stream_free(fixture.stream);
	close_other();
	event_base_free(fixture.base);
	make(pause);
}

/*
 * What follows soon goes out together, and what comes alone at once; with the end, all that waits.
 * A machine that is so busy that the pause is over meanwhile shows nothing.
 */
static void test_within_pause(void **state)
{
	uint64_t begin_time;
	ssize_t first, second;
	char bytes[16];
	size_t unsent;

	(void)state;
	do {
		make_again(LONG_PAUSE);
		begin_time = monotonic_usec();
		packet_stream_send(fixture.stream, "a", 1);
		run();
		first = receive(bytes);
		packet_stream_send(fixture.stream, "b", 1);
		run();
		packet_stream_send(fixture.stream, "c", 1);
		unsent = packet_stream_unsent(fixture.stream);
		second = receive(bytes);
	} while (monotonic_usec() - begin_time >= LONG_PAUSE / 2);
	assert_int_equal(first, 1);
	assert_int_equal(unsent, 2);
	assert_int_equal(second, -1);
	packet_stream_free(fixture.stream);
	fixture.stream = NULL;
	assert_int_equal(receive(bytes), 2);
	assert_memory_equal(bytes, "bc", 2);
}

static void on_earlier(evutil_socket_t fd, short what, void *argument)
{
	(void)fd, (void)what;
	*(bool *)argument = fixture.sent == 1;
}

/*
 * The pause is as long as it should be by the clock of the loop, which is some milliseconds behind:
 * what was planned for the first half of it comes first.
 */
static void test_pause(void **state)
{
	static const struct timeval earlier = { .tv_usec = PAUSE / 4 };
	bool was_earlier = false;
	uint64_t begin_time;
	struct event *event = NULL;
	char bytes[16];

	(void)state;
	do {
		free_event(&event);
		make_again(PAUSE);
		begin_time = monotonic_usec();
		packet_stream_send(fixture.stream, "a", 1);
		while (fixture.sent < 1)
			(void)event_base_loop(fixture.base, EVLOOP_ONCE);
		packet_stream_send(fixture.stream, "b", 1);
		event = evtimer_new(fixture.base, on_earlier, &was_earlier);
		assert_int_equal(event_add(event, &earlier), 0);
	} while (monotonic_usec() - begin_time >= PAUSE / 4);
	while (fixture.sent < 2)
		(void)event_base_loop(fixture.base, EVLOOP_ONCE);
	event_free(event);
	assert_true(was_earlier);
	assert_int_equal(receive(bytes), 2);
	assert_memory_equal(bytes, "ab", 2);
}

static void on_work(evutil_socket_t fd, short what, void *argument)
{
	static const struct timeval now = { .tv_sec = 0 };

	(void)fd, (void)what;
	(void)event_add(*(struct event **)argument, &now);
}

/* A loop that always has something else to do sends, too, at the end of the pause. */
static void test_busy_loop(void **state)
{
	struct event *work;

	(void)state;
	packet_stream_free(fixture.stream);
	close_other();
	event_base_free(fixture.base);
	make(20000);
	work = evtimer_new(fixture.base, on_work, &work);
	on_work(-1, 0, &work);
	packet_stream_send(fixture.stream, "a", 1);
	while (fixture.sent == 0)
		(void)event_base_loop(fixture.base, EVLOOP_ONCE);
	event_free(work);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_end),          TEST(test_malformed),      TEST(test_hold),
		TEST(test_long_packet),  TEST(test_dropped_packet), TEST(test_freed_within),
		TEST(test_large_output), TEST(test_send_to_nobody), TEST(test_within_pause),
		TEST(test_pause),        TEST(test_busy_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
