/* SPDX-License-Identifier: ISC */
/*
 * A front that was taken over: whatever it sends to the keeper, it is answered or cut off, and
 * nothing that it asked for is left when it is gone. The first byte says whether it greets as a
 * front does; then come steps, of which each is a byte that says what is done. A call may fail
 * meanwhile (faults.h), which costs a front its connection and nobody else anything.
 */
#include "any-registry.h"
#include "clock.h"
#include "faults.h"
#include "fuzz.h"
#include "watched-log.h"

#include "registrar/keeper/keeper-server.h"
#include "registrar/registry/registry-wire.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define STEPS_MAX 100
#define FRONTS_MAX 32

static struct event_base *base;
static struct keeper_server *server;
static int fds[FRONTS_MAX]; /* our ends of the connections of fronts */
static size_t fronts, current;
static size_t reports, gone; /* that the observer has heard of */

static void loop(void)
{
	fuzz_faults_begin();
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	fuzz_faults_end();
}

static void send_bytes(const void *data, size_t length)
{
	(void)!send(fds[current], data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void on_report(void *owner, const struct front_report *report)
{
	(void)owner, (void)report;
	reports++;
}

static void on_gone(void *owner)
{
	(void)owner;
	gone++;
}

/* It is the current one, even if the keeper has not taken it. */
static void add_front(void)
{
	size_t before = keeper_server_count(server);
	int ends[2], r;

	if (fronts == FRONTS_MAX)
		return;
	HOLDS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
	fuzz_faults_begin();
	r = keeper_server_add(server, ends[0]);
	fuzz_faults_end();
	HOLDS(r == 0 || (r == -EMFILE && before >= KEEPER_FRONTS_MAX) ||
	      (r == -ENOMEM && fuzz_fault_happened()));
	HOLDS(keeper_server_count(server) == before + (r == 0));
	current = fronts++;
	fds[current] = ends[1];
}

static void greet(void)
{
	static unsigned char packet[REGISTRY_PACKET_MAX];

	send_bytes(packet, registry_wire_hello(packet, REGISTRY_PACKET_HELLO));
	loop();
}

static size_t count_agents(void *owner)
{
	(void)owner;
	return 1000;
}

static void begin(bool greets)
{
	static struct keeper_server_settings settings = {
		.count_agents = count_agents,
		.observer = { .reported = on_report, .gone = on_gone },
	};

	if (!base) {
		fuzz_watch_log();
		base = event_base_new();
	}
	settings.base = base;
	settings.registry = any_registry();
	server = keeper_server_new(&settings);
	HOLDS(base && server);
	fronts = gone = reports = 0;
	add_front(); /* which only greets, if it is not chosen */
	add_front();
	if (greets)
		greet();
	loop();
}

static void close_fronts(void)
{
	while (fronts > 0)
		(void)close(fds[--fronts]);
}

/* The fronts go first, or the keeper does. */
static void end(bool keeper_goes)
{
	size_t left = keeper_server_count(server);

	if (!keeper_goes) {
		gone = 0;
		close_fronts();
		while (keeper_server_count(server) > 0) {
			any_registry_answer(0xf0);
			loop();
		}
		HOLDS(any_registry_open() == 0);
		HOLDS(gone == left);
	}
	keeper_server_free(server);
	HOLDS(any_registry_open() == 0);
	close_fronts();
}

/* What comes back are whole packets of the keeper's. */
static void receive(void)
{
	static unsigned char bytes[REGISTRY_PACKET_MAX];
	static struct registry_answer answer;
	struct packet_header header;
	ssize_t n = recv(fds[current], bytes, sizeof bytes, MSG_DONTWAIT);

	for (size_t at = 0; n > 0 && at < (size_t)n; at += header.length) {
		if (packet_find(&header, bytes + at, (size_t)n - at, REGISTRY_PACKET_MAX) !=
		    PACKET_COMPLETE)
			return; /* the rest comes later: the end of this is not looked at */
		if (header.type == REGISTRY_PACKET_WELCOME || header.type == REGISTRY_PACKET_NEWS)
			continue;
		HOLDS(header.type == REGISTRY_PACKET_ANSWER);
		HOLDS(registry_wire_read_answer(&answer, bytes + at, &header) == 0);
		registry_answer_clear(&answer);
	}
}

/* A packet of the front's; two bytes say how long its fields are, which follow. */
static size_t send_packet(uint8_t how, const uint8_t *data, size_t left)
{
	static unsigned char packet[8192];
	size_t most = left > 1 ? data[0] * 256U + data[1] : 0, length;
	struct packet_writer writer;

	if (left < 2)
		return left;
	length = most < left - 2 ? most : left - 2;
	length = length < 4096 ? length : 4096;
	packet_begin(&writer, packet, sizeof packet,
		     how & 1 ? REGISTRY_PACKET_WITHDRAW : REGISTRY_PACKET_REQUEST, how / 2);
	packet_put_bytes(&writer, data + 2, length);
	send_bytes(packet, packet_end(&writer));
	return 2 + length;
}

static void announce(size_t which)
{
	keeper_server_announce(server, which & 1 ? REGISTRY_NEWS_CLOSING : REGISTRY_NEWS_RELOAD,
			       which & 2 ? "it stops" : NULL);
	(void)!keeper_server_is_reloaded(server); /* either is right */
	(void)keeper_server_totals(server);
}

/* What has no content: the other front, one more, one that greets, time, or the end of sending. */
static void step_bare(size_t which)
{
	switch (which) {
	case 1:
		current = (current + 1) % fronts;
		break;
	case 2:
		add_front();
		break;
	case 3:
		greet();
		break;
	case 4:
		fuzz_let_pass(60);
		break;
	case 5:
		keeper_server_cut_late(server);
		HOLDS(keeper_server_is_reloaded(server));
		break;
	default:
		(void)shutdown(fds[current], SHUT_WR);
		break;
	}
}

static size_t step(const uint8_t *data, size_t size)
{
	size_t most = data[0] / 4, left = size - 1, length = most < left ? most : left;

	switch (data[0] % 4) {
	case 0:
		send_bytes(data + 1, length);
		loop();
		return 1 + length;
	case 1:
		length = send_packet((uint8_t)most, data + 1, left);
		loop();
		return 1 + length;
	case 2:
		if (left > 0)
			any_registry_answer(data[1]);
		loop();
		return left > 0 ? 2 : 1;
	default:
		if (most & 2)
			announce(most / 4);
		else
			most & 1 ? receive() : step_bare(most / 4);
		loop();
		return 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at = 1;

	size = fuzz_faults_read(data, size);
	if (size < 1)
		return 0;
	begin(data[0] & 1);
	for (int i = 0; i < STEPS_MAX && at < size; i++)
		at += step(data + at, size - at);
	receive();
	end(data[0] & 2);
	return 0;
}
