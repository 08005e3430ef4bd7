/* SPDX-License-Identifier: ISC */
/*
 * Answers that are too long to be handed to evhttp as a whole: it would encrypt and send as much at
 * once as the client takes, and everybody else would wait.
 */
#pragma once

#include "registrar/api/connection.h"
#include "registrar/api/http.h"

#include <event2/buffer.h>
#include <event2/http.h>

/* An answer on its way. */
struct api_sending;

/*
 * Send the answer, whose headers are complete, Content-Length included; the body is taken over. It
 * is in the list until it is sent, or its connection has ended.
 */
void api_send(struct api_sending **list, struct evhttp_request *request,
	      struct api_connection *connection, int status, const struct api_long_body *body);

/* Forget all of them, right before evhttp is freed. */
void api_sendings_free(struct api_sending **list);
