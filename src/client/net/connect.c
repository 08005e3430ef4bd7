/* SPDX-License-Identifier: ISC */
#include "client/net/net.h"

#include "common/cleanup.h"
#include "common/shortage.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>

#define MAX_ADDRESSES 16
#define STAGGER_USEC (250 * USEC_PER_MSEC) /* RFC 8305, 5: "Connection Attempt Delay" */

DEFINE_RELEASE(addresses, struct addrinfo *, freeaddrinfo)

struct race {
	const struct addrinfo *address[MAX_ADDRESSES]; /* in the order of trying */
	int fd[MAX_ADDRESSES];                         /* -1: not started, or failed */
	size_t count;
	size_t started;
	uint64_t next_start; /* when to try the next address even if none has failed */
	char failures[512];  /* "10.0.0.1: Connection refused, ..." */
	bool is_refused;     /* by one of them */
	int shortage;        /* of this machine, because of which one was not tried; or 0 */
};

static void release_race(struct race *race)
{
	for (size_t i = 0; i < race->started; i++)
		release_fd(&race->fd[i]);
}

/* Alternate the address families, starting with that of the first address (RFC 8305, 4). */
static void line_up(struct race *race, const struct addrinfo *list)
{
	const struct addrinfo *first = list, *second = list;
	int family = list->ai_family;

	while (race->count < MAX_ADDRESSES && (first || second)) {
		while (first && first->ai_family != family)
			first = first->ai_next;
		if (first) {
			race->address[race->count++] = first;
			first = first->ai_next;
		}
		while (second && second->ai_family == family)
			second = second->ai_next;
		if (second && race->count < MAX_ADDRESSES) {
			race->address[race->count++] = second;
			second = second->ai_next;
		}
	}
}

static void note_failure(struct race *race, size_t i, int error)
{
	const struct addrinfo *address = race->address[i];
	size_t used = strlen(race->failures);
	char text[NI_MAXHOST] = "?";

	(void)getnameinfo(address->ai_addr, address->ai_addrlen, text, sizeof text, NULL, 0,
			  NI_NUMERICHOST);
	(void)snprintf(race->failures + used, sizeof race->failures - used, "%s%s: %s",
		       used ? ", " : "", text, strerrordesc_np(error));
	race->is_refused |= error == ECONNREFUSED;
	release_fd(&race->fd[i]);
	race->fd[i] = -1;
	race->next_start = 0;
}

static void start_next(struct race *race)
{
	size_t i = race->started++;
	const struct addrinfo *address = race->address[i];
	const int on = 1;

	race->next_start = monotonic_usec() + STAGGER_USEC;
	race->fd[i] = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			     IPPROTO_TCP);
	if (race->fd[i] < 0) {
		race->shortage = is_shortage(errno) ? errno : race->shortage;
		note_failure(race, i, errno);
		return;
	}
	/*
	 * The request immediately follows the last message of the handshake and must not wait for
	 * its acknowledgement.
	 */
	(void)setsockopt(race->fd[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(race->fd[i], address->ai_addr, address->ai_addrlen) < 0 && errno != EINPROGRESS)
		note_failure(race, i, errno);
}

static bool is_running(const struct race *race)
{
	for (size_t i = 0; i < race->started; i++)
		if (race->fd[i] >= 0)
			return true;
	return false;
}

/*
 * Wait for an event of the running attempts. Returns the index of one that is connected, -EAGAIN to
 * go on, or another negative errno.
 */
static int wait_for_winner(struct race *race, const struct deadline *deadline)
{
	struct pollfd polled[MAX_ADDRESSES];
	struct deadline until = *deadline;
	int r;

	for (size_t i = 0; i < race->started; i++)
		polled[i] = (struct pollfd){ .fd = race->fd[i], .events = POLLOUT };
	if (race->started < race->count && race->next_start < until.at)
		until.at = race->next_start;
	r = deadline_poll(&until, polled, (unsigned)race->started);
	if (r == -ETIMEDOUT)
		return monotonic_usec() >= deadline->at ? -ETIMEDOUT : -EAGAIN;
	if (r < 0)
		return r;

	for (size_t i = 0; i < race->started; i++) {
		socklen_t size = sizeof(int);
		int error = 0;

		if (race->fd[i] < 0 || !polled[i].revents)
			continue;
		if (getsockopt(race->fd[i], SOL_SOCKET, SO_ERROR, &error, &size) < 0)
			error = errno;
		if (error == 0)
			return (int)i;
		note_failure(race, i, error);
	}
	return -EAGAIN;
}

static int run(struct race *race, const struct deadline *deadline)
{
	for (;;) {
		int r;

		if (race->started < race->count &&
		    (!is_running(race) || monotonic_usec() >= race->next_start))
			start_next(race);
		if (!is_running(race) && race->started == race->count)
			return race->shortage ? -race->shortage : -ECONNREFUSED;
		if (!is_running(race))
			continue;
		r = wait_for_winner(race, deadline);
		if (r != -EAGAIN)
			return r;
	}
}

int net_connect(const struct endpoint *endpoint, const struct deadline *deadline, int *ret_fd,
		struct reason *why)
{
	cleanup(release_addresses) struct addrinfo *addresses = NULL;
	cleanup(release_race) struct race race = { 0 };
	char text[ENDPOINT_TEXT_SIZE];
	int r = net_resolve(endpoint, deadline, &addresses, why);

	if (r != OUTCOME_OK)
		return r;
	line_up(&race, addresses);
	r = run(&race, deadline);
	if (r >= 0) {
		*ret_fd = take_fd(&race.fd[r]);
		return OUTCOME_OK;
	}
	if (r == -ETIMEDOUT)
		reason_set(why,
			   "Cannot connect to %s: timed out%s%s%s; check the route to it, and "
			   "firewalls",
			   endpoint_text(endpoint, text), race.failures[0] ? " (" : "",
			   race.failures, race.failures[0] ? ")" : "");
	else if (r == -ECONNREFUSED || r == -race.shortage)
		reason_set(why, "Cannot connect to %s: %s%s", endpoint_text(endpoint, text),
			   race.failures,
			   r == -ECONNREFUSED && race.is_refused
				   ? "; check that its service runs, and the port"
				   : "");
	else
		return r == -ECANCELED ? r
				       : reason_errno(why, r, "Cannot connect to %s",
						      endpoint_text(endpoint, text));
	return r == -race.shortage ? r : OUTCOME_UNREACHABLE;
}
