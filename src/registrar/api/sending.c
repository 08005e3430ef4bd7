/* SPDX-License-Identifier: ISC */
#include "registrar/api/sending.h"

#include <stdlib.h>

#define PIECE_SIZE ((size_t)64 * 1024) /* bytes; some 100 microseconds of encryption */

struct api_sending {
	struct evhttp_request *request;
	struct api_connection *connection;
	struct api_long_body rest;
	struct evbuffer *piece;
	struct api_sending *next, **previous;
};

static void end_body(const struct api_long_body *body)
{
	evbuffer_free(body->bytes);
	if (body->sent)
		body->sent(body->owner);
}

/* The request is evhttp's again, or gone. */
static void forget(struct api_sending *sending)
{
	*sending->previous = sending->next;
	if (sending->next)
		sending->next->previous = sending->previous;
	api_connection_set_end(sending->connection, NULL, NULL);
	end_body(&sending->rest);
	evbuffer_free(sending->piece);
	free(sending);
}

/* evhttp has left the request of a connection that has ended to us. */
static void on_ended(void *owner)
{
	struct api_sending *sending = owner;
	struct evhttp_request *request = sending->request;

	forget(sending);
	evhttp_send_reply_end(request);
}

/* A piece is with the kernel: send the next. */
static void on_sent(struct evhttp_connection *unused, void *owner)
{
	struct api_sending *sending = owner;
	struct evhttp_request *request = sending->request;

	(void)unused;
	if (evbuffer_get_length(sending->rest.bytes) > 0) {
		(void)evbuffer_remove_buffer(sending->rest.bytes, sending->piece, PIECE_SIZE);
		evhttp_send_reply_chunk_with_cb(request, sending->piece, on_sent, sending);
		return;
	}
	forget(sending);
	evhttp_send_reply_end(request);
}

static void begin(struct api_sending *sending, struct api_sending **list, int status)
{
	sending->next = *list;
	sending->previous = list;
	if (sending->next)
		sending->next->previous = &sending->next;
	*list = sending;
	api_connection_set_end(sending->connection, on_ended, sending);
	evhttp_send_reply_start(sending->request, status, NULL);
	on_sent(NULL, sending);
}

void api_send(struct api_sending **list, struct evhttp_request *request,
	      struct api_connection *connection, int status, const struct api_long_body *body)
{
	bool is_long = connection && evbuffer_get_length(body->bytes) > PIECE_SIZE;
	struct api_sending *sending = is_long ? calloc(1, sizeof *sending) : NULL;
	struct evbuffer *piece = sending ? evbuffer_new() : NULL;

	if (!piece) {
		/* Short enough, or for nobody, or, without memory, as a whole. */
		evhttp_send_reply(request, status, NULL, body->bytes);
		end_body(body);
		free(sending);
		return;
	}
	*sending = (struct api_sending){
		.request = request,
		.connection = connection,
		.rest = *body,
		.piece = piece,
	};
	begin(sending, list, status);
}

void api_sendings_free(struct api_sending **list)
{
	while (*list) {
		struct evhttp_request *request = (*list)->request;
		bool is_ours = !evhttp_request_get_connection(request);

		forget(*list);
		if (is_ours)
			evhttp_request_free(request);
	}
}
