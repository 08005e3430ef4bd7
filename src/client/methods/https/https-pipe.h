/* SPDX-License-Identifier: ISC */
/*
 * The pipe below https.h: a local socket for libcurl at one end, the TLS connection to the manager
 * at the other.
 *
 * libcurl up to 7.88 does not accept a socket that is connected already: it ignores
 * CURL_SOCKOPT_ALREADY_CONNECTED. So it gets one that it can connect, without anybody at the other
 * end: a datagram socket and the port 0 of this machine. Once it is content, and before it writes,
 * its descriptor becomes one end of a pair of sockets. No other process can reach either, and
 * whoever has taken over this process can reach no other one by them.
 */
#pragma once

#include "client/methods/method.h"
#include "common/must-check.h"

#include <curl/curl.h>
#include <stdbool.h>

struct https_pipe {
	const struct attempt *attempt;
	struct attempt_report *report;
	struct tls_client *client; /* owned; null: not connected */
	int libcurl;               /* its end, which it closes; -1: none */
	int local;                 /* our end; -1: none */
	int error;                 /* why there is no pair of sockets, a negative errno; or 0 */
	bool changes;              /* the current request does: its steps are reported */
	bool sent;                 /* a byte of it has been sent */
	size_t received;           /* bytes of the reply received so far */
	bool ended;                /* the manager has ended the connection */
	bool ends_after_reply;     /* the manager will end it, or it must not be reused */
};

void https_pipe_init(struct https_pipe *pipe, const struct attempt *attempt,
		     struct attempt_report *report);

/*
 * Before each request: connect to the manager unless it is connected. Returns as method_connect().
 */
int https_pipe_connect(struct https_pipe *pipe, bool changes) must_check;

/* For CURLOPT_OPENSOCKETFUNCTION; `user` is the pipe. */
curl_socket_t https_pipe_open_socket(void *user, curlsocktype purpose,
				     struct curl_sockaddr *address);

/* For CURLOPT_PREREQFUNCTION; `user` is the pipe. */
int https_pipe_take_over(void *user, char *their_address, char *our_address, int their_port,
			 int our_port);

/*
 * Transfer available data in both directions; wait for it at most `wait` milliseconds (-1: until
 * the deadline of the attempt). Returns OUTCOME_OK, -ETIMEDOUT at the deadline (without a reason),
 * -ECANCELED, or as tls_client_read() and tls_client_write().
 */
int https_pipe_carry(struct https_pipe *pipe, long wait, struct reason *why) must_check;

/* After each exchange: close the local socket. */
void https_pipe_close_local(struct https_pipe *pipe);

/* Close the connection to the manager. */
void https_pipe_close(struct https_pipe *pipe);
