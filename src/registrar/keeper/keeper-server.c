/* SPDX-License-Identifier: ISC */
#include "registrar/keeper/keeper-server.h"

#include "common/deadline.h"
#include "common/log.h"
#include "registrar/keeper/offence-lines.h"
#include "registrar/keeper/open-requests.h"
#include "registrar/registry/packet-stream.h"
#include "registrar/registry/registry-wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert(3 * KEEPER_REQUEST_BYTES + (size_t)KEEPER_REQUESTS_MAX * (4096 + 2048) +
			       2 * KEEPER_ANSWERS_MAX + 2 * (size_t)REGISTRY_ANSWER_MAX <=
		       KEEPER_FRONT_MEMORY,
	       "a front can have the keeper use no more");

struct keeper_server {
	struct keeper_server_settings settings;
	size_t most_agents; /* that there ever were */
	struct offence_lines lines;
	struct front *fronts;
	size_t count;
	struct front_report past;                  /* what fronts counted that are gone */
	unsigned char packet[REGISTRY_PACKET_MAX]; /* the one that is written; wiped */
};

struct front {
	struct keeper_server *server;
	struct packet_stream *stream;
	bool is_greeted; /* its version is ours */
	struct front_report report;
	uint64_t reloads; /* that it was told of */
	uint64_t highest; /* number of its requests */
	struct open_requests open;
	uint64_t edition; /* of the material that it has, or was told of; 0: none */
	struct front *next, **previous;
};

/* ------------------------------------------------------------------ a front comes and goes */

static void cut_off(struct front *front)
{
	struct keeper_server *server = front->server;

	open_requests_clear(&front->open);
	*front->previous = front->next;
	if (front->next)
		front->next->previous = front->previous;
	server->count--;
	server->past.registered += front->report.registered;
	server->past.refused += front->report.refused;
	packet_stream_free(front->stream);
	free(front);
	if (server->settings.observer.gone)
		server->settings.observer.gone(server->settings.observer.owner);
}

bool keeper_server_may_log(struct keeper_server *server)
{
	return offence_lines_may(&server->lines);
}

/* Once for each front, whatever it sent. */
static void refuse(struct front *front, const char *what)
{
	if (keeper_server_may_log(front->server))
		log_error("Cut off a front: %s", what);
	cut_off(front);
}

static bool has_too_much(const struct front *front)
{
	return front->open.count >= KEEPER_REQUESTS_MAX ||
	       front->open.bytes >= KEEPER_REQUEST_BYTES ||
	       packet_stream_unsent(front->stream) >= KEEPER_ANSWERS_MAX ||
	       open_requests_are_too_many(&front->open);
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

/* Material can be long. 0; -EMSGSIZE: it is longer than that; or -ENOMEM. */
static int send_long_answer(struct front *front, uint64_t number,
			    const struct registry_answer *answer)
{
	void *packet;
	size_t length;
	int r = registry_wire_long_answer(&packet, &length, number, answer);

	if (r < 0)
		return r;
	packet_stream_send(front->stream, packet, length);
	registry_wire_free(packet, length);
	return 0;
}

/* It has been decided, but cannot be sent. */
static void send_failure(struct front *front, const struct open_request *request, int error)
{
	struct registry_answer failure;

	log_error("An answer cannot be sent to a front: %s", strerrordesc_np(-error));
	registry_answer_fail(&failure, &request->asked,
			     error == -ENOMEM ? REGISTRY_NO_MEMORY : REGISTRY_FAILED);
	send_packet(front, registry_wire_answer(front->server->packet, request->number, &failure));
}

static void send_answer(struct front *front, const struct open_request *request,
			const struct registry_answer *answer)
{
	size_t length = registry_wire_answer(front->server->packet, request->number, answer);
	int r = length > 0 ? 0 : send_long_answer(front, request->number, answer);

	if (length > 0)
		send_packet(front, length);
	else if (r < 0)
		send_failure(front, request, r);
}

/* A front that takes nothing gets no more of what is told again and again. */
static void send_news(struct front *front, enum registry_news news, const char *why)
{
	bool is_full = packet_stream_unsent(front->stream) >= KEEPER_ANSWERS_MAX;

	if (!front->is_greeted || (is_full && news == REGISTRY_NEWS_PING))
		return;
	front->reloads += news == REGISTRY_NEWS_RELOAD;
	send_packet(front, registry_wire_news(front->server->packet, news, why));
}

/* The front gets this edition of the material: others that have an older one ask again. */
static void note_edition(struct front *front, uint64_t edition)
{
	front->edition = edition;
	for (struct front *other = front->server->fronts; other; other = other->next)
		if (other->edition > 0 && other->edition < edition) {
			other->edition = edition;
			send_news(other, REGISTRY_NEWS_RELOAD, NULL);
		}
}

static void on_answered(void *owner, struct registry_answer *answer)
{
	struct open_request *request = owner;
	struct front *front = request->front;

	send_answer(front, request, answer);
	if (answer->type == REGISTRY_MATERIAL && answer->material.fault == MATERIAL_OK)
		note_edition(front, answer->material.edition);
	open_request_free(request);
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
	request->number = header->number;
	request->bytes = header->length;
	open_requests_add(&front->open, request);
	r = registry_submit(front->server->settings.registry, &request->asked);
	if (r < 0)
		open_request_free(request);
	return r;
}

/* A request that could not be asked for want of memory fails alone. 0 or -EBADMSG: it is none. */
static int fail_request(struct front *front, const void *packet, const struct packet_header *header)
{
	struct registry_request asked = { .content = NULL };
	struct registry_answer answer;
	int r = registry_wire_request_type(&asked.type, packet, header);

	if (r < 0)
		return r;
	if (keeper_server_may_log(front->server))
		log_error("Out of memory: a request of a front was not dealt with");
	registry_answer_fail(&answer, &asked, REGISTRY_NO_MEMORY);
	send_packet(front, registry_wire_answer(front->server->packet, header->number, &answer));
	return 0;
}

/* Requests come in the order of their numbers. 0 or -EBADMSG. */
static int take_number(struct front *front, const struct packet_header *header)
{
	if (header->type != REGISTRY_PACKET_REQUEST || header->number <= front->highest)
		return -EBADMSG;
	front->highest = header->number;
	return 0;
}

/* False: the front is gone. */
static bool go_on_unless_bad(struct front *front, int r)
{
	if (r != -EBADMSG)
		return true;
	refuse(front, "it sent a request that is none");
	return false;
}

static bool take_request(struct front *front, const void *packet,
			 const struct packet_header *header)
{
	int r = take_number(front, header);

	if (r == 0)
		r = ask(front, packet, header);
	if (r < 0 && r != -EBADMSG)
		r = fail_request(front, packet, header);
	return go_on_unless_bad(front, r);
}

/* What has been answered already is not there any more: the answer is on its way. */
static bool take_withdrawal(struct front *front, const struct packet_header *header)
{
	struct open_request *request;

	if (!registry_wire_is_empty(header)) {
		refuse(front, "it sent a withdrawal that is none");
		return false;
	}
	request = open_requests_find(&front->open, header->number);
	if (request)
		open_request_free(request);
	return true;
}

static bool take_report(struct front *front, const void *packet, const struct packet_header *header)
{
	const struct keeper_server_observer *observer = &front->server->settings.observer;

	if (registry_wire_read_report(&front->report, packet, header) < 0) {
		refuse(front, "it sent a report that is none");
		return false;
	}
	if (observer->reported)
		observer->reported(observer->owner, &front->report);
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
	case REGISTRY_PACKET_REPORT:
		return take_report(front, packet, header);
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

/* Only long requests are, and of those there is one at a time. */
static void on_dropped(void *owner, const struct packet_header *header, const void *begin)
{
	struct front *front = owner;
	int r = front->is_greeted ? take_number(front, header) : -EBADMSG;

	if (r == 0)
		r = fail_request(front, begin, header);
	if (go_on_unless_bad(front, r))
		hold_or_go(front);
}

static void on_ended(void *owner, bool is_malformed)
{
	if (is_malformed)
		refuse(owner, "it sent no packet");
	else
		cut_off(owner);
}

/* A removal names agents that there were when it was asked for. */
static size_t most_bytes(void *owner)
{
	const struct front *front = owner;
	struct keeper_server *server = front->server;
	size_t agents = server->settings.count_agents(server->settings.owner);

	if (!front->is_greeted)
		return REGISTRY_PACKET_MAX;
	if (agents > server->most_agents)
		server->most_agents = agents;
	return registry_wire_request_most(server->most_agents);
}

/* ------------------------------------------------------------------ the server */

static struct front *front_new(struct keeper_server *server, int fd)
{
	struct front *front = calloc(1, sizeof *front);
	const struct packet_stream_owner owner = {
		.received = on_received,
		.sent = on_sent,
		.dropped = on_dropped,
		.ended = on_ended,
		.most = most_bytes,
		.owner = front,
	};
	struct packet_stream *stream = packet_stream_new(server->settings.base, fd, &owner);

	if (front && stream) {
		front->server = server;
		front->stream = stream;
		return front;
	}
	packet_stream_free(stream);
	free(front);
	return NULL;
}

int keeper_server_add(struct keeper_server *server, int fd)
{
	struct front *front;

	if (server->count >= KEEPER_FRONTS_MAX) {
		if (keeper_server_may_log(server))
			log_error("Refused a front: there are %d", KEEPER_FRONTS_MAX);
		close(fd);
		return -EMFILE;
	}
	front = front_new(server, fd);
	if (!front)
		return -ENOMEM;
	open_requests_init(&front->open);
	front->next = server->fronts;
	front->previous = &server->fronts;
	if (front->next)
		front->next->previous = &front->next;
	server->fronts = front;
	server->count++;
	return 0;
}

void keeper_server_announce(struct keeper_server *server, enum registry_news news, const char *why)
{
	for (struct front *front = server->fronts; front; front = front->next) {
		if (news == REGISTRY_NEWS_RELOAD)
			front->edition = 0; /* whatever it has: it asks again */
		send_news(front, news, why);
	}
}

static bool is_late(const struct front *front)
{
	return front->report.reloads < front->reloads;
}

bool keeper_server_is_reloaded(const struct keeper_server *server)
{
	for (const struct front *front = server->fronts; front; front = front->next)
		if (is_late(front))
			return false;
	return true;
}

void keeper_server_cut_late(struct keeper_server *server)
{
	for (struct front *front = server->fronts, *next; front; front = next) {
		next = front->next;
		if (is_late(front))
			refuse(front, "it has not reloaded in time");
	}
}

struct front_report keeper_server_totals(const struct keeper_server *server)
{
	struct front_report totals = server->past;

	for (const struct front *front = server->fronts; front; front = front->next) {
		totals.registered += front->report.registered;
		totals.refused += front->report.refused;
		totals.connections += front->report.connections;
	}
	return totals;
}

size_t keeper_server_count(const struct keeper_server *server)
{
	return server->count;
}

struct keeper_server *keeper_server_new(const struct keeper_server_settings *settings)
{
	struct keeper_server *server = calloc(1, sizeof *server);

	if (!server)
		return NULL;
	server->settings = *settings;
	return server;
}

void keeper_server_free(struct keeper_server *server)
{
	if (!server)
		return;
	server->settings.observer = (struct keeper_server_observer){ .owner = NULL };
	while (server->fronts)
		cut_off(server->fronts);
	offence_lines_tell(&server->lines);
	free(server);
}
