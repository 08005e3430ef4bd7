/* SPDX-License-Identifier: ISC */
#include "client/methods/https/https-pipe.h"

#include "common/cleanup.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define RECORD_MAX 16384 /* bytes of plaintext in a TLS record (RFC 8446, 5.1) */

void https_pipe_init(struct https_pipe *pipe, const struct attempt *attempt,
		     struct attempt_report *report)
{
	*pipe = (struct https_pipe){
		.attempt = attempt, .report = report, .libcurl = -1, .local = -1
	};
}

/* ------------------------------------------------------------------ libcurl's end */

curl_socket_t https_pipe_open_socket(void *user, curlsocktype purpose,
				     struct curl_sockaddr *address)
{
	struct sockaddr_in nobody = { .sin_family = AF_INET };
	struct https_pipe *pipe = user;

	(void)purpose;
	/* Once a request has been sent, a retry by libcurl would be a second registration. */
	if (pipe->libcurl >= 0 || pipe->local >= 0 || pipe->sent)
		return CURL_SOCKET_BAD;
	memcpy(&address->addr, &nobody, sizeof nobody);
	address->addrlen = sizeof nobody;
	pipe->libcurl = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (pipe->libcurl >= 0)
		return pipe->libcurl;
	pipe->error = -errno;
	return CURL_SOCKET_BAD;
}

int https_pipe_take_over(void *user, char *their_address, char *our_address, int their_port,
			 int our_port)
{
	struct https_pipe *pipe = user;
	int pair[2], r;

	(void)their_address, (void)our_address, (void)their_port, (void)our_port;
	if (pipe->libcurl < 0)
		return CURL_PREREQFUNC_ABORT;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0) {
		pipe->error = -errno;
		return CURL_PREREQFUNC_ABORT;
	}
	pipe->local = pair[0];
	r = dup3(pair[1], pipe->libcurl, O_CLOEXEC);
	if (r < 0)
		pipe->error = -errno;
	close(pair[1]);
	return r < 0 ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* ------------------------------------------------------------------ the manager's end */

/*
 * Is the connection still open, with no pending data? The manager may have closed it, and
 * unsolicited data is not a response to the next request.
 */
static bool is_silent(const struct https_pipe *pipe)
{
	struct deadline at_once = { 0, pipe->attempt->deadline->stop_fd };
	struct reason ignored;
	size_t length = 0;
	char byte;

	return tls_client_read(pipe->client, &byte, 1, &at_once, &length, &ignored) == -ETIMEDOUT;
}

int https_pipe_connect(struct https_pipe *pipe, bool changes)
{
	int r;

	if (pipe->client && !is_silent(pipe))
		https_pipe_close(pipe);
	pipe->changes = changes;
	pipe->error = 0;
	pipe->sent = false;
	pipe->received = 0;
	if (!pipe->client) {
		pipe->ended = pipe->ends_after_reply = false;
		r = method_connect(pipe->attempt, &pipe->client, pipe->report);
		if (r != OUTCOME_OK)
			return r;
	}
	return changes ? attempt_begin_step(pipe->attempt, STEP_SENDING) : OUTCOME_OK;
}

static int carry_request(struct https_pipe *pipe, struct reason *why)
{
	const struct attempt *attempt = pipe->attempt;
	bool is_first = !pipe->sent;
	char bytes[RECORD_MAX];
	ssize_t length = recv(pipe->local, bytes, sizeof bytes, 0);
	int r;

	if (length <= 0) /* libcurl has closed its end, and reports it at the next turn */
		return length == 0 || errno == EAGAIN
			       ? OUTCOME_OK
			       : reason_errno(why, errno, "Cannot read from libcurl");
	pipe->sent = true;
	r = tls_client_write(pipe->client, bytes, (size_t)length, attempt->deadline, why);
	explicit_bzero(bytes, (size_t)length);
	if (r == OUTCOME_OK && is_first && pipe->changes)
		r = attempt_begin_step(attempt, STEP_WAITING);
	return r;
}

/* libcurl has read everything before, so there is space in its socket for one more record. */
static int carry_reply(struct https_pipe *pipe, struct reason *why)
{
	struct deadline at_once = { 0, pipe->attempt->deadline->stop_fd };
	char bytes[RECORD_MAX];
	size_t length = 0;
	ssize_t sent;
	int r = tls_client_read(pipe->client, bytes, sizeof bytes, &at_once, &length, why);

	if (r == -ETIMEDOUT) /* a record without application data: a session ticket */
		return OUTCOME_OK;
	if (r != OUTCOME_OK)
		return r;
	if (length == 0) {
		pipe->ended = pipe->ends_after_reply = true;
		(void)shutdown(pipe->local, SHUT_WR);
		return OUTCOME_OK;
	}
	pipe->received += length;
	sent = send(pipe->local, bytes, length, MSG_NOSIGNAL);
	explicit_bzero(bytes, length);
	/* libcurl has closed its end, and reports why at the next turn */
	if (sent < 0 && errno == EPIPE)
		return OUTCOME_OK;
	return sent == (ssize_t)length
		       ? OUTCOME_OK
		       : reason_errno(why, sent < 0 ? errno : ENOBUFS, "Cannot write to libcurl");
}

int https_pipe_carry(struct https_pipe *pipe, long wait, struct reason *why)
{
	const struct deadline *whole = pipe->attempt->deadline;
	struct deadline turn = wait < 0 ? *whole
					: deadline_in((uint64_t)wait * USEC_PER_MSEC, whole);
	struct pollfd polled[2];
	bool may_answer = pipe->local >= 0 && !pipe->ended;
	int r;

	/* Whoever sends without end would never let it pass in a wait. */
	if (monotonic_usec() >= whole->at)
		return -ETIMEDOUT;
	polled[0] = (struct pollfd){ .fd = pipe->local, .events = POLLIN };
	polled[1] = (struct pollfd){ .fd = may_answer ? tls_client_fd(pipe->client) : -1,
				     .events = POLLIN };
	r = deadline_poll(&turn, polled, 2);
	if (r == -ETIMEDOUT)
		return turn.at == whole->at ? r : OUTCOME_OK;
	if (r < 0)
		return r == -ECANCELED ? r : reason_errno(why, r, "Cannot wait for the response");
	r = polled[0].revents ? carry_request(pipe, why) : OUTCOME_OK;
	return r == OUTCOME_OK && polled[1].revents ? carry_reply(pipe, why) : r;
}

/* ------------------------------------------------------------------ the end */

void https_pipe_close_local(struct https_pipe *pipe)
{
	release_fd(&pipe->local);
	pipe->local = pipe->libcurl = -1;
}

void https_pipe_close(struct https_pipe *pipe)
{
	release_tls_client(&pipe->client);
	pipe->client = NULL;
}
