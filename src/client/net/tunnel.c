/* SPDX-License-Identifier: ISC */
/* Connecting to a manager through an HTTP proxy. */
#include "client/net/net.h"

#include "common/cleanup.h"
#include "common/peer-text.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/* ------------------------------------------------------------------ sending */

/* The outcome and reason of a negative errno from the connection to the proxy. */
static int failed(int r, const char *what, const char *proxy, const char *manager,
		  struct reason *why)
{
	if (r == -ETIMEDOUT)
		reason_set(why, "Timed out %s proxy %s (for a tunnel to %s)", what, proxy, manager);
	else if (r == -ECONNRESET || r == -EPIPE)
		reason_set(why, "Proxy %s closed the connection instead of opening a tunnel to %s",
			   proxy, manager);
	else
		return r == -ECANCELED
			       ? r
			       : reason_errno(why, r, "Cannot communicate with proxy %s", proxy);
	return OUTCOME_UNREACHABLE;
}

static int send_all(int fd, const char *data, size_t length, const struct deadline *deadline)
{
	while (length > 0) {
		ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);

		if (sent < 0 && errno == EAGAIN) {
			int r = deadline_wait(deadline, fd, POLLOUT);

			if (r < 0)
				return r;
		} else if (sent < 0 && errno != EINTR) {
			return -errno;
		} else if (sent > 0) {
			data += sent;
			length -= (size_t)sent;
		}
	}
	return 0;
}

/* ------------------------------------------------------------------ the answer */

/*
 * Read exactly the header of the response: what follows is the manager's and must stay in the
 * socket. So the bytes are peeked first, and only those of the header are removed. Returns 0, or a
 * negative errno; -EPIPE at the end of the connection.
 */
static int receive_answer(int fd, struct proxy_answer *answer, const struct deadline *deadline)
{
	while (answer->state == PROXY_ANSWER_MORE) {
		char bytes[2048];
		int r = deadline_wait(deadline, fd, POLLIN);
		ssize_t seen = r < 0 ? 0 : recv(fd, bytes, sizeof bytes, MSG_PEEK);

		if (r < 0)
			return r;
		if (seen < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (seen <= 0)
			return seen == 0 ? -EPIPE : -errno;
		if (recv(fd, bytes, proxy_answer_feed(answer, bytes, (size_t)seen), 0) < 0)
			return -errno;
	}
	return 0;
}

/* The user and password are in our request in base64; its padding may be cut off. */
static const char *show(const struct proxy *proxy, const char *request, char *buffer, size_t size,
			const char *bytes, size_t length)
{
	static const char mark[] = "Basic ";
	const char *credentials = strstr(request, mark);
	size_t credentials_length = credentials ? strcspn(credentials + strlen(mark), "\r=") : 0;
	char encoded[PROXY_REQUEST_MAX] = "";
	const char *const secrets[PEER_TEXT_SECRETS] = { proxy->password.text, encoded };
	const char *shown;

	if (credentials)
		memcpy(encoded, credentials + strlen(mark), credentials_length);
	shown = peer_text_show(buffer, size, bytes, length, secrets);
	explicit_bzero(encoded, sizeof encoded);
	return shown;
}

static const char *authentication_hint(const struct proxy *proxy, const struct proxy_answer *answer)
{
	if (answer->offers_other && !answer->offers_basic)
		return "it requires an authentication scheme other than Basic, "
		       "which is the only one supported";
	if (!proxy->user[0])
		return "it requires authentication: set proxy = http://USER@HOST:PORT in [manager] "
		       "and proxy_password_file in [auth]";
	return "the proxy's user (proxy in [manager]) or password "
	       "(proxy_password_file in [auth]) is wrong";
}

/*
 * The meaning of a status that does not grant the tunnel. A wrong password is not final (the proxy
 * may have a problem with its user database), but must not be retried often (accounts may be
 * locked).
 */
static enum outcome judge_status(const struct proxy *proxy, const struct proxy_answer *answer,
				 const char **ret_hint)
{
	*ret_hint = NULL;
	switch (answer->status) {
	case 401: /* tinyproxy's status for a wrong password */
	case 407:
		*ret_hint = authentication_hint(proxy, answer);
		return OUTCOME_REFUSED;
	case 403:
		*ret_hint = "allow CONNECT to this host and port in its configuration "
			    "(Squid: SSL_ports)";
		return OUTCOME_REFUSED;
	case 500: /* tinyproxy's status for an unreachable manager */
		*ret_hint = "the proxy cannot reach the manager, or failed itself";
		return OUTCOME_UNREACHABLE;
	case 502:
	case 503:
	case 504:
		*ret_hint = "the proxy cannot reach the manager or resolve its name";
		return OUTCOME_UNREACHABLE;
	case 408:
	case 429:
		return OUTCOME_BUSY;
	}
	if (answer->status >= 500 && answer->status != 501)
		return OUTCOME_BUSY;
	if (answer->status >= 400) {
		*ret_hint = "check that it is an HTTP proxy that allows CONNECT";
		return OUTCOME_REFUSED;
	}
	*ret_hint = "this may be a captive portal, or not a proxy";
	return OUTCOME_PROTOCOL_ERROR;
}

static int refused(const struct proxy *proxy, const struct proxy_answer *answer,
		   const char *request, const char *manager, struct reason *why)
{
	char text[ENDPOINT_TEXT_SIZE], shown[200];
	const char *hint, *phrase;
	int outcome = judge_status(proxy, answer, &hint);

	phrase = show(proxy, request, shown, sizeof shown, answer->phrase, strlen(answer->phrase));
	reason_set(why, "Proxy %s refused the tunnel to %s: %d%s%s%s%s",
		   endpoint_text(&proxy->endpoint, text), manager, answer->status,
		   *phrase ? " " : "", phrase, hint ? " -- " : "", hint ?: "");
	return outcome;
}

static int not_http(const struct proxy *proxy, const struct proxy_answer *answer,
		    const char *request, struct reason *why)
{
	char text[ENDPOINT_TEXT_SIZE], shown[120];

	endpoint_text(&proxy->endpoint, text);
	if (answer->total > PROXY_HEADER_MAX)
		reason_set(why, "Proxy %s sent a header of more than %d bytes", text,
			   PROXY_HEADER_MAX);
	else if (answer->has_bare_newline)
		reason_set(why,
			   "Proxy %s sent a header with a line feed without a carriage return, "
			   "which others may understand differently",
			   text);
	else
		reason_set(why, "Proxy %s did not respond with HTTP but with: %s", text,
			   show(proxy, request, shown, sizeof shown, answer->line, answer->length));
	return OUTCOME_PROTOCOL_ERROR;
}

/* ------------------------------------------------------------------ the tunnel */

struct connect_request {
	char text[PROXY_REQUEST_MAX];
};

static void wipe_request(struct connect_request *request)
{
	explicit_bzero(request, sizeof *request);
}

int net_tunnel(int fd, const struct proxy *proxy, const struct endpoint *manager,
	       const struct deadline *deadline, struct reason *why)
{
	cleanup(wipe_request) struct connect_request request;
	char text[ENDPOINT_TEXT_SIZE], manager_text[ENDPOINT_TEXT_SIZE];
	struct proxy_answer answer = { 0 };
	ssize_t length = proxy_request_format(request.text, proxy, manager);
	int r;

	endpoint_text(&proxy->endpoint, text);
	endpoint_text(manager, manager_text);
	if (length < 0) {
		reason_set(why,
			   "%s cannot be reached through proxy %s: "
			   "the IPv6 zone (after %%) is only valid on this machine",
			   manager_text, text);
		return OUTCOME_MISCONFIGURED;
	}
	r = send_all(fd, request.text, (size_t)length, deadline);
	if (r < 0)
		return failed(r, "sending the request to", text, manager_text, why);
	r = receive_answer(fd, &answer, deadline);
	if (r < 0)
		return failed(r, "waiting for a response from", text, manager_text, why);
	if (answer.state == PROXY_ANSWER_INVALID)
		return not_http(proxy, &answer, request.text, why);
	return proxy_answer_is_tunnel(&answer)
		       ? OUTCOME_OK
		       : refused(proxy, &answer, request.text, manager_text, why);
}

int net_connect_through(const struct proxy *proxy, const struct endpoint *manager,
			const struct deadline *deadline, int *ret_fd, struct reason *why)
{
	char manager_text[ENDPOINT_TEXT_SIZE];
	struct reason inner = { 0 };
	cleanup_fd int fd = -1;
	int r;

	if (!proxy)
		return net_connect(manager, deadline, ret_fd, why);
	r = net_connect(&proxy->endpoint, deadline, &fd, &inner);
	if (r != OUTCOME_OK) {
		reason_set(why, "%s; it is the proxy for %s (proxy in [manager])", inner.text,
			   endpoint_text(manager, manager_text));
		return r;
	}
	r = net_tunnel(fd, proxy, manager, deadline, why);
	if (r == OUTCOME_OK)
		*ret_fd = take_fd(&fd);
	return r;
}
