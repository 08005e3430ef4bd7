/* SPDX-License-Identifier: ISC */
#include "client/methods/https/https-pipe.h"

#include "common/cleanup.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define RECORD_MAX 16384 /* bytes of plaintext in a TLS record (RFC 8446, 5.1) */

void https_pipe_init(struct https_pipe *pipe, const struct attempt *attempt,
		     struct attempt_report *report)
{
	*pipe = (struct https_pipe){
		.attempt = attempt, .report = report, .listener = -1, .local = -1
	};
}

/* ------------------------------------------------------------------ libcurl's end */

/*
 * A listener under a name that the kernel chooses (unix(7), "autobind"), which goes into `address`.
 */
static int listen_for_libcurl(struct curl_sockaddr *address)
{
	cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t size = sizeof name;

	if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof(sa_family_t)) < 0 ||
	    listen(fd, SOMAXCONN) < 0 || getsockname(fd, (struct sockaddr *)&name, &size) < 0 ||
	    size > sizeof address->addr)
		return -1;
	memcpy(&address->addr, &name, size);
	address->addrlen = size;
	return take_fd(&fd);
}

curl_socket_t https_pipe_open_socket(void *user, curlsocktype purpose,
				     struct curl_sockaddr *address)
{
	struct https_pipe *pipe = user;

	(void)purpose;
	/* Once a request has been sent, a retry by libcurl would be a second registration. */
	if (pipe->listener >= 0 || pipe->local >= 0 || pipe->sent)
		return CURL_SOCKET_BAD;
	pipe->listener = listen_for_libcurl(address);
	if (pipe->listener < 0)
		return CURL_SOCKET_BAD;
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static bool is_this_process(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid == getpid();
}

/* Accept the connection of libcurl, and no other process's. */
static int accept_libcurl(struct https_pipe *pipe, struct reason *why)
{
	while (pipe->local < 0) {
		cleanup_fd int fd = accept4(pipe->listener, NULL, NULL,
					    SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return reason_errno(why, errno, "Cannot connect libcurl");
		if (is_this_process(fd))
			pipe->local = take_fd(&fd);
	}
	release_fd(&pipe->listener);
	pipe->listener = -1;
	return OUTCOME_OK;
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

int https_pipe_connect(struct https_pipe *pipe, bool registers)
{
	int r;

	if (pipe->client && !is_silent(pipe))
		https_pipe_close(pipe);
	pipe->registers = registers;
	pipe->sent = false;
	pipe->received = 0;
	if (!pipe->client) {
		pipe->ended = pipe->ends_after_reply = false;
		r = method_connect(pipe->attempt, &pipe->client, pipe->report);
		if (r != OUTCOME_OK)
			return r;
	}
	return registers ? attempt_begin_step(pipe->attempt, STEP_SENDING) : OUTCOME_OK;
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
	if (r == OUTCOME_OK && is_first && pipe->registers)
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
	int r = pipe->local < 0 ? accept_libcurl(pipe, why) : OUTCOME_OK;

	if (r != OUTCOME_OK)
		return r;
	polled[0] = (struct pollfd){ .fd = pipe->local, .events = POLLIN };
	polled[1] = (struct pollfd){ .fd = pipe->ended ? -1 : tls_client_fd(pipe->client),
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
	release_fd(&pipe->listener);
	release_fd(&pipe->local);
	pipe->listener = pipe->local = -1;
}

void https_pipe_close(struct https_pipe *pipe)
{
	release_tls_client(&pipe->client);
	pipe->client = NULL;
}
