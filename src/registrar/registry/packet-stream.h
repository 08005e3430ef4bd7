/* SPDX-License-Identifier: ISC */
/*
 * Packets (common/packet.h) over a stream socket, in an event loop. What arrives together is handed
 * over within one callback of the loop, so that requests share a transaction, and what is sent
 * within one round goes out with one call. Packets can hold keys: nothing of them stays in memory
 * once they are handed over, or sent.
 */
#pragma once

#include "common/must-check.h"
#include "common/packet.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Each of these but `most` may free the stream, and any but the first may be null. None is called
 * from within a function of the owner's.
 */
struct packet_stream_owner {
	/* A whole packet; valid during the call. */
	void (*received)(void *owner, const struct packet_header *header, const void *packet);
	/* Some of what was to be sent has been. */
	void (*sent)(void *owner);
	/*
	 * The other end has gone, or has sent what is no packet (`is_malformed`): nothing more is
	 * received. Free the stream.
	 */
	void (*ended)(void *owner, bool is_malformed);
	/*
	 * There is no memory for a packet: it has begun with PACKET_STREAM_MOST bytes, valid during
	 * the call, and the rest of it is thrown away. Null: the stream ends then.
	 */
	void (*dropped)(void *owner, const struct packet_header *header, const void *begin);
	/*
	 * How many bytes a packet may have that comes now, at least PACKET_STREAM_MOST. Null: no
	 * more than that. There is memory for what has come of a longer one, and not before.
	 */
	size_t (*most)(void *owner);
	/*
	 * Microseconds from one sending to the next at least, so that what follows soon goes out
	 * together. What comes later than that waits only until nothing else is ready in the loop
	 * (PRIORITY_GATHERED), and no longer than that. 0: all is sent at once.
	 */
	unsigned int pause;
	void *owner;
};

struct packet_stream;

/* Takes the socket, which does not block, even on failure. Returns null when out of memory. */
struct packet_stream *packet_stream_new(struct event_base *base, int fd,
					const struct packet_stream_owner *owner) must_check;

/* Send a packet (copied), soon. Without memory for it the stream ends. */
void packet_stream_send(struct packet_stream *stream, const void *packet, size_t length);

/* Bytes that the other end has not taken yet. */
size_t packet_stream_unsent(const struct packet_stream *stream);

/* Receive nothing more for now, not even what has arrived; or go on. */
void packet_stream_hold(struct packet_stream *stream, bool hold);

/*
 * Close the socket. What waits for the end of a pause is sent, as far as there is room; the rest is
 * lost. Null is allowed.
 */
void packet_stream_free(struct packet_stream *stream);
