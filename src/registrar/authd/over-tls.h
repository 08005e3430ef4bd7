/* SPDX-License-Identifier: ISC */
/* A request and its answer on their way over TLS. */
#pragma once

#include "common/must-check.h"
#include "registrar/authd/answer.h"
#include "registrar/authd/request-buffer.h"
#include "registrar/net/tls-server.h"

/*
 * Read what has come of a request, but not more than some records, so that others get their turn.
 * While it is REQUEST_BUFFER_MORE, `*ret` says how reading ended; with TLS_STEP_DONE there may be
 * more to be read. No copy of a password stays behind.
 */
enum request_buffer_state request_read(struct request_buffer *buffer, struct tls_server *tls,
				       enum tls_step *ret) must_check;

/*
 * Acknowledge at once what has come. A client that writes in pieces without TCP_NODELAY (its last
 * handshake message and its request, say) sends the next one only then, and the kernel would let it
 * wait for 40 ms.
 */
void request_acknowledge(int fd);

/* Write the answer, each of its records as one of TLS: old agents take one for one message. */
enum tls_step answer_write(const struct answer *answer, struct tls_server *tls) must_check;
