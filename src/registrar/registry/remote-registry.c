/* SPDX-License-Identifier: ISC */
#include "registrar/registry/remote-registry.h"

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/log.h"
#include "registrar/net/loop-events.h"
#include "registrar/registry/packet-stream.h"
#include "registrar/registry/registry-wire.h"
#include "registrar/registry/remote-requests.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Between two attempts to connect: doubled from the first to the last. */
#define RETRY_FIRST (20 * 1000) /* microseconds */
#define RETRY_LAST USEC_PER_SEC

static const struct timeval look_time = { .tv_sec = 1 };

struct remote_registry {
	struct registry registry; /* first */
	struct remote_registry_settings settings;
	struct packet_stream *stream; /* null: there is no connection */
	bool is_welcome;              /* the keeper has our version */
	bool is_closing;              /* it takes no more requests */
	bool is_missed;               /* that there is no connection was logged */
	uint64_t last_number;
	uint64_t retry_usec;
	struct event *retry;
	struct event *look; /* for requests whose time is up */
	struct event *send; /* those that waited for the keeper to have less to do */
	struct remote_requests waiting, sent;
	size_t sent_of[REGISTRY_TYPES];
	unsigned char packet[REGISTRY_PACKET_MAX]; /* the one that is written; wiped */
};

/* ------------------------------------------------------------------ sending */

static void send_packet(struct remote_registry *remote, size_t length)
{
	packet_stream_send(remote->stream, remote->packet, length);
	explicit_bzero(remote->packet, length);
}

/* Is there a keeper that takes requests? */
static bool can_send(const struct remote_registry *remote)
{
	return remote->is_welcome && !remote->is_closing;
}

/* How long the keeper may take. 0 would be without end. */
static uint64_t patience_of(const struct registry_request *request)
{
	uint64_t now = monotonic_usec();

	if (request->give_up_at == 0)
		return 0;
	return request->give_up_at > now ? request->give_up_at - now : 1;
}

/* A removal can be long. False: out of memory for it. */
static bool send_long(struct remote_registry *remote, uint64_t number,
		      const struct registry_request *asked)
{
	void *packet;
	size_t length = registry_wire_long_request(&packet, number, patience_of(asked), asked);

	if (length == 0) {
		log_error("Out of memory: a request cannot be sent to the keeper");
		return false;
	}
	packet_stream_send(remote->stream, packet, length);
	registry_wire_free(packet, length);
	return true;
}

/* Into the list of those that were sent. False: it cannot be. */
static bool send_request(struct remote_registry *remote, struct remote_request *request)
{
	const struct registry_request *asked = request->request;
	const uint64_t number = remote->last_number + 1;
	size_t length = registry_wire_request(remote->packet, number, patience_of(asked), asked);

	if (length > 0)
		send_packet(remote, length);
	else if (!send_long(remote, number, asked))
		return false;
	remote->last_number = request->number = number;
	remote->sent_of[asked->type]++;
	remote_requests_add(&remote->sent, request);
	return true;
}

/* Is the keeper asked as much of this type as it should be? */
static bool has_enough_of(const struct remote_registry *remote, enum registry_type type)
{
	return remote->sent_of[type] >= registry_type_limit(type);
}

/* The first of those that wait which can be sent. Null: none. */
static struct remote_request *find_sendable(const struct remote_registry *remote)
{
	for (struct remote_request *at = remote->waiting.first; at; at = at->next)
		if (!has_enough_of(remote, at->request->type))
			return at;
	return NULL;
}

static void send_waiting(struct remote_registry *remote)
{
	struct remote_request *request;

	while (can_send(remote) && (request = find_sendable(remote))) {
		remote_requests_remove(&remote->waiting, request);
		if (!send_request(remote, request))
			remote_request_fail(request, REGISTRY_NO_MEMORY);
	}
}

static void on_send(evutil_socket_t fd, short what, void *argument)
{
	(void)fd, (void)what;
	send_waiting(argument);
}

/* Out of the list of those that were sent. Those that wait for that are sent soon. */
static void remove_sent(struct remote_registry *remote, struct remote_request *request)
{
	if (remote->waiting.first)
		event_active(remote->send, EV_TIMEOUT, 1);
	remote->sent_of[request->request->type]--;
	remote_requests_remove(&remote->sent, request);
}

/* It is out of its list; the answer that may still come is for nobody. */
static void withdraw_sent(struct remote_registry *remote, const struct remote_request *request)
{
	if (remote->is_welcome)
		send_packet(remote, registry_wire_withdraw(remote->packet, request->number));
}

/* ------------------------------------------------------------------ the connection */

static void disconnect(struct remote_registry *remote)
{
	packet_stream_free(remote->stream);
	remote->stream = NULL;
	remote->is_welcome = false;
	remote->is_closing = false;
}

static void fail_sent(struct remote_registry *remote)
{
	struct remote_request *request;
	size_t count = 0;

	for (; (request = remote->sent.first); count++) {
		remove_sent(remote, request);
		remote_request_fail(request, REGISTRY_FAILED);
	}
	if (count > 0)
		log_error("%zu requests have failed: the keeper has gone", count);
}

static void plan_retry(struct remote_registry *remote)
{
	const struct timeval time = {
		.tv_sec = (time_t)(remote->retry_usec / USEC_PER_SEC),
		.tv_usec = (suseconds_t)(remote->retry_usec % USEC_PER_SEC),
	};

	(void)event_add(remote->retry, &time); /* on_look() sees to it otherwise */
	remote->retry_usec *= 2;
	if (remote->retry_usec > RETRY_LAST)
		remote->retry_usec = RETRY_LAST;
}

/* Say once what is missed, until it is there again. */
static void miss(struct remote_registry *remote, const char *why)
{
	if (!remote->is_missed)
		log_warning("No connection to the keeper: %s; registrations wait", why);
	remote->is_missed = true;
}

static bool should_retry(struct remote_registry *remote)
{
	const struct remote_registry_settings *settings = &remote->settings;

	return !settings->lost || settings->lost(settings->owner);
}

static void lose(struct remote_registry *remote, const char *why)
{
	disconnect(remote);
	if (should_retry(remote)) {
		miss(remote, why);
		plan_retry(remote);
	}
	fail_sent(remote);
}

/* ------------------------------------------------------------------ what the keeper says */

static bool take_welcome(struct remote_registry *remote, const void *packet,
			 const struct packet_header *header)
{
	if (header->type != REGISTRY_PACKET_WELCOME ||
	    !registry_wire_is_our_version(packet, header))
		return false;
	remote->is_welcome = true;
	if (remote->settings.connected)
		remote->settings.connected(remote->settings.owner);
	send_waiting(remote);
	return true;
}

/* It works: what answers, or says something else that makes sense, is a keeper. */
static void note_presence(struct remote_registry *remote)
{
	if (remote->is_missed)
		log_notice("The keeper is there again");
	remote->is_missed = false;
	remote->retry_usec = RETRY_FIRST;
}

/* There is no memory for an answer: whoever has asked hears that. Null: nobody has. */
static void fail_answered(struct remote_registry *remote, struct remote_request *sent)
{
	log_error("Out of memory: an answer of the keeper cannot be read");
	if (!sent)
		return;
	remove_sent(remote, sent);
	remote_request_fail(sent, REGISTRY_NO_MEMORY);
}

/* What was not decided, the keeper may have had no memory for: whoever asks knows what it asked. */
static void give_answer(struct remote_registry *remote, struct remote_request *sent,
			struct registry_answer *answer)
{
	struct registry_request *request = sent->request;

	remove_sent(remote, sent);
	if (answer->outcome != REGISTRY_DECIDED) {
		remote_request_fail(sent, answer->outcome);
		return;
	}
	free(sent);
	registry_answer(request, answer);
}

/* An answer to a request that was withdrawn in the meantime is for nobody. */
static bool take_answer(struct remote_registry *remote, const void *packet,
			const struct packet_header *header)
{
	cleanup(registry_answer_clear) struct registry_answer answer = { 0 };
	struct remote_request *sent = remote_requests_find(&remote->sent, header->number);
	int r = header->number > remote->last_number
			? -EBADMSG
			: registry_wire_read_answer(&answer, packet, header);

	if (r == -EBADMSG || (r == 0 && sent && answer.type != sent->request->type))
		return false;
	note_presence(remote);
	if (r < 0)
		fail_answered(remote, sent);
	else if (sent)
		give_answer(remote, sent, &answer);
	return true;
}

static bool take_news(struct remote_registry *remote, const void *packet,
		      const struct packet_header *header)
{
	enum registry_news news;
	struct reason why;

	if (registry_wire_read_news(&news, &why, packet, header) < 0)
		return false;
	note_presence(remote);
	if (news == REGISTRY_NEWS_CLOSING)
		remote->is_closing = true;
	if (remote->settings.news)
		remote->settings.news(remote->settings.owner, news, why.text[0] ? why.text : NULL);
	return true;
}

static bool take_packet(struct remote_registry *remote, const void *packet,
			const struct packet_header *header)
{
	if (!remote->is_welcome)
		return take_welcome(remote, packet, header);
	if (header->type == REGISTRY_PACKET_NEWS)
		return take_news(remote, packet, header);
	return header->type == REGISTRY_PACKET_ANSWER && take_answer(remote, packet, header);
}

/* It is no keeper, or not ours. */
static void refuse(struct remote_registry *remote)
{
	lose(remote, remote->is_welcome ? "what it sends is no answer"
					: "it is of another version; restart both services");
}

/* A keeper that is closing waits for that. */
static void leave_when_done(struct remote_registry *remote)
{
	if (remote->is_closing && !remote->sent.first)
		lose(remote, "it stops");
}

static void on_received(void *owner, const struct packet_header *header, const void *packet)
{
	if (!take_packet(owner, packet, header))
		refuse(owner);
	else
		leave_when_done(owner);
}

/* Only answers are long. */
static void on_dropped(void *owner, const struct packet_header *header, const void *begin)
{
	struct remote_registry *remote = owner;

	(void)begin;
	if (header->type != REGISTRY_PACKET_ANSWER || header->number > remote->last_number) {
		refuse(remote);
		return;
	}
	fail_answered(remote, remote_requests_find(&remote->sent, header->number));
	leave_when_done(remote);
}

static void on_ended(void *owner, bool is_malformed)
{
	if (is_malformed)
		refuse(owner);
	else
		lose(owner, "it has closed the connection");
}

/* Only material is longer than other packets. */
static size_t most_bytes(void *owner)
{
	const struct remote_registry *remote = owner;

	return remote->is_welcome ? REGISTRY_ANSWER_MAX : REGISTRY_PACKET_MAX;
}

static bool begin(struct remote_registry *remote, int fd)
{
	const struct packet_stream_owner owner = {
		.received = on_received,
		.dropped = on_dropped,
		.ended = on_ended,
		.most = most_bytes,
		.pause = remote->settings.gathering,
		.owner = remote,
	};

	remote->stream = packet_stream_new(remote->settings.base, fd, &owner);
	if (!remote->stream)
		return false;
	send_packet(remote, registry_wire_hello(remote->packet, REGISTRY_PACKET_HELLO));
	return true;
}

static void on_retry(evutil_socket_t unused, short what, void *argument)
{
	struct remote_registry *remote = argument;
	int fd = remote->settings.connect(remote->settings.owner);

	(void)unused, (void)what;
	if (fd >= 0 && begin(remote, fd))
		return;
	miss(remote, strerror(fd < 0 ? -fd : ENOMEM));
	plan_retry(remote);
}

/* Those who have waited for long enough, for a connection or for an answer. */
static void on_look(evutil_socket_t fd, short what, void *argument)
{
	struct remote_registry *remote = argument;
	struct remote_request *request;

	(void)fd, (void)what;
	if (remote->is_missed && !remote->stream && !evtimer_pending(remote->retry, NULL))
		plan_retry(remote);
	while ((request = remote_requests_find_over(&remote->waiting))) {
		remote_requests_remove(&remote->waiting, request);
		remote_request_fail(request, REGISTRY_BUSY);
	}
	while ((request = remote_requests_find_overdue(&remote->sent))) {
		log_error("The keeper does not answer");
		remove_sent(remote, request);
		withdraw_sent(remote, request);
		remote_request_fail(request, REGISTRY_FAILED);
	}
}

/* ------------------------------------------------------------------ the registry */

static int submit(struct registry *registry, struct registry_request *request)
{
	struct remote_registry *remote = (struct remote_registry *)registry;
	struct remote_request *one = calloc(1, sizeof *one);

	if (!one)
		return -ENOMEM;
	one->request = request;
	if (!can_send(remote) || has_enough_of(remote, request->type)) {
		remote_requests_add(&remote->waiting, one);
	} else if (!send_request(remote, one)) {
		free(one);
		return -ENOMEM;
	}
	request->pending = one;
	return 0;
}

static void withdraw(struct registry *registry, struct registry_request *request)
{
	struct remote_registry *remote = (struct remote_registry *)registry;
	struct remote_request *one = request->pending;

	if (one->number == 0) {
		remote_requests_remove(&remote->waiting, one);
	} else {
		remove_sent(remote, one);
		withdraw_sent(remote, one);
	}
	free(one);
}

void remote_registry_report(struct registry *registry, const struct front_report *report)
{
	struct remote_registry *remote = (struct remote_registry *)registry;

	if (remote->is_welcome)
		send_packet(remote, registry_wire_report(remote->packet, report));
}

static void free_registry(struct registry *registry)
{
	struct remote_registry *remote = (struct remote_registry *)registry;

	disconnect(remote);
	free_event(&remote->retry);
	free_event(&remote->look);
	free_event(&remote->send);
	free(remote);
}

static bool set_up(struct remote_registry *remote)
{
	struct event_base *base = remote->settings.base;

	remote->retry = evtimer_new(base, on_retry, remote);
	remote->look = event_new(base, -1, EV_PERSIST, on_look, remote);
	remote->send = evtimer_new(base, on_send, remote);
	if (!remote->retry || !remote->look || !remote->send ||
	    event_add(remote->look, &look_time) < 0)
		return false;
	event_active(remote->retry, EV_TIMEOUT, 1);
	return true;
}

struct registry *remote_registry_new(const struct remote_registry_settings *settings)
{
	static const struct registry_operations operations = {
		.submit = submit,
		.withdraw = withdraw,
		.free = free_registry,
	};
	struct remote_registry *remote = calloc(1, sizeof *remote);

	if (!remote)
		return NULL;
	remote->registry.operations = &operations;
	remote->settings = *settings;
	remote->retry_usec = RETRY_FIRST;
	remote_requests_begin(&remote->waiting);
	remote_requests_begin(&remote->sent);
	if (set_up(remote))
		return &remote->registry;
	free_registry(&remote->registry);
	return NULL;
}
