/* SPDX-License-Identifier: ISC */
#include "registrar/registry/packet-stream.h"

#include "common/deadline.h"
#include "registrar/net/loop-events.h"
#include "registrar/net/priority.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECES_MAX 64 /* of the output, for one call */

struct packet_stream {
	struct packet_stream_owner owner;
	int fd;
	struct event *readable, *writable;
	struct event *flush; /* active: there is something to be sent */
	struct event *late;  /* pending: when it is sent, whatever else is to be done */
	uint64_t sent_at;    /* monotonic_usec(): the last time */
	struct evbuffer *output;
	bool is_held;
	bool is_broken;      /* it ends with the next callback */
	bool is_in_use;      /* a callback of the loop works with it ... */
	bool is_to_be_freed; /* ... and frees it at its end */
	unsigned char *input;
	size_t length, room; /* of what has come, and for it: PACKET_STREAM_MOST or more */
	size_t to_drop;      /* bytes that are still to come of a packet that is thrown away */
};

static void destroy(struct packet_stream *stream)
{
	free_event(&stream->readable);
	free_event(&stream->writable);
	free_event(&stream->flush);
	free_event(&stream->late);
	if (stream->output)
		evbuffer_free(stream->output);
	close(stream->fd);
	if (stream->input)
		explicit_bzero(stream->input, stream->length);
	free(stream->input);
	free(stream);
}

static void begin_use(struct packet_stream *stream)
{
	stream->is_in_use = true;
}

static void end_use(struct packet_stream *stream)
{
	stream->is_in_use = false;
	if (stream->is_to_be_freed)
		destroy(stream);
}

/* Once: it is the last that the owner hears. */
static void end(struct packet_stream *stream, bool is_malformed)
{
	(void)event_del(stream->readable);
	(void)event_del(stream->writable);
	(void)event_del(stream->flush);
	(void)event_del(stream->late);
	if (!stream->is_to_be_freed && stream->owner.ended)
		stream->owner.ended(stream->owner.owner, is_malformed);
}

/* ------------------------------------------------------------------ receiving */

/* Room for so much. False: out of memory. */
static bool make_room(struct packet_stream *stream, size_t room)
{
	unsigned char *input = malloc(room);

	if (!input)
		return false;
	if (stream->length > 0)
		memcpy(input, stream->input, stream->length);
	if (stream->input)
		explicit_bzero(stream->input, stream->length);
	free(stream->input);
	stream->input = input;
	stream->room = room;
	return true;
}

static size_t most_of(const struct packet_stream *stream)
{
	return stream->owner.most ? stream->owner.most(stream->owner.owner) : PACKET_STREAM_MOST;
}

/* A packet that is longer than the room: there is more for the rest of it. False: no memory. */
static bool grow(struct packet_stream *stream, size_t most)
{
	return make_room(stream, stream->room < most / 2 ? 2 * stream->room : most);
}

/* The room for a long packet is not kept. */
static void shrink(struct packet_stream *stream)
{
	if (stream->room > PACKET_STREAM_MOST && stream->length < PACKET_STREAM_MOST)
		(void)make_room(stream, PACKET_STREAM_MOST);
}

/* Of what has come, from its beginning. */
static void forget_received(struct packet_stream *stream, size_t length)
{
	stream->length -= length;
	memmove(stream->input, stream->input + length, stream->length);
	explicit_bzero(stream->input + stream->length, length);
}

/* There is no memory for the packet that has begun to come: the others do without it. */
static void drop_packet(struct packet_stream *stream)
{
	struct packet_header header;

	if (!stream->owner.dropped || !packet_find_header(&header, stream->input, stream->length)) {
		stream->is_broken = true;
		return;
	}
	stream->to_drop = header.length - stream->length;
	stream->owner.dropped(stream->owner.owner, &header, stream->input);
	forget_received(stream, stream->length);
}

static void drop_rest(struct packet_stream *stream)
{
	size_t length = stream->length < stream->to_drop ? stream->length : stream->to_drop;

	stream->to_drop -= length;
	if (length > 0)
		forget_received(stream, length);
}

/* Hand over all that is whole. False: what follows is no packet. */
static bool hand_over(struct packet_stream *stream)
{
	const size_t most = most_of(stream);
	enum packet_state state = PACKET_MORE;
	struct packet_header header;
	size_t begin = 0, length = stream->length;

	while (!stream->is_held && !stream->is_to_be_freed &&
	       (state = packet_find(&header, stream->input + begin, length - begin, most)) ==
		       PACKET_COMPLETE) {
		stream->owner.received(stream->owner.owner, &header, stream->input + begin);
		begin += header.length;
	}
	if (begin > 0)
		forget_received(stream, begin);
	if (state == PACKET_MORE && stream->length == stream->room && !stream->is_held &&
	    !grow(stream, most))
		drop_packet(stream);
	shrink(stream);
	return state != PACKET_MALFORMED;
}

static void on_readable(evutil_socket_t fd, short what, void *argument)
{
	struct packet_stream *stream = argument;
	ssize_t n = recv(fd, stream->input + stream->length, stream->room - stream->length,
			 MSG_DONTWAIT);
	/* With a full buffer, there is a packet in it, or none will ever be. */
	bool has_ended = n == 0 && stream->length < stream->room;

	(void)what;
	if (n > 0)
		stream->length += (size_t)n;
	else if (n < 0)
		has_ended = errno != EAGAIN && errno != EINTR;
	drop_rest(stream);
	begin_use(stream);
	if (!hand_over(stream))
		end(stream, true);
	else if ((has_ended || stream->is_broken) && !stream->is_held)
		end(stream, false);
	end_use(stream);
}

void packet_stream_hold(struct packet_stream *stream, bool hold)
{
	if (stream->is_held == hold)
		return;
	stream->is_held = hold;
	if (hold) {
		(void)event_del(stream->readable);
		return;
	}
	stream->is_broken |= event_add(stream->readable, NULL) < 0;
	event_active(stream->readable, EV_READ, 1); /* for what has arrived before */
}

/* ------------------------------------------------------------------ sending */

static void forget_sent(struct packet_stream *stream, const struct evbuffer_iovec *pieces,
			size_t length)
{
	size_t left = length;

	for (int i = 0; left > 0; i++) {
		size_t part = pieces[i].iov_len < left ? pieces[i].iov_len : left;

		explicit_bzero(pieces[i].iov_base, part);
		left -= part;
	}
	(void)evbuffer_drain(stream->output, length);
}

/* It ends with the next callback. */
static void break_off(struct packet_stream *stream)
{
	stream->is_broken = true;
	event_active(stream->readable, EV_READ, 1);
}

/* Send what can be sent. Returns how many bytes, or a negative errno. */
static ssize_t send_pieces(struct packet_stream *stream)
{
	struct evbuffer_iovec pieces[PIECES_MAX];
	int count = evbuffer_peek(stream->output, -1, NULL, pieces, PIECES_MAX);
	const struct msghdr message = {
		.msg_iov = pieces,
		.msg_iovlen = (size_t)(count < PIECES_MAX ? count : PIECES_MAX),
	};
	ssize_t n = sendmsg(stream->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0)
		return -errno;
	forget_sent(stream, pieces, (size_t)n);
	stream->sent_at = monotonic_usec();
	return n;
}

/* The rest is waited with until the other end has taken some. */
static void wait_for_rest(struct packet_stream *stream)
{
	if (evbuffer_get_length(stream->output) == 0)
		(void)event_del(stream->writable);
	else if (event_add(stream->writable, NULL) < 0)
		break_off(stream);
}

static void on_flush(evutil_socket_t unused, short what, void *argument)
{
	struct packet_stream *stream = argument;
	ssize_t n;

	(void)unused, (void)what;
	(void)event_del(stream->flush);
	(void)event_del(stream->late);
	if (evbuffer_get_length(stream->output) == 0)
		return;
	begin_use(stream);
	n = send_pieces(stream);
	wait_for_rest(stream);
	if (n < 0 && n != -EAGAIN && n != -EINTR)
		end(stream, false);
	else if (n > 0 && stream->owner.sent)
		stream->owner.sent(stream->owner.owner);
	end_use(stream);
}

static void plan_flush(struct packet_stream *stream)
{
	const uint64_t pause = stream->owner.pause, now = monotonic_usec();
	const uint64_t next = stream->sent_at + pause;
	const bool is_soon = now < next;
	const struct timeval time = { .tv_usec = (suseconds_t)(is_soon ? next - now : pause) };

	if (event_pending(stream->writable, EV_WRITE, NULL) || evtimer_pending(stream->late, NULL))
		return;
	if (!is_soon)
		event_active(stream->flush, EV_WRITE, 1);
	if (pause > 0 && event_add(stream->late, &time) < 0)
		event_active(stream->flush, EV_WRITE, 1);
}

void packet_stream_send(struct packet_stream *stream, const void *packet, size_t length)
{
	if (evbuffer_add(stream->output, packet, length) == 0)
		plan_flush(stream);
	else
		break_off(stream);
}

size_t packet_stream_unsent(const struct packet_stream *stream)
{
	return evbuffer_get_length(stream->output);
}

/* ------------------------------------------------------------------ the whole */

void packet_stream_free(struct packet_stream *stream)
{
	if (!stream)
		return;
	if (evtimer_pending(stream->late, NULL)) /* it would have gone by now */
		(void)send_pieces(stream);
	stream->is_to_be_freed = true;
	if (!stream->is_in_use)
		destroy(stream);
}

struct packet_stream *packet_stream_new(struct event_base *base, int fd,
					const struct packet_stream_owner *owner)
{
	struct packet_stream *stream = calloc(1, sizeof *stream);

	if (!stream) {
		close(fd);
		return NULL;
	}
	stream->owner = *owner;
	stream->fd = fd;
	stream->output = evbuffer_new();
	stream->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, stream);
	stream->writable = event_new(base, fd, EV_WRITE | EV_PERSIST, on_flush, stream);
	stream->flush = evtimer_new(base, on_flush, stream);
	stream->late = evtimer_new(base, on_flush, stream);
	if (stream->flush && owner->pause > 0)
		(void)event_priority_set(stream->flush, PRIORITY_GATHERED);
	if (stream->output && stream->readable && stream->writable && stream->flush &&
	    stream->late && make_room(stream, PACKET_STREAM_MOST) &&
	    event_add(stream->readable, NULL) == 0)
		return stream;
	destroy(stream);
	return NULL;
}
