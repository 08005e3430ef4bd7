/* SPDX-License-Identifier: ISC */
/*
 * Packets over a stream, in whatever pieces they come: what is handed over are the packets that the
 * bytes are, in their order, and the end comes once. Each step is a byte that says what is done,
 * and how much of it. If a call fails (faults.h), the end comes earlier.
 */
#include "faults.h"
#include "fuzz.h"

#include "registrar/registry/packet-stream.h"

#include <sys/socket.h>
#include <unistd.h>

#define LONG_MOST ((size_t)512 * 1024)
#define SENT_MAX (LONG_MOST + 65536)

static struct {
	struct event_base *base;
	struct packet_stream *stream; /* null: it is gone */
	int fd;                       /* the other end; below 0: closed */
	unsigned char sent[SENT_MAX]; /* to the stream */
	size_t size, taken;
	int ends;
	bool takes_long;
	bool is_ending; /* no packet holds it any more */
} run;

/* Longer ones than others, if the input says so. */
static size_t most(void *owner)
{
	(void)owner;
	return run.takes_long ? LONG_MOST : PACKET_STREAM_MOST;
}

static void on_received(void *owner, const struct packet_header *header, const void *packet)
{
	(void)owner;
	HOLDS(run.stream && run.ends == 0);
	HOLDS(header->length >= PACKET_HEADER_SIZE && run.taken + header->length <= run.size);
	HOLDS(memcmp(packet, run.sent + run.taken, header->length) == 0);
	run.taken += header->length;
	if (header->type == 0xdead) {
		packet_stream_free(run.stream);
		run.stream = NULL;
	} else if (header->type == 0x401d && !run.is_ending) {
		packet_stream_hold(run.stream, true);
	}
}

static void on_sent(void *owner)
{
	(void)owner;
	HOLDS(run.ends == 0);
}

static void on_ended(void *owner, bool is_malformed)
{
	struct packet_header header;

	(void)owner;
	HOLDS(run.stream && run.ends++ == 0);
	if (is_malformed)
		HOLDS(packet_find(&header, run.sent + run.taken, run.size - run.taken,
				  most(NULL)) == PACKET_MALFORMED);
	packet_stream_free(run.stream);
	run.stream = NULL;
}

static void loop(void)
{
	fuzz_faults_begin();
	(void)event_base_loop(run.base, EVLOOP_NONBLOCK);
	fuzz_faults_end();
}

static void begin(void)
{
	const struct packet_stream_owner owner = {
		.received = on_received, .sent = on_sent, .ended = on_ended, .most = most
	};
	int ends[2];

	if (!run.base)
		run.base = event_base_new();
	HOLDS(run.base &&
	      socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
	run.fd = ends[1];
	run.size = run.taken = 0;
	run.ends = 0;
	run.is_ending = run.takes_long = false;
	fuzz_faults_begin();
	run.stream = packet_stream_new(run.base, ends[0], &owner);
	fuzz_faults_end();
	HOLDS_WITHOUT_FAULT(run.stream);
}

static void send_bytes(const uint8_t *data, size_t length)
{
	ssize_t n = run.fd < 0 || run.size + length > SENT_MAX
			    ? 0
			    : send(run.fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0) {
		memcpy(run.sent + run.size, data, (size_t)n);
		run.size += (size_t)n;
	}
}

/* A whole packet of a length that the step says. */
static void send_packet(size_t pages)
{
	static unsigned char packet[PACKET_STREAM_MOST];
	static const unsigned char zeros[16384];
	struct packet_writer writer;

	packet_begin(&writer, packet, sizeof packet, 1, 1);
	packet_put_bytes(&writer, zeros, pages * 512);
	send_bytes(packet, packet_end(&writer));
}

static void send_answer(size_t length)
{
	static const char answer[4096];
	size_t unsent = packet_stream_unsent(run.stream);

	fuzz_faults_begin();
	packet_stream_send(run.stream, answer, length);
	fuzz_faults_end();
	HOLDS_WITHOUT_FAULT(packet_stream_unsent(run.stream) == unsent + length);
}

static void close_end(void)
{
	if (run.fd >= 0)
		(void)close(run.fd);
	run.fd = -1;
}

static size_t step(const uint8_t *data, size_t size)
{
	size_t much = data[0] / 8, left = size - 1, length = much < left ? much : left;
	char scratch[512];

	switch (data[0] % 8) {
	case 0:
	case 1:
		send_bytes(data + 1, length);
		return 1 + length;
	case 2:
		send_packet(much);
		return 1;
	case 3:
		loop();
		return 1;
	case 4:
		if (run.stream)
			packet_stream_hold(run.stream, much & 1);
		return 1;
	case 5:
		if (run.stream)
			send_answer(much * 128);
		return 1;
	case 6:
		if (run.fd >= 0)
			(void)!recv(run.fd, scratch, 16 * much, MSG_DONTWAIT);
		return 1;
	default:
		if (much & 2)
			run.takes_long = true;
		else
			much & 1 ? close_end() : (void)shutdown(run.fd, SHUT_WR);
		return 1;
	}
}

static void end(void)
{
	struct packet_header header;

	run.is_ending = true;
	if (run.stream)
		packet_stream_hold(run.stream, false);
	for (int i = 0; i < 64; i++)
		loop();
	/* All that is whole has been handed over. */
	HOLDS_WITHOUT_FAULT(!run.stream ||
			    packet_find(&header, run.sent + run.taken, run.size - run.taken,
					most(NULL)) != PACKET_COMPLETE);
	close_end();
	loop();
	packet_stream_free(run.stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size = fuzz_faults_read(data, size);
	begin();
	for (size_t at = 0; at < size;)
		at += step(data + at, size - at);
	end();
	return 0;
}
