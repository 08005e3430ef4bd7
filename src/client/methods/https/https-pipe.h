/* SPDX-License-Identifier: ISC */
/*
 * The pipe below https.h: a local socket for libcurl at one end, the TLS connection to the manager
 * at the other.
 *
 * libcurl connects to an abstract socket that exists only for that moment, because it does not take
 * a connected one: up to 7.88 it connects what CURLOPT_SOCKOPTFUNCTION has called connected. Others
 * could connect there too, so the caller's process is looked at.
 */
#pragma once

#include "client/methods/method.h"

#include <curl/curl.h>
#include <stdbool.h>

struct https_pipe {
	const struct attempt *attempt;
	struct attempt_report *report;
	struct tls_client *client; /* owned; null: not connected */
	int listener;              /* where libcurl is about to connect; -1: it has */
	int local;                 /* our end; -1: none */
	bool registers;            /* the request under way does: its steps are to be told */
	bool sent;                 /* a byte of it has gone out */
	size_t received;           /* bytes of the reply that have come */
	bool ended;                /* the manager has ended the connection */
	bool ends_after_reply;     /* the manager will, or must not be asked on this one again */
};

void https_pipe_init(struct https_pipe *pipe, const struct attempt *attempt,
		     struct attempt_report *report);

/*
 * Before each request: connect to the manager unless that is done. Returns as method_connect()
 * does.
 */
int https_pipe_connect(struct https_pipe *pipe, bool registers);

/* For CURLOPT_OPENSOCKETFUNCTION; `user` is the pipe. */
curl_socket_t https_pipe_open_socket(void *user, curlsocktype purpose,
				     struct curl_sockaddr *address);

/*
 * Carry what there is in both directions; wait for it, at most `wait` milliseconds (-1: as long as
 * the attempt may take). Returns OUTCOME_OK, -ETIMEDOUT at the end of the attempt (without a
 * reason), -ECANCELED, or what tls_client_read() and tls_client_write() return.
 */
int https_pipe_carry(struct https_pipe *pipe, long wait, struct reason *why);

/* After each exchange. */
void https_pipe_close_local(struct https_pipe *pipe);

/* Leave the manager. */
void https_pipe_close(struct https_pipe *pipe);
