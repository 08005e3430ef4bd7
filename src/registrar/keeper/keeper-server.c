/* SPDX-License-Identifier: ISC */
#include "registrar/keeper/keeper-server.h"

#include "common/deadline.h"
#include "common/log.h"
#include "registrar/registry/packet-stream.h"
#include "registrar/registry/registry-wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct keeper_server {
	struct event_base *base;
	struct registry *registry;
	struct front *fronts;
	size_t count;
	unsigned char packet[REGISTRY_PACKET_MAX]; /* the one that is written; wiped */
};

struct front {
	struct keeper_server *server;
	struct packet_stream *stream;
	bool is_greeted;  /* its version is ours */
	uint64_t highest; /* number of its requests */
	struct open_request *first, **end;
	size_t open;
	struct front *next, **previous;
};

/* A request of a front that the registry has. */
struct open_request {
	struct registry_request asked; /* what it has is owned */
	struct front *front;
	uint64_t number;
	struct open_request *next, **previous;
};

/* ------------------------------------------------------------------ requests */

static void add_request(struct front *front, struct open_request *request)
{
	request->next = NULL;
	request->previous = front->end;
	*front->end = request;
	front->end = &request->next;
	front->open++;
}

/* Whatever has become of it: withdrawn if it is still with the registry. */
static void free_request(struct open_request *request)
{
	struct front *front = request->front;

	*request->previous = request->next;
	if (request->next)
		request->next->previous = request->previous;
	else
		front->end = request->previous;
	front->open--;
	registry_withdraw(&request->asked);
	registry_request_clear(&request->asked);
	free(request);
}

/* ------------------------------------------------------------------ a front comes and goes */

static void cut_off(struct front *front)
{
	while (front->first)
		free_request(front->first);
	*front->previous = front->next;
	if (front->next)
		front->next->previous = front->previous;
	front->server->count--;
	packet_stream_free(front->stream);
	free(front);
}

/* Once for each front, whatever it sent. */
static void refuse(struct front *front, const char *what)
{
	log_error("Cut off a front: %s", what);
	cut_off(front);
}

static bool has_too_much(const struct front *front)
{
	return front->open >= KEEPER_REQUESTS_MAX ||
	       packet_stream_unsent(front->stream) >= KEEPER_ANSWERS_MAX;
}

/* ------------------------------------------------------------------ answers */

static void send_packet(struct front *front, size_t length)
{
	packet_stream_send(front->stream, front->server->packet, length);
	explicit_bzero(front->server->packet, length);
}

/* Read from a front as long as it keeps up. */
static void hold_or_go(struct front *front)
{
	packet_stream_hold(front->stream, has_too_much(front));
}

/* What does not fit into a packet, as certificates of a hundred CAs, is a failure. */
static void send_answer(struct front *front, const struct open_request *request,
			const struct registry_answer *answer)
{
	void *packet = front->server->packet;
	size_t length = registry_wire_answer(packet, request->number, answer);
	struct registry_answer failure;

	if (length == 0) {
		log_error("An answer is larger than the %zu bytes that a front can be sent",
			  REGISTRY_PACKET_MAX);
		registry_answer_fail(&failure, &request->asked, REGISTRY_FAILED);
		length = registry_wire_answer(packet, request->number, &failure);
	}
	send_packet(front, length);
}

static void on_answered(void *owner, struct registry_answer *answer)
{
	struct open_request *request = owner;
	struct front *front = request->front;

	send_answer(front, request, answer);
	free_request(request);
	hold_or_go(front);
}

static void on_sent(void *owner)
{
	hold_or_go(owner);
}

/* ------------------------------------------------------------------ what a front says */

static bool greet(struct front *front, const void *packet, const struct packet_header *header)
{
	if (header->type != REGISTRY_PACKET_HELLO ||
	    !registry_wire_is_our_version(packet, header)) {
		refuse(front, "it is of another version; restart both services");
		return false;
	}
	front->is_greeted = true;
	send_packet(front, registry_wire_hello(front->server->packet, REGISTRY_PACKET_WELCOME));
	return true;
}

/* When a request whose front has this patience is given up. */
static uint64_t end_of(uint64_t patience)
{
	uint64_t now = monotonic_usec();

	if (patience == 0)
		return 0;
	return patience > UINT64_MAX - now ? UINT64_MAX : now + patience;
}

/* Returns 0; -EBADMSG: it is no request; or another negative errno: it cannot be asked. */
static int ask(struct front *front, const void *packet, const struct packet_header *header)
{
	struct open_request *request = calloc(1, sizeof *request);
	uint64_t patience;
	int r = request ? registry_wire_read_request(&request->asked.type, &request->asked.content,
						     &patience, packet, header)
			: -ENOMEM;

	if (r < 0) {
		free(request);
		return r;
	}
	request->asked.give_up_at = end_of(patience);
	request->asked.answered = on_answered;
	request->asked.owner = request;
	request->front = front;
	request->number = front->highest = header->number;
	add_request(front, request);
	r = registry_submit(front->server->registry, &request->asked);
	if (r < 0)
		free_request(request);
	return r;
}

static bool take_request(struct front *front, const void *packet,
			 const struct packet_header *header)
{
	int r = header->number <= front->highest ? -EBADMSG : ask(front, packet, header);

	if (r == 0)
		return true;
	refuse(front, r == -EBADMSG ? "it sent a request that is none" : "out of memory");
	return false;
}

/* What has been answered already is not there any more: the answer is on its way. */
static bool take_withdrawal(struct front *front, const struct packet_header *header)
{
	if (!registry_wire_is_empty(header)) {
		refuse(front, "it sent a withdrawal that is none");
		return false;
	}
	for (struct open_request *at = front->first; at; at = at->next)
		if (at->number == header->number) {
			free_request(at);
			break;
		}
	return true;
}

/* False: the front is gone. */
static bool take_packet(struct front *front, const void *packet, const struct packet_header *header)
{
	if (!front->is_greeted)
		return greet(front, packet, header);
	switch (header->type) {
	case REGISTRY_PACKET_REQUEST:
		return take_request(front, packet, header);
	case REGISTRY_PACKET_WITHDRAW:
		return take_withdrawal(front, header);
	default:
		refuse(front, "it sent a packet of a type that there is not");
		return false;
	}
}

static void on_received(void *owner, const struct packet_header *header, const void *packet)
{
	struct front *front = owner;

	if (take_packet(front, packet, header))
		hold_or_go(front);
}

static void on_ended(void *owner, bool is_malformed)
{
	if (is_malformed)
		refuse(owner, "it sent no packet");
	else
		cut_off(owner);
}

/* ------------------------------------------------------------------ the server */

int keeper_server_add(struct keeper_server *server, int fd)
{
	struct front *front = calloc(1, sizeof *front);
	const struct packet_stream_owner owner = {
		.received = on_received,
		.sent = on_sent,
		.ended = on_ended,
		.owner = front,
	};
	struct packet_stream *stream = packet_stream_new(server->base, fd, &owner);

	if (!front || !stream) {
		packet_stream_free(stream);
		free(front);
		return -ENOMEM;
	}
	front->stream = stream;
	front->server = server;
	front->end = &front->first;
	front->next = server->fronts;
	front->previous = &server->fronts;
	if (front->next)
		front->next->previous = &front->next;
	server->fronts = front;
	server->count++;
	return 0;
}

void keeper_server_announce(struct keeper_server *server, enum registry_news news)
{
	for (struct front *front = server->fronts; front; front = front->next)
		if (front->is_greeted)
			send_packet(front, registry_wire_news(server->packet, news));
}

size_t keeper_server_count(const struct keeper_server *server)
{
	return server->count;
}

bool keeper_server_is_busy(const struct keeper_server *server)
{
	for (const struct front *front = server->fronts; front; front = front->next)
		if (front->open > 0 || packet_stream_unsent(front->stream) > 0)
			return true;
	return false;
}

struct keeper_server *keeper_server_new(struct event_base *base, struct registry *registry)
{
	struct keeper_server *server = calloc(1, sizeof *server);

	if (!server)
		return NULL;
	server->base = base;
	server->registry = registry;
	return server;
}

void keeper_server_free(struct keeper_server *server)
{
	if (!server)
		return;
	while (server->fronts)
		cut_off(server->fronts);
	free(server);
}
